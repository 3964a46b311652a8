/*
 * quarantine.h - the queue of freed blocks that are kept from being handed out again.
 *
 * A block in it is as dead as any freed block to the guest, and taken to the spans and free runs.
 */
#ifndef GRT_HEAP_QUARANTINE_H
#define GRT_HEAP_QUARANTINE_H

#include <stdbool.h>
#include <stdint.h>

#include "heap/slots.h"

/* More blocks than this are not kept at once, however small they are. */
#define QUARANTINE_BLOCKS_MAX 0x100000u

typedef struct heap_quarantine {
    block_place *ring; /* null: there is none */
    uint32_t capacity;
    uint32_t first, count;
    uint64_t bytes; /* that its blocks occupy */
    uint64_t limit;
} heap_quarantine;

static inline const block_place *quarantine_at(const heap_quarantine *queue, uint32_t index)
{
    return &queue->ring[(queue->first + index) % queue->capacity];
}

/* True iff the block at [address] is in it; for reports. O(blocks). */
static inline bool quarantine_has(const heap_quarantine *queue, grt_addr address)
{
    for (uint32_t i = 0; i < queue->count; i++) {
        if (quarantine_at(queue, i)->address == address) {
            return true;
        }
    }
    return false;
}

#endif
