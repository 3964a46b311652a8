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

#endif
