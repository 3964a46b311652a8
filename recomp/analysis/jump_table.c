/*
 * jump_table.c - where an indirect jump can go.
 *
 * Follows CTR backwards through unique definitions, so that it does not matter how the compiler
 * mixed the instructions with others or hoisted them out of a loop:
 *
 *   target = [table + offset]  or  base + ([table + offset] << shift)
 *   offset = index << scale, with index <= N from a comparison or below a mask
 *
 * A wrong answer is not dangerous: the jump becomes a switch over the target address, and a target
 * without a case goes through the function table, which reports what it does not know.
 */
#include "../forms.h"
#include "program.h"

#include <stdlib.h>

enum {
    DEPTH_LIMIT = 6,
    BLOCKS_LIMIT = 2048,
    ENTRIES_LIMIT = 16384,
    GUESSED_LIMIT = 1024,
    BUDGET = 400000, /* instructions looked at for one jump */
};
enum { NO_BOUND = 0 };

typedef struct slicer {
    grc_program *program;
    const grc_function *function;
    const grc_edges *predecessors;
    uint32_t *budget;
    uint8_t *seen; /* by block: looked into by the search under way */
} slicer;

/* A place in the code: just before [word] of [block]. */
typedef struct place {
    uint32_t block, word;
} place;

static const grc_insn *insn_at(const slicer *s, place at)
{
    return &s->program->insns[at.word];
}

/* ---- unique definitions ------------------------------------------------------------------------
 */

enum { CALLER_SAVED = 0x1FF9 }; /* r0, r3-r12: gone after a call */

static bool defines(const slicer *s, uint32_t word, grc_regs reg, bool *lost)
{
    grc_effects effects;
    grc_branch branch;
    const grc_insn *insn = &s->program->insns[word];
    grc_insn_effects(insn, &effects);
    grc_insn_branch(insn, &branch);
    bool calls = branch.flow == GRC_FLOW_CALL || branch.flow == GRC_FLOW_CALL_CTR ||
                 branch.flow == GRC_FLOW_CALL_LR;
    *lost = calls && ((reg.gpr & CALLER_SAVED) || reg.misc);
    return !grc_regs_empty(grc_regs_and(effects.writes, reg));
}

typedef enum found { FOUND_NOT, FOUND_HERE, FOUND_LOST } found;

/* Looks for a definition in [block] before [word]. */
static found search_block(const slicer *s, uint32_t block, uint32_t word, grc_regs reg, place *at)
{
    bool lost;
    while (word > s->function->blocks[block].first) {
        word--;
        if (*s->budget == 0)
            return FOUND_LOST;
        --*s->budget;
        if (defines(s, word, reg, &lost)) {
            *at = (place){block, word};
            return FOUND_HERE;
        }
        if (lost)
            return FOUND_LOST;
    }
    return FOUND_NOT;
}

typedef struct search {
    uint32_t blocks[BLOCKS_LIMIT];
    uint32_t count; /* blocks to look into; the first [done] have been */
    uint32_t done;
} search;

static bool add_predecessors(const slicer *s, search *todo, uint32_t block)
{
    const grc_edges *edges = s->predecessors;
    if (block == s->function->entry)
        return false; /* defined by the caller */
    for (uint32_t i = edges->first[block]; i < edges->first[block + 1]; i++) {
        uint32_t before = edges->blocks[i];
        if (s->seen[before])
            continue;
        if (todo->count == BLOCKS_LIMIT)
            return false;
        s->seen[before] = 1;
        todo->blocks[todo->count++] = before;
    }
    return true;
}

static bool search_above(const slicer *s, search *todo, grc_regs reg, place *definition)
{
    bool any = false;
    while (todo->done < todo->count) {
        place at;
        uint32_t block = todo->blocks[todo->done++];
        found here = search_block(s, block, s->function->blocks[block].end, reg, &at);
        if (here == FOUND_LOST || (here == FOUND_NOT && !add_predecessors(s, todo, block)))
            return false;
        if (here == FOUND_HERE && any && at.word != definition->word)
            return false;
        if (here == FOUND_HERE) {
            *definition = at;
            any = true;
        }
    }
    return any;
}

/* The one definition of [reg] that reaches [from] on all paths. */
static bool find_definition(const slicer *s, place from, grc_regs reg, place *definition)
{
    search todo;
    found here = search_block(s, from.block, from.word, reg, definition);
    if (here != FOUND_NOT)
        return here == FOUND_HERE;
    todo.count = todo.done = 0;
    bool good = add_predecessors(s, &todo, from.block) && search_above(s, &todo, reg, definition);
    for (uint32_t i = 0; i < todo.count; i++)
        s->seen[todo.blocks[i]] = 0;
    return good;
}

static bool find_gpr(const slicer *s, place from, unsigned gpr, place *definition)
{
    return find_definition(s, from, (grc_regs){.gpr = 1u << gpr}, definition);
}

/* ---- sums --------------------------------------------------------------------------------------
 */

/* constant + what register [gpr] holds before [at], if [variable]. */
typedef struct sum {
    uint32_t constant;
    bool variable;
    unsigned gpr;
    place at;
} sum;

static sum sum_of(const slicer *s, place at, unsigned gpr, int depth);

static bool is_copy(const grc_insn *insn)
{
    return insn->op == GRC_OP_OR && grc_rd(insn) == grc_rb(insn) && !(insn->word & 1);
}

static sum sum_with(const slicer *s, place at, unsigned gpr, uint32_t constant, int depth)
{
    sum total = sum_of(s, at, gpr, depth + 1);
    total.constant += constant;
    return total;
}

/* rA + rB, if one of them is a constant. */
static bool sum_of_two(const slicer *s, place at, unsigned a, unsigned b, int depth, sum *total)
{
    sum left = sum_of(s, at, a, depth + 1), right = sum_of(s, at, b, depth + 1);
    if (left.variable && right.variable)
        return false;
    *total = left.variable ? left : right;
    total->constant = left.constant + right.constant;
    return true;
}

static sum sum_of(const slicer *s, place at, unsigned gpr, int depth)
{
    sum unknown = {.variable = true, .gpr = gpr, .at = at}, total;
    place d;
    if (depth > DEPTH_LIMIT || !find_gpr(s, at, gpr, &d))
        return unknown;
    const grc_insn *insn = insn_at(s, d);
    uint32_t immediate = (uint32_t)(int32_t)(int16_t)insn->word;
    switch (insn->op) {
    case GRC_OP_ADDI:
    case GRC_OP_ADDIS:
        immediate = insn->op == GRC_OP_ADDIS ? immediate << 16 : immediate;
        if (grc_ra(insn) == 0)
            return (sum){.constant = immediate};
        return sum_with(s, d, grc_ra(insn), immediate, depth);
    case GRC_OP_ORI:
        total = sum_of(s, d, grc_rd(insn), depth + 1);
        if (total.variable)
            return unknown;
        total.constant |= insn->word & 0xFFFF;
        return total;
    case GRC_OP_ADD:
        return sum_of_two(s, d, grc_ra(insn), grc_rb(insn), depth, &total) ? total : unknown;
    case GRC_OP_OR:
        return is_copy(insn) ? sum_with(s, d, grc_rd(insn), 0, depth) : unknown;
    default:
        return unknown;
    }
}

/* ---- the index and its bound -------------------------------------------------------------------
 */

/* A rotation as (rS << shift) & mask, in 32 bits. */
static bool as_shift(const grc_insn *insn, unsigned *shift, uint32_t *mask)
{
    if (insn->op == GRC_OP_RLWINM) {
        unsigned first = insn->word >> 6 & 31, last = insn->word >> 1 & 31;
        *shift = grc_rb(insn);
        *mask = ~0u >> first & ~0u << (31 - last);
        return first <= last && (*mask & ((1u << *shift) - 1)) == 0;
    }
    if (insn->op == GRC_OP_RLDIC || insn->op == GRC_OP_RLDICR) {
        *shift = grc_rb(insn) | (insn->word << 4 & 32);
        *mask = ~0u << (*shift & 31);
        return *shift < 8;
    }
    return false;
}

/* True iff [gpr] before [here] is the value that [other] has before [there]. */
static bool same_value(const slicer *s, place here, unsigned gpr, place there, unsigned other)
{
    place a, b;
    bool left = find_gpr(s, here, gpr, &a), right = find_gpr(s, there, other, &b);
    if (left && right && a.word == b.word)
        return true;
    if (left && is_copy(insn_at(s, a)) && grc_rd(insn_at(s, a)) == other)
        return true;
    return gpr == other && !left && !right;
}

static bool is_compare(const grc_insn *insn)
{
    return insn->op == GRC_OP_CMPLWI || insn->op == GRC_OP_CMPLDI;
}

/* The number of entries if [at] compares the index. [branch] is the conditional branch after it:
 * one on "greater" lets the limit itself through, one on "less" does not. */
static uint32_t compared(const slicer *s, place at, const grc_insn *branch, const sum *index)
{
    const grc_insn *insn = insn_at(s, at);
    if (!is_compare(insn) || (grc_ra(branch) >> 2) != grc_crd(insn) ||
        !same_value(s, index->at, index->gpr, at, grc_ra(insn)))
        return NO_BOUND;
    uint32_t limit = insn->word & 0xFFFF;
    switch (grc_ra(branch) & 3) {
    case 0:
        return limit;
    case 1:
        return limit + 1;
    default:
        return NO_BOUND;
    }
}

static uint32_t bound_in_block(const slicer *s, uint32_t block, const sum *index)
{
    const grc_block *b = &s->function->blocks[block];
    const grc_insn *branch = &s->program->insns[b->end - 1];
    if (branch->op != GRC_OP_BC)
        return NO_BOUND;
    for (uint32_t word = b->end - 1; word > b->first; word--) {
        uint32_t bound = compared(s, (place){block, word - 1}, branch, index);
        if (bound != NO_BOUND)
            return bound;
    }
    return NO_BOUND;
}

/* Walks up from the jump while there is only one way to come from. */
static uint32_t bound_by_compare(const slicer *s, uint32_t block, const sum *index)
{
    const grc_edges *edges = s->predecessors;
    for (int i = 0; i < DEPTH_LIMIT; i++) {
        uint32_t bound = bound_in_block(s, block, index);
        if (bound != NO_BOUND)
            return bound;
        if (block == s->function->entry || edges->first[block + 1] - edges->first[block] != 1)
            return NO_BOUND;
        block = edges->blocks[edges->first[block]];
    }
    return NO_BOUND;
}

/* The bound that the index's own computation gives it. */
static uint32_t bound_by_value(const slicer *s, const sum *index)
{
    place d;
    unsigned shift;
    uint32_t mask;
    if (!find_gpr(s, index->at, index->gpr, &d))
        return NO_BOUND;
    const grc_insn *insn = insn_at(s, d);
    if (insn->op == GRC_OP_ANDI_RC)
        return (insn->word & 0xFFFF) + 1;
    if (insn->op == GRC_OP_LBZ || insn->op == GRC_OP_LBZX)
        return 256;
    if (insn->op == GRC_OP_RLWINM && as_shift(insn, &shift, &mask) && mask < ENTRIES_LIMIT)
        return mask + 1;
    return NO_BOUND;
}

/* ---- the table ---------------------------------------------------------------------------------
 */

typedef struct jump_table {
    uint32_t table;
    uint32_t base;  /* added to each entry */
    uint32_t count; /* or NO_BOUND */
    unsigned width; /* bytes of an entry */
    unsigned shift; /* of an entry before the base is added */
} jump_table;

static unsigned load_width(const grc_insn *insn, bool *indexed)
{
    *indexed = insn->op == GRC_OP_LWZX || insn->op == GRC_OP_LWAX || insn->op == GRC_OP_LHZX ||
               insn->op == GRC_OP_LBZX;
    switch (insn->op) {
    case GRC_OP_LWZ:
    case GRC_OP_LWZX:
    case GRC_OP_LWA:
    case GRC_OP_LWAX:
        return 4;
    case GRC_OP_LHZ:
    case GRC_OP_LHZX:
        return 2;
    case GRC_OP_LBZ:
    case GRC_OP_LBZX:
        return 1;
    default:
        return 0;
    }
}

static unsigned scale_of(unsigned width)
{
    return width == 4 ? 2 : width == 2 ? 1 : 0;
}

/* Reads the load at [at]: constant address plus scaled index. */
static bool read_load(const slicer *s, place at, uint32_t jump_block, jump_table *t)
{
    const grc_insn *insn = insn_at(s, at);
    bool indexed;
    place d;
    unsigned shift = 0;
    uint32_t mask = ~0u;
    sum address;
    t->width = load_width(insn, &indexed);
    if (t->width == 0 || grc_ra(insn) == 0)
        return false;
    if (!indexed)
        address = sum_with(s, at, grc_ra(insn), (uint32_t)(int32_t)(int16_t)insn->word, 0);
    else if (!sum_of_two(s, at, grc_ra(insn), grc_rb(insn), 0, &address))
        return false;
    t->table = address.constant;
    if (!address.variable)
        return false;
    sum index = address;
    if (find_gpr(s, address.at, address.gpr, &d) && as_shift(insn_at(s, d), &shift, &mask) &&
        shift == scale_of(t->width))
        index = (sum){.variable = true, .gpr = grc_rd(insn_at(s, d)), .at = d};
    else if (t->width != 1)
        return false;
    t->count = bound_by_compare(s, jump_block, &index);
    if (t->count == NO_BOUND)
        t->count = bound_by_value(s, &index);
    if (t->count == NO_BOUND && mask >> shift < ENTRIES_LIMIT)
        t->count = (mask >> shift) + 1;
    return true;
}

/* The entry itself, or base + (entry << shift). */
static bool read_target(const slicer *s, place jump, jump_table *t)
{
    place d;
    unsigned shift;
    uint32_t mask;
    if (!find_definition(s, jump, (grc_regs){.misc = GRC_CTR}, &d) ||
        insn_at(s, d)->op != GRC_OP_MTCTR)
        return false;
    sum target = sum_of(s, d, grc_rd(insn_at(s, d)), 0);
    t->base = target.constant;
    if (!target.variable || !find_gpr(s, target.at, target.gpr, &d))
        return false;
    if (as_shift(insn_at(s, d), &shift, &mask)) {
        t->shift = shift;
        if (!find_gpr(s, d, grc_rd(insn_at(s, d)), &d))
            return false;
    }
    return read_load(s, d, jump.block, t);
}

static bool read_entry(const grc_program *program, const jump_table *t, uint32_t index,
                       uint32_t *word)
{
    uint32_t address = t->table + index * t->width, content;
    if (!grc_image_word(program->image, address & ~3u, &content))
        return false;
    content = content << (8 * (address & 3)) >> (32 - 8 * t->width);
    *word = grc_word(program, t->base + (content << t->shift));
    return *word != GRC_NONE;
}

static int by_word(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static void drop_duplicates(grc_words *words)
{
    size_t kept = 0;
    qsort(words->items, words->count, sizeof(uint32_t), by_word);
    for (size_t i = 0; i < words->count; i++)
        if (kept == 0 || words->items[kept - 1] != words->items[i])
            words->items[kept++] = words->items[i];
    words->count = kept;
}

/* Without a bound the table ends where an entry leaves the function's own extent. */
static bool read_entries(const slicer *s, const jump_table *t, grc_words *targets)
{
    bool bounded = t->count != NO_BOUND;
    uint32_t limit = bounded ? t->count : GUESSED_LIMIT, word;
    if (limit > ENTRIES_LIMIT)
        return false;
    for (uint32_t i = 0; i < limit; i++) {
        bool good = read_entry(s->program, t, i, &word);
        if (!bounded && good)
            good = word >= s->function->start && word < s->function->end;
        if (!good && bounded)
            return false;
        if (!good)
            break;
        GRC_PUSH(&s->program->round, targets, word);
    }
    if (targets->count)
        drop_duplicates(targets);
    return targets->count != 0;
}

bool grc_find_jump_table(grc_program *program, const grc_function *function,
                         const grc_edges *predecessors, uint32_t block, grc_words *targets)
{
    grc_work *work = program->work;
    uint32_t given = program->slice_budget < BUDGET ? (uint32_t)program->slice_budget : BUDGET;
    uint32_t budget = given;
    slicer s = {program, function, predecessors, &budget,
                grc_alloc(&work->scratch, function->block_count, 1)};
    jump_table t = {0};
    place jump = {block, function->blocks[block].end - 1};
    bool known = read_target(&s, jump, &t) && (t.table & (t.width - 1)) == 0 &&
                 read_entries(&s, &t, targets);
    if (!known)
        targets->count = 0;
    program->slice_budget -= given - budget;
    grc_arena_free(&work->scratch);
    return known;
}
