/*
 * reach.h - which instruction gave a register, or a slot of the stack frame, the value it has.
 *
 * Looks backwards from a place through all paths that lead there. Everything is paid for from one
 * budget, so that no image costs more than a fixed number of steps for each of its words; when the
 * budget is spent, the answer is "lost".
 */
#ifndef GRC_REACH_H
#define GRC_REACH_H

#include "program.h"

/* A place in the code: just before [word] of [block]. */
typedef struct grc_place {
    uint32_t block, word;
} grc_place;

typedef enum grc_cell_kind {
    GRC_CELL_GPR, /* [number] */
    GRC_CELL_CTR,
    GRC_CELL_CR,   /* field [number] */
    GRC_CELL_SLOT, /* [width] bytes at [offset] from register [number], a frame pointer */
} grc_cell_kind;

typedef struct grc_cell {
    grc_cell_kind kind;
    unsigned number, width;
    int32_t offset;
} grc_cell;

typedef enum grc_origin_kind {
    GRC_ORIGIN_INSN,  /* the instruction at [at] */
    GRC_ORIGIN_LOST,  /* changed by the instruction at [at], nobody can say how */
    GRC_ORIGIN_ENTRY, /* as it was when the function was entered */
    GRC_ORIGIN_MERGE, /* several ways meet at the start of block at.block */
} grc_origin_kind;

typedef struct grc_origin {
    grc_origin_kind kind;
    grc_place at;
    grc_cell cell;
} grc_origin;

/* What is written in a block, so that a search can step over it. */
typedef struct grc_writes {
    grc_regs regs;
    bool calls, stores;
} grc_writes;

enum { GRC_MERGES_LIMIT = 8 };

typedef struct grc_flow_graph {
    const grc_program *program;
    const grc_function *function;
    const grc_edges *predecessors;
    grc_writes *writes; /* by block */
    uint32_t *seen;     /* by block: the last search that came there */
    uint32_t *walked;   /* the same for walks from branch to branch */
    uint32_t searches;
    uint64_t budget;
    grc_origin merges[GRC_MERGES_LIMIT]; /* whose terms are being found */
    unsigned merge_count;
} grc_flow_graph;

/* The graph of [function], in [arena]. O(instructions). */
grc_flow_graph grc_flow_graph_make(const grc_program *program, grc_arena *arena,
                                   const grc_function *function, const grc_edges *predecessors,
                                   uint64_t budget);

static inline const grc_insn *grc_insn_at(const grc_flow_graph *flow, grc_place at)
{
    return &flow->program->insns[at.word];
}

/* Takes [cost] from the budget; false, and nothing is left, if there is not enough. */
bool grc_flow_pay(grc_flow_graph *flow, uint64_t cost);

static inline uint32_t grc_way_count(const grc_flow_graph *flow, uint32_t block)
{
    return flow->predecessors->first[block + 1] - flow->predecessors->first[block];
}

/* Moves from anywhere in a block to the end of the only one that leads to it; false if there are
 * several, or if the function is entered here. */
bool grc_climb(const grc_flow_graph *flow, grc_place *at);

/* What last wrote [cell] before [from], as far up as there is only one way. */
grc_origin grc_reach(grc_flow_graph *flow, grc_place from, grc_cell cell);

/* All that may have written [cell] last when [block] starts; 0 if they are more than [limit] or
 * cannot be known. None of them is a MERGE. */
unsigned grc_reach_all(grc_flow_graph *flow, uint32_t block, grc_cell cell, grc_origin *origins,
                       unsigned limit);

/* True iff the instruction that [origin] stands for is in [from]'s block before it, at [word] or
 * after it. */
bool grc_passes(const grc_origin *origin, grc_place from, uint32_t word);

#endif
