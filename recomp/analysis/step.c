/* step.c - instructions with the effects of what they call. */
#include "step.h"

/* An override may change the result registers even if the original does not. */
static const grc_regs RESULTS = {.gpr = 1u << 3 | 1u << 4, .fpr = 1u << 1};

/* A call leaves its return address in LR before anything else can look at it. */
static void add_link(grc_step *step)
{
    step->own.writes.misc &= ~(uint32_t)GRC_LR;
    step->other.reads.misc &= ~(uint32_t)GRC_LR;
    step->other.writes.misc |= GRC_LR;
    step->other.kills.misc |= GRC_LR;
}

static void set_call(grc_step *step, const grc_summary *callee)
{
    step->calls = step->transfers = true;
    step->other = *callee;
    if (step->branch.conditional)
        step->other.kills = (grc_regs){0};
    add_link(step);
}

static void direct_call(const grc_program *program, grc_step *step)
{
    if (step->branch.target == step->insn.address + 4)
        return;
    step->callee = grc_function_at(program, step->branch.target);
    set_call(step, step->callee ? &step->callee->summary : &program->indirect);
    if (step->callee && step->callee->kind == GRC_FUNCTION_CODE)
        step->other.writes = grc_regs_or(step->other.writes, RESULTS);
}

void grc_step_at(const grc_program *program, uint32_t word, grc_step *step)
{
    *step = (grc_step){.insn = program->insns[word]};
    grc_insn_branch(&step->insn, &step->branch);
    grc_insn_effects(&step->insn, &step->own);
    switch (step->branch.flow) {
    case GRC_FLOW_CALL:
        direct_call(program, step);
        break;
    case GRC_FLOW_CALL_CTR:
    case GRC_FLOW_CALL_LR:
        set_call(step, &program->indirect);
        break;
    case GRC_FLOW_RETURN:
        step->own.reads.misc &= ~(uint32_t)GRC_LR; /* grc_checks_return() knows better */
        break;
    default:
        break;
    }
    if (step->own.whole_fpr_file) {
        step->transfers = true;
        step->other.reads.fpr = step->other.writes.fpr = ~0u;
    }
}

grc_regs grc_step_live_before(const grc_step *step, grc_regs live)
{
    if (step->transfers)
        live = grc_regs_or(step->other.reads, grc_regs_less(live, step->other.kills));
    return grc_regs_or(step->own.reads, grc_regs_less(live, step->own.writes));
}

static grc_exit exit_to(const grc_program *program, uint32_t address, bool branches)
{
    grc_exit out = {.address = address, .branches = branches};
    out.callee = grc_function_at(program, address);
    out.kind = out.callee ? GRC_EXIT_FUNCTION : branches ? GRC_EXIT_TABLE : GRC_EXIT_FELL_OFF;
    return out;
}

unsigned grc_block_exits(const grc_program *program, const grc_block *block, grc_exit exits[2])
{
    const grc_insn *last = &program->insns[block->end - 1];
    unsigned count = 0;
    grc_branch branch;
    if (last->op == GRC_OP_INVALID) {
        exits[0] = (grc_exit){.kind = GRC_EXIT_FELL_OFF, .address = last->address};
        return 1;
    }
    grc_insn_branch(last, &branch);
    bool runs_on = branch.conditional;
    switch (branch.flow) {
    case GRC_FLOW_BRANCH:
        if (block->target == GRC_NONE)
            exits[count++] = exit_to(program, branch.target, true);
        break;
    case GRC_FLOW_RETURN:
        exits[count++] = (grc_exit){.kind = GRC_EXIT_RETURN, .branches = true};
        break;
    case GRC_FLOW_JUMP_CTR:
        exits[count++] = (grc_exit){.kind = GRC_EXIT_TABLE, .branches = true};
        break;
    default:
        runs_on = true;
        break;
    }
    if (runs_on && block->next == GRC_NONE)
        exits[count++] = exit_to(program, last->address + 4, false);
    return count;
}

bool grc_exit_keeps_return(const grc_exit *out_of)
{
    if (!out_of->branches)
        return false;
    if (out_of->kind != GRC_EXIT_FUNCTION)
        return out_of->kind == GRC_EXIT_RETURN;
    const grc_summary *callee = &out_of->callee->summary;
    return (callee->reads.misc & GRC_LR) || !(callee->writes.misc & GRC_LR);
}

grc_regs grc_exit_needs(const grc_program *program, const grc_exit *out_of, grc_regs out)
{
    switch (out_of->kind) {
    case GRC_EXIT_FUNCTION: {
        const grc_summary *callee = &out_of->callee->summary;
        return grc_regs_or(callee->reads, grc_regs_less(out, callee->kills));
    }
    case GRC_EXIT_TABLE:
        return grc_regs_or(program->indirect.reads, out);
    default:
        return out;
    }
}

static bool changes_return(const grc_program *program, const grc_block *block)
{
    for (uint32_t word = block->first; word < block->end; word++) {
        grc_step step;
        grc_step_at(program, word, &step);
        if (step.calls || (step.own.writes.misc & GRC_LR))
            return true;
    }
    return false;
}

bool grc_checks_return(const grc_program *program, const grc_function *function)
{
    /* Shared ends of functions reload LR from the caller's frame: theirs is no return address. */
    if (!(function->summary.reads.misc & GRC_LR))
        return false;
    for (uint32_t i = 0; i < function->block_count; i++)
        if (changes_return(program, &function->blocks[i]))
            return true;
    return false;
}
