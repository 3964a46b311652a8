/*
 * heap_medium.h - what the tests of medium blocks share: a heap, and its caller's chunks.
 */
#ifndef HEAP_MEDIUM_H
#define HEAP_MEDIUM_H

#include "heap_fixture.h"

#include "heap/internal.h"

#define PAGES(count) ((count)*GRT_PAGE_SIZE)

static heap_fixture fixture;

static inline const chunk_set *own_chunks(void)
{
    return &heap_cache_at_hand(fixture.heap)->chunks;
}

static inline grt_addr get(uint32_t size)
{
    grt_addr block = grt_heap_alloc(fixture.heap, size);
    assert_int_not_equal(block, 0);
    return block;
}

static inline void put(grt_addr block)
{
    assert_int_equal(grt_heap_free(fixture.heap, block), GRT_OK);
}

#endif
