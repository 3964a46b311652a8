/*
 * jumps.h - the indirect jumps of a function.
 */
#ifndef GRC_JUMPS_H
#define GRC_JUMPS_H

#include "reach.h"

typedef enum grc_jump_kind {
    GRC_JUMP_UNKNOWN,       /* a tail call through a pointer, most likely */
    GRC_JUMP_UNKNOWN_TABLE, /* computed from a table, which is not understood */
    GRC_JUMP_KNOWN,
} grc_jump_kind;

/* jump_table.c: the targets of the indirect jump that ends [block], ascending words without
 * duplicates, in [arena]. Unless the answer is KNOWN there may be others. */
grc_jump_kind grc_find_jump_targets(grc_flow_graph *flow, grc_arena *arena, uint32_t block,
                                    grc_words *targets);

/* guess.c: adds to [targets], which the search came to, those that the [jump] may have in the
 * function from [start] to [limit]; sorted. True iff they are all its instructions. */
bool grc_guess_targets(grc_program *program, grc_arena *arena, uint32_t start, uint32_t limit,
                       uint32_t jump, grc_jump_kind kind, grc_words *targets);

/* How far the function that ends at [end] may go on: what comes after a jump may look like a
 * function of its own while nothing is known to lead there. */
uint32_t grc_guess_limit(const grc_program *program, uint32_t end);

/* The targets that may be guessed in one survey. */
uint64_t grc_guess_budget(const grc_program *program);

/* True iff an option says that the jump may go anywhere. */
bool grc_jump_is_asked_for(const grc_program *program, uint32_t jump);

#endif
