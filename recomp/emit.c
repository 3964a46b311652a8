/*
 * emit.c - the C text of an instruction: which family emits it, and the conditions of branches.
 */
#include "emit.h"
#include <stdio.h>

static bool is_branch(const grc_insn *insn)
{
    grc_branch branch;
    grc_insn_branch(insn, &branch);
    return branch.flow != GRC_FLOW_NONE;
}

/* A family that does not know the instruction emits nothing, so they can be asked in turn. */
static bool emit_translated(const grc_emit *emit)
{
    if (emit->insn->op == GRC_OP_INVALID || is_branch(emit->insn))
        return false;
    return grc_emit_arithmetic(emit) || grc_emit_logic(emit) || grc_emit_memory(emit) ||
           grc_emit_multiple(emit) || grc_emit_float(emit) || grc_emit_condition_register(emit) ||
           grc_emit_system(emit);
}

bool grc_emit_insn(grc_out *out, const grc_insn *insn, const grc_emit_options *options)
{
    grc_emit emit = {out, insn, options};
    if (grc_insn_is_nop(insn)) {
        grc_emit_text(&emit, ";");
        return true;
    }
    if (emit_translated(&emit))
        return true;
    if (!options->trap_untranslated || is_branch(insn))
        return false;
    grc_emit_trap(&emit, "UNTRANSLATED");
    return true;
}

/* BO, from the left: ignore the CR bit, its wanted value, ignore CTR, wanted CTR = 0. */
void grc_emit_condition(grc_out *out, const grc_insn *insn, char *text, unsigned size)
{
    unsigned bo = insn->op == GRC_OP_B ? 0x14 : grc_rd(insn);
    bool tests_counter = (bo & 0x04) == 0, tests_bit = (bo & 0x10) == 0;
    char bit[8];
    const char *counter = "", *both = "";
    if (tests_counter) {
        grc_printf(out, "ctr -= 1;");
        counter = (bo & 0x02) != 0 ? "(uint32_t)ctr == 0" : "(uint32_t)ctr != 0";
    }
    if (tests_counter && tests_bit)
        both = " && ";
    if (tests_bit)
        snprintf(text, size, "%s%s%s%s", counter, both, (bo & 0x08) != 0 ? "" : "!",
                 grc_cr_bit(grc_ra(insn), bit));
    else
        snprintf(text, size, "%s", tests_counter ? counter : "1");
}
