/*
 * bound.c - see bound.h.
 *
 * Walks up from the place to the root of the term, along every way, and collects what the
 * conditional branches passed say about the root. Comparisons and term rarely speak of the same
 * bits (one looks at a byte, the other at the byte times four), so all is reduced to the root's
 * own: "root & mask is within span".
 */
#include "bound.h"
#include "../forms.h"

enum { WAYS_LIMIT = 512, TABLE_LIMIT = 4096 };

/* What is known: about the whole root, and about the bits of it that the term uses. */
typedef struct facts {
    grc_span whole, part;
} facts;

typedef struct walk {
    grc_flow_graph *flow;
    const grc_term *term;
    uint32_t bits;               /* of the root, that the term uses */
    uint32_t blocks[WAYS_LIMIT]; /* at whose starts several ways meet; the first [done] are done */
    uint32_t count, done, number;
    bool any;
    grc_span span; /* of the ways looked at so far */
} walk;

/* ---- from a rotated value to the root and back -------------------------------------------------
 */

static uint32_t root_bits(const grc_term *t)
{
    return t->mask >> t->turn | t->mask << (-t->turn & 31);
}

/* All bits up to the highest one of [number]. */
static uint32_t filled(uint32_t number)
{
    for (unsigned shift = 1; shift < 32; shift *= 2)
        number |= number >> shift;
    return number;
}

/* What the root shifted left by [turn] bits, or right by 32 - [turn], is said to be -> the root's
 * bits. False if the term is no such shift. */
static bool unturn(const grc_term *t, uint32_t *first, uint32_t *last)
{
    uint32_t below = (1u << t->turn) - 1;
    if ((t->mask & below) == 0) {
        *first = (*first >> t->turn) + ((*first & below) != 0);
        *last >>= t->turn;
        return *first <= *last;
    }
    if ((t->mask & ~below) != 0)
        return false;
    *first <<= 32 - t->turn;
    *last <<= 32 - t->turn;
    return true;
}

/* And back. Whole roots shifted left keep their order around zero. */
static grc_span turn(const grc_term *t, grc_span span)
{
    uint32_t below = (1u << t->turn) - 1, first = span.first, last = grc_span_last(span);
    if (t->turn == 0)
        return span;
    if (t->mask == ~below && span.more <= ~0u >> t->turn)
        return (grc_span){first << t->turn, span.more << t->turn};
    if (!grc_span_wraps(span) && (t->mask & below) == 0)
        return grc_span_of(first << t->turn, last << t->turn);
    if (!grc_span_wraps(span) && (t->mask & ~below) == 0)
        return grc_span_of(first >> (32 - t->turn), last >> (32 - t->turn));
    return grc_span_of(0, t->mask);
}

/* ---- facts -------------------------------------------------------------------------------------
 */

/* [compared], which has the root of the walk's term, was found within [span]. */
static void learn(const walk *w, facts *f, const grc_term *compared, grc_span span)
{
    span.first -= compared->constant;
    if (compared->mask == ~0u && compared->turn == 0) {
        f->whole = grc_span_both(f->whole, span);
        return;
    }
    span = grc_span_both(span, grc_span_of(0, compared->mask));
    uint32_t first = span.first, last = grc_span_last(span), bits = root_bits(compared);
    if (first > last || !unturn(compared, &first, &last))
        return;
    bool covers = (w->bits & ~bits) == 0 && (filled(last) & ~w->bits) == 0;
    if (bits == w->bits || covers)
        f->part = grc_span_both(f->part, grc_span_of(first, last));
}

/* What the facts leave for the term. */
static grc_span possible(const walk *w, const facts *f)
{
    grc_span part = grc_span_both(f->part, grc_span_of(0, w->bits));
    uint32_t last = grc_span_last(f->whole);
    if (w->bits == ~0u || (!grc_span_wraps(f->whole) && (filled(last) & ~w->bits) == 0))
        part = grc_span_both(part, f->whole);
    grc_span span = turn(w->term, part);
    if (w->term->mask == ~0u << w->term->turn)
        span = grc_span_both(span, turn(w->term, f->whole));
    return span;
}

/* True iff that is less than what the mask leaves anyway, and little enough. */
static bool is_bound(const walk *w, grc_span span)
{
    return span.more < GRC_BOUND_LIMIT && span.more < w->term->mask;
}

/* ---- comparisons -------------------------------------------------------------------------------
 */

typedef struct comparison {
    bool is_signed, wide; /* wide: of 64 bits */
    bool registers;
} comparison;

static bool comparison_of(const grc_insn *insn, comparison *c)
{
    bool wide = (insn->word & 0x200000) != 0;
    switch (insn->op) {
    case GRC_OP_CMPLWI:
    case GRC_OP_CMPLDI:
        *c = (comparison){false, wide, false};
        return true;
    case GRC_OP_CMPWI:
    case GRC_OP_CMPDI:
        *c = (comparison){true, wide, false};
        return true;
    case GRC_OP_CMPLW:
    case GRC_OP_CMPLD:
        *c = (comparison){false, wide, true};
        return true;
    case GRC_OP_CMPW:
    case GRC_OP_CMPD:
        *c = (comparison){true, wide, true};
        return true;
    default:
        return false;
    }
}

/* What is compared with; false if that varies. */
static bool limit_of(const walk *w, grc_place at, const comparison *c, uint32_t *limit)
{
    const grc_insn *insn = grc_insn_at(w->flow, at);
    *limit = c->is_signed ? (uint32_t)grc_simm(insn) : grc_uimm(insn);
    if (!c->registers)
        return true;
    grc_term t = grc_term_of(w->flow, at, grc_gpr(grc_rb(insn)));
    *limit = t.constant;
    return t.mask == 0;
}

enum { LESS = 0, GREATER = 1, EQUAL = 2 };

/* The numbers for which bit [bit] of the comparison's result is [set]. False: nothing is known. Of
 * 64 bits the low half is only known if the rest must be zero. */
static bool numbers(const comparison *c, uint32_t limit, unsigned bit, bool set, grc_span *span)
{
    uint32_t lowest = c->is_signed ? 0x80000000u : 0, highest = lowest - 1;
    bool below = bit == LESS && set, up_to = bit == GREATER && !set;
    if (c->wide && (c->is_signed || limit > 0xFFFF))
        return false;
    if (bit == EQUAL && set)
        *span = grc_span_of(limit, limit);
    else if (up_to || (below && limit != lowest))
        *span = grc_span_of(lowest, limit - below);
    else if (!c->wide && bit == LESS && !set)
        *span = grc_span_of(limit, highest);
    else if (!c->wide && bit == GREATER && set && limit != highest)
        *span = grc_span_of(limit + 1, highest);
    else
        return false;
    return true;
}

/* ---- branches ----------------------------------------------------------------------------------
 */

/* The condition under which the branch that ends [block] leads to [successor]: which CR bit, and
 * whether it is set. False if there is none, or none alone. */
static bool condition_of(const walk *w, uint32_t block, uint32_t successor, unsigned *bit,
                         bool *set)
{
    enum { ANY_BIT = 16, IF_SET = 8, KEEPS_CTR = 4 };
    const grc_block *b = &w->flow->function->blocks[block];
    const grc_insn *insn = &w->flow->program->insns[b->end - 1];
    grc_branch branch;
    grc_insn_branch(insn, &branch);
    bool taken = b->target == successor, on = b->next == successor;
    bool leaves = branch.flow == GRC_FLOW_BRANCH || branch.flow == GRC_FLOW_RETURN ||
                  branch.flow == GRC_FLOW_JUMP_CTR;
    if (!branch.conditional || !leaves || taken == on ||
        (grc_rd(insn) & (ANY_BIT | KEEPS_CTR)) != KEEPS_CTR)
        return false;
    *bit = grc_ra(insn);
    *set = taken == ((grc_rd(insn) & IF_SET) != 0);
    return true;
}

/* What the comparison at [at] looks at, if it has the root of the walk's term. */
static bool find_compared(const walk *w, grc_place at, grc_term *compared)
{
    grc_cell cell = grc_gpr(grc_ra(grc_insn_at(w->flow, at)));
    *compared = grc_term_of(w->flow, at, cell);
    if (compared->mask != 0 && grc_same_root(compared, w->term))
        return true;
    *compared = grc_root_of(w->flow, at, cell);
    return grc_same_root(compared, w->term);
}

/* That the comparison is of the root's present value, and not of the one in the loop's last round,
 * needs no check: a value that comes round a loop meets the one from outside, and that is a root of
 * its own.
 *
 * Learns from the branch at the end of [block], from where the walk came to [successor]. */
static void learn_branch(const walk *w, facts *f, uint32_t block, uint32_t successor)
{
    comparison c;
    uint32_t limit;
    grc_span span;
    unsigned bit;
    bool set;
    if (!condition_of(w, block, successor, &bit, &set))
        return;
    grc_place branch = {block, w->flow->function->blocks[block].end - 1};
    grc_cell field = {.kind = GRC_CELL_CR, .number = bit / 4};
    grc_origin origin = grc_reach(w->flow, branch, field);
    if (origin.kind != GRC_ORIGIN_INSN)
        return;
    const grc_insn *insn = grc_insn_at(w->flow, origin.at);
    if (!comparison_of(insn, &c))
        return;
    grc_term compared;
    if (find_compared(w, origin.at, &compared) && limit_of(w, origin.at, &c, &limit) &&
        numbers(&c, limit, bit % 4, set, &span))
        learn(w, f, &compared, span);
}

/* ---- the walk ----------------------------------------------------------------------------------
 */

/* One way ends: false if it leaves the term without a bound. */
static bool settle(walk *w, const facts *f)
{
    grc_span span = possible(w, f);
    w->span = w->any ? grc_span_either(w->span, span) : span;
    w->any = true;
    return is_bound(w, span) && is_bound(w, w->span);
}

static bool add_merge(walk *w, uint32_t block)
{
    if (w->flow->walked[block] == w->number)
        return true;
    if (w->count == WAYS_LIMIT)
        return false;
    w->flow->walked[block] = w->number;
    w->blocks[w->count++] = block;
    return true;
}

/* True iff nothing above [from]'s block can tell more. */
static bool is_top(const walk *w, grc_place from)
{
    const grc_origin *root = &w->term->root;
    bool merge = root->kind == GRC_ORIGIN_MERGE && root->at.block == from.block;
    return merge || grc_passes(root, from, 0) || from.block == w->flow->function->entry;
}

/* Goes up from [from] while there is only one way, and to the others only if need be. */
static bool walk_up(walk *w, grc_place from, facts f)
{
    while (grc_flow_pay(w->flow, 1)) {
        uint32_t here = from.block;
        if (is_top(w, from))
            return settle(w, &f);
        if (!grc_climb(w->flow, &from))
            return is_bound(w, possible(w, &f)) ? settle(w, &f) : add_merge(w, here);
        learn_branch(w, &f, from.block, here);
    }
    return false;
}

/* Each way into a block where several meet begins with nothing known but [known]. */
static bool walk_ways(walk *w, uint32_t block, facts known)
{
    const grc_edges *edges = w->flow->predecessors;
    for (uint32_t i = edges->first[block]; i < edges->first[block + 1]; i++) {
        uint32_t way = edges->blocks[i];
        facts f = known;
        learn_branch(w, &f, way, block);
        if (!walk_up(w, (grc_place){way, w->flow->function->blocks[way].end}, f))
            return false;
    }
    return true;
}

static bool walk_all(grc_flow_graph *flow, grc_place at, const grc_term *t, facts known,
                     grc_span *span)
{
    walk w; /* not cleared: it is large */
    w.flow = flow;
    w.term = t;
    w.bits = root_bits(t);
    w.number = ++flow->searches;
    w.count = w.done = 0;
    w.any = false;
    bool good = walk_up(&w, at, known);
    while (good && w.done < w.count)
        good = walk_ways(&w, w.blocks[w.done++], known);
    *span = good && w.any ? w.span : grc_span_of(0, t->mask);
    return good && w.any;
}

/* The numbers in a table of bytes or halfwords from which the root was read; all numbers if that is
 * not how it came to be. */
static grc_span numbers_in_table(grc_flow_graph *flow, const grc_origin *root)
{
    facts nothing = {grc_span_all(), grc_span_all()};
    grc_span span;
    uint32_t most = 0, number;
    if (root->kind != GRC_ORIGIN_INSN || root->cell.kind != GRC_CELL_GPR)
        return nothing.whole;
    grc_load load = grc_load_of(grc_insn_at(flow, root->at));
    if ((load.width != 1 && load.width != 2) || load.is_signed)
        return nothing.whole;
    grc_term address = grc_term_of_address(flow, root->at);
    bool bounded = address.mask != 0 && walk_all(flow, root->at, &address, nothing, &span);
    if (address.mask == 0 || (!bounded && span.more > TABLE_LIMIT) ||
        !grc_flow_pay(flow, span.more))
        return nothing.whole;
    for (uint32_t i = 0; i <= span.more; i += load.width) {
        if (!grc_image_number(flow->program->image, address.constant + span.first + i, load.width,
                              &number))
            return nothing.whole;
        most = number > most ? number : most;
    }
    return grc_span_of(0, most);
}

bool grc_bound_of(grc_flow_graph *flow, grc_place at, const grc_term *t, grc_span *span)
{
    facts known = {grc_span_all(), grc_span_all()};
    if (t->extend == 0)
        known.whole = numbers_in_table(flow, &t->root);
    return walk_all(flow, at, t, known, span);
}
