/*
 * step.h - an instruction as the data flow problems see it, and the ways out of a function.
 */
#ifndef GRC_STEP_H
#define GRC_STEP_H

#include "program.h"

/* An instruction: first it does its own reads and writes, then, if [transfers], something else
 * reads and writes the context: a callee, or whatever needs floating-point registers in memory. */
typedef struct grc_step {
    grc_insn insn;
    grc_branch branch;
    grc_effects own;
    bool transfers;
    bool calls;
    const grc_function *callee; /* of a direct call that is one; else it goes through the table */
    grc_summary other;
} grc_step;

void grc_step_at(const grc_program *program, uint32_t word, grc_step *step);

/* [live] after the step -> before it. */
grc_regs grc_step_live_before(const grc_step *step, grc_regs live);

typedef enum grc_exit_kind {
    GRC_EXIT_RETURN,
    GRC_EXIT_FUNCTION, /* tail call of [callee], or running into it */
    GRC_EXIT_TABLE,    /* tail call through the function table: an indirect jump, or a branch to a
                          place that is no code, which the table reports */
    GRC_EXIT_FELL_OFF, /* runs into what is not code */
} grc_exit_kind;

typedef struct grc_exit {
    grc_exit_kind kind;
    bool branches; /* by the branch instruction, not by running on */
    uint32_t address;
    const grc_function *callee;
} grc_exit;

/* The ways out of the function at the end of [block], at most two. */
unsigned grc_block_exits(const grc_program *program, const grc_block *block, grc_exit exits[2]);

/* The registers that must be in the context when the function is left; [out] is the function's. */
grc_regs grc_exit_needs(const grc_program *program, const grc_exit *out_of, grc_regs out);

/* True iff LR must hold the function's own return address at this exit. Not so where a shared end
 * of functions, which has not loaded LR yet, is jumped to. */
bool grc_exit_keeps_return(const grc_exit *out_of);

/* True iff the function compares LR with the return address when it returns: it changes LR and
 * starts out from the one it was given. */
bool grc_checks_return(const grc_program *program, const grc_function *function);

#endif
