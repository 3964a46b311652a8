/*
 * span.h - a run of pages cut into blocks of one size class.
 *
 * A block's state is one 16-bit slot in host memory: a live block's slot is its slack (what it
 * occupies less what was asked for), a free block's slot links to the next free one. Blocks at or
 * beyond [handed] were never handed out and have no slot value yet, so that making a span costs
 * nothing per block.
 */
#ifndef GRT_HEAP_SPAN_H
#define GRT_HEAP_SPAN_H

#include <stdbool.h>
#include <stdint.h>

#define SLOT_FREE      0x8000u /* the other bits are the next free block */
#define SLOT_LAST_FREE 0x7FFFu /* link of the last free block */

typedef struct heap_span {
    struct heap_span *next, *prev; /* among the spans of the class that have a free block */
    uint32_t page;                 /* first page, and how many */
    uint32_t pages;
    uint32_t size_class;
    uint32_t extent;    /* bytes a block */
    uint32_t blocks;    /* that fit */
    uint32_t handed;    /* blocks [0, handed) were handed out at least once */
    uint32_t live;      /* blocks that are handed out now */
    uint32_t free_head; /* first free block, SLOT_LAST_FREE if none */
    uint16_t slots[];
} heap_span;

/* Makes the record of a span without live blocks; null iff the host refuses memory. */
heap_span *span_create(uint32_t size_class, uint32_t page);
void span_destroy(heap_span *span);

static inline bool span_is_full(const heap_span *span)
{
    return span->live == span->blocks;
}

static inline bool span_block_is_live(const heap_span *span, uint32_t block)
{
    return block < span->handed && (span->slots[block] & SLOT_FREE) == 0;
}

static inline uint32_t span_asked(const heap_span *span, uint32_t block)
{
    return span->extent - span->slots[block];
}

/* Changes what a live block was asked for. */
static inline void span_set_asked(heap_span *span, uint32_t block, uint32_t asked)
{
    span->slots[block] = (uint16_t)(span->extent - asked);
}

/* Takes a free block of a span that is not full: the one freed last, or a new one. O(1). */
uint32_t span_take(heap_span *span, uint32_t asked);

/* Gives a live block back. O(1). */
void span_give(heap_span *span, uint32_t block);

#endif
