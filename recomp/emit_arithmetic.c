/*
 * emit_arithmetic.c - integer arithmetic, comparisons and traps.
 */
#include "emit.h"
#include <stddef.h>

/*
 * An arithmetic instruction as expressions of its inputs: the result, XER[CA] and XER[OV]. They are
 * all computed before a register is written, since rD may be an input.
 */
typedef struct arithmetic {
    const char *value, *carry, *overflow;
} arithmetic;

static const arithmetic rows[GRC_OP_COUNT] = {
    [GRC_OP_ADDIC] = {"$a$+", "grt_carry($a, $i, 0)", NULL},
    [GRC_OP_ADDIC_RC] = {"$a$+", "grt_carry($a, $i, 0)", NULL},
    [GRC_OP_SUBFIC] = {"$i - $a", "grt_carry(~$a, $i, 1)", NULL},
    [GRC_OP_MULLI] = {"$a * $i", NULL, NULL},
    [GRC_OP_ADD] = {"$a + $b", NULL, "grt_overflow($a, $b, 0)"},
    [GRC_OP_SUBF] = {"$b - $a", NULL, "grt_overflow(~$a, $b, 1)"},
    [GRC_OP_NEG] = {"-$a", NULL, "(uint32_t)$a == 0x80000000u"},
    [GRC_OP_ADDC] = {"$a + $b", "grt_carry($a, $b, 0)", "grt_overflow($a, $b, 0)"},
    [GRC_OP_SUBFC] = {"$b - $a", "grt_not_below($b, $a)", "grt_overflow(~$a, $b, 1)"},
    [GRC_OP_ADDE] = {"$a + $b + xer_ca", "grt_carry($a, $b, xer_ca)",
                     "grt_overflow($a, $b, xer_ca)"},
    [GRC_OP_SUBFE] = {"~$a + $b + xer_ca", "grt_carry(~$a, $b, xer_ca)",
                      "grt_overflow(~$a, $b, xer_ca)"},
    [GRC_OP_ADDME] = {"$a + xer_ca - 1", "grt_carry($a, (uint64_t)-1, xer_ca)",
                      "grt_overflow($a, (uint64_t)-1, xer_ca)"},
    [GRC_OP_SUBFME] = {"~$a + xer_ca - 1", "grt_carry(~$a, (uint64_t)-1, xer_ca)",
                       "grt_overflow(~$a, (uint64_t)-1, xer_ca)"},
    [GRC_OP_ADDZE] = {"$a + xer_ca", "grt_carry($a, 0, xer_ca)", "grt_overflow($a, 0, xer_ca)"},
    [GRC_OP_SUBFZE] = {"~$a + xer_ca", "grt_carry(~$a, 0, xer_ca)", "grt_overflow(~$a, 0, xer_ca)"},
    [GRC_OP_MULLW] = {"grt_mullw($a, $b)", NULL, "grt_mullw_overflow($a, $b)"},
    [GRC_OP_MULLD] = {"$a * $b", NULL, "grt_mulld_overflow($a, $b)"},
    [GRC_OP_MULHW] = {"grt_mulhw($a, $b)", NULL, NULL},
    [GRC_OP_MULHWU] = {"grt_mulhwu($a, $b)", NULL, NULL},
    [GRC_OP_MULHD] = {"grt_mulhd($a, $b)", NULL, NULL},
    [GRC_OP_MULHDU] = {"grt_mulhdu($a, $b)", NULL, NULL},
    [GRC_OP_DIVW] = {"grt_divw($a, $b)", NULL, "grt_divw_overflow($a, $b)"},
    [GRC_OP_DIVWU] = {"grt_divwu($a, $b)", NULL, "(uint32_t)$b == 0"},
    [GRC_OP_DIVD] = {"grt_divd($a, $b)", NULL, "grt_divd_overflow($a, $b)"},
    [GRC_OP_DIVDU] = {"grt_divdu($a, $b)", NULL, "$b == 0"},
};

/* True iff the result is rD as it was, of which compilers would warn. */
static bool keeps_value(const grc_insn *insn)
{
    grc_form form = grc_insn_form(insn);
    bool adds =
        form == GRC_FORM_ADD_IMM_CA || form == GRC_FORM_ADD_IMM_CA_RC || form == GRC_FORM_ADD_IMM_Z;
    return adds && insn->op != GRC_OP_SUBFIC && grc_rd(insn) == grc_ra(insn) && grc_simm(insn) == 0;
}

static bool emit_row(const grc_emit *emit)
{
    const arithmetic *row = &rows[emit->insn->op];
    bool keeps_carry = (grc_insn_flags(emit->insn) & GRC_CA_IN) != 0;
    if (row->value == NULL)
        return false;
    if (grc_sets_overflow(emit->insn)) {
        grc_emit_text(emit, "xer_ov = ");
        grc_emit_text(emit, row->overflow);
        grc_emit_text(emit, "; xer_so |= xer_ov; ");
    }
    if (row->carry != NULL) {
        grc_emit_text(emit, keeps_carry ? "{ uint8_t carry = " : "xer_ca = ");
        grc_emit_text(emit, row->carry);
        grc_emit_text(emit, "; ");
    }
    if (!keeps_value(emit->insn)) {
        grc_emit_text(emit, "$d = ");
        grc_emit_text(emit, row->value);
        grc_emit_text(emit, keeps_carry ? "; xer_ca = carry; }" : ";");
    }
    grc_emit_record(emit, grc_rd(emit->insn));
    return true;
}

static bool emit_add_immediate(const grc_emit *emit)
{
    bool shifted = emit->insn->op == GRC_OP_ADDIS;
    if (grc_ra(emit->insn) == 0)
        grc_emit_text(emit, shifted ? "$d = $I;" : "$d = $i;");
    else if (keeps_value(emit->insn))
        grc_emit_text(emit, ";");
    else
        grc_emit_text(emit, shifted ? "$d = $a + $I;" : "$d = $a$+;");
    return true;
}

static const char *comparison(grc_op op)
{
    switch (op) {
    case GRC_OP_CMPWI:
        return "GRT_COMPARE($c, (int32_t)$a, $w);";
    case GRC_OP_CMPDI:
        return "GRT_COMPARE($c, (int64_t)$a, $w);";
    case GRC_OP_CMPLWI:
        return "GRT_COMPARE($c, (uint32_t)$a, $u);";
    case GRC_OP_CMPLDI:
        return "GRT_COMPARE($c, $a, $u);";
    case GRC_OP_CMPW:
        return "GRT_COMPARE($c, (int32_t)$a, (int32_t)$b);";
    case GRC_OP_CMPD:
        return "GRT_COMPARE($c, (int64_t)$a, (int64_t)$b);";
    case GRC_OP_CMPLW:
        return "GRT_COMPARE($c, (uint32_t)$a, (uint32_t)$b);";
    default: /* cmpld */
        return "GRT_COMPARE($c, $a, $b);";
    }
}

/* Comparisons that compilers would warn of, since the outcome is partly known. */
static const char *degenerate_comparison(const grc_insn *insn)
{
    bool same = grc_insn_form(insn) == GRC_FORM_CMP_REG && grc_ra(insn) == grc_rb(insn);
    if (same)
        return "GRT_SET_FIELD($c, 2 | xer_so);";
    if (grc_insn_form(insn) != GRC_FORM_CMP_UIMM || grc_uimm(insn) != 0)
        return NULL;
    return insn->op == GRC_OP_CMPLWI ? "GRT_SET_FIELD($c, ((uint32_t)$a != 0 ? 4 : 2) | xer_so);"
                                     : "GRT_SET_FIELD($c, ($a != 0 ? 4 : 2) | xer_so);";
}

static bool emit_comparison(const grc_emit *emit)
{
    const char *text = degenerate_comparison(emit->insn);
    grc_emit_text(emit, text != NULL ? text : comparison(emit->insn->op));
    return true;
}

static bool emit_conditional_trap(const grc_emit *emit)
{
    static const char *const relations[5] = {"<", ">", "==", "<", ">"};
    grc_form form = grc_insn_form(emit->insn);
    bool word = form == GRC_FORM_TRAP_IMM_W || form == GRC_FORM_TRAP_REG_W;
    bool immediate = form == GRC_FORM_TRAP_IMM_W || form == GRC_FORM_TRAP_IMM_D;
    unsigned to = grc_trap_conditions(emit->insn);
    const char *separator = "if (";
    for (unsigned i = 0; i < 5 && to != 31; i++) {
        if ((to & (16u >> i)) == 0)
            continue;
        const char *type = i < 2 ? (word ? "(int32_t)" : "(int64_t)") : (word ? "(uint32_t)" : "");
        grc_printf(emit->out, "%s%sr%u %s %s", separator, type, grc_ra(emit->insn), relations[i],
                   type);
        grc_emit_text(emit, !immediate ? "$b" : i < 2 ? "$w" : "$i");
        separator = " || ";
    }
    if (to == 0) {
        grc_printf(emit->out, ";"); /* never traps */
        return true;
    }
    grc_printf(emit->out, "%s", to == 31 ? "" : ") ");
    grc_emit_trap(emit, "INSTRUCTION");
    return true;
}

bool grc_emit_arithmetic(const grc_emit *emit)
{
    switch (grc_insn_form(emit->insn)) {
    case GRC_FORM_ADD_IMM_Z:
        return emit_add_immediate(emit);
    case GRC_FORM_CMP_SIMM:
    case GRC_FORM_CMP_UIMM:
    case GRC_FORM_CMP_REG:
        return emit_comparison(emit);
    case GRC_FORM_TRAP_IMM_W:
    case GRC_FORM_TRAP_IMM_D:
    case GRC_FORM_TRAP_REG_W:
    case GRC_FORM_TRAP_REG_D:
        return emit_conditional_trap(emit);
    default:
        return emit_row(emit);
    }
}
