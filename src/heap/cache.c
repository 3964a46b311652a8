/*
 * cache.c - the record of a thread's cache.
 */
#include "heap/cache.h"

#include "os/os.h"

/* A bin holds at most 64 KiB, but always two blocks. */
#define BIN_BYTES 65536u

static uint32_t bin_limit(uint32_t size_class)
{
    uint32_t fitting = BIN_BYTES / size_class_extents[size_class];
    uint32_t limit = fitting < BIN_BLOCKS_MAX ? fitting : BIN_BLOCKS_MAX;
    return limit < 2 ? 2 : limit;
}

static size_t cache_size(void)
{
    size_t size = sizeof(heap_cache);
    for (uint32_t i = 0; i < SIZE_CLASS_COUNT; i++) {
        size += bin_limit(i) * sizeof(block_place);
    }
    size_t page = os_page_size();
    return (size + page - 1) / page * page;
}

static void init_bins(heap_cache *cache)
{
    block_place *blocks = (block_place *)(cache + 1);
    for (uint32_t i = 0; i < SIZE_CLASS_COUNT; i++) {
        cache->bins[i].blocks = blocks;
        cache->bins[i].limit = bin_limit(i);
        cache->bins[i].extent = size_class_extents[i];
        cache->bins[i].reciprocal = reciprocal_of(size_class_extents[i]);
        blocks += cache->bins[i].limit;
    }
}

heap_cache *cache_create(grt_heap *heap)
{
    size_t size = cache_size();
    void *base;
    if (os_reserve(0, size, &base) != 0) {
        return NULL;
    }
    if (os_commit(base, size) != 0) {
        (void)os_release(base, size);
        return NULL;
    }
    heap_cache *cache = base;
    cache->heap = heap;
    cache->size = size;
    init_bins(cache);
    return cache;
}

void cache_destroy(heap_cache *cache)
{
    (void)os_release(cache, cache->size);
}

void cache_add_up(const heap_cache *cache, uint64_t *blocks, uint64_t *bytes)
{
    for (uint32_t i = 0; i < SIZE_CLASS_COUNT; i++) {
        *blocks += cache->bins[i].count;
        *bytes += (uint64_t)cache->bins[i].count * cache->bins[i].extent;
    }
    *blocks += cache->pending_slots + cache->pending_large;
    *bytes += cache->pending_bytes + (cache->chunk_free << PAGE_SHIFT);
}
