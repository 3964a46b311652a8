/*
 * values.h - which registers hold the value they had when the function was entered.
 *
 * Follows registers through copies, the stack pointer through additions, and saved registers
 * through the slots of the function's own frame. One thing is taken on trust: that nobody else
 * writes into those slots while the function runs. (What a program that overruns its own stack
 * frame sees in its saved registers can therefore differ from the console; its return address is
 * checked.) A slot of 32 bits restores 32 bits, which is all that the 32-bit calling convention
 * promises; the upper half then counts as unchanged.
 */
#ifndef GRC_VALUES_H
#define GRC_VALUES_H

#include "step.h"

/* The registers that differ, on some way out, from what they were on entry. Needs the summaries'
 * writes of what the function calls. */
grc_regs grc_changed_registers(const grc_program *program, grc_arena *arena,
                               const grc_function *function);

/* Fills [restored], by step, with the registers that the step gives back their value on entry. */
void grc_find_restores(const grc_program *program, grc_arena *arena, const grc_function *function,
                       const grc_step *steps, grc_regs *restored);

#endif
