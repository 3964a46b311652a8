/* reach.c - see reach.h. */
#include "reach.h"
#include "../forms.h"

enum {
    CALLER_SAVED = 0x1FF9, /* r0, r3-r12: gone after a call */
    WAYS_LIMIT = 2048,     /* blocks one search looks into */
};

/* ---- blocks ------------------------------------------------------------------------------------
 */

static bool is_call(const grc_insn *insn)
{
    grc_branch branch;
    grc_insn_branch(insn, &branch);
    return branch.flow == GRC_FLOW_CALL || branch.flow == GRC_FLOW_CALL_CTR ||
           branch.flow == GRC_FLOW_CALL_LR;
}

static grc_writes writes_of(const grc_insn *insn)
{
    grc_effects effects;
    grc_insn_effects(insn, &effects);
    return (grc_writes){effects.writes, is_call(insn), effects.stores};
}

grc_flow_graph grc_flow_graph_make(const grc_program *program, grc_arena *arena,
                                   const grc_function *function, const grc_edges *predecessors,
                                   uint64_t budget)
{
    uint32_t count = function->block_count;
    grc_flow_graph flow = {
        .program = program,
        .function = function,
        .predecessors = predecessors,
        .writes = grc_alloc(arena, count, sizeof(grc_writes)),
        .seen = grc_alloc(arena, count, sizeof(uint32_t)),
        .walked = grc_alloc(arena, count, sizeof(uint32_t)),
        .budget = budget,
    };
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t word = function->blocks[i].first; word < function->blocks[i].end; word++) {
            grc_writes own = writes_of(&program->insns[word]);
            grc_regs_add(&flow.writes[i].regs, own.regs);
            flow.writes[i].calls |= own.calls;
            flow.writes[i].stores |= own.stores;
        }
    return flow;
}

bool grc_flow_pay(grc_flow_graph *flow, uint64_t cost)
{
    bool enough = flow->budget >= cost;
    flow->budget = enough ? flow->budget - cost : 0;
    return enough;
}

bool grc_climb(const grc_flow_graph *flow, grc_place *at)
{
    if (at->block == flow->function->entry || grc_way_count(flow, at->block) != 1)
        return false;
    at->block = flow->predecessors->blocks[flow->predecessors->first[at->block]];
    at->word = flow->function->blocks[at->block].end;
    return true;
}

bool grc_passes(const grc_origin *origin, grc_place from, uint32_t word)
{
    bool insn = origin->kind == GRC_ORIGIN_INSN || origin->kind == GRC_ORIGIN_LOST;
    return insn && origin->at.block == from.block && origin->at.word >= word &&
           origin->at.word < from.word;
}

/* ---- who writes a cell -------------------------------------------------------------------------
 */

static grc_regs regs_of(grc_cell cell)
{
    switch (cell.kind) {
    case GRC_CELL_CTR:
        return (grc_regs){.misc = GRC_CTR};
    case GRC_CELL_CR:
        return (grc_regs){.cr = 15u << (4 * cell.number)};
    default:
        return (grc_regs){.gpr = 1u << cell.number};
    }
}

/* A call keeps the nonvolatile registers, and slots of the frame that no compiler shows it. */
static bool lost_in_call(grc_cell cell)
{
    if (cell.kind == GRC_CELL_GPR)
        return (CALLER_SAVED >> cell.number & 1) != 0;
    return cell.kind != GRC_CELL_SLOT;
}

static bool may_write(const grc_writes *writes, grc_cell cell)
{
    if (!grc_regs_empty(grc_regs_and(writes->regs, regs_of(cell))))
        return true;
    return (writes->calls && lost_in_call(cell)) || (writes->stores && cell.kind == GRC_CELL_SLOT);
}

/* The bytes that a store at rA + offset writes, or 0: its address is made otherwise. */
static unsigned stored_bytes(const grc_insn *insn)
{
    switch (insn->op) {
    case GRC_OP_STB:
        return 1;
    case GRC_OP_STH:
        return 2;
    case GRC_OP_STW:
    case GRC_OP_STFS:
        return 4;
    case GRC_OP_STD:
    case GRC_OP_STFD:
        return 8;
    case GRC_OP_STMW:
        return 4 * (32 - grc_rd(insn));
    default:
        return 0;
    }
}

static bool is_plain_store(const grc_insn *insn)
{
    return insn->op == GRC_OP_STB || insn->op == GRC_OP_STH || insn->op == GRC_OP_STW ||
           insn->op == GRC_OP_STD;
}

typedef enum touch { TOUCH_NOT, TOUCH_WRITES, TOUCH_SPOILS } touch;

/* Stores through other registers are taken to go elsewhere: compilers spill to slots of their own.
 * Whoever relies on what a slot holds must not come to harm if that is wrong. */
static touch touch_slot(const grc_insn *insn, grc_cell slot)
{
    if (grc_ra(insn) != slot.number)
        return grc_rb(insn) == slot.number && stored_bytes(insn) == 0 ? TOUCH_SPOILS : TOUCH_NOT;
    int32_t offset = insn->op == GRC_OP_STD ? grc_simm_ds(insn) : grc_simm(insn);
    int32_t bytes = (int32_t)stored_bytes(insn);
    if (bytes == 0)
        return TOUCH_SPOILS;
    if (offset >= slot.offset + (int32_t)slot.width || slot.offset >= offset + bytes)
        return TOUCH_NOT;
    bool same = offset == slot.offset && bytes == (int32_t)slot.width && is_plain_store(insn);
    return same ? TOUCH_WRITES : TOUCH_SPOILS;
}

static touch touch_of(const grc_insn *insn, grc_cell cell)
{
    grc_writes writes = writes_of(insn);
    if (!may_write(&writes, cell))
        return TOUCH_NOT;
    if (writes.calls && lost_in_call(cell))
        return TOUCH_SPOILS;
    if (grc_regs_empty(grc_regs_and(writes.regs, regs_of(cell))))
        return touch_slot(insn, cell);
    return cell.kind == GRC_CELL_SLOT ? TOUCH_SPOILS : TOUCH_WRITES;
}

/* ---- searching ---------------------------------------------------------------------------------
 */

/* Looks for a write in [from]'s block before it; false if there is none. */
static bool search_block(grc_flow_graph *flow, grc_place from, grc_cell cell, grc_origin *origin)
{
    const grc_block *block = &flow->function->blocks[from.block];
    *origin = (grc_origin){GRC_ORIGIN_LOST, from, cell};
    if (!grc_flow_pay(flow, 1))
        return true;
    if (!may_write(&flow->writes[from.block], cell))
        return false;
    if (!grc_flow_pay(flow, from.word - block->first))
        return true;
    for (uint32_t word = from.word; word-- > block->first;) {
        touch t = touch_of(&flow->program->insns[word], cell);
        if (t == TOUCH_NOT)
            continue;
        origin->kind = t == TOUCH_WRITES ? GRC_ORIGIN_INSN : GRC_ORIGIN_LOST;
        origin->at.word = word;
        return true;
    }
    return false;
}

grc_origin grc_reach(grc_flow_graph *flow, grc_place from, grc_cell cell)
{
    grc_origin origin;
    do
        if (search_block(flow, from, cell, &origin))
            return origin;
    while (grc_climb(flow, &from));
    bool first = from.block == flow->function->entry && grc_way_count(flow, from.block) == 0;
    origin.kind = first ? GRC_ORIGIN_ENTRY : GRC_ORIGIN_MERGE;
    origin.at = (grc_place){from.block, flow->function->blocks[from.block].first};
    return origin;
}

typedef struct search {
    grc_cell cell;
    uint32_t blocks[WAYS_LIMIT]; /* at whose starts several ways meet; the first [done] are done */
    uint32_t count, done;
    uint32_t number;
    grc_origin *origins;
    unsigned found, limit;
} search;

static bool add_origin(search *s, const grc_origin *origin)
{
    for (unsigned i = 0; i < s->found; i++)
        if (s->origins[i].kind == origin->kind && s->origins[i].at.word == origin->at.word)
            return true;
    if (s->found == s->limit)
        return false;
    s->origins[s->found++] = *origin;
    return true;
}

static bool add_merge(grc_flow_graph *flow, search *s, uint32_t block)
{
    if (flow->seen[block] == s->number)
        return true;
    if (s->count == WAYS_LIMIT)
        return false;
    flow->seen[block] = s->number;
    s->blocks[s->count++] = block;
    return true;
}

static bool search_ways(grc_flow_graph *flow, search *s, uint32_t block)
{
    const grc_edges *edges = flow->predecessors;
    if (!grc_flow_pay(flow, grc_way_count(flow, block)))
        return false;
    if (block == flow->function->entry &&
        !add_origin(s, &(grc_origin){GRC_ORIGIN_ENTRY, {block, 0}, s->cell}))
        return false;
    for (uint32_t i = edges->first[block]; i < edges->first[block + 1]; i++) {
        uint32_t way = edges->blocks[i];
        grc_place end = {way, flow->function->blocks[way].end};
        grc_origin origin = grc_reach(flow, end, s->cell);
        bool good = origin.kind == GRC_ORIGIN_MERGE ? add_merge(flow, s, origin.at.block)
                                                    : add_origin(s, &origin);
        if (!good)
            return false;
    }
    return true;
}

unsigned grc_reach_all(grc_flow_graph *flow, uint32_t block, grc_cell cell, grc_origin *origins,
                       unsigned limit)
{
    search s; /* not cleared: it is large */
    s.cell = cell;
    s.number = ++flow->searches;
    s.origins = origins;
    s.limit = limit;
    s.count = s.done = s.found = 0;
    add_merge(flow, &s, block);
    while (s.done < s.count)
        if (!search_ways(flow, &s, s.blocks[s.done++]))
            return 0;
    return s.found;
}
