/* test_recomp_elf.c - the ELF reader: every broken field has its own message, nothing crashes. */
#include "unit.h"

#include "recomp_elf.h"
#include "recomp_random.h"

#include <stdio.h>

static const uint32_t CODE[] = {0x38600001, 0x48000009, 0x4E800020, 0x38630001, 0x4E800020};
static const uint32_t DATA[] = {ELF_CODE + 12, 1, 2, 3};
enum { CODE_WORDS = 5, DATA_WORDS = 4 };

static void make(elf_file *file)
{
    elf_make(file, CODE, CODE_WORDS, DATA, DATA_WORDS);
}

static grc_status translate(const elf_file *file, size_t size, grc_report *report)
{
    grc_options options = grc_options_default();
    return grc_recompile_to(&options, file->bytes, size, elf_ignore, NULL, report);
}

static void good_file(void **unused)
{
    elf_file file;
    grc_report report;
    (void)unused;
    make(&file);
    assert_int_equal(translate(&file, file.size, &report), GRC_OK);
    assert_int_equal(report.functions, 2);
    assert_int_equal(report.instructions, CODE_WORDS);
    assert_int_equal(report.message_count, 0);
}

typedef struct broken {
    unsigned offset, width;
    uint32_t value;
    const char *says;
} broken;

static const broken BROKEN[] = {
    {0, 1, 'X', "not an ELF file"},
    {4, 1, 2, "32-bit"},
    {5, 1, 1, "big-endian"},
    {16, 2, 3, "fixed-address"},
    {18, 2, 62, "PowerPC"},
    {24, 4, 0x10, "entry point"},
    {24, 4, ELF_CODE + 2, "entry point"},
    {28, 4, 0xFFFFFFF0, "program headers"},
    {42, 2, 8, "program headers"},
    {44, 2, 0, "program headers"},
    {44, 2, 0xFFFF, "program headers"},
    {32, 4, 0x100, NULL}, /* section headers that are none: no count, so they are ignored */
    {ELF_HEAD + 0, 4, 2, "dynamically linked"},
    {ELF_HEAD + 4, 4, 0xFFFFFF00, "end of the file"},
    {ELF_HEAD + 16, 4, 0x10000, "end of the file"},
    {ELF_HEAD + 20, 4, 1, "more bytes in the file"},
    {ELF_HEAD + 20, 4, 0xF0000000, "beyond 4 GiB"},
    {ELF_HEAD + 20, 4, 0x20000, "overlap"},
    {ELF_HEAD + 24, 4, 4, "no executable segment"},
    {ELF_HEAD + ELF_SEGMENT + 24, 4, 5, NULL}, /* code in two places, near each other */
};

static void broken_fields(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof BROKEN / sizeof BROKEN[0]; i++) {
        const broken *b = &BROKEN[i];
        elf_file file;
        grc_report report;
        make(&file);
        for (unsigned j = 0; j < b->width; j++)
            file.bytes[b->offset + j] = (uint8_t)(b->value >> (8 * (b->width - 1 - j)));
        grc_status status = translate(&file, file.size, &report);
        assert_int_equal(status, b->says ? GRC_BAD_IMAGE : GRC_OK);
        if (b->says && !strstr(report.messages[0].text, b->says))
            fail_msg("row %zu says \"%s\"", i, report.messages[0].text);
    }
}

/* Code at two ends of memory would need tables for everything in between. */
static void far_apart(void **unused)
{
    elf_file file;
    grc_report report;
    (void)unused;
    make(&file);
    grt_store32(file.bytes + ELF_HEAD + ELF_SEGMENT + 8, 0xF0000000u);
    grt_store32(file.bytes + ELF_HEAD + ELF_SEGMENT + 24, 5);
    assert_int_equal(translate(&file, file.size, &report), GRC_BAD_IMAGE);
    assert_non_null(strstr(report.messages[0].text, "too far apart"));
}

/* A prefix of a file is refused, except that the last segment's bytes are all needed too. */
static void truncated(void **unused)
{
    elf_file file;
    (void)unused;
    make(&file);
    for (size_t size = 0; size < file.size; size++) {
        uint8_t *exact = malloc(size + 1); /* so that a sanitizer sees a read past the end */
        grc_options options = grc_options_default();
        grc_report report;
        memcpy(exact, file.bytes, size);
        assert_int_equal(grc_recompile_to(&options, exact, size, elf_ignore, NULL, &report),
                         GRC_BAD_IMAGE);
        assert_int_equal(report.message_count, 1);
        free(exact);
    }
}

static void corrupted(void **unused)
{
    (void)unused;
    random_start();
    for (int round = 0; round < 4000; round++) {
        elf_file file;
        grc_report report;
        make(&file);
        for (int i = 0; i < 1 + round % 6; i++) {
            uint64_t r = random_next();
            file.bytes[r % file.size] = (uint8_t)(r >> 32);
        }
        grc_status status = translate(&file, file.size, &report);
        assert_true(status == GRC_OK || status == GRC_BAD_IMAGE || status == GRC_UNTRANSLATED);
        assert_true((status == GRC_OK) == (report.message_count == 0));
    }
}

/* ---- imports -----------------------------------------------------------------------------------
 */

static const uint32_t CALLS_IMPORT[] = {
    0x4800000D, 0x4E800020, 0x00000000,             /* bl thunk; blr; padding */
    0x01000011, 0x02000011, 0x7D6903A6, 0x4E800420, /* the thunk */
};
enum { THUNK = ELF_CODE + 12, TABLE_WORDS = 12, NAME_AT = ELF_DATA_ADDRESS + 4 * 10 };

static const uint32_t IMPORT_TABLE[TABLE_WORDS] = {
    0x47525449, 0x4D505431, THUNK, 0x00000011, 0, NAME_AT, 0, 0, 0, 0, 0x4E6F5468, 0x696E6700,
};

static void imports(void **unused)
{
    elf_file file;
    elf_output output = {0};
    grc_report report;
    grc_options options = grc_options_default();
    (void)unused;
    elf_make(&file, CALLS_IMPORT, 7, IMPORT_TABLE, TABLE_WORDS);
    assert_int_equal(
        grc_recompile_to(&options, file.bytes, file.size, elf_collect, &output, &report), GRC_OK);
    assert_int_equal(report.imports, 1);
    assert_non_null(strstr(output.text, "grt_ppc_call_import(ctx, base, 0); /* NoThing */"));
    assert_non_null(strstr(output.text, "{0x8200000Cu, 0, 17, false, \"NoThing\"},"));
    free(output.text);
}

static void broken_imports(void **unused)
{
    static const struct {
        unsigned word;
        uint32_t value;
        const char *says;
    } rows[] = {
        {2, 0x10, "not in the code"},
        {2, THUNK + 1, "misaligned"},
        {4, 3, "of kind 3"},
        {4, 2, "intrinsic 17"},
        {6, 1, NULL}, /* a second record, whose thunk is nowhere */
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t table[TABLE_WORDS];
        elf_file file;
        grc_report report;
        memcpy(table, IMPORT_TABLE, sizeof table);
        table[rows[i].word] = rows[i].value;
        elf_make(&file, CALLS_IMPORT, 7, table, TABLE_WORDS);
        assert_int_equal(translate(&file, file.size, &report), GRC_BAD_IMAGE);
        if (rows[i].says)
            assert_non_null(strstr(report.messages[0].text, rows[i].says));
    }
}

static void import_table_without_end(void **unused)
{
    elf_file file;
    grc_report report;
    (void)unused;
    elf_make(&file, CALLS_IMPORT, 7, IMPORT_TABLE, 6);
    assert_int_equal(translate(&file, file.size, &report), GRC_BAD_IMAGE);
    assert_non_null(strstr(report.messages[0].text, "has no end"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_file),      cmocka_unit_test(broken_fields),
        cmocka_unit_test(far_apart),      cmocka_unit_test(truncated),
        cmocka_unit_test(corrupted),      cmocka_unit_test(imports),
        cmocka_unit_test(broken_imports), cmocka_unit_test(import_table_without_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
