/*
 * options.h - what the heap's own files ask about options.
 */
#ifndef GRT_HEAP_OPTIONS_IMPL_H
#define GRT_HEAP_OPTIONS_IMPL_H

#include <stddef.h>

#include "guestrt/heap_options.h"

/* True iff every value is one that grt_heap_options_parse() could have made. */
bool heap_options_valid(const grt_heap_options *options);

/* Reads all of so many characters: a number, decimal or 0x..., and behind it K, M or G for 2^10,
 * 2^20, 2^30 if it is in these. False also when the number itself is beyond 32 bits. */
bool heap_read_bytes(const char *text, size_t length, uint64_t *value);

static inline bool heap_sizes_any(grt_heap_sizes sizes)
{
    return sizes.max != 0;
}

static inline bool heap_sizes_hold(grt_heap_sizes sizes, uint32_t size)
{
    return size >= sizes.min && size <= sizes.max;
}

#endif
