/* term.c - see term.h. */
#include "term.h"
#include "../forms.h"

enum {
    DEPTH_LIMIT = 12,
    WRITERS_LIMIT = 8, /* of one cell, on different ways */
    STACK_POINTER = 1,
};

static grc_term term_at(grc_flow_graph *flow, grc_place at, grc_cell cell, int depth);

/* ---- terms -------------------------------------------------------------------------------------
 */

static grc_term constant(uint32_t number)
{
    return (grc_term){.constant = number};
}

bool grc_same_root(const grc_term *a, const grc_term *b)
{
    const grc_origin *x = &a->root, *y = &b->root;
    return a->extend == b->extend && x->kind == y->kind && x->at.word == y->at.word &&
           x->cell.kind == y->cell.kind && x->cell.number == y->cell.number &&
           x->cell.offset == y->cell.offset && x->cell.width == y->cell.width;
}

static bool same_shape(const grc_term *a, const grc_term *b)
{
    if (a->mask == 0 || b->mask == 0)
        return a->mask == b->mask;
    return a->mask == b->mask && a->turn == b->turn && grc_same_root(a, b);
}

static bool same(const grc_term *a, const grc_term *b)
{
    return a->constant == b->constant && same_shape(a, b);
}

static uint32_t turned(uint32_t number, unsigned turn)
{
    return number << (turn & 31) | number >> (-turn & 31);
}

/* [t] rotated left and masked; false if that is no term. A shift to the left distributes. */
static bool turn_term(grc_term *t, unsigned turn, uint32_t mask)
{
    bool left = mask == ~0u << turn;
    if (t->mask != 0 && t->constant != 0 && !left)
        return false;
    t->constant = turned(t->constant, turn) & mask;
    t->mask = turned(t->mask, turn) & mask;
    t->turn = (t->turn + turn) & 31;
    return true;
}

/* The low [bits] of [t] as a signed number; false if that is no term. */
static bool extend_term(grc_term *t, unsigned bits)
{
    uint32_t low = (1u << bits) - 1, sign = 1u << (bits - 1);
    if (t->mask == 0) {
        t->constant = ((t->constant & low) ^ sign) - sign;
        return true;
    }
    if (t->constant != 0 || t->turn != 0 || t->extend != 0 || (t->mask & low) != low)
        return false;
    t->extend = bits;
    t->mask = ~0u;
    return true;
}

/* The sum; false if both vary, unless one and the same thing is doubled. */
static bool add_terms(const grc_term *a, const grc_term *b, grc_term *sum)
{
    if (a->mask != 0 && b->mask != 0) {
        *sum = *a;
        return same(a, b) && turn_term(sum, 1, ~1u);
    }
    *sum = a->mask ? *a : *b;
    sum->constant = a->constant + b->constant;
    return true;
}

/* ---- loads -------------------------------------------------------------------------------------
 */

grc_load grc_load_of(const grc_insn *insn)
{
    switch (insn->op) {
    case GRC_OP_LBZ:
        return (grc_load){1, false, false};
    case GRC_OP_LBZX:
        return (grc_load){1, true, false};
    case GRC_OP_LHZ:
        return (grc_load){2, false, false};
    case GRC_OP_LHZX:
        return (grc_load){2, true, false};
    case GRC_OP_LHA:
        return (grc_load){2, false, true};
    case GRC_OP_LHAX:
        return (grc_load){2, true, true};
    case GRC_OP_LWZ:
    case GRC_OP_LWA:
        return (grc_load){4, false, false};
    case GRC_OP_LWZX:
    case GRC_OP_LWAX:
        return (grc_load){4, true, false};
    default:
        return (grc_load){0, false, false};
    }
}

static uint32_t width_mask(unsigned width)
{
    return width >= 4 ? ~0u : (1u << 8 * width) - 1;
}

/* The bits that the value of a root can have. */
static uint32_t bits_of(const grc_flow_graph *flow, const grc_origin *root)
{
    if (root->cell.kind == GRC_CELL_SLOT)
        return width_mask(root->cell.width);
    if (root->kind != GRC_ORIGIN_INSN)
        return ~0u;
    grc_load load = grc_load_of(grc_insn_at(flow, root->at));
    return load.width == 0 || load.is_signed ? ~0u : width_mask(load.width);
}

static grc_term opaque(const grc_flow_graph *flow, const grc_origin *root)
{
    return (grc_term){.mask = bits_of(flow, root), .root = *root};
}

grc_term grc_root_of(grc_flow_graph *flow, grc_place at, grc_cell cell)
{
    grc_origin origin = grc_reach(flow, at, cell);
    return opaque(flow, &origin);
}

static grc_term gpr_at(grc_flow_graph *flow, grc_place at, unsigned gpr, int depth)
{
    return term_at(flow, at, grc_gpr(gpr), depth + 1);
}

static grc_term address_at(grc_flow_graph *flow, grc_place at, int depth)
{
    const grc_insn *insn = grc_insn_at(flow, at);
    grc_load load = grc_load_of(insn);
    grc_term a = grc_ra(insn) ? gpr_at(flow, at, grc_ra(insn), depth) : constant(0), b, sum;
    if (load.indexed)
        b = gpr_at(flow, at, grc_rb(insn), depth);
    else
        b = constant((uint32_t)(insn->op == GRC_OP_LWA ? grc_simm_ds(insn) : grc_simm(insn)));
    if (add_terms(&a, &b, &sum))
        return sum;
    return (grc_term){.mask = ~0u, .root = {GRC_ORIGIN_LOST, at, grc_gpr(0)}};
}

grc_term grc_term_of_address(grc_flow_graph *flow, grc_place at)
{
    return address_at(flow, at, 0);
}

/* ---- the stack frame ---------------------------------------------------------------------------
 */

/* True iff [gpr] is the stack pointer, or a copy of it. */
static bool is_frame(grc_flow_graph *flow, grc_place at, unsigned gpr)
{
    if (gpr == STACK_POINTER)
        return true;
    grc_origin origin = grc_reach(flow, at, grc_gpr(gpr));
    if (origin.kind == GRC_ORIGIN_MERGE &&
        grc_reach_all(flow, origin.at.block, grc_gpr(gpr), &origin, 1) != 1)
        return false;
    const grc_insn *insn = grc_insn_at(flow, origin.at);
    return origin.kind == GRC_ORIGIN_INSN && insn->op == GRC_OP_OR &&
           grc_rd(insn) == STACK_POINTER && grc_rb(insn) == STACK_POINTER;
}

static bool slot_of(grc_flow_graph *flow, grc_place at, grc_cell *slot)
{
    const grc_insn *insn = grc_insn_at(flow, at);
    grc_load load = grc_load_of(insn);
    bool wide = insn->op == GRC_OP_LD;
    *slot = (grc_cell){GRC_CELL_SLOT, grc_ra(insn), wide ? 8 : load.width,
                       wide || insn->op == GRC_OP_LWA ? grc_simm_ds(insn) : grc_simm(insn)};
    return slot->width != 0 && !load.indexed && grc_ra(insn) != 0 &&
           is_frame(flow, at, grc_ra(insn));
}

/* What a load reads back from its function's frame. */
static bool reload(grc_flow_graph *flow, grc_place at, int depth, grc_term *t)
{
    bool is_signed = grc_load_of(grc_insn_at(flow, at)).is_signed;
    grc_cell slot;
    if (!slot_of(flow, at, &slot))
        return false;
    *t = term_at(flow, at, slot, depth + 1);
    if (!turn_term(t, 0, width_mask(slot.width))) {
        *t = grc_root_of(flow, at, slot);
        turn_term(t, 0, width_mask(slot.width));
    }
    return !is_signed || extend_term(t, 8 * slot.width);
}

/* A word that the program cannot change. */
static bool load_constant(grc_flow_graph *flow, grc_place at, int depth, grc_term *t)
{
    const grc_insn *insn = grc_insn_at(flow, at);
    uint32_t word;
    if (insn->op != GRC_OP_LWZ && insn->op != GRC_OP_LWZX)
        return false;
    grc_term address = address_at(flow, at, depth);
    if (address.mask != 0 || (address.constant & 3) != 0 ||
        grc_image_is_writable(flow->program->image, address.constant) ||
        !grc_image_word(flow->program->image, address.constant, &word))
        return false;
    *t = constant(word);
    return true;
}

/* ---- instructions ------------------------------------------------------------------------------
 */

static uint32_t rotate_mask(const grc_insn *insn)
{
    unsigned first = grc_rc(insn), last = grc_me(insn);
    uint32_t from = ~0u >> first, to = ~0u << (31 - last);
    return first <= last ? from & to : from | to;
}

/* An instruction that rotates and masks, as what it does to the low halves. False if high bits go
 * into the result. */
static bool rotation_of(const grc_insn *insn, unsigned *turn, uint32_t *mask)
{
    unsigned bound = grc_mb6(insn);
    uint32_t low = bound < 32 ? ~0u : ~0u >> (bound - 32);
    *turn = grc_sh6(insn);
    switch (insn->op) {
    case GRC_OP_ANDI_RC:
        *turn = 0;
        *mask = grc_uimm(insn);
        return true;
    case GRC_OP_RLWINM:
        *turn = grc_rb(insn);
        *mask = rotate_mask(insn);
        return true;
    case GRC_OP_RLDICL:
        *mask = low;
        return *turn == 0;
    case GRC_OP_RLDIC:
        *mask = low & ~0u << (*turn & 31);
        return *turn < 32;
    case GRC_OP_RLDICR:
        *mask = ~0u << (*turn & 31);
        return *turn < 32 && bound == 63 - *turn;
    default:
        return false;
    }
}

static grc_term immediate(grc_flow_graph *flow, grc_place at, int depth)
{
    const grc_insn *insn = grc_insn_at(flow, at);
    uint32_t number = (uint32_t)grc_simm(insn);
    if (insn->op == GRC_OP_ADDIS)
        number <<= 16;
    if (grc_ra(insn) == 0 && insn->op != GRC_OP_ADDIC)
        return constant(number);
    grc_term t = gpr_at(flow, at, grc_ra(insn), depth);
    t.constant += number;
    return t;
}

static bool sum_or_difference(grc_flow_graph *flow, grc_place at, int depth, grc_term *t)
{
    const grc_insn *insn = grc_insn_at(flow, at);
    grc_term a = gpr_at(flow, at, grc_ra(insn), depth), b = gpr_at(flow, at, grc_rb(insn), depth);
    if (insn->op == GRC_OP_SUBF) {
        if (a.mask != 0)
            return false;
        a.constant = -a.constant;
    }
    return add_terms(&a, &b, t);
}

/* The value of rS, if it is a constant, or [any]. */
static bool source(grc_flow_graph *flow, grc_place at, int depth, bool any, grc_term *t)
{
    *t = gpr_at(flow, at, grc_rd(grc_insn_at(flow, at)), depth);
    return any || t->mask == 0;
}

/* Bits of a sum are bits of a new root. */
static bool rotated(grc_flow_graph *flow, grc_place at, int depth, grc_term *t)
{
    const grc_insn *insn = grc_insn_at(flow, at);
    unsigned turn;
    uint32_t mask;
    if (!rotation_of(insn, &turn, &mask))
        return false;
    source(flow, at, depth, true, t);
    if (turn_term(t, turn, mask))
        return true;
    *t = grc_root_of(flow, at, grc_gpr(grc_rd(insn)));
    return turn_term(t, turn, mask);
}

static bool extended(grc_flow_graph *flow, grc_place at, int depth, unsigned bits, grc_term *t)
{
    source(flow, at, depth, true, t);
    if (extend_term(t, bits))
        return true;
    *t = grc_root_of(flow, at, grc_gpr(grc_rd(grc_insn_at(flow, at))));
    return extend_term(t, bits);
}

/* What the instruction at [at] writes; false if that is no term. */
static bool written(grc_flow_graph *flow, grc_place at, int depth, grc_term *t)
{
    const grc_insn *insn = grc_insn_at(flow, at);
    switch (insn->op) {
    case GRC_OP_ADDI:
    case GRC_OP_ADDIS:
    case GRC_OP_ADDIC:
        *t = immediate(flow, at, depth);
        return true;
    case GRC_OP_ADD:
    case GRC_OP_SUBF:
        return sum_or_difference(flow, at, depth, t);
    case GRC_OP_ORI:
        if (!source(flow, at, depth, grc_uimm(insn) == 0, t))
            return false;
        t->constant |= grc_uimm(insn);
        return true;
    case GRC_OP_OR:
        return grc_rd(insn) == grc_rb(insn) && source(flow, at, depth, true, t);
    case GRC_OP_EXTSW:
    case GRC_OP_MTCTR:
    case GRC_OP_STB:
    case GRC_OP_STH:
    case GRC_OP_STW:
    case GRC_OP_STD:
        return source(flow, at, depth, true, t);
    case GRC_OP_EXTSB:
        return extended(flow, at, depth, 8, t);
    case GRC_OP_EXTSH:
        return extended(flow, at, depth, 16, t);
    default:
        return rotated(flow, at, depth, t) || reload(flow, at, depth, t) ||
               load_constant(flow, at, depth, t);
    }
}

static grc_term term_of_origin(grc_flow_graph *flow, const grc_origin *origin, int depth)
{
    grc_term t;
    if (origin->kind == GRC_ORIGIN_INSN && depth < DEPTH_LIMIT && flow->budget != 0 &&
        written(flow, origin->at, depth, &t))
        return t;
    return opaque(flow, origin);
}

/* What all of the writers say, or else the bits that any of them can set. */
static grc_term agreed(grc_flow_graph *flow, const grc_origin *merge, const grc_origin *writers,
                       unsigned count, int depth)
{
    grc_term whole = opaque(flow, merge), t = whole;
    uint32_t bits = 0;
    bool agree = true;
    for (unsigned i = 0; i < count; i++) {
        grc_term next = term_of_origin(flow, &writers[i], depth + 1);
        agree = agree && (i == 0 || same(&t, &next));
        t = next;
        bits |= next.mask && next.constant ? ~0u : next.mask | next.constant;
        if (!agree && bits == ~0u)
            return whole;
    }
    whole.mask &= bits;
    return agree ? t : whole;
}

/* Where several ways meet. A value that is made of itself, in a loop, is a root. */
static grc_term merged(grc_flow_graph *flow, const grc_origin *merge, int depth)
{
    grc_origin writers[WRITERS_LIMIT];
    grc_term whole = opaque(flow, merge);
    for (unsigned i = 0; i < flow->merge_count; i++)
        if (grc_same_root(&whole, &(grc_term){.root = flow->merges[i]}))
            return whole;
    if (depth > DEPTH_LIMIT || flow->merge_count == GRC_MERGES_LIMIT)
        return whole;
    unsigned count = grc_reach_all(flow, merge->at.block, merge->cell, writers, WRITERS_LIMIT);
    if (count == 0)
        return whole;
    flow->merges[flow->merge_count++] = *merge;
    grc_term t = agreed(flow, merge, writers, count, depth);
    flow->merge_count--;
    return t;
}

static grc_term term_at(grc_flow_graph *flow, grc_place at, grc_cell cell, int depth)
{
    grc_origin origin = grc_reach(flow, at, cell);
    bool several = origin.kind == GRC_ORIGIN_MERGE;
    return several ? merged(flow, &origin, depth) : term_of_origin(flow, &origin, depth);
}

grc_term grc_term_of(grc_flow_graph *flow, grc_place at, grc_cell cell)
{
    return term_at(flow, at, cell, 0);
}
