/* live.c - backward data flow. */
#include "live.h"

static grc_regs live_in_successors(const grc_function *function, const grc_block *block)
{
    grc_regs live = {0};
    if (block->next != GRC_NONE)
        live = function->blocks[block->next].live;
    if (block->target != GRC_NONE)
        live = grc_regs_or(live, function->blocks[block->target].live);
    for (uint32_t i = 0; i < block->case_count; i++)
        live = grc_regs_or(live, function->blocks[block->cases[i]].live);
    return live;
}

void grc_solve_backward(grc_function *function)
{
    bool changed = true;
    for (uint32_t i = 0; i < function->block_count; i++)
        function->blocks[i].live = function->blocks[i].gen;
    while (changed) {
        changed = false;
        for (uint32_t i = function->block_count; i-- > 0;) {
            grc_block *block = &function->blocks[i];
            grc_regs through = grc_regs_less(live_in_successors(function, block), block->kill);
            changed |= grc_regs_add(&block->live, through);
        }
    }
}

static grc_regs live_by_exits(const grc_program *program, const grc_block *block, grc_regs out)
{
    grc_exit exits[2];
    grc_regs live = {0};
    unsigned count = grc_block_exits(program, block, exits);
    for (unsigned i = 0; i < count; i++)
        live = grc_regs_or(live, grc_exit_needs(program, &exits[i], out));
    /* What matters of LR at an exit is decided where the exit is emitted. */
    live.misc &= ~(uint32_t)GRC_LR;
    return live;
}

/* gen and kill of a whole block, from its last step to its first. */
static void summarize_block(const grc_program *program, grc_block *block, grc_regs out)
{
    grc_regs gen = live_by_exits(program, block, out), kept = grc_regs_all();
    for (uint32_t word = block->end; word-- > block->first;) {
        grc_step step;
        grc_step_at(program, word, &step);
        gen = grc_step_live_before(&step, gen);
        kept = grc_regs_less(kept, step.own.writes);
        if (step.transfers)
            kept = grc_regs_less(kept, step.other.kills);
    }
    block->gen = gen;
    block->kill = grc_regs_less(grc_regs_all(), kept);
}

void grc_live(const grc_program *program, grc_function *function, grc_regs out)
{
    for (uint32_t i = 0; i < function->block_count; i++)
        summarize_block(program, &function->blocks[i], out);
    grc_solve_backward(function);
}

grc_regs grc_live_at_end(const grc_program *program, const grc_function *function,
                         const grc_block *block, grc_regs out)
{
    return grc_regs_or(live_in_successors(function, block), live_by_exits(program, block, out));
}
