/*
 * explore.c - from function starts to functions made of blocks.
 *
 * A function is everything its start reaches without a call. A branch to another function's start
 * is a tail call. Code beyond its own extent that it reaches otherwise becomes part of it too, so
 * code may be in several functions; should that get out of hand (a broken or hostile image) every
 * such target becomes a function of its own. New starts come up while exploring; what was explored
 * on wrong assumptions is then explored again. Starts only ever grow, so this ends.
 */
#include "jumps.h"

#include <stdlib.h>
#include <string.h>

enum {
    ROUND_LIMIT = 32,
    GAP_ROUND_LIMIT = 8,
    TABLE_ROUNDS = 32,
    TAIL_LIMIT = 48,
    TRIAL_LIMIT = 4096,
};

typedef struct table {
    uint32_t jump; /* word of the bctr */
    grc_jump_kind kind;
    grc_words targets;
    bool guessed;  /* unless it is known by now */
    bool anywhere; /* it was guessed to go anywhere in the function */
} table;

typedef struct tables {
    table *items;
    size_t count, capacity;
} tables;

typedef struct explorer {
    grc_program *program;
    grc_arena *arena;
    uint32_t start, end; /* own extent */
    uint32_t limit;      /* and what may be its own */
    uint32_t stamp;
    grc_words pending, visited, calls;
    tables jumps;
    bool sound; /* nothing undecodable, nothing that runs out of the code */
} explorer;

/* ---- what belongs to a function ----------------------------------------------------------------
 */

/* Straight code to an unconditional blr. [restores] tells whether it loads LR: an epilogue shared
 * by functions, which returns for them and not for itself. */
static bool is_straight_tail(const grc_program *program, uint32_t word, bool *restores)
{
    *restores = false;
    for (uint32_t i = word; i < program->words && i < word + TAIL_LIMIT; i++) {
        const grc_insn *insn = &program->insns[i];
        grc_branch branch;
        grc_effects effects;
        if (!(program->flags[i] & GRC_WORD_CODE) || insn->op == GRC_OP_INVALID)
            return false;
        grc_insn_branch(insn, &branch);
        if (branch.flow == GRC_FLOW_RETURN)
            return !branch.conditional;
        if (branch.flow != GRC_FLOW_NONE)
            return false;
        grc_insn_effects(insn, &effects);
        *restores |= (effects.writes.misc & GRC_LR) != 0;
    }
    return false;
}

static bool is_code(const grc_program *program, uint32_t word)
{
    return word < program->words && (program->flags[word] & GRC_WORD_CODE) != 0;
}

/* True iff running from the word before into [word] stays in the function. */
static bool falls_inside(const explorer *e, uint32_t word)
{
    bool restores;
    if (!is_code(e->program, word))
        return false;
    if (word == e->start || !(e->program->flags[word] & GRC_WORD_START))
        return true;
    return is_straight_tail(e->program, word, &restores);
}

/* True iff a branch to [word] stays in the function. */
static bool branches_inside(const explorer *e, uint32_t word)
{
    bool restores;
    if (!is_code(e->program, word))
        return false;
    if (word == e->start)
        return true;
    if (!(e->program->flags[word] & GRC_WORD_START))
        return !e->program->confined || (word >= e->start && word < e->end);
    return is_straight_tail(e->program, word, &restores) && restores;
}

/* ---- reaching code -----------------------------------------------------------------------------
 */

static void reach(explorer *e, uint32_t word)
{
    e->program->leader[word] = e->stamp;
    if (e->program->stamp[word] != e->stamp)
        GRC_PUSH(e->arena, &e->pending, word);
}

static void take_branch(explorer *e, uint32_t address)
{
    uint32_t word = grc_word(e->program, address);
    if (word == GRC_NONE)
        e->sound = false;
    else if (branches_inside(e, word))
        reach(e, word);
    else if (e->program->confined && !(e->program->flags[word] & GRC_WORD_START))
        GRC_PUSH(e->arena, &e->calls, word);
}

static void note_call(explorer *e, const grc_insn *insn, const grc_branch *branch)
{
    uint32_t word = grc_word(e->program, branch->target);
    if (branch->target == insn->address + 4)
        return; /* bl to the next instruction asks where it is */
    if (word == GRC_NONE)
        e->sound = false;
    else
        GRC_PUSH(e->arena, &e->calls, word);
}

/* Follows one instruction; false if execution does not go on to the next. */
static bool follow(explorer *e, uint32_t word)
{
    const grc_insn *insn = &e->program->insns[word];
    grc_branch branch;
    grc_insn_branch(insn, &branch);
    switch (branch.flow) {
    case GRC_FLOW_CALL:
        note_call(e, insn, &branch);
        return true;
    case GRC_FLOW_BRANCH:
        take_branch(e, branch.target);
        break;
    case GRC_FLOW_JUMP_CTR:
        GRC_PUSH(e->arena, &e->jumps, ((table){.jump = word}));
        break;
    case GRC_FLOW_RETURN:
        break;
    default:
        return true;
    }
    if (branch.conditional && is_code(e->program, word + 1))
        e->program->leader[word + 1] = e->stamp;
    return branch.conditional;
}

/* Visits straight code from [word] on. */
static void visit_run(explorer *e, uint32_t word)
{
    grc_program *program = e->program;
    while (program->stamp[word] != e->stamp) {
        program->stamp[word] = e->stamp;
        GRC_PUSH(e->arena, &e->visited, word);
        if (program->insns[word].op == GRC_OP_INVALID) {
            e->sound = false;
            return;
        }
        if (!follow(e, word))
            return;
        word++;
        if (!falls_inside(e, word)) {
            e->sound = e->sound && is_code(program, word);
            return;
        }
    }
    program->leader[word] = e->stamp;
}

static void visit_pending(explorer *e)
{
    while (e->pending.count)
        visit_run(e, e->pending.items[--e->pending.count]);
}

/* ---- blocks ------------------------------------------------------------------------------------
 */

static bool ends_block(const grc_insn *insn)
{
    grc_branch branch;
    grc_insn_branch(insn, &branch);
    return insn->op == GRC_OP_INVALID || branch.flow == GRC_FLOW_BRANCH ||
           branch.flow == GRC_FLOW_RETURN || branch.flow == GRC_FLOW_JUMP_CTR;
}

static void cut_blocks(explorer *e, grc_function *function)
{
    grc_program *program = e->program;
    grc_words *visited = &e->visited;
    grc_sort_words(visited);
    function->blocks = grc_alloc(e->arena, visited->count, sizeof(grc_block));
    function->block_count = 0;
    for (size_t i = 0; i < visited->count; i++) {
        uint32_t word = visited->items[i];
        bool follows = i > 0 && visited->items[i - 1] == word - 1;
        if (!follows || program->leader[word] == e->stamp || ends_block(&program->insns[word - 1]))
            function->blocks[function->block_count++] =
                (grc_block){.first = word, .step = (uint32_t)i};
        uint32_t block = function->block_count - 1;
        function->blocks[block].end = word + 1;
        program->block_of[word] = block;
    }
    function->step_count = (uint32_t)visited->count;
    function->entry = program->block_of[function->start];
}

static void connect_cases(explorer *e, const table *jump, grc_block *block)
{
    block->cases = grc_alloc(e->arena, jump->targets.count, sizeof(uint32_t));
    block->guessed = jump->kind != GRC_JUMP_KNOWN;
    for (size_t i = 0; i < jump->targets.count; i++)
        if (branches_inside(e, jump->targets.items[i]))
            block->cases[block->case_count++] = e->program->block_of[jump->targets.items[i]];
}

static void connect_block(explorer *e, grc_block *block)
{
    grc_program *program = e->program;
    const grc_insn *last = &program->insns[block->end - 1];
    grc_branch branch;
    grc_insn_branch(last, &branch);
    block->next = block->target = GRC_NONE;
    if (last->op == GRC_OP_INVALID)
        return;
    if (branch.flow == GRC_FLOW_BRANCH) {
        uint32_t word = grc_word(program, branch.target);
        if (word != GRC_NONE && branches_inside(e, word))
            block->target = program->block_of[word];
    }
    if ((branch.conditional || !ends_block(last)) && falls_inside(e, block->end))
        block->next = program->block_of[block->end];
}

static int by_jump(const void *left, const void *right)
{
    const table *a = left, *b = right;
    return (a->jump > b->jump) - (a->jump < b->jump);
}

static void build_blocks(explorer *e, grc_function *function)
{
    size_t jump = 0;
    cut_blocks(e, function);
    if (e->jumps.count)
        qsort(e->jumps.items, e->jumps.count, sizeof *e->jumps.items, by_jump);
    for (uint32_t i = 0; i < function->block_count; i++) {
        grc_block *block = &function->blocks[i];
        connect_block(e, block);
        if (jump < e->jumps.count && e->jumps.items[jump].jump == block->end - 1)
            connect_cases(e, &e->jumps.items[jump++], block);
    }
}

/* ---- indirect jumps ----------------------------------------------------------------------------
 */

static void find_targets(explorer *e, grc_flow_graph *flow, table *jump)
{
    grc_words targets = {0};
    uint32_t block = e->program->block_of[jump->jump];
    if (grc_jump_is_asked_for(e->program, jump->jump))
        jump->kind = GRC_JUMP_UNKNOWN_TABLE;
    else
        jump->kind = grc_find_jump_targets(flow, e->arena, block, &targets);
    if (jump->kind == GRC_JUMP_KNOWN || !jump->guessed)
        jump->targets = targets;
}

static bool reach_targets(explorer *e, const grc_words *targets)
{
    bool changed = false;
    for (size_t i = 0; i < targets->count; i++) {
        uint32_t word = targets->items[i];
        if (!branches_inside(e, word))
            continue;
        changed |= e->program->leader[word] != e->stamp;
        reach(e, word);
    }
    return changed;
}

/* Looks at every indirect jump, again if it has been looked at: new ways may lead to it. True if
 * that led to code not seen before. */
static bool resolve_jumps(explorer *e, const grc_function *function)
{
    grc_program *program = e->program;
    grc_edges edges = grc_predecessors(e->arena, function);
    grc_flow_graph flow =
        grc_flow_graph_make(program, e->arena, function, &edges, program->slice_budget);
    bool changed = false;
    for (size_t i = 0; i < e->jumps.count; i++) {
        table *jump = &e->jumps.items[i];
        find_targets(e, &flow, jump);
        if (jump->kind == GRC_JUMP_KNOWN)
            changed |= reach_targets(e, &jump->targets);
    }
    program->slice_budget = flow.budget;
    return changed;
}

/* Once no more can be known. */
static bool guess_jumps(explorer *e)
{
    bool changed = false;
    for (size_t i = 0; i < e->jumps.count; i++) {
        table *jump = &e->jumps.items[i];
        if (jump->kind == GRC_JUMP_KNOWN || jump->guessed)
            continue;
        jump->guessed = true;
        jump->anywhere = grc_guess_targets(e->program, e->arena, e->start, e->limit, jump->jump,
                                           jump->kind, &jump->targets);
        changed |= reach_targets(e, &jump->targets);
    }
    return changed;
}

static void follow_jumps(explorer *e, grc_function *function)
{
    function->limit = e->limit = e->jumps.count ? grc_guess_limit(e->program, e->end) : e->end;
    for (int i = 0; e->jumps.count && i < TABLE_ROUNDS; i++) {
        if (!resolve_jumps(e, function) && !guess_jumps(e))
            break;
        visit_pending(e);
        build_blocks(e, function);
    }
    if (e->jumps.count)
        build_blocks(e, function);
}

/* ---- one function ------------------------------------------------------------------------------
 */

static uint32_t extent_end(const grc_program *program, uint32_t start)
{
    const grc_symbol *symbol = grc_symbol_at(program, start);
    if (symbol && symbol->function && symbol->size >= 4 && !program->confined) {
        uint32_t room = program->words - start, size = symbol->size / 4;
        return start + (size < room ? size : room);
    }
    uint32_t end = start + 1;
    while (is_code(program, end) && !(program->flags[end] & GRC_WORD_START))
        end++;
    return end;
}

static explorer explore_function(grc_program *program, grc_arena *arena, grc_function *function)
{
    explorer e = {
        .program = program,
        .arena = arena,
        .start = function->start,
        .end = function->end,
        .stamp = ++program->stamps,
        .sound = true,
    };
    reach(&e, e.start);
    visit_pending(&e);
    build_blocks(&e, function);
    follow_jumps(&e, function);
    return e;
}

bool grc_try_function(grc_program *program, uint32_t word)
{
    explorer e = {
        .program = program,
        .arena = &program->work->scratch,
        .start = word,
        .end = program->words,
        .stamp = ++program->stamps,
        .sound = true,
    };
    reach(&e, word);
    while (e.pending.count && e.sound && e.visited.count < TRIAL_LIMIT)
        visit_run(&e, e.pending.items[--e.pending.count]);
    bool good = e.sound && e.pending.count == 0;
    grc_arena_free(&program->work->scratch);
    return good;
}

/* ---- the whole program -------------------------------------------------------------------------
 */

typedef struct survey {
    grc_words todo; /* starts not explored yet */
    struct {
        grc_function *items;
        size_t count, capacity;
    } functions;
    uint32_t tables, unresolved; /* indirect jumps */
    grc_words unknown_tables;    /* addresses of those whose guess may not be all */
    uint64_t total;              /* words in functions, code in several of them counted for each */
    bool again;                  /* a start turned up inside a function that was explored already */
} survey;

static void mark_start(grc_program *program, survey *s, uint32_t word)
{
    program->flags[word] &= (uint8_t)~GRC_WORD_GUESSED;
    if (program->flags[word] & GRC_WORD_START)
        return;
    program->flags[word] |= GRC_WORD_START;
    if (program->flags[word] & GRC_WORD_REACHED)
        s->again = true;
    GRC_PUSH(&program->round, &s->todo, word);
}

static const grc_import *import_at(const grc_program *program, uint32_t address)
{
    for (size_t low = 0, high = program->image->import_count; low < high;) {
        size_t middle = low + (high - low) / 2;
        const grc_import *import = &program->image->imports[middle];
        if (import->thunk == address)
            return import->kind == GRC_IMPORT_FUNCTION ? import : NULL;
        if (import->thunk < address)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static void classify(grc_program *program, grc_function *function)
{
    uint32_t address = grc_address(program, function->start);
    const grc_symbol *symbol = grc_symbol_at(program, function->start);
    const grc_import *import = import_at(program, address);
    function->name = symbol ? symbol->name : NULL;
    function->end = extent_end(program, function->start);
    if (import) {
        function->kind = GRC_FUNCTION_IMPORT;
        function->import = (uint32_t)(import - program->image->imports);
        function->name = import->name ? import->name : function->name;
    } else if (address == program->image->setjmp_address) {
        function->kind = GRC_FUNCTION_SETJMP;
    } else if (address == program->image->longjmp_address) {
        function->kind = GRC_FUNCTION_LONGJMP;
    }
}

static void count_jump(grc_program *program, survey *s, const table *jump)
{
    *(jump->kind == GRC_JUMP_KNOWN ? &s->tables : &s->unresolved) += 1;
    if (jump->kind == GRC_JUMP_UNKNOWN_TABLE && !jump->anywhere)
        GRC_PUSH(&program->round, &s->unknown_tables, grc_address(program, jump->jump));
}

static void survey_function(grc_program *program, survey *s, uint32_t start)
{
    grc_function function = {.start = start};
    classify(program, &function);
    if (function.kind == GRC_FUNCTION_CODE) {
        explorer e = explore_function(program, &program->round, &function);
        for (size_t i = 0; i < e.visited.count; i++)
            program->flags[e.visited.items[i]] |= GRC_WORD_REACHED;
        for (size_t i = 0; i < e.calls.count; i++)
            mark_start(program, s, e.calls.items[i]);
        s->total += e.visited.count;
        for (size_t i = 0; i < e.jumps.count; i++)
            count_jump(program, s, &e.jumps.items[i]);
    }
    program->flags[start] |= GRC_WORD_REACHED;
    GRC_PUSH(&program->round, &s->functions, function);
}

/* Code shared beyond reason: from here on functions keep to themselves. */
static bool is_too_much(const grc_program *program, const survey *s)
{
    return !program->confined && s->total > 4 * (uint64_t)program->words + 4096;
}

/* One survey of all functions; true if it has to be done again. */
static bool survey_all(grc_program *program, survey *s)
{
    grc_arena_free(&program->round);
    *s = (survey){0};
    program->guess_budget = grc_guess_budget(program);
    for (uint32_t word = 0; word < program->words; word++) {
        program->flags[word] &= (uint8_t)~GRC_WORD_REACHED;
        if (program->flags[word] & GRC_WORD_START)
            GRC_PUSH(&program->round, &s->todo, word);
    }
    for (size_t i = 0; i < s->todo.count; i++) {
        survey_function(program, s, s->todo.items[i]);
        if (is_too_much(program, s)) {
            program->confined = true;
            return true;
        }
    }
    return s->again;
}

static int by_start(const void *left, const void *right)
{
    const grc_function *a = left, *b = right;
    return (a->start > b->start) - (a->start < b->start);
}

static void keep_functions(grc_program *program, const survey *s)
{
    program->functions = s->functions.items;
    program->function_count = (uint32_t)s->functions.count;
    program->jump_tables = s->tables;
    program->unresolved_jumps = s->unresolved;
    program->unknown_tables = s->unknown_tables;
    qsort(program->functions, program->function_count, sizeof *program->functions, by_start);
    memset(program->function_at, 0, program->words * sizeof *program->function_at);
    for (uint32_t i = 0; i < program->function_count; i++)
        program->function_at[program->functions[i].start] = i + 1;
}

/* A program settles after two or three rounds. One that does not is confined, and then taken as it
 * is: a start that was found too late is still also part of the function around it. */
static void survey_until_settled(grc_program *program, survey *s)
{
    for (int round = 0; survey_all(program, s) && round < 2 * ROUND_LIMIT; round++)
        if (round == ROUND_LIMIT)
            program->confined = true;
}

void grc_explore(grc_program *program)
{
    survey s;
    int round = 0;
    do
        survey_until_settled(program, &s);
    while (round++ < GAP_ROUND_LIMIT && grc_find_starts_in_gaps(program));
    keep_functions(program, &s);
}
