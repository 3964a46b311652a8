/* plan.c - spills and reloads: liveness, then what is dirty, then which locals are needed. */
#include "plan.h"
#include "values.h"

#include <string.h>

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

/* Two sets that only grow: [dirty], whose local may be newer than the context, and [stale], whose
 * place in the context may hold something else than on entry. A register that is given back its
 * value on entry is clean if the context has never been told of another. */
typedef struct marks {
    grc_regs dirty, stale;
} marks;

static marks marks_after(const planner *p, uint32_t at, marks m, grc_regs *spill)
{
    const grc_step *step = &p->plan->steps[at];
    grc_regs own = grc_regs_less(step->own.writes, STACK_POINTER);
    grc_regs clean = grc_regs_less(p->plan->restored[at], m.stale);
    m.dirty = grc_regs_or(grc_regs_less(m.dirty, own), grc_regs_less(own, clean));
    *spill = grc_regs_and(p->plan->spill[at], m.dirty);
    if (step->transfers) {
        m.dirty = grc_regs_less(grc_regs_less(m.dirty, *spill), step->other.writes);
        m.stale = grc_regs_or(m.stale, grc_regs_or(*spill, step->other.writes));
    }
    return m;
}

static marks marks_through(const planner *p, const grc_block *block, marks m)
{
    grc_regs spill;
    for (uint32_t at = block->step; at < block->step + block->end - block->first; at++)
        m = marks_after(p, at, m, &spill);
    return m;
}

static void mark_edge(const planner *p, marks *starts, uint8_t *due, uint32_t successor, marks end)
{
    if (successor == GRC_NONE)
        return;
    grc_regs stored = grc_regs_and(end.dirty, p->plan->settled[successor]);
    end.dirty = grc_regs_less(end.dirty, stored);
    end.stale = grc_regs_or(end.stale, stored);
    bool changed = grc_regs_add(&starts[successor].dirty, end.dirty);
    changed |= grc_regs_add(&starts[successor].stale, end.stale);
    due[successor] |= changed;
}

static bool mark_due(const planner *p, marks *starts, uint8_t *due)
{
    bool any = false;
    for (uint32_t i = 0; i < p->function->block_count; i++) {
        const grc_block *block = &p->function->blocks[i];
        if (!due[i])
            continue;
        due[i] = 0;
        any = true;
        marks end = marks_through(p, block, starts[i]);
        mark_edge(p, starts, due, block->next, end);
        mark_edge(p, starts, due, block->target, end);
        for (uint32_t j = 0; j < block->case_count; j++)
            mark_edge(p, starts, due, block->cases[j], end);
    }
    return any;
}

static void solve_dirty(const planner *p, marks *starts, uint8_t *due)
{
    uint32_t count = p->function->block_count;
    memset(starts, 0, count * sizeof *starts);
    memset(due, 1, count);
    while (mark_due(p, starts, due))
        continue;
}

/* ---- registers stored on the way into a loop: what it spills and leaves as it is ---------------
 */

/* Candidates at the block that an edge leads back to: all that is exposed in between. */
static void settle_loop(const planner *p, uint32_t from, uint32_t to)
{
    if (to == GRC_NONE || to > from)
        return;
    for (uint32_t i = to; i <= from; i++) {
        const grc_block *block = &p->function->blocks[i];
        for (uint32_t at = block->step; at < block->step + block->end - block->first; at++)
            if (p->plan->steps[at].transfers)
                grc_regs_add(&p->plan->settled[to], p->plan->spill[at]);
    }
}

static void find_candidates(const planner *p)
{
    for (uint32_t i = 0; i < p->function->block_count; i++) {
        settle_loop(p, i, p->function->blocks[i].next);
        settle_loop(p, i, p->function->blocks[i].target);
    }
    /* A jump table has no place for stores on its way, and neither has the function's entry. */
    p->plan->settled[p->function->entry] = (grc_regs){0};
    for (uint32_t i = 0; i < p->function->block_count; i++) {
        const grc_block *block = &p->function->blocks[i];
        for (uint32_t j = 0; j < block->case_count; j++)
            p->plan->settled[block->cases[j]] = (grc_regs){0};
    }
}

/* Takes back what is dirty when the loop comes round: storing it there would gain nothing. */
static bool unsettle(const planner *p, uint32_t from, uint32_t to, grc_regs dirty)
{
    if (to == GRC_NONE || to > from)
        return false;
    grc_regs *settled = &p->plan->settled[to], kept = grc_regs_less(*settled, dirty);
    bool changed = !grc_regs_equal(kept, *settled);
    *settled = kept;
    return changed;
}

static bool unsettle_all(const planner *p, const marks *starts)
{
    bool changed = false;
    for (uint32_t i = 0; i < p->function->block_count; i++) {
        const grc_block *block = &p->function->blocks[i];
        grc_regs dirty = marks_through(p, block, starts[i]).dirty;
        changed |= unsettle(p, i, block->next, dirty);
        changed |= unsettle(p, i, block->target, dirty);
    }
    return changed;
}

grc_regs grc_plan_edge_spill(const grc_plan *plan, uint32_t block, uint32_t successor)
{
    if (successor == GRC_NONE)
        return (grc_regs){0};
    return grc_regs_and(plan->dirty[block], plan->settled[successor]);
}

/* Narrows plan->spill to what is dirty and fills plan->dirty and plan->settled. */
static void find_dirty(const planner *p)
{
    uint32_t count = p->function->block_count;
    marks *starts = grc_alloc(p->arena, count, sizeof *starts);
    uint8_t *due = grc_alloc(p->arena, count, 1);
    find_candidates(p);
    do {
        solve_dirty(p, starts, due);
    } while (unsettle_all(p, starts));
    for (uint32_t i = 0; i < count; i++) {
        const grc_block *block = &p->function->blocks[i];
        marks m = starts[i];
        for (uint32_t at = block->step; at < block->step + block->end - block->first; at++) {
            grc_regs spill;
            m = marks_after(p, at, m, &spill);
            p->plan->spill[at] = spill;
        }
        p->plan->dirty[i] = m.dirty;
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
    const grc_block *b = &p->function->blocks[block];
    needed = grc_regs_or(needed, grc_plan_edge_spill(p->plan, block, b->next));
    return grc_regs_or(needed, grc_plan_edge_spill(p->plan, block, b->target));
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
        .restored = grc_alloc(arena, steps, sizeof *plan->restored),
        .dirty = grc_alloc(arena, blocks, sizeof *plan->dirty),
        .settled = grc_alloc(arena, blocks, sizeof *plan->settled),
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
    grc_find_restores(program, arena, function, plan->steps, plan->restored);
    note_exposed(&p);
    find_dirty(&p);
    find_needed(&p);
    place_reloads(&p);
}
