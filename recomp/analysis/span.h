/*
 * span.h - a range of 32-bit numbers that may wrap around.
 *
 * Wrapping makes one kind of range do for all that comparisons say: "signed, at most 7" is the
 * range from 0x80000000 over 0 to 7, and cut with "signed, at least 0" it becomes 0 to 7.
 */
#ifndef GRC_SPAN_H
#define GRC_SPAN_H

#include <stdbool.h>
#include <stdint.h>

/* first, first + 1, ... first + more; never empty. */
typedef struct grc_span {
    uint32_t first, more;
} grc_span;

static inline grc_span grc_span_all(void)
{
    return (grc_span){0, UINT32_MAX};
}

static inline grc_span grc_span_of(uint32_t first, uint32_t last)
{
    return (grc_span){first, last - first};
}

static inline uint32_t grc_span_last(grc_span span)
{
    return span.first + span.more;
}

static inline bool grc_span_wraps(grc_span span)
{
    return grc_span_last(span) < span.first;
}

static inline bool grc_span_has(grc_span span, uint32_t number)
{
    return number - span.first <= span.more;
}

/* A range that holds all numbers which are in both. Exact but where they meet at both ends, or not
 * at all: then the smaller of the two. */
grc_span grc_span_both(grc_span a, grc_span b);

/* The smaller range that holds all numbers of either. */
grc_span grc_span_either(grc_span a, grc_span b);

#endif
