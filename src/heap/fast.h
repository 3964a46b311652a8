/*
 * fast.h - what fast.c and heap.c have in common: the long way of each short one.
 */
#ifndef GRT_HEAP_FAST_H
#define GRT_HEAP_FAST_H

#include "heap/internal.h"

grt_addr heap_alloc_slowly(grt_heap *heap, uint32_t size, uint32_t alignment);
grt_addr heap_alloc_zeroed_slowly(grt_heap *heap, uint32_t size);
grt_addr heap_realloc_slowly(grt_heap *heap, grt_addr block, uint32_t size);
grt_status heap_free_slowly(grt_heap *heap, grt_addr block);

/* memset() and memcpy() of an unknown length. */
void heap_clear(void *block, size_t bytes);
void heap_copy(void *to, const void *from, size_t bytes);

/* Frees a medium block that the caller has claimed, and that is pending in his cache. */
void heap_free_claimed(grt_heap *heap, heap_cache *cache, grt_addr block);

/* True iff a small block of [extent] bytes stays where it is when it becomes [size]: unless that
 * would waste more than half of it. */
static inline bool heap_stays(uint32_t extent, uint32_t size)
{
    return size <= extent && size <= SMALL_MAX && (size > extent / 2 || extent == SMALL_ALIGNMENT);
}

#endif
