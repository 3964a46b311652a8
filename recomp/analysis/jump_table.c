/*
 * jump_table.c - where an indirect jump can go.
 *
 * The value of CTR is a term: a constant, or
 *
 *   base + ([table + index] << shift), or [table + index] alone: a table of offsets or addresses
 *   base + index: code of equal size for each case
 *
 * where the index has a bound. Neither matters how the compiler mixed the instructions with others
 * nor where it put them: term.h and bound.h look along all ways that lead to the jump.
 *
 * A wrong answer does not make the code wrong: the jump becomes a switch over the target address,
 * and a target without a case goes through the function table, which reports what it does not know.
 */
#include "bound.h"
#include "jumps.h"

#include "../forms.h"

enum {
    ENTRIES_LIMIT = 16384,
    GUESSED_LIMIT = 1024, /* where nothing but the entries themselves ends a table */
    WRITERS_LIMIT = 64,   /* loads that share a jump */
    BUDGET = 400000,      /* steps for one jump */
};

typedef struct jump_table {
    grc_load load;              /* of an entry; width 0: the entries are the indexes */
    uint32_t address;           /* of the table, less the first index */
    uint32_t index, more, step; /* index, index + step, ... index + more */
    bool bounded;    /* by comparisons; else the table ends where its entries make no sense */
    grc_term target; /* the root is the entry */
} jump_table;

/* ---- reading -----------------------------------------------------------------------------------
 */

/* The low [bits] of [number], fewer than 32, as a signed number. */
static uint32_t signed_number(uint32_t number, unsigned bits)
{
    uint32_t sign = 1u << (bits - 1);
    return ((number & ((1u << bits) - 1)) ^ sign) - sign;
}

static uint32_t target_of(const jump_table *t, uint32_t entry)
{
    unsigned turn = t->target.turn;
    uint32_t turned = entry << turn | entry >> (-turn & 31);
    return t->target.constant + (turned & t->target.mask);
}

static bool read_entry(const grc_program *program, const jump_table *t, uint32_t index,
                       uint32_t *word)
{
    uint32_t entry = index;
    if (t->load.width != 0 &&
        !grc_image_number(program->image, t->address + index, t->load.width, &entry))
        return false;
    unsigned bits = t->load.is_signed ? 8 * t->load.width : t->target.extend;
    if (t->load.width != 0 && bits != 0)
        entry = signed_number(entry, bits);
    *word = grc_word(program, target_of(t, entry));
    return *word != GRC_NONE && program->insns[*word].op != GRC_OP_INVALID;
}

static bool in_function(const grc_function *function, uint32_t word)
{
    return word >= function->start && word < function->limit;
}

/* A table of addresses: what comes after it is no address in the same function, or a label like
 * those in the table. Offsets are not told from other numbers so easily. */
static bool shows_its_end(const jump_table *t)
{
    return t->load.width == 4 && t->target.constant == 0 && t->target.mask == ~0u &&
           t->target.turn == 0;
}

/* Reads entries while they make sense; true if [targets] are all there can be. */
static bool read_entries(grc_flow_graph *flow, const jump_table *t, grc_arena *arena,
                         grc_words *targets)
{
    uint32_t limit = t->bounded ? ENTRIES_LIMIT : GUESSED_LIMIT, word;
    uint32_t count = t->more / t->step;
    for (uint32_t i = 0; i <= count; i++) {
        bool good = i < limit && grc_flow_pay(flow, 1) &&
                    read_entry(flow->program, t, t->index + i * t->step, &word) &&
                    (t->bounded || in_function(flow->function, word));
        if (!good)
            return !t->bounded && i > 0 && shows_its_end(t);
        GRC_PUSH(arena, targets, word);
    }
    return true;
}

/* ---- finding -----------------------------------------------------------------------------------
 */

/* Takes the index from [address], a term whose root is the index, as it is at [at]. */
static bool find_index(grc_flow_graph *flow, grc_place at, const grc_term *address, jump_table *t)
{
    grc_span span;
    t->bounded = grc_bound_of(flow, at, address, &span);
    t->address = address->constant;
    t->step = address->mask & -address->mask;
    t->index = (span.first + t->step - 1) & -t->step; /* other numbers it cannot be */
    t->more = span.more - (t->index - span.first);
    return address->mask != 0 && t->index - span.first <= span.more;
}

/* The table that the load at [at] reads from. */
static bool find_loaded(grc_flow_graph *flow, grc_place jump, grc_place at, jump_table *t)
{
    grc_term address = grc_term_of_address(flow, at);
    unsigned width = t->load.width;
    if (!find_index(flow, jump, &address, t))
        return false;
    return t->step >= width && ((t->address + t->index) & (width - 1)) == 0;
}

/* Code for each case, of the same size: no table at all. */
static bool find_computed(grc_flow_graph *flow, grc_place jump, jump_table *t)
{
    grc_term index = t->target;
    index.constant = 0;
    bool good = find_index(flow, jump, &index, t) && t->bounded && t->step >= 4;
    /* What is enumerated is the index as the code adds it. */
    t->target.turn = 0;
    t->target.mask = ~0u;
    return good && grc_word(flow->program, t->target.constant) != GRC_NONE;
}

/* The targets of a jump to [target], a term as it is at [jump]. */
static bool find_targets(grc_flow_graph *flow, grc_place jump, const grc_term *target,
                         grc_arena *arena, grc_words *targets)
{
    const grc_origin *root = &target->root;
    jump_table t = {.target = *target};
    if (target->mask == 0) {
        uint32_t word = grc_word(flow->program, target->constant);
        if (word != GRC_NONE)
            GRC_PUSH(arena, targets, word);
        return word != GRC_NONE;
    }
    if (root->kind == GRC_ORIGIN_INSN && root->cell.kind == GRC_CELL_GPR)
        t.load = grc_load_of(grc_insn_at(flow, root->at));
    bool found =
        t.load.width ? find_loaded(flow, jump, root->at, &t) : find_computed(flow, jump, &t);
    return found && read_entries(flow, &t, arena, targets);
}

/* Compilers make one jump of several that would come after loads of their own: the targets are
 * those of all. */
static bool find_all_targets(grc_flow_graph *flow, grc_place jump, const grc_term *target,
                             grc_arena *arena, grc_words *targets)
{
    const grc_origin *root = &target->root;
    grc_origin writers[WRITERS_LIMIT];
    bool plain = target->constant == 0 && target->mask == ~0u && target->turn == 0;
    if (!plain || target->extend != 0 || root->kind != GRC_ORIGIN_MERGE)
        return find_targets(flow, jump, target, arena, targets);
    unsigned count = grc_reach_all(flow, root->at.block, root->cell, writers, WRITERS_LIMIT);
    for (unsigned i = 0; i < count; i++) {
        grc_place after = {writers[i].at.block, writers[i].at.word + 1};
        if (writers[i].kind != GRC_ORIGIN_INSN)
            return false;
        grc_term each = grc_term_of(flow, after, root->cell);
        if (!find_targets(flow, after, &each, arena, targets))
            return false;
    }
    return count != 0;
}

/* True iff CTR is a sum: of a base and an entry, most likely. Nobody adds to a function pointer. */
static bool is_sum(const grc_flow_graph *flow, const grc_term *target)
{
    const grc_origin *root = &target->root;
    if (target->mask == 0 || target->constant != 0)
        return target->mask != 0;
    return root->kind == GRC_ORIGIN_INSN && grc_insn_at(flow, root->at)->op == GRC_OP_ADD;
}

grc_jump_kind grc_find_jump_targets(grc_flow_graph *flow, grc_arena *arena, uint32_t block,
                                    grc_words *targets)
{
    grc_place jump = {block, flow->function->blocks[block].end - 1};
    uint64_t kept = flow->budget > BUDGET ? flow->budget - BUDGET : 0;
    flow->budget -= kept;
    targets->count = 0;
    grc_term target = grc_term_of(flow, jump, (grc_cell){.kind = GRC_CELL_CTR});
    bool known = find_all_targets(flow, jump, &target, arena, targets);
    bool sum = is_sum(flow, &target);
    flow->budget += kept;
    grc_sort_words(targets);
    return known ? GRC_JUMP_KNOWN : sum ? GRC_JUMP_UNKNOWN_TABLE : GRC_JUMP_UNKNOWN;
}
