/*
 * quarantine.h - the queue of freed blocks that are kept from being handed out again.
 *
 * A block in it is as dead as any freed block to the guest, and taken to the spans and free runs.
 */
#ifndef GRT_HEAP_QUARANTINE_H
#define GRT_HEAP_QUARANTINE_H

#include <stdint.h>

/* More blocks than this are not kept at once, however small they are. */
#define QUARANTINE_BLOCKS_MAX 0x100000u

#define QUARANTINE_LARGE UINT32_MAX /* instead of a slot */

typedef struct quarantine_entry {
    uint32_t offset; /* of the block in the heap */
    uint32_t slot;
} quarantine_entry;

typedef struct heap_quarantine {
    quarantine_entry *ring; /* null: there is none */
    uint32_t capacity;
    uint32_t first, count;
    uint64_t bytes; /* that its blocks occupy */
    uint64_t limit;
} heap_quarantine;

static inline const quarantine_entry *quarantine_at(const heap_quarantine *queue, uint32_t index)
{
    return &queue->ring[(queue->first + index) % queue->capacity];
}

#endif
