/*
 * term.h - what a register holds, as far as the code around says so.
 *
 *   constant + (root rotated left by [turn], and [mask]), modulo 2^32
 *
 * The root is a value that nothing more is known of: what an instruction loaded, say. Two terms
 * with the same root speak of the same value. Addresses have 32 bits, so the high halves of the
 * registers do not matter.
 */
#ifndef GRC_TERM_H
#define GRC_TERM_H

#include "reach.h"

typedef struct grc_term {
    uint32_t constant;
    uint32_t mask; /* 0: the term is the constant alone */
    unsigned turn;
    unsigned extend; /* 0: the whole of the root */
    grc_origin root;
} grc_term;

/* What [cell] holds before [at]. */
grc_term grc_term_of(grc_flow_graph *flow, grc_place at, grc_cell cell);

/* The same, not looking into how it came to be. */
grc_term grc_root_of(grc_flow_graph *flow, grc_place at, grc_cell cell);

/* The address that the load or store at [at] uses. */
grc_term grc_term_of_address(grc_flow_graph *flow, grc_place at);

static inline grc_cell grc_gpr(unsigned number)
{
    return (grc_cell){.kind = GRC_CELL_GPR, .number = number};
}

bool grc_same_root(const grc_term *a, const grc_term *b);

/* ---- loads -------------------------------------------------------------------------------------
 */

typedef struct grc_load {
    unsigned width; /* bytes; 0: no load of an integer that fills a word at most */
    bool indexed, is_signed;
} grc_load;

grc_load grc_load_of(const grc_insn *insn);

#endif
