/*
 * test_recomp_emit.c - the C text of instructions.
 *
 * Whether the text computes the right thing is for tests/isa to show; here: that there is text for
 * every row, that it only names registers that the effects know of, and what some of it looks like.
 */
#include "unit.h"
#include "recomp_random.h"
#include <ctype.h>
#include <string.h>

static const grc_emit_options fast = {0};
static const grc_emit_options narrow = {.fpr_single = ~0u};
static const grc_emit_options locals = {.fpr_single = ~0u, .single_locals = true};
static const grc_emit_options exact = {.exact_fpscr = true};

static bool is_branch(const grc_insn *insn)
{
    grc_branch branch;
    grc_insn_branch(insn, &branch);
    return branch.flow != GRC_FLOW_NONE;
}

/* ---- names against effects
 * ------------------------------------------------------------------------- */

/* Notes the register that an identifier of the text stands for. */
static void note_name(const char *name, size_t length, grc_regs *used)
{
    static const char *const misc[] = {"lr", "ctr", "xer_ca", "xer_ov", "xer_so", "xer_count"};
    static const char *const bits[] = {"lt", "gt", "eq", "so"};
    char text[32] = "";
    char suffix[8];
    unsigned number;
    int end = 0;
    if (length >= sizeof text)
        return;
    memcpy(text, name, length);
    for (unsigned i = 0; i < 6; i++)
        if (strcmp(text, misc[i]) == 0)
            used->misc |= 1u << i;
    if (sscanf(text, "r%u%n", &number, &end) == 1 && end == (int)length)
        used->gpr |= 1u << number;
    if (sscanf(text, "f%u%n", &number, &end) == 1 && end == (int)length)
        used->fpr |= 1u << number;
    if (sscanf(text, "s%u%n", &number, &end) == 1 && end == (int)length)
        used->fpr |= 1u << number;
    if (sscanf(text, "cr%u%n", &number, &end) == 1 && end == (int)length)
        used->cr |= 0xFu << (4 * number); /* the argument of a macro: the whole field */
    if (sscanf(text, "cr%u_%7s", &number, suffix) == 2)
        for (unsigned i = 0; i < 4; i++)
            if (strcmp(suffix, bits[i]) == 0)
                used->cr |= 1u << (4 * number + i);
}

static grc_regs names_in(const char *text)
{
    grc_regs used = {0};
    while (*text != '\0') {
        size_t length = 0;
        if (isalpha((unsigned char)*text) || *text == '_')
            while (isalnum((unsigned char)text[length]) || text[length] == '_')
                length++;
        else if (isdigit((unsigned char)*text))
            while (isalnum((unsigned char)text[length]))
                length++;
        note_name(text, length, &used);
        text += length != 0 ? length : 1;
    }
    return used;
}

static void check_names(const grc_insn *insn, const char *text)
{
    grc_effects effects;
    grc_insn_effects(insn, &effects);
    grc_regs used = names_in(text);
    uint32_t stray = used.gpr & ~(effects.reads.gpr | effects.writes.gpr);
    stray |= used.fpr & ~(effects.reads.fpr | effects.writes.fpr);
    stray |= used.cr & ~(effects.reads.cr | effects.writes.cr);
    stray |= used.misc & ~(effects.reads.misc | effects.writes.misc);
    if (stray != 0)
        fail_msg("effects of 0x%08x do not cover: %s", (unsigned)insn->word, text);
    /* The other way: a local that is declared for nothing makes compilers warn. */
    uint32_t idle = (effects.reads.gpr | effects.writes.gpr) & ~used.gpr;
    idle |= (effects.reads.fpr | effects.writes.fpr) & ~used.fpr;
    idle |= (effects.reads.cr | effects.writes.cr) & ~used.cr;
    idle |= (effects.reads.misc | effects.writes.misc) & ~used.misc & ~(uint32_t)GRC_XER_SO;
    if (idle != 0)
        fail_msg("effects of 0x%08x exceed: %s", (unsigned)insn->word, text);
}

static void test_every_row_is_emitted_from_its_own_registers(void **state)
{
    const grc_emit_options *const ways[] = {&fast, &narrow, &locals, &exact};
    (void)state;
    for (unsigned op = 1; op < GRC_OP_COUNT; op++)
        for (unsigned i = 0; i < 60; i++) {
            grc_insn insn = random_insn((grc_op)op);
            grc_out out = {0};
            bool emitted = grc_emit_insn(&out, &insn, ways[i % 4]);
            assert_int_equal(emitted, !is_branch(&insn));
            if (emitted) {
                assert_true(out.size > 0 && !out.failed);
                assert_null(strchr(out.text, '$'));
                assert_null(strchr(out.text, '\n'));
                check_names(&insn, out.text);
            } else {
                assert_int_equal(out.size, 0);
            }
            grc_out_free(&out);
        }
}

/* Instructions that ignore registers they name; random words hardly ever are such. */
static void test_idle_operands(void **state)
{
    static const uint32_t words[] = {
        0x7FFFFB78, /* or r31,r31,r31 */
        0x7FFFFB79, /* or. r31,r31,r31 */
        0x7C031800, /* cmpw r3,r3 */
        0x7C03222C, /* dcbt r3,r4 */
        0x4C631982, /* crxor 3,3,3 */
        0x4C631A42, /* creqv 3,3,3 */
        0x0FE30000, /* twi 31,r3,0 */
        0x0C430000, /* twi 2,r3,0 */
        0x7C842008, /* tw 4,r4,r4 */
        0x7E042008, /* tw 16,r4,r4 */
        0x4C840000, /* mcrf cr1,cr1 */
        0xFC200890, /* fmr f1,f1 */
        0x7C600120, /* mtcrf 0,r3 */
        0x28030000, /* cmplwi r3,0 */
    };
    (void)state;
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
        grc_insn insn = grc_decode(0x82001000u, words[i]);
        grc_out out = {0};
        assert_true(grc_emit_insn(&out, &insn, &fast));
        check_names(&insn, out.text);
        grc_out_free(&out);
    }
}

/* ---- text
 * ------------------------------------------------------------------------------------------ */

static void expect(uint32_t word, const grc_emit_options *options, const char *text)
{
    grc_insn insn = grc_decode(0x82001000u, word);
    grc_out out = {0};
    assert_true(grc_emit_insn(&out, &insn, options));
    assert_string_equal(out.text, text);
    grc_out_free(&out);
}

static void test_text_of_known_words(void **state)
{
    (void)state;
    expect(0x38630008, &fast, "r3 = r3 + 8;");
    expect(0x3863FFF8, &fast, "r3 = r3 - 8;");
    expect(0x3860FFFF, &fast, "r3 = (uint64_t)-1;");
    expect(0x3C608200, &fast, "r3 = 0xffffffff82000000u;");
    expect(0x80610010, &fast, "r3 = grt_ld32(base, (uint32_t)(r1 + 16));");
    expect(0x9421FFF0, &fast,
           "{ uint32_t ea = (uint32_t)(r1 - 16); grt_st32(base, ea, r1); r1 = ea; }");
    expect(0x7C641B78, &fast, "r4 = r3;");
    expect(0x7FFFFB78, &fast, ";");
    expect(0x5463103A, &fast, "r3 = (r3 << 2) & 0xfffffffcu;");
    expect(0x5463F0BE, &fast, "r3 = (uint32_t)r3 >> 2;");
    expect(0x546307FE, &fast, "r3 = r3 & 1u;");
    expect(0x5083442E, &fast, "r3 = (grt_rotl32(r4, 8) & 0xff00u) | (r3 & 0xffffffffffff00ffu);");
    expect(0xEC22182A, &fast, "f1.d = grt_fadds_wide(f2.d, f3.d);");
    expect(0xEC22182A, &narrow, "f1.d = grt_fadds((float)f2.d, (float)f3.d);");
    expect(0xEC22182A, &locals, "s1 = grt_fadds(s2, s3); f1.d = s1;");
    expect(0xC0230004, &locals,
           "s1 = grt_ld_single(base, (uint32_t)(r3 + 4)); f1.d = grt_widen(s1);");
    expect(0xD0230004, &locals, "grt_st_single(base, (uint32_t)(r3 + 4), s1);");
    expect(0xFC201090, &locals, "s1 = s2; f1.d = f2.d;");
    expect(0xEC22182A, &exact, "f1.d = grt_ppc_fadds(ctx, f2.d, f3.d);");
    expect(0x7FE00008, &fast,
           "grt_ppc_trap(ctx, base, GRT_TRAP_INSTRUCTION, 0x82001000u, 0x7fe00008u);");
    expect(0x0CC30000, &fast,
           "if ((uint32_t)r3 == (uint32_t)0u) "
           "grt_ppc_trap(ctx, base, GRT_TRAP_INSTRUCTION, 0x82001000u, 0x0cc30000u);");
}

static void test_untranslated_words(void **state)
{
    (void)state;
    const grc_emit_options trapping = {.trap_untranslated = true};
    grc_insn vmx = grc_decode(0x82001000u, 0x10000000u);
    grc_out out = {0};
    assert_false(grc_emit_insn(&out, &vmx, &fast));
    assert_int_equal(out.size, 0);
    assert_true(grc_emit_insn(&out, &vmx, &trapping));
    assert_string_equal(out.text, "grt_ppc_trap(ctx, base, GRT_TRAP_UNTRANSLATED, 0x82001000u, "
                                  "0x10000000u);");
    grc_out_free(&out);
}

static void test_conditions(void **state)
{
    static const struct {
        uint32_t word;
        const char *statement, *condition;
    } cases[] = {
        {0x41820008, "", "cr0_eq"},
        {0x409D0008, "", "!cr7_gt"},
        {0x42000008, "ctr -= 1;", "(uint32_t)ctr != 0"},
        {0x42400008, "ctr -= 1;", "(uint32_t)ctr == 0"},
        {0x41020008, "ctr -= 1;", "(uint32_t)ctr != 0 && cr0_eq"},
        {0x40420008, "ctr -= 1;", "(uint32_t)ctr == 0 && !cr0_eq"},
        {0x42800008, "", "1"},
        {0x48000008, "", "1"},
    };
    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        grc_insn insn = grc_decode(0, cases[i].word);
        grc_out out = {0};
        char text[64];
        grc_emit_condition(&out, &insn, text, sizeof text);
        assert_string_equal(out.text != NULL ? out.text : "", cases[i].statement);
        assert_string_equal(text, cases[i].condition);
        grc_out_free(&out);
    }
}

static void test_rotation_masks(void **state)
{
    (void)state;
    expect(0x5483003E | 4 << 11 | 28 << 6, &fast, "r3 = (uint32_t)r4 >> 28;");
    expect(0x54830000 | 31 << 6 | 0 << 1, &fast,
           "r3 = grt_rotl32_twice(r4, 0) & 0xffffffff80000001u;");
    expect(0x54830000 | 8 << 11 | 31 << 6 | 0 << 1, &fast,
           "r3 = grt_rotl32_twice(r4, 8) & 0xffffffff80000001u;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row_is_emitted_from_its_own_registers),
        cmocka_unit_test(test_idle_operands),
        cmocka_unit_test(test_text_of_known_words),
        cmocka_unit_test(test_untranslated_words),
        cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_rotation_masks),
    };
    random_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
