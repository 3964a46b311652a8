/*
 * past.h - what was at a free page before, in 32 bits of its record.
 *
 * A second free of a block must be told from a free of something that never was a block, even
 * after the block's pages were merged with their neighbours or its span was given up. The mark is
 * written when a run is freed and outlives everything but the next freeing of the same page.
 *
 * While a large block is there the mark of its first page serves nobody, so that a guarded block
 * says there where in the page it starts.
 */
#ifndef GRT_HEAP_PAST_H
#define GRT_HEAP_PAST_H

#include <stdbool.h>
#include <stdint.h>

typedef enum past_kind {
    PAST_NOTHING = 0,
    PAST_LARGE = 1,   /* a large block started at this page */
    PAST_SMALL = 2,   /* the page was part of a span of small blocks */
    PAST_GUARDED = 3, /* none: the large block that starts here is in use and guarded */
} past_kind;

static inline past_kind past_get_kind(uint32_t past)
{
    return (past_kind)(past & 3u);
}

static inline uint32_t past_large(uint32_t pages)
{
    return PAST_LARGE | pages << 2;
}

static inline uint32_t past_large_pages(uint32_t past)
{
    return past >> 2 & 0x1FFFFFu;
}

/* A guarded block that is in use; [gap] bytes into its first page, a multiple of 16. */
static inline uint32_t past_guarded(uint32_t gap)
{
    return PAST_GUARDED | gap / 16 << 2;
}

static inline uint32_t past_guarded_gap(uint32_t past)
{
    return (past >> 2) * 16;
}

/* A guarded block that was here, in so many pages, the guard among them. */
static inline uint32_t past_large_guarded(uint32_t pages, uint32_t gap)
{
    return past_large(pages) | gap / 16 << 23 | 1u << 31;
}

static inline bool past_large_was_guarded(uint32_t past)
{
    return past >> 31 != 0;
}

static inline uint32_t past_large_gap(uint32_t past)
{
    return (past >> 23 & 255u) * 16;
}

/* [page_in_span] < 64; [carved] blocks of the span, at most 4,096, were taken at some time. Which
 * of them were handed out, the span's record remembers until it serves another. */
static inline uint32_t past_small(uint32_t size_class, uint32_t page_in_span, uint32_t carved)
{
    return PAST_SMALL | size_class << 2 | page_in_span << 9 | carved << 15;
}

static inline uint32_t past_small_class(uint32_t past)
{
    return past >> 2 & 127u;
}

static inline uint32_t past_small_page(uint32_t past)
{
    return past >> 9 & 63u;
}

static inline uint32_t past_small_carved(uint32_t past)
{
    return past >> 15;
}

#endif
