/*
 * span.h - a run of pages cut into blocks of one size class.
 *
 * A block is in one of three places: not carved yet (at or beyond [carved]), in the span (its bit
 * in [free_bits] is set), or out: in a thread's cache or live. Spans know nothing of the last
 * distinction, which is the business of slots.h. Making a span costs nothing per block.
 *
 * Records come from a pool in the heap's own reservation: the host's allocator is never asked.
 */
#ifndef GRT_HEAP_SPAN_H
#define GRT_HEAP_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "os/assert.h"

#define SPAN_MIN_PAGES  14u /* no class has shorter spans */
#define SPAN_BITS_WORDS 64u /* 4,096 blocks of 16 bytes */

struct heap_cache;

typedef struct heap_span {
    struct heap_span *next, *prev; /* in its class's list, or in the pool */
    struct heap_cache *owner;      /* the cache that takes its blocks from here, null if none */
    uint64_t *free_bits;           /* a bit a block: it is in the span */
    uint64_t summary;              /* a bit a word of [free_bits] that is not 0 */
    uint32_t page;                 /* first page, and how many */
    uint32_t pages;
    uint32_t size_class;
    uint32_t extent;  /* bytes a block */
    uint32_t blocks;  /* that fit */
    uint32_t carved;  /* blocks [0, carved) were taken at least once */
    uint32_t in_span; /* bits set in [free_bits] */
    bool listed;      /* in its class's list */
} heap_span;

/* ---- the pool ------------------------------------------------------------------------------- */

typedef struct span_pool {
    heap_span *spans;
    uint64_t *bits; /* SPAN_BITS_WORDS for each, zero between uses */
    uint32_t limit; /* as many as can exist at once */
    uint32_t made;
    heap_span *unused;
} span_pool;

/* As many spans as fit [pages] pages. */
static inline uint32_t span_pool_limit(uint32_t pages)
{
    return pages / SPAN_MIN_PAGES;
}

/* A span without blocks that are out. O(1). */
heap_span *span_create(span_pool *pool, uint32_t size_class, uint32_t page);

/* Every carved block must be in the span. O(blocks / 64). */
void span_destroy(span_pool *pool, heap_span *span);

/* ---- one span ------------------------------------------------------------------------------- */

/* Blocks that can still be taken, and those that are out. */
static inline uint32_t span_available(const heap_span *span)
{
    return span->in_span + (span->blocks - span->carved);
}

static inline uint32_t span_out(const heap_span *span)
{
    return span->carved - span->in_span;
}

static inline bool span_has(const heap_span *span, uint32_t block)
{
    return (span->free_bits[block / 64] >> block % 64 & 1) != 0;
}

/* Takes [count] blocks, at most span_available(), those used before first, and writes their
 * numbers so that the last one written is the lowest. O(count). */
void span_take(heap_span *span, uint32_t count, uint32_t *numbers);

/* Takes back a block that is out; the caller adds it to [in_span]. O(1). */
static inline void span_put(heap_span *span, uint32_t block)
{
    uint64_t bit = UINT64_C(1) << block % 64;
    GRT_ASSERT(block < span->carved && (span->free_bits[block / 64] & bit) == 0);
    span->free_bits[block / 64] |= bit;
    span->summary |= UINT64_C(1) << block / 64;
}

#endif
