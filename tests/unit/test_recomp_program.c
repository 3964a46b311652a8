/*
 * test_recomp_program.c - functions, jump tables, spills and the rest of the structure of a
 * program, seen in the C that comes out. That the C does the right thing is tested by running
 * programs (tests/isa, tests/guest, tests/programs).
 */
#include "unit.h"

#include "recomp_elf.h"

#include <stdio.h>

enum { BLR = 0x4E800020, BCTR = 0x4E800420, BCTRL = 0x4E800421, NOP = 0x60000000 };

typedef struct result {
    grc_status status;
    grc_report report;
    elf_output output;
} result;

static result translate(const uint32_t *code, size_t code_words, const uint32_t *data,
                        size_t data_words, const grc_options *options)
{
    result r = {0};
    elf_file file;
    grc_options plain = grc_options_default();
    elf_make(&file, code, code_words, data, data_words);
    r.status = grc_recompile_to(options ? options : &plain, file.bytes, file.size, elf_collect,
                                &r.output, &r.report);
    return r;
}

#define TRANSLATE(code, options)                                                                   \
    translate((code), sizeof(code) / sizeof *(code), (const uint32_t[]){0}, 1, (options))

/* The text of the C function for guest address [address]; cut out in place. */
static char *function_text(result *r, const char *address)
{
    char heading[40];
    snprintf(heading, sizeof heading, "GRT_FUNCTION(%s)", address);
    char *start = strstr(r->output.text, heading);
    if (!start)
        fail_msg("there is no function %s", address);
    char *end = strstr(start, "\n}\n");
    assert_non_null(end);
    *end = '\0';
    return start;
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is missing in:\n%s", part, text);
}

static void assert_lacks(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("\"%s\" is in:\n%s", part, text);
}

static void deterministic(void **unused)
{
    static const uint32_t code[] = {0x38600001, 0x48000009, BLR, 0x38630001, BLR};
    result a = TRANSLATE(code, NULL), b = TRANSLATE(code, NULL);
    (void)unused;
    assert_int_equal(a.status, GRC_OK);
    assert_int_equal(a.output.size, b.output.size);
    assert_memory_equal(a.output.text, b.output.text, a.output.size);
    assert_int_equal(a.output.files, 4); /* header, one code file, module, build description */
    free(a.output.text);
    free(b.output.text);
}

/* li r3,1; li r5,7; bl f; blr  f: addi r3,r3,1; blr */
static void spills_what_the_callee_reads(void **unused)
{
    static const uint32_t code[] = {0x38600001, 0x38A00007, 0x4800000D, BLR, NOP, 0x38630001, BLR};
    result r = TRANSLATE(code, NULL);
    (void)unused;
    const char *text = function_text(&r, "82000000");
    assert_has(text, "ctx->lr = 0x8200000Cu;");
    assert_has(text, "ctx->r[3] = r3;\n    sub_82000014(ctx, base);");
    assert_lacks(text, "ctx->r[5]"); /* nobody can see r5 */
    free(r.output.text);
}

/* f saves r31, changes it, calls, restores it: its caller keeps r31 in a local. */
static void saved_registers_are_not_reloaded(void **unused)
{
    static const uint32_t code[] = {
        0x3BE00005, 0x48000011, 0x7FE3FB78, BLR,        NOP, /* li r31,5; bl f; mr r3,r31; blr */
        0x9421FFF0, 0x93E1000C, 0x3BE00009, 0x7FE3FB78, 0x83E1000C, 0x38210010, BLR,
    };
    result r = TRANSLATE(code, NULL);
    (void)unused;
    const char *text = function_text(&r, "82000000");
    assert_has(text, "ctx->r[31] = r31;"); /* f stores it in its frame */
    assert_lacks(text, "r31 = ctx->r[31]");
    free(r.output.text);
}

/* The same, but one way out of f forgets to restore. */
static void changed_registers_are_reloaded(void **unused)
{
    static const uint32_t code[] = {
        0x3BE00005, 0x48000011, 0x7FE3FB78, BLR,        NOP,        0x9421FFF0, 0x93E1000C,
        0x3BE00009, 0x2C030000, 0x41820008, 0x83E1000C, 0x38210010, BLR,
    };
    result r = TRANSLATE(code, NULL);
    (void)unused;
    assert_has(function_text(&r, "82000000"), "r31 = ctx->r[31];");
    free(r.output.text);
}

/* b f, where f is a function since somebody calls it: a tail call. */
static void tail_call(void **unused)
{
    static const uint32_t code[] = {0x4800000D, 0x38600001, 0x48000008, NOP, 0x38630001, BLR};
    static const uint32_t call_first[] = {0x48000011, 0x38600001, 0x48000008, NOP, 0x38630001, BLR};
    result shared = TRANSLATE(code, NULL), called = TRANSLATE(call_first, NULL);
    (void)unused;
    assert_has(function_text(&called, "82000000"), "sub_82000010(ctx, base); return;");
    assert_has(function_text(&shared, "82000000"), "goto L82000010;");
    free(shared.output.text);
    free(called.output.text);
}

/* A loop that only loads: b back with a load whose address does not change. */
static void polling_loop_keeps_its_load(void **unused)
{
    static const uint32_t polls[] = {0x80830000, 0x2C040000, 0x4182FFF8, BLR};
    static const uint32_t walks[] = {0x80830000, 0x38630004, 0x2C040000, 0x4182FFF4, BLR};
    result a = TRANSLATE(polls, NULL), b = TRANSLATE(walks, NULL);
    (void)unused;
    assert_has(function_text(&a, "82000000"), "GRT_POLL(); goto L82000000;");
    assert_lacks(function_text(&b, "82000000"), "GRT_POLL()");
    free(a.output.text);
    free(b.output.text);
}

/*
 * cmplwi r3,3; bgt out; slwi r3,r3,2; lis r9,table@ha; addi r9,r9,table@l; lwzx r10,r9,r3;
 * add r10,r10,r9; mtctr r10; bctr; four cases of two instructions; out: blr
 */
static const uint32_t SWITCH[] = {
    0x28030003, 0x41810040, 0x5463103A, 0x3D208201, 0x39290000, 0x7D49182E,
    0x7D4A4A14, 0x7D4903A6, BCTR,       0x38600001, BLR,        0x38600002,
    BLR,        0x38600003, BLR,        0x38600004, BLR,        BLR,
};
#define CASE(i) (ELF_CODE + 36 + 8 * (i)-ELF_DATA_ADDRESS)
static const uint32_t SWITCH_TABLE[] = {CASE(0), CASE(1), CASE(2), CASE(3), CASE(0), CASE(1)};

static void jump_table(void **unused)
{
    result r = translate(SWITCH, sizeof SWITCH / 4, SWITCH_TABLE, 6, NULL);
    (void)unused;
    assert_int_equal(r.status, GRC_OK);
    assert_int_equal(r.report.jump_tables, 1);
    assert_int_equal(r.report.unresolved_jumps, 0);
    const char *text = function_text(&r, "82000000");
    assert_has(text, "case 0x82000024u: goto L82000024;");
    assert_has(text, "case 0x8200003Cu: goto L8200003C;");
    assert_has(text, "grt_ppc_jump(ctx, base, (uint32_t)ctr & ~3u, 0x82000020u); return;");
    free(r.output.text);
}

/* A table that points out of the code is no table: the jump may go anywhere in its function. */
static void jump_table_of_nonsense(void **unused)
{
    static const uint32_t nonsense[] = {1, 2, 3, 4};
    result r = translate(SWITCH, sizeof SWITCH / 4, nonsense, 4, NULL);
    (void)unused;
    assert_int_equal(r.status, GRC_OK);
    assert_int_equal(r.report.jump_tables, 0);
    assert_int_equal(r.report.unresolved_jumps, 1);
    assert_has(function_text(&r, "82000000"), "case 0x12u: goto L82000044;");
    free(r.output.text);
}

static void all_untranslatable_instructions_are_listed(void **unused)
{
    static const uint32_t code[] = {0x2C030000, 0x41820008, 0x00000001, 0x2C030001,
                                    0x41820008, 0x10000000, BLR};
    grc_options options = grc_options_default();
    result r = TRANSLATE(code, &options);
    (void)unused;
    assert_int_equal(r.status, GRC_UNTRANSLATED);
    assert_int_equal(r.report.message_count, 2);
    assert_int_equal(r.report.messages[0].address, ELF_CODE + 8);
    assert_int_equal(r.report.messages[1].address, ELF_CODE + 20);
    assert_int_equal(r.output.files, 0);
    options.trap_untranslated = true;
    result trapped = TRANSLATE(code, &options);
    assert_int_equal(trapped.status, GRC_OK);
    assert_has(trapped.output.text, "GRT_TRAP_UNTRANSLATED, 0x82000008u, 0x00000001u");
    free(trapped.output.text);
}

/* Running past the last instruction, and a zero word, are reported when they happen. */
static void end_of_code(void **unused)
{
    static const uint32_t code[] = {0x38600001, 0};
    static const uint32_t short_code[] = {0x38600001};
    result zero = TRANSLATE(code, NULL), past = TRANSLATE(short_code, NULL);
    (void)unused;
    assert_int_equal(zero.status, GRC_OK);
    assert_has(zero.output.text, "GRT_TRAP_FELL_OFF, 0x82000004u");
    assert_has(past.output.text, "GRT_TRAP_FELL_OFF, 0x82000004u");
    free(zero.output.text);
    free(past.output.text);
}

/* mflr; store; bl; restore; blr compares; a leaf does not. */
static void return_address_is_checked(void **unused)
{
    static const uint32_t code[] = {
        0x7C0802A6, 0x9421FFF0, 0x90010014, 0x48000019, /* mflr r0; frame; bl leaf */
        0x80010014, 0x7C0803A6, 0x38210010, BLR,        NOP, 0x38600001, BLR,
    };
    result r = TRANSLATE(code, NULL);
    (void)unused;
    char *leaf = strdup(function_text(&r, "82000024"));
    free(r.output.text);
    r = TRANSLATE(code, NULL);
    assert_has(function_text(&r, "82000000"), "GRT_TRAP_RETURN, 0x8200001Cu");
    assert_lacks(leaf, "GRT_TRAP_RETURN");
    free(leaf);
    free(r.output.text);
}

/* A caller of setjmp keeps nothing in locals. */
static void setjmp_in_context(void **unused)
{
    static const uint32_t code[] = {0x3BE00005, 0x48000011, 0x7FE3FB78, BLR, NOP, 0x38600000, BLR};
    grc_options options = grc_options_default();
    options.setjmp_address = ELF_CODE + 20;
    result r = TRANSLATE(code, &options);
    (void)unused;
    assert_int_equal(r.status, GRC_OK);
    assert_has(r.output.text, "#include \"guestrt/ppc_in_context.h\"");
    const char *text = function_text(&r, "82000000");
    assert_has(text, "r3 = (uint64_t)(int64_t)GRT_PPC_SETJMP(ctx, base, (uint32_t)r3);");
    assert_lacks(text, "uint64_t r31");
    free(r.output.text);
}

static void bad_options(void **unused)
{
    static const uint32_t code[] = {BLR};
    static const uint32_t outside[] = {0x10};
    grc_options options = grc_options_default();
    (void)unused;
    options.name = "no good";
    assert_int_equal(TRANSLATE(code, &options).status, GRC_BAD_OPTION);
    options = grc_options_default();
    options.functions = outside;
    options.function_count = 1;
    assert_int_equal(TRANSLATE(code, &options).status, GRC_BAD_OPTION);
    options = grc_options_default();
    options.size = 1;
    assert_int_equal(TRANSLATE(code, &options).status, GRC_BAD_OPTION);
    options = grc_options_default();
    options.instructions_per_file = 0;
    assert_int_equal(TRANSLATE(code, &options).status, GRC_BAD_OPTION);
}

/* One line of the module's table of functions: {address, size, ... */
static void assert_entry(const result *r, uint32_t address, uint32_t size)
{
    char line[64];
    snprintf(line, sizeof line, "{0x%08Xu, %uu, sub_%08X,", address, size, address);
    assert_has(strstr(r->output.text, "entries[] = {"), line);
}

/* A function's size covers what is not reached in its middle and ends at the next function, even
 * where it goes on in the next one's code. */
static void sizes_of_functions(void **unused)
{
    static const uint32_t code[] = {
        0x4800001D, 0x48000008, NOP,        0x4800001D, BLR, /* bl 1c; b 0c; nop; bl 28; blr */
        NOP,        NOP,                                     /* padding */
        0x2C030000, 0x41820008, 0x38600001,                  /* 1c: cmpwi; beq 28; li; into 28 */
        0x48000008, NOP,        BLR,                         /* 28: b 30; nop; 30: blr */
    };
    result r = TRANSLATE(code, NULL);
    (void)unused;
    assert_int_equal(r.status, GRC_OK);
    assert_int_equal(r.report.functions, 3);
    assert_entry(&r, ELF_CODE, 28);
    assert_entry(&r, ELF_CODE + 28, 12);
    assert_entry(&r, ELF_CODE + 40, 12);
    free(r.output.text);
}

static bool refuse(void *user, const char *name, const char *text, size_t size)
{
    (void)name;
    (void)text;
    (void)size;
    return --*(int *)user != 0;
}

static void refused_output(void **unused)
{
    static const uint32_t code[] = {BLR};
    elf_file file;
    grc_report report;
    grc_options options = grc_options_default();
    (void)unused;
    elf_make(&file, code, 1, code, 1);
    for (int files = 1; files <= 4; files++) {
        int left = files;
        assert_int_equal(grc_recompile_to(&options, file.bytes, file.size, refuse, &left, &report),
                         GRC_CANNOT_WRITE);
    }
}

/* Branches from everywhere to everywhere, all of them starts: the analysis must come to an end and
 * its output must stay in proportion. */
static void tangled(void **unused)
{
    enum { WORDS = 1000 };
    uint32_t code[WORDS], data[WORDS];
    (void)unused;
    for (uint32_t i = 0; i < WORDS; i++) {
        uint32_t target = i * 7919 % WORDS, distance = 4 * (target - i);
        code[i] = i % 3 ? 0x41820000u | (distance & 0xFFFC) : 0x48000000u | (distance & 0x3FFFFFC);
        data[i] = ELF_CODE + 4 * i;
    }
    result r = translate(code, WORDS, data, 900, NULL);
    assert_int_equal(r.status, GRC_OK);
    assert_true(r.report.instructions < 10 * WORDS);
    free(r.output.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deterministic),
        cmocka_unit_test(spills_what_the_callee_reads),
        cmocka_unit_test(saved_registers_are_not_reloaded),
        cmocka_unit_test(changed_registers_are_reloaded),
        cmocka_unit_test(tail_call),
        cmocka_unit_test(polling_loop_keeps_its_load),
        cmocka_unit_test(jump_table),
        cmocka_unit_test(jump_table_of_nonsense),
        cmocka_unit_test(all_untranslatable_instructions_are_listed),
        cmocka_unit_test(end_of_code),
        cmocka_unit_test(return_address_is_checked),
        cmocka_unit_test(setjmp_in_context),
        cmocka_unit_test(sizes_of_functions),
        cmocka_unit_test(bad_options),
        cmocka_unit_test(refused_output),
        cmocka_unit_test(tangled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
