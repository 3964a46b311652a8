/*
 * plan.h - where the registers of one function move between C locals and the context.
 *
 * A register lives in a local. It is dirty while the local is newer than the context. Before a
 * transfer (a call, mostly) the dirty registers that the other side may look at are spilled; after
 * it, those that it may have changed and that are still needed are reloaded. The same at exits.
 * r1 is never dirty: it is stored whenever it changes, so that a back chain can be walked.
 *
 * A register that a loop spills but does not change is stored once, on the way into the loop.
 */
#ifndef GRC_PLAN_H
#define GRC_PLAN_H

#include "live.h"

typedef struct grc_plan {
    grc_step *steps;    /* by step: block.step is the first of a block */
    grc_regs *spill;    /* by step: stored before its transfer */
    grc_regs *reload;   /* by step: loaded after its transfer */
    grc_regs *restored; /* by step: given back their value on entry */
    grc_regs *dirty;    /* by block: at its end */
    grc_regs *settled;  /* by block: clean at its start, since whoever enters stores them first */
    uint32_t *single;   /* by block: FPRs that hold single-precision values at its start */
    uint8_t *label;     /* by block: something jumps there */
    uint8_t *poll;      /* by block: a jump back to it closes a loop that may be polling memory */
    grc_regs loads;     /* loaded on entry */
    grc_regs locals;    /* all that the function keeps in locals */
    grc_regs used;      /* those of them that are read */
    bool checks_return;
} grc_plan;

/* Makes the plan of [function] in [arena]. */
void grc_plan_make(const grc_program *program, grc_arena *arena, grc_function *function,
                   grc_plan *plan);

/* What is stored before leaving by [out_of] at the end of block [block]. */
grc_regs grc_plan_exit_spill(const grc_program *program, const grc_function *function,
                             const grc_plan *plan, uint32_t block, const grc_exit *out_of);

/* What is stored on the way from the end of [block] to its successor. */
grc_regs grc_plan_edge_spill(const grc_plan *plan, uint32_t block, uint32_t successor);

/* loops.c: fills plan->poll. */
void grc_plan_polls(grc_arena *arena, const grc_function *function, grc_plan *plan);

#endif
