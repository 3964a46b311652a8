/*
 * summary.c - what each function reads, writes and leaves, over the whole program.
 *
 * Four problems, each the fixed point of a monotonic equation over the call graph:
 *   writes  grows: what a function leaves changed (values.h);
 *   kills   shrinks from everything, with recursion assumed to be well-behaved until shown
 * otherwise; reads   grows, and needs kills; out     grows from callers to callees: what may be
 * read after a function has returned. The answers only decide which registers move between C locals
 * and the context.
 */
#include "live.h"
#include "step.h"
#include "values.h"

/* What a caller outside the guest may look at after a call, by the calling convention. */
static const grc_regs HOST_READS = {
    .gpr = 1u << 1 | 1u << 2 | 1u << 3 | 1u << 4 | 0xFFFFE000u,
    .fpr = 1u << 1 | 0xFFFFC000u,
    .cr = 0xFFF00u, /* cr2, cr3, cr4 */
};

/* The contract with imports. */
static const grc_summary IMPORT = {
    .reads = {.gpr = 0x2000u | 0x7FEu, .fpr = 0x1FE},
    .writes = {.gpr = 1u << 3 | 1u << 4, .fpr = 1u << 1},
};

/* longjmp brings back what setjmp saw in the context. */
static const grc_summary SETJMP = {
    .reads = {.gpr = 0xFFFFE00Eu, .fpr = 0xFFFFC000u, .cr = ~0u},
    .writes = {.gpr = ~0u, .fpr = ~0u, .cr = ~0u, .misc = 63},
};

/* longjmp does not return, unless its buffer is bad and the policy is to go on. */
static const grc_summary LONGJMP = {.reads = {.gpr = 1u << 1 | 1u << 3 | 1u << 4}};

/* ---- the call graph ----------------------------------------------------------------------------
 */

static uint32_t index_of(const grc_program *program, const grc_function *function)
{
    return (uint32_t)(function - program->functions);
}

/* [mark] has one entry a function: the last function that was found to call it. */
static void add_callee(grc_program *program, uint32_t caller, const grc_function *callee,
                       uint32_t *mark)
{
    uint32_t index = index_of(program, callee);
    if (mark[index] == caller + 1)
        return;
    mark[index] = caller + 1;
    GRC_PUSH(&program->round, &program->functions[caller].callees, index);
    GRC_PUSH(&program->round, &program->functions[index].callers, caller);
}

static void scan_block(grc_program *program, uint32_t caller, const grc_block *block,
                       uint32_t *mark)
{
    grc_function *function = &program->functions[caller];
    grc_exit exits[2];
    for (uint32_t word = block->first; word < block->end; word++) {
        grc_step step;
        grc_step_at(program, word, &step);
        if (!step.calls)
            continue;
        if (step.callee)
            add_callee(program, caller, step.callee, mark);
        else
            function->calls_indirect = true;
        if (step.callee && step.callee->kind == GRC_FUNCTION_SETJMP)
            function->in_context = true;
    }
    for (unsigned i = grc_block_exits(program, block, exits); i-- > 0;) {
        if (exits[i].kind == GRC_EXIT_FUNCTION)
            add_callee(program, caller, exits[i].callee, mark);
        function->calls_indirect |= exits[i].kind == GRC_EXIT_TABLE;
    }
}

static void set_fixed(grc_function *function)
{
    if (function->kind == GRC_FUNCTION_IMPORT)
        function->summary = IMPORT;
    else if (function->kind == GRC_FUNCTION_SETJMP)
        function->summary = SETJMP;
    else if (function->kind == GRC_FUNCTION_LONGJMP)
        function->summary = LONGJMP;
}

static void build_call_graph(grc_program *program)
{
    uint32_t *mark = grc_alloc(&program->round, program->function_count, sizeof *mark);
    for (uint32_t i = 0; i < program->function_count; i++) {
        grc_function *function = &program->functions[i];
        set_fixed(function);
        function->in_context = program->work->options->full_state;
        for (uint32_t j = 0; j < function->block_count; j++)
            scan_block(program, i, &function->blocks[j], mark);
    }
}

/* Callees before callers, as far as there is such an order. */
static uint32_t *bottom_up(grc_program *program)
{
    uint32_t count = program->function_count, done = 0;
    uint32_t *order = grc_alloc(&program->round, count, sizeof *order);
    uint32_t *next = grc_alloc(&program->round, count, sizeof *next);
    uint8_t *seen = grc_alloc(&program->round, count, 1);
    grc_words path = {0};
    for (uint32_t root = 0; root < count; root++) {
        if (seen[root])
            continue;
        seen[root] = 1;
        GRC_PUSH(&program->round, &path, root);
        while (path.count) {
            uint32_t top = path.items[path.count - 1];
            const grc_words *callees = &program->functions[top].callees;
            if (next[top] == callees->count) {
                order[done++] = top;
                path.count--;
            } else {
                uint32_t callee = callees->items[next[top]++];
                if (!seen[callee])
                    GRC_PUSH(&program->round, &path, callee);
                seen[callee] = 1;
            }
        }
    }
    return order;
}

/* ---- fixed points ------------------------------------------------------------------------------
 */

static void enqueue(grc_program *program, grc_function *function)
{
    uint32_t end = program->queue_first + program->queue_count;
    if (function->stale || function->kind != GRC_FUNCTION_CODE)
        return;
    function->stale = true;
    program->queue[end < program->function_count ? end : end - program->function_count] =
        index_of(program, function);
    program->queue_count++;
}

/* The stale function that has waited longest, or null. */
static grc_function *dequeue(grc_program *program)
{
    if (program->queue_count == 0)
        return NULL;
    grc_function *function = &program->functions[program->queue[program->queue_first]];
    program->queue_first++;
    if (program->queue_first == program->function_count)
        program->queue_first = 0;
    program->queue_count--;
    function->stale = false;
    return function;
}

/* Computes a function's answer anew; true if it changed. */
typedef bool update_fn(grc_program *program, grc_function *function);

static void solve_queue(grc_program *program, update_fn *update)
{
    for (grc_function *function; (function = dequeue(program)) != NULL;) {
        if (!update(program, function))
            continue;
        for (size_t i = 0; i < function->callers.count; i++)
            enqueue(program, &program->functions[function->callers.items[i]]);
    }
}

/* Solves a problem in which functions depend on their callees and on program->indirect. */
static void solve_up(grc_program *program, const uint32_t *order, update_fn *update,
                     bool (*update_indirect)(grc_program *program))
{
    for (uint32_t i = 0; i < program->function_count; i++)
        enqueue(program, &program->functions[order[i]]);
    solve_queue(program, update);
    while (update_indirect && update_indirect(program)) {
        for (uint32_t i = 0; i < program->function_count; i++)
            if (program->functions[order[i]].calls_indirect)
                enqueue(program, &program->functions[order[i]]);
        solve_queue(program, update);
    }
}

/* Functions that an indirect call may reach. Without relocations nobody can say which not. */
static bool is_taken(const grc_program *program, const grc_function *function)
{
    if (function->kind == GRC_FUNCTION_SETJMP)
        return false; /* an indirect call of setjmp is a trap */
    return !program->image->relocated || (program->flags[function->start] & GRC_WORD_TAKEN);
}

static bool update_indirect_writes(grc_program *program)
{
    bool changed = false;
    for (uint32_t i = 0; i < program->function_count; i++)
        if (is_taken(program, &program->functions[i]))
            changed |=
                grc_regs_add(&program->indirect.writes, program->functions[i].summary.writes);
    return changed;
}

static bool update_indirect_reads(grc_program *program)
{
    bool changed = false;
    for (uint32_t i = 0; i < program->function_count; i++)
        if (is_taken(program, &program->functions[i]))
            changed |= grc_regs_add(&program->indirect.reads, program->functions[i].summary.reads);
    return changed;
}

static bool update_writes(grc_program *program, grc_function *function)
{
    grc_regs changed = grc_changed_registers(program, &program->work->scratch, function);
    grc_arena_free(&program->work->scratch);
    return grc_regs_add(&function->summary.writes, changed);
}

static bool update_reads(grc_program *program, grc_function *function)
{
    grc_live(program, function, (grc_regs){0});
    return grc_regs_add(&function->summary.reads, function->blocks[function->entry].live);
}

/* ---- kills: a forward problem ------------------------------------------------------------------
 */

/* blocks[].gen: what the block surely writes; blocks[].live: what is surely written before it. */
static void note_sure_writes(const grc_program *program, grc_block *block)
{
    block->gen = (grc_regs){0};
    for (uint32_t word = block->first; word < block->end; word++) {
        grc_step step;
        grc_step_at(program, word, &step);
        block->gen = grc_regs_or(block->gen, step.own.writes);
        if (step.transfers)
            block->gen = grc_regs_or(block->gen, step.other.kills);
    }
    block->live = grc_regs_all();
}

static bool narrow(grc_function *function, uint32_t successor, grc_regs sure)
{
    if (successor == GRC_NONE)
        return false;
    grc_regs *at = &function->blocks[successor].live, before = *at;
    *at = grc_regs_and(before, sure);
    return !grc_regs_equal(before, *at);
}

static bool narrow_successors(grc_function *function, const grc_block *block)
{
    grc_regs sure = grc_regs_or(block->live, block->gen);
    bool changed = narrow(function, block->next, sure);
    changed |= narrow(function, block->target, sure);
    for (uint32_t i = 0; i < block->case_count; i++)
        changed |= narrow(function, block->cases[i], sure);
    return changed;
}

static grc_regs surely_written_at_exits(const grc_program *program, const grc_function *function)
{
    grc_regs sure = grc_regs_all();
    for (uint32_t i = 0; i < function->block_count; i++) {
        const grc_block *block = &function->blocks[i];
        grc_exit exits[2];
        for (unsigned j = grc_block_exits(program, block, exits); j-- > 0;) {
            grc_regs at = grc_regs_or(block->live, block->gen);
            if (exits[j].kind == GRC_EXIT_FELL_OFF)
                continue;
            if (exits[j].kind == GRC_EXIT_FUNCTION)
                at = grc_regs_or(at, exits[j].callee->summary.kills);
            sure = grc_regs_and(sure, at);
        }
    }
    return sure;
}

static bool update_kills(grc_program *program, grc_function *function)
{
    bool changed = true;
    for (uint32_t i = 0; i < function->block_count; i++)
        note_sure_writes(program, &function->blocks[i]);
    function->blocks[function->entry].live = (grc_regs){0};
    while (changed) {
        changed = false;
        for (uint32_t i = 0; i < function->block_count; i++)
            changed |= narrow_successors(function, &function->blocks[i]);
    }
    grc_regs before = function->summary.kills;
    function->summary.kills = grc_regs_and(before, surely_written_at_exits(program, function));
    return !grc_regs_equal(before, function->summary.kills);
}

/* What is given back its value counts as never written. */
static void assume_kills(grc_program *program)
{
    for (uint32_t i = 0; i < program->function_count; i++)
        if (program->functions[i].kind == GRC_FUNCTION_CODE)
            program->functions[i].summary.kills = program->functions[i].summary.writes;
}

/* ---- out: from callers to callees --------------------------------------------------------------
 */

static void leave(grc_program *program, const grc_function *callee, grc_regs live)
{
    grc_function *function = &program->functions[index_of(program, callee)];
    if (grc_regs_add(&function->out, live))
        enqueue(program, function);
}

/* An indirect call may be a call of any of them. */
static void leave_indirect(grc_program *program, grc_regs *indirect_out, grc_regs live)
{
    if (!grc_regs_add(indirect_out, live))
        return;
    for (uint32_t i = 0; i < program->function_count; i++)
        if (is_taken(program, &program->functions[i]))
            leave(program, &program->functions[i], *indirect_out);
}

static void pass_out(grc_program *program, const grc_function *function, const grc_block *block,
                     grc_regs *indirect_out)
{
    grc_exit exits[2];
    for (unsigned i = grc_block_exits(program, block, exits); i-- > 0;) {
        if (exits[i].kind == GRC_EXIT_FUNCTION)
            leave(program, exits[i].callee, function->out);
        else if (exits[i].kind == GRC_EXIT_TABLE)
            leave_indirect(program, indirect_out, function->out);
    }
    grc_regs live = grc_live_at_end(program, function, block, function->out);
    for (uint32_t word = block->end; word-- > block->first;) {
        grc_step step;
        grc_step_at(program, word, &step);
        if (step.callee)
            leave(program, step.callee, live);
        else if (step.calls)
            leave_indirect(program, indirect_out, live);
        live = grc_step_live_before(&step, live);
    }
}

static void solve_out(grc_program *program, const uint32_t *order)
{
    grc_regs indirect_out = HOST_READS;
    for (uint32_t i = program->function_count; i-- > 0;) {
        program->functions[order[i]].out = HOST_READS;
        enqueue(program, &program->functions[order[i]]);
    }
    for (grc_function *function; (function = dequeue(program)) != NULL;) {
        grc_live(program, function, function->out);
        for (uint32_t j = 0; j < function->block_count; j++)
            pass_out(program, function, &function->blocks[j], &indirect_out);
    }
}

void grc_summarize(grc_program *program)
{
    build_call_graph(program);
    program->indirect.writes = IMPORT.writes; /* it may also be a call of an override */
    const uint32_t *order = bottom_up(program);
    program->queue = grc_alloc(&program->round, program->function_count, sizeof(uint32_t));
    solve_up(program, order, update_writes, update_indirect_writes);
    assume_kills(program);
    solve_up(program, order, update_kills, NULL);
    solve_up(program, order, update_reads, update_indirect_reads);
    solve_out(program, order);
}
