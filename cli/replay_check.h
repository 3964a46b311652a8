/*
 * replay_check.h - what a heap owes its user, checked around every replayed call.
 *
 * Every live block is filled with words that say which block it is; they must be there still when
 * the block is freed, moved, or the program ends.
 */
#ifndef CLI_REPLAY_CHECK_H
#define CLI_REPLAY_CHECK_H

#include "guestrt/heap.h"
#include "guestrt/trace.h"

typedef struct replay_block {
    grt_addr address;     /* 0: none, or it was refused here */
    uint32_t size;        /* bytes, as made */
    uint32_t traced_size; /* bytes, as decoded: a batch ahead */
    uint64_t stamp;       /* what it is filled with; 0: nothing yet */
} replay_block;

typedef struct replay_check {
    grt_memory *memory;
    grt_heap *heap;
    const grt_trace_event *event;
    replay_block *block; /* null: the call has none */
    uint32_t before;     /* the block's size before the call */
    char text[256];      /* what is wrong */
} replay_check;

bool replay_check_before(replay_check *check);
bool replay_check_after(replay_check *check);

/* True iff the block holds what it was filled with. */
bool replay_check_contents(grt_memory *memory, const replay_block *block, char *text, size_t size);

#endif
