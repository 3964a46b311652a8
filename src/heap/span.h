/*
 * span.h - a run of pages cut into blocks of one size class.
 *
 * A block is in one of three places: not carved yet (at or beyond [carved]), in the span (its bit
 * is set), or out: in a thread's cache or live. Spans know nothing of the last distinction, which
 * is the business of slots.h. Making a span costs nothing per block.
 *
 * The record of a span, the bits of its blocks and their slots are one piece of host memory, and
 * pieces lie side by side, so that a heap's records are on few of the host's pages. Pieces come in
 * a few lengths, each of which has a stretch of the heap's own reservation: the host's allocator is
 * never asked, and there is always one, whatever was there before.
 *
 * When a span is given up its record goes to the end of a queue. Until it serves another span it
 * still tells what the blocks were asked for.
 */
#ifndef GRT_HEAP_SPAN_H
#define GRT_HEAP_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heap/slots.h"
#include "os/assert.h"

#define SPAN_RECORD_ALIGNMENT 64u /* a line of the host's caches: threads share none by chance */

struct heap_cache;

typedef struct heap_span {
    _Alignas(SPAN_RECORD_ALIGNMENT) struct heap_span *next; /* in its class's list, or unused */
    struct heap_span *prev;
    struct heap_cache *owner; /* the cache that takes its blocks from here, null if none */
    uint64_t summary;         /* a bit a word of span_bits() that is not 0 */
    uint32_t slot;            /* of block 0, as long as the record exists */
    uint32_t page;            /* its first, among the heap's */
    uint32_t carved;          /* blocks [0, carved) were taken at least once */
    uint32_t in_span;         /* bits set in span_bits() */
    uint16_t blocks;          /* that fit */
    uint16_t extent;          /* bytes a block */
    uint8_t pages;
    uint8_t size_class;
    bool listed; /* in its class's list */
    bool used;   /* false: what it says is history */
} heap_span;

_Static_assert(sizeof(heap_span) == SPAN_RECORD_ALIGNMENT, "a record is a line");
_Static_assert(SMALL_MAX <= UINT16_MAX, "an extent fits");

/* ---- the pool -------------------------------------------------------------------------------- */

#define SPAN_LENGTHS    11u
#define SPAN_BLOCKS_MAX 4096u /* of 16 bytes */

/* The records of one length. */
typedef struct span_shelf {
    unsigned char *records;
    uint32_t made;
    uint32_t limit; /* as many as can be in use at once */
    uint32_t unused;
    heap_span *first, *last; /* of the unused ones: given up first and last */
} span_shelf;

typedef struct span_pool {
    heap_slot *slots; /* what slots are counted from */
    uint32_t *latest; /* for each page, the record of the span that started there last, as
                         record_number() says; 0: none did */
    span_shelf shelves[SPAN_LENGTHS];
} span_pool;

/* Bytes for all records that a heap of so many pages may need, and the set-up over that many zeroed
 * bytes, which lie behind the [slots] that are no span's. */
size_t span_pool_size(uint32_t pages);
void span_pool_init(span_pool *pool, uint32_t pages, heap_slot *slots, void *records,
                    uint32_t *latest);

/* A span without blocks that are out. O(1). */
heap_span *span_create(span_pool *pool, uint32_t size_class, uint32_t page);

/* Every carved block must be in the span. O(blocks / 64). */
void span_destroy(span_pool *pool, heap_span *span);

/* The record of the span of the class that started at [page] and was given up; null if it serves
 * another span now. O(1). */
const heap_span *span_recall(const span_pool *pool, uint32_t size_class, uint32_t page);

/* Slots that the span's record has, and every address in the span leads to. O(1). */
uint32_t span_room(const heap_span *span);

/* ---- one span -------------------------------------------------------------------------------- */

/* A bit a block: it is in the span. */
static inline uint64_t *span_bits(const heap_span *span)
{
    return (uint64_t *)(uintptr_t)(span + 1);
}

static inline uint32_t span_words(const heap_span *span)
{
    return (span->blocks + 63u) / 64;
}

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
    return (span_bits(span)[block / 64] >> block % 64 & 1) != 0;
}

/* Takes [count] blocks, at most span_available(), those used before first, and writes their
 * numbers so that the last one written is the lowest. O(count). */
void span_take(heap_span *span, uint32_t count, uint32_t *numbers);

/* Takes back a block that is out; the caller adds it to [in_span]. O(1). */
static inline void span_put(heap_span *span, uint32_t block)
{
    uint64_t *word = &span_bits(span)[block / 64];
    uint64_t bit = UINT64_C(1) << block % 64;
    GRT_ASSERT(block < span->carved && (*word & bit) == 0);
    *word |= bit;
    span->summary |= UINT64_C(1) << block / 64;
}

#endif
