/* live.h - which registers may still be read, block by block. */
#ifndef GRC_LIVE_H
#define GRC_LIVE_H

#include "step.h"

/* Fills blocks[].live of [function] with what may be read from there on, by the function, by what
 * it calls, and after it has returned by whoever reads [out]. */
void grc_live(const grc_program *program, grc_function *function, grc_regs out);

/* The same at the end of [block], once grc_live() has been done. */
grc_regs grc_live_at_end(const grc_program *program, const grc_function *function,
                         const grc_block *block, grc_regs out);

/* Solves a backward problem whose blocks[].gen and .kill are given: into blocks[].live comes
 * gen + (what is live in the successors - kill). */
void grc_solve_backward(grc_function *function);

#endif
