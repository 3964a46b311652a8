/*
 * test_recomp_decode.c - the instruction table, decoding, disassembly, effects and branches.
 */
#include "unit.h"
#include "recomp_random.h"
#include <string.h>

/* ---- the table itself --------------------------------------------------------------------------
 */

static void test_rows_are_sorted_and_disjoint(void **state)
{
    (void)state;
    for (unsigned i = 1; i < GRC_OP_COUNT; i++) {
        const grc_op_row *row = &grc_op_rows[i];
        assert_int_equal(row->match & ~row->mask, 0);
        assert_int_equal(row->mask >> 26, 63); /* the primary opcode always counts */
        assert_true(i == 1 || grc_op_rows[i - 1].match >> 26 <= row->match >> 26);
        for (unsigned j = i + 1; j < GRC_OP_COUNT; j++) {
            uint32_t common = row->mask & grc_op_rows[j].mask;
            if ((row->match & common) == (grc_op_rows[j].match & common))
                fail_msg("%s and %s share words", row->mnemonic, grc_op_rows[j].mnemonic);
        }
    }
}

static void test_every_row_decodes_to_itself(void **state)
{
    (void)state;
    for (unsigned op = 1; op < GRC_OP_COUNT; op++)
        for (unsigned i = 0; i < 50; i++) {
            grc_insn insn = random_insn((grc_op)op);
            assert_int_equal(insn.op, op);
            assert_int_equal(insn.address, 0x82001000u);
        }
}

static void test_random_words_stay_within_bounds(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 500000; i++) {
        grc_insn insn = grc_decode((uint32_t)random_next(), (uint32_t)(random_next() >> 32));
        char text[24];
        memset(text, '#', sizeof text);
        grc_disassemble(&insn, text, 20);
        assert_non_null(memchr(text, '\0', 20));
        assert_memory_equal(text + 20, "####", 4);
    }
}

/* ---- known words
 * --------------------------------------------------------------------------------- */

static void test_disassembly_of_known_words(void **state)
{
    static const struct {
        uint32_t word;
        const char *text;
    } cases[] = {
        {0x80610010, "lwz r3,16(r1)"},
        {0x9421FFF0, "stwu r1,-16(r1)"},
        {0x3C608200, "addis r3,0,-32256"},
        {0x7C632215, "add. r3,r3,r4"},
        {0x7C632614, "addo r3,r3,r4"},
        {0x54631838, "rlwinm r3,r3,3,0,28"},
        {0x4E800020, "bclr 20,0"},
        {0x4E800421, "bcctrl 20,0"},
        {0x48000101, "bl 0x82001100"},
        {0x4082FFFC, "bc 4,2,0x82000ffc"},
        {0x7C0004AC, "sync"},
        {0x7C2004AC, "lwsync"},
        {0x7C0903A6, "mtctr r0"},
        {0xE8610008, "ld r3,8(r1)"},
        {0xE861000A, "lwa r3,8(r1)"},
        {0xEC22182A, "fadds f1,f2,f3"},
        {0xFC2220FB, "fmadd. f1,f2,f3,f4"},
        {0x7C602120, "mtcrf 0x02,r3"},
        {0x7C2007EC | 4 << 11, "dcbzl 0,r4"},
        {0x786307C6, "rldicr r3,r3,32,31"},
        {0x7C60212D, "stwcx. r3,0,r4"},
        {0x00000000, "(invalid) 0x00000000"},
        {0x10011000, "vaddubm 0x10011000"}, /* known by name only */
        {0x1022192A, "vsel 0x1022192a"},    /* a row with a field where others have an opcode */
        {0x7C0018CE, "lvx 0x7c0018ce"},
        {0x7C000124, "mtmsr 0x7c000124"},
        {0x14000000, "vmx128 0x14000000"},
    };
    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        grc_insn insn = grc_decode(0x82001000u, cases[i].word);
        char text[64];
        grc_disassemble(&insn, text, sizeof text);
        assert_string_equal(text, cases[i].text);
    }
}

/* Forms that the architecture calls invalid, VMX, privileged instructions, reserved bits. */
static void test_words_that_must_not_decode(void **state)
{
    static const uint32_t words[] = {
        0x84600010, /* lwzu r3,16(0) */
        0x84630010, /* lwzu r3,16(r3) */
        0x94600010, /* stwu r3,16(0) */
        0xBBBE0000, /* lmw r29,0(r30) */
        0x7C6324AA, /* lswi r3,r3,4 */
        0x4C000420, /* bcctr that counts CTR down */
        0x7C0802A7, /* mflr with a reserved bit */
        0x10000000, /* VMX */
        0x7C0000A6, /* mfmsr */
        0x4C000064, /* rfi */
        0xF3FFFFFF, /* VSX */
    };
    (void)state;
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++)
        assert_int_equal(grc_decode(0, words[i]).op, GRC_OP_INVALID);
}

/* ---- effects
 * ------------------------------------------------------------------------------------- */

static grc_effects effects_of(uint32_t word)
{
    grc_effects effects;
    grc_insn insn = grc_decode(0, word);
    assert_int_not_equal(insn.op, GRC_OP_INVALID);
    grc_insn_effects(&insn, &effects);
    return effects;
}

static void test_effects(void **state)
{
    (void)state;
    grc_effects e = effects_of(0x9421FFF0); /* stwu r1,-16(r1) */
    assert_true(e.stores && !e.loads);
    assert_int_equal(e.reads.gpr, 1u << 1);
    assert_int_equal(e.writes.gpr, 1u << 1);

    e = effects_of(0x7C632615); /* addo. r3,r3,r4 */
    assert_int_equal(e.reads.gpr, 1u << 3 | 1u << 4);
    assert_int_equal(e.writes.misc, GRC_XER_OV | GRC_XER_SO);
    assert_int_equal(e.reads.misc, GRC_XER_SO);
    assert_int_equal(e.writes.cr, 0xF);

    e = effects_of(0x80600010); /* lwz r3,16(0) */
    assert_int_equal(e.reads.gpr, 0);

    e = effects_of(0xBBA10010); /* lmw r29,16(r1) */
    assert_int_equal(e.writes.gpr, 7u << 29);

    e = effects_of(0x7FC254AA); /* lswi r30,r2,10: r30, r31, r0 */
    assert_int_equal(e.writes.gpr, 3u << 30 | 1);

    e = effects_of(0x7C602120); /* mtcrf 0x02,r3: cr6 */
    assert_int_equal(e.writes.cr, 0xFu << 24);

    e = effects_of(0x4200FFFC); /* bdnz */
    assert_int_equal(e.reads.misc, GRC_CTR);
    assert_int_equal(e.writes.misc, GRC_CTR);
    assert_int_equal(e.reads.cr, 0);

    e = effects_of(0x4D820021); /* beqlrl */
    assert_int_equal(e.reads.misc, GRC_LR);
    assert_int_equal(e.writes.misc, GRC_LR);
    assert_int_equal(e.reads.cr, 1u << 2);

    e = effects_of(0xFC00048E); /* mffs f0 */
    assert_true(e.reads_fp_status && !e.whole_fpr_file);
    assert_true(effects_of(0xFDFE058E).whole_fpr_file);  /* mtfsf 0xff,f0 */
    assert_false(effects_of(0xFDFC058E).whole_fpr_file); /* mtfsf 0xfe,f0: not the rounding mode */
    assert_true(effects_of(0xEC22182B).reads_fp_status); /* fadds. */
}

static void test_which_results_are_single(void **state)
{
    (void)state;
    grc_insn fadds = grc_decode(0, 0xEC22182A), fadd = grc_decode(0, 0xFC22182A);
    grc_insn fmr = grc_decode(0, 0xFC201090), lwz = grc_decode(0, 0x80610010);
    assert_int_equal(grc_fpr_single_after(&fadds, 0), 2);
    assert_int_equal(grc_fpr_single_after(&fadd, 0xFF), 0xFD);
    assert_int_equal(grc_fpr_single_after(&fmr, 4), 6); /* f1 = f2 */
    assert_int_equal(grc_fpr_single_after(&fmr, 2), 0);
    assert_int_equal(grc_fpr_single_after(&lwz, 7), 7);
}

/* ---- branches
 * ------------------------------------------------------------------------------------ */

static void test_branches(void **state)
{
    static const struct {
        uint32_t address, word;
        grc_flow flow;
        bool conditional;
        uint32_t target;
    } cases[] = {
        {0x82001000, 0x48000100, GRC_FLOW_BRANCH, false, 0x82001100},
        {0x82001000, 0x4BFFFFFD, GRC_FLOW_CALL, false, 0x82000FFC},
        {0x82001000, 0x48000102, GRC_FLOW_BRANCH, false, 0x00000100}, /* ba */
        {0x82001000, 0x4BFFFF02, GRC_FLOW_BRANCH, false, 0xFFFFFF00},
        {0x00000000, 0x4BFFFFFC, GRC_FLOW_BRANCH, false, 0xFFFFFFFC},
        {0x82001000, 0x40820008, GRC_FLOW_BRANCH, true, 0x82001008},
        {0x82001000, 0x4280FFF8, GRC_FLOW_BRANCH, false, 0x82000FF8},
        {0x82001000, 0x429F0005, GRC_FLOW_CALL, false, 0x82001004}, /* where am I */
        {0x82001000, 0x4E800020, GRC_FLOW_RETURN, false, 0},
        {0x82001000, 0x4D820020, GRC_FLOW_RETURN, true, 0},
        {0x82001000, 0x4E800021, GRC_FLOW_CALL_LR, false, 0},
        {0x82001000, 0x4E800420, GRC_FLOW_JUMP_CTR, false, 0},
        {0x82001000, 0x4E800421, GRC_FLOW_CALL_CTR, false, 0},
        {0x82001000, 0x7FE00008, GRC_FLOW_NONE, false, 0}, /* trap */
    };
    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        grc_insn insn = grc_decode(cases[i].address, cases[i].word);
        grc_branch branch;
        grc_insn_branch(&insn, &branch);
        assert_int_equal(branch.flow, cases[i].flow);
        assert_int_equal(branch.conditional, cases[i].conditional);
        assert_int_equal(branch.target, cases[i].target);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_sorted_and_disjoint),
        cmocka_unit_test(test_every_row_decodes_to_itself),
        cmocka_unit_test(test_random_words_stay_within_bounds),
        cmocka_unit_test(test_disassembly_of_known_words),
        cmocka_unit_test(test_words_that_must_not_decode),
        cmocka_unit_test(test_effects),
        cmocka_unit_test(test_which_results_are_single),
        cmocka_unit_test(test_branches),
    };
    random_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
