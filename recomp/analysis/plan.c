/* plan.c - spills and reloads: liveness, then what is dirty, then which locals are needed. */
#include "plan.h"

static const grc_regs STACK_POINTER = {.gpr = 1u << 1};
static const grc_regs LINK = {.misc = GRC_LR};

typedef struct planner {
    const grc_program *program;
    grc_arena *arena;
    grc_function *function;
    grc_plan *plan;
} planner;

static void make_steps(const planner *p)
{
    for (uint32_t i = 0; i < p->function->block_count; i++) {
        const grc_block *block = &p->function->blocks[i];
        for (uint32_t word = block->first; word < block->end; word++)
            grc_step_at(p->program, word, &p->plan->steps[block->step + word - block->first]);
    }
}

/* What a transfer makes necessary to store, if it is dirty: what the other side may read, and what
 * it may or may not overwrite and somebody reads afterwards. */
static grc_regs exposed(const grc_step *step, grc_regs live_after)
{
    grc_regs maybe = grc_regs_less(step->other.writes, step->other.kills);
    return grc_regs_or(step->other.reads, grc_regs_and(maybe, live_after));
}

/* Leaves in plan->spill what each transfer exposes, dirty or not. */
static void note_exposed(const planner *p)
{
    grc_live(p->program, p->function, p->function->out);
    for (uint32_t i = 0; i < p->function->block_count; i++) {
        const grc_block *block = &p->function->blocks[i];
        grc_regs live = grc_live_at_end(p->program, p->function, block, p->function->out);
        for (uint32_t step = block->step + block->end - block->first; step-- > block->step;) {
            if (p->plan->steps[step].transfers)
                p->plan->spill[step] = exposed(&p->plan->steps[step], live);
            live = grc_step_live_before(&p->plan->steps[step], live);
        }
    }
}

/* ---- dirty registers: a forward problem --------------------------------------------------------
 */

static grc_regs dirty_after(const grc_step *step, grc_regs exposed_here, grc_regs dirty)
{
    dirty = grc_regs_or(dirty, grc_regs_less(step->own.writes, STACK_POINTER));
    if (step->transfers)
        dirty = grc_regs_less(grc_regs_less(dirty, exposed_here), step->other.writes);
    return dirty;
}

static grc_regs dirty_through(const planner *p, const grc_block *block, grc_regs dirty)
{
    for (uint32_t step = block->step; step < block->step + block->end - block->first; step++)
        dirty = dirty_after(&p->plan->steps[step], p->plan->spill[step], dirty);
    return dirty;
}

static bool dirty_successors(const planner *p, const grc_block *block, grc_regs *starts)
{
    grc_regs end =
        grc_regs_or(block->gen, grc_regs_less(starts[block - p->function->blocks], block->kill));
    bool changed = false;
    if (block->next != GRC_NONE)
        changed |= grc_regs_add(&starts[block->next], end);
    if (block->target != GRC_NONE)
        changed |= grc_regs_add(&starts[block->target], end);
    for (uint32_t i = 0; i < block->case_count; i++)
        changed |= grc_regs_add(&starts[block->cases[i]], end);
    return changed;
}

/* Narrows plan->spill to what is dirty and fills plan->dirty. */
static void find_dirty(const planner *p)
{
    uint32_t count = p->function->block_count;
    grc_regs *starts = grc_alloc(p->arena, count, sizeof *starts);
    bool changed = true;
    for (uint32_t i = 0; i < count; i++) {
        grc_block *block = &p->function->blocks[i];
        block->gen = dirty_through(p, block, (grc_regs){0});
        block->kill = grc_regs_less(grc_regs_all(), dirty_through(p, block, grc_regs_all()));
    }
    while (changed) {
        changed = false;
        for (uint32_t i = 0; i < count; i++)
            changed |= dirty_successors(p, &p->function->blocks[i], starts);
    }
    for (uint32_t i = 0; i < count; i++) {
        const grc_block *block = &p->function->blocks[i];
        grc_regs dirty = starts[i];
        for (uint32_t s = block->step; s < block->step + block->end - block->first; s++) {
            const grc_step *step = &p->plan->steps[s];
            grc_regs own = grc_regs_less(step->own.writes, STACK_POINTER);
            grc_regs out = p->plan->spill[s];
            p->plan->spill[s] = grc_regs_and(out, grc_regs_or(dirty, own));
            dirty = dirty_after(step, out, dirty);
        }
        p->plan->dirty[i] = dirty;
    }
}

grc_regs grc_plan_exit_spill(const grc_program *program, const grc_function *function,
                             const grc_plan *plan, uint32_t block, const grc_exit *out_of)
{
    grc_regs needs = grc_exit_needs(program, out_of, function->out);
    if (out_of->kind == GRC_EXIT_FUNCTION || out_of->kind == GRC_EXIT_TABLE)
        needs = grc_regs_or(needs, LINK);
    return grc_regs_and(plan->dirty[block], needs);
}

/* ---- which locals are needed: a backward problem -----------------------------------------------
 */

static grc_regs needed_before(const grc_plan *plan, uint32_t step, grc_regs needed)
{
    const grc_step *s = &plan->steps[step];
    if (s->transfers)
        needed = grc_regs_or(plan->spill[step], grc_regs_less(needed, s->other.writes));
    return grc_regs_or(s->own.reads, grc_regs_less(needed, s->own.writes));
}

static grc_regs needed_by_exits(const planner *p, uint32_t block)
{
    grc_exit exits[2];
    grc_regs needed = {0};
    for (unsigned i = grc_block_exits(p->program, &p->function->blocks[block], exits); i-- > 0;) {
        needed = grc_regs_or(
            needed, grc_plan_exit_spill(p->program, p->function, p->plan, block, &exits[i]));
        if (p->plan->checks_return && grc_exit_keeps_return(&exits[i]))
            needed = grc_regs_or(needed, LINK);
    }
    return needed;
}

static void find_needed(const planner *p)
{
    for (uint32_t i = 0; i < p->function->block_count; i++) {
        grc_block *block = &p->function->blocks[i];
        grc_regs gen = needed_by_exits(p, i), through = grc_regs_all();
        for (uint32_t s = block->step + block->end - block->first; s-- > block->step;) {
            gen = needed_before(p->plan, s, gen);
            through = grc_regs_less(through, p->plan->steps[s].own.writes);
            if (p->plan->steps[s].transfers)
                through = grc_regs_less(through, p->plan->steps[s].other.writes);
        }
        block->gen = gen;
        block->kill = grc_regs_less(grc_regs_all(), through);
    }
    grc_solve_backward(p->function);
}

static grc_regs needed_at_end(const planner *p, uint32_t index)
{
    const grc_block *block = &p->function->blocks[index];
    grc_regs needed = needed_by_exits(p, index);
    if (block->next != GRC_NONE)
        needed = grc_regs_or(needed, p->function->blocks[block->next].live);
    if (block->target != GRC_NONE)
        needed = grc_regs_or(needed, p->function->blocks[block->target].live);
    for (uint32_t i = 0; i < block->case_count; i++)
        needed = grc_regs_or(needed, p->function->blocks[block->cases[i]].live);
    return needed;
}

static void place_reloads(const planner *p)
{
    grc_plan *plan = p->plan;
    for (uint32_t i = 0; i < p->function->block_count; i++) {
        const grc_block *block = &p->function->blocks[i];
        grc_regs needed = needed_at_end(p, i);
        plan->used = grc_regs_or(plan->used, needed_by_exits(p, i));
        for (uint32_t s = block->step + block->end - block->first; s-- > block->step;) {
            const grc_step *step = &plan->steps[s];
            if (step->transfers)
                plan->reload[s] = grc_regs_and(step->other.writes, needed);
            plan->used = grc_regs_or(plan->used, grc_regs_or(step->own.reads, plan->spill[s]));
            plan->used = grc_regs_or(plan->used, grc_regs_and(step->own.writes, STACK_POINTER));
            plan->locals = grc_regs_or(plan->locals, step->own.writes);
            plan->locals = grc_regs_or(plan->locals, plan->reload[s]);
            needed = needed_before(plan, s, needed);
        }
    }
    plan->loads = p->function->blocks[p->function->entry].live;
    plan->locals = grc_regs_or(plan->locals, grc_regs_or(plan->used, plan->loads));
}

/* ---- single-precision values: a forward problem ------------------------------------------------
 */

static uint32_t single_after(const grc_step *step, uint32_t single)
{
    single = grc_fpr_single_after(&step->insn, single);
    return step->transfers ? single & ~step->other.writes.fpr : single;
}

static bool narrow(uint32_t *single, uint32_t successor, uint32_t end)
{
    if (successor == GRC_NONE || !(single[successor] & ~end))
        return false;
    single[successor] &= end;
    return true;
}

static void find_singles(const planner *p)
{
    uint32_t *single = p->plan->single;
    bool changed = true;
    for (uint32_t i = 0; i < p->function->block_count; i++)
        single[i] = i == p->function->entry ? 0 : ~0u;
    while (changed) {
        changed = false;
        for (uint32_t i = 0; i < p->function->block_count; i++) {
            const grc_block *block = &p->function->blocks[i];
            uint32_t end = single[i];
            for (uint32_t s = block->step; s < block->step + block->end - block->first; s++)
                end = single_after(&p->plan->steps[s], end);
            changed |= narrow(single, block->next, end);
            changed |= narrow(single, block->target, end);
            for (uint32_t j = 0; j < block->case_count; j++)
                changed |= narrow(single, block->cases[j], end);
        }
    }
}

static void find_labels(const planner *p)
{
    const grc_function *function = p->function;
    if (function->entry != 0)
        p->plan->label[function->entry] = 1;
    for (uint32_t i = 0; i < function->block_count; i++) {
        const grc_block *block = &function->blocks[i];
        if (block->next != GRC_NONE && block->next != i + 1)
            p->plan->label[block->next] = 1;
        if (block->target != GRC_NONE)
            p->plan->label[block->target] = 1;
        for (uint32_t j = 0; j < block->case_count; j++)
            p->plan->label[block->cases[j]] = 1;
    }
}

void grc_plan_make(const grc_program *program, grc_arena *arena, grc_function *function,
                   grc_plan *plan)
{
    planner p = {program, arena, function, plan};
    uint32_t steps = function->step_count, blocks = function->block_count;
    *plan = (grc_plan){
        .steps = grc_alloc(arena, steps, sizeof *plan->steps),
        .spill = grc_alloc(arena, steps, sizeof *plan->spill),
        .reload = grc_alloc(arena, steps, sizeof *plan->reload),
        .dirty = grc_alloc(arena, blocks, sizeof *plan->dirty),
        .single = grc_alloc(arena, blocks, sizeof *plan->single),
        .label = grc_alloc(arena, blocks, 1),
        .poll = grc_alloc(arena, blocks, 1),
        .checks_return = grc_checks_return(program, function),
    };
    make_steps(&p);
    find_labels(&p);
    grc_plan_polls(arena, function, plan);
    find_singles(&p);
    if (function->in_context)
        return;
    note_exposed(&p);
    find_dirty(&p);
    find_needed(&p);
    place_reloads(&p);
}
