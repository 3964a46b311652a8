/*
 * quarantine.c - keeps freed blocks for a while, first in, first out.
 */
#include "heap/internal.h"

/* Turns what the queue kept into the claimed block that it was. */
static heap_block restore(const grt_heap *heap, block_place place)
{
    uint32_t index = heap_page_of(heap, place.address);
    heap_page *page = &heap->table.pages[index];
    if (page->kind != PAGE_SMALL) {
        if (place.slot == NO_SLOT) {
            page->u.large.asked = LARGE_CLAIMED;
        }
        return heap_block_of_pages(heap, index);
    }
    return (heap_block){.span = page->u.span,
                        .address = place.address,
                        .page = index,
                        .extent = page->u.span->extent,
                        .slot = place.slot};
}

static void release_oldest(grt_heap *heap, heap_cache *cache)
{
    heap_quarantine *queue = &heap->watch.quarantine;
    heap_block block = restore(heap, queue->ring[queue->first]);
    queue->first = (queue->first + 1) % queue->capacity;
    queue->count--;
    queue->bytes -= block.extent;
    cache_add_pending(cache, block.extent, block.slot != NO_SLOT);
    heap_free_locked(heap, cache, &block);
}

static bool has_room(const heap_quarantine *queue, uint32_t extent)
{
    return queue->count < queue->capacity && queue->bytes + extent <= queue->limit;
}

bool heap_quarantine_add_locked(grt_heap *heap, heap_cache *cache, const heap_block *block)
{
    heap_quarantine *queue = &heap->watch.quarantine;
    if (block->extent > queue->limit) {
        return false;
    }
    while (!has_room(queue, block->extent)) {
        release_oldest(heap, cache);
    }
    if (block->slot == NO_SLOT) {
        heap->table.pages[block->page].u.large.asked = LARGE_HELD;
    }
    cache_end_pending(cache, block->extent, block->slot != NO_SLOT);
    queue->ring[(queue->first + queue->count) % queue->capacity] =
        (block_place){block->address, block->slot};
    queue->count++;
    queue->bytes += block->extent;
    return true;
}

/* By way of a cache that is nobody's: this happens when caches are about to be drained. */
bool heap_quarantine_empty_locked(grt_heap *heap)
{
    bool any = heap->watch.quarantine.count > 0;
    while (heap->watch.quarantine.count > 0) {
        release_oldest(heap, heap->shared);
    }
    return any;
}
