/*
 * branch.c - where a branch instruction goes.
 */
#include "forms.h"

/* BO: 0x10 ignores the condition bit, 0x04 leaves CTR alone. */
static bool is_conditional(const grc_insn *insn)
{
    return (grc_rd(insn) & 0x14) != 0x14;
}

/* [offset] is relative to the instruction unless AA is set. */
static uint32_t branch_target(const grc_insn *insn, int32_t offset)
{
    bool absolute = (insn->word & 2) != 0;
    return (absolute ? 0 : insn->address) + (uint32_t)offset;
}

void grc_insn_branch(const grc_insn *insn, grc_branch *branch)
{
    bool link = (insn->word & 1) != 0;
    *branch = (grc_branch){.flow = GRC_FLOW_NONE};
    switch (insn->op) {
    case GRC_OP_B: {
        int32_t offset = (int32_t)(insn->word << 6) >> 6 & ~3;
        branch->flow = link ? GRC_FLOW_CALL : GRC_FLOW_BRANCH;
        branch->target = branch_target(insn, offset);
        break;
    }
    case GRC_OP_BC:
        branch->flow = link ? GRC_FLOW_CALL : GRC_FLOW_BRANCH;
        branch->target = branch_target(insn, grc_simm_ds(insn));
        branch->conditional = is_conditional(insn);
        break;
    case GRC_OP_BCLR:
        branch->flow = link ? GRC_FLOW_CALL_LR : GRC_FLOW_RETURN;
        branch->conditional = is_conditional(insn);
        break;
    case GRC_OP_BCCTR:
        branch->flow = link ? GRC_FLOW_CALL_CTR : GRC_FLOW_JUMP_CTR;
        branch->conditional = is_conditional(insn);
        break;
    default:
        break;
    }
}
