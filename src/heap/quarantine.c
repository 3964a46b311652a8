/*
 * quarantine.c - keeps freed blocks for a while, first in, first out.
 */
#include "heap/internal.h"

#include "os/assert.h"

/* Turns what the queue kept into the claimed block that it was. */
static heap_block restore(const grt_heap *heap, quarantine_entry entry)
{
    heap_page *page = &heap->table.pages[entry.offset >> PAGE_SHIFT];
    heap_block block = {.offset = entry.offset, .slot = entry.slot};
    if (entry.slot != QUARANTINE_LARGE) {
        block.span = page->u.span;
        block.extent = block.span->extent;
    } else {
        block.extent = (uint32_t)page->length << PAGE_SHIFT;
    }
    return block;
}

static void mark(grt_heap *heap, const heap_block *block, uint32_t from, uint32_t to)
{
    if (block->span == NULL) {
        heap->table.pages[heap_page_of(block)].u.large.asked =
            to == SLOT_HELD ? LARGE_HELD : LARGE_CLAIMED;
        return;
    }
    heap_slot *slot = &heap->slots.all[block->slot];
    heap_slot value = slot_load(slot);
    GRT_ASSERT((value & ~SLOT_FILLED) == from);
    slot_store(slot, (value & SLOT_FILLED) | to);
}

static void release_oldest(grt_heap *heap, heap_cache *cache)
{
    heap_quarantine *queue = &heap->watch.quarantine;
    heap_block block = restore(heap, queue->ring[queue->first]);
    queue->first = (queue->first + 1) % queue->capacity;
    queue->count--;
    queue->bytes -= block.extent;
    mark(heap, &block, SLOT_HELD, SLOT_FREED);
    cache_add_pending(cache, block.extent, block.span != NULL);
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
    mark(heap, block, SLOT_FREED, SLOT_HELD);
    cache_end_pending(cache, block->extent, block->span != NULL);
    queue->ring[(queue->first + queue->count) % queue->capacity] = (quarantine_entry){
        block->offset, block->span != NULL ? block->slot : (uint32_t)QUARANTINE_LARGE};
    queue->count++;
    queue->bytes += block->extent;
    return true;
}

/* By way of a cache that is nobody's: this happens when caches are about to be drained. */
void heap_quarantine_empty_locked(grt_heap *heap)
{
    while (heap->watch.quarantine.count > 0) {
        release_oldest(heap, heap->shared);
    }
}
