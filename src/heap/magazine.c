/*
 * magazine.c - moves blocks between the bins of caches and the spans, many at a time.
 */
#include "heap/internal.h"

#include <string.h>

#include "os/assert.h"

/* ---- spans of a class --------------------------------------------------------------------------
 */

/* The cache no longer takes blocks from its span of the class; true iff others can now. */
static bool disown(grt_heap *heap, heap_cache *cache, uint32_t size_class)
{
    heap_span *span = cache->spans[size_class];
    if (span == NULL) {
        return false;
    }
    cache->spans[size_class] = NULL;
    span->owner = NULL;
    if (span_available(span) == 0) {
        return false; /* comes back to the list with the first block that does */
    }
    heap_list_span_locked(heap, span);
    return true;
}

/* Makes sure that the cache's span of the class has a block to give. */
static bool provide_span(grt_heap *heap, heap_cache *cache, heap_request *request,
                         uint32_t size_class)
{
    heap_span *span = cache->spans[size_class];
    if (span != NULL && span_available(span) > 0) {
        return true;
    }
    (void)disown(heap, cache, size_class);
    const heap_class *list = &heap->classes[size_class];
    span = list->partial != NULL ? list->partial : list->empty;
    if (span != NULL) {
        heap_unlist_span_locked(heap, span);
    } else if ((span = heap_add_span_locked(heap, request, size_class)) == NULL) {
        return false;
    }
    span->owner = cache;
    cache->spans[size_class] = span;
    return true;
}

/* ---- filling -----------------------------------------------------------------------------------
 */

static uint32_t min_of(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* How many blocks the budget lets out; blocks in bins count, for nothing is asked when they become
 * live. */
static uint32_t within_budget(const grt_heap *heap, uint32_t extent, uint32_t wish)
{
    uint64_t room = heap_budget_room(heap) / extent;
    return room < wish ? (uint32_t)room : wish;
}

/* Moves [count] blocks of a span to a bin. What an older span left in the slots of new blocks is
 * forgotten only now, so that making a span costs nothing. */
static void move_to_bin(grt_heap *heap, heap_span *span, cache_bin *bin, uint32_t count)
{
    block_place first = heap_place_in_span(heap, span, 0);
    uint32_t carved = span->carved;
    uint32_t blocks[BIN_BLOCKS_MAX];
    span_take(span, count, blocks);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t slot = first.slot + blocks[i];
        bin->blocks[i] = (block_place){first.address + blocks[i] * bin->extent, slot};
        if (blocks[i] >= carved && slot_load(&heap->slots.all[slot]) != SLOT_NEVER) {
            slot_store(&heap->slots.all[slot], SLOT_NEVER);
        }
    }
    bin->count = count;
}

bool heap_refill_locked(grt_heap *heap, heap_cache *cache, heap_request *request,
                        uint32_t size_class)
{
    cache_bin *bin = &cache->bins[size_class];
    uint32_t extent = size_class_extents[size_class];
    uint32_t count = within_budget(heap, extent, bin->limit / 2);
    GRT_ASSERT(bin->count == 0);
    if (count == 0) {
        request->cause = GRT_HEAP_OVER_BUDGET;
        return false;
    }
    if (!provide_span(heap, cache, request, size_class)) {
        return false;
    }
    heap_span *span = cache->spans[size_class];
    count = min_of(count, span_available(span));
    move_to_bin(heap, span, bin, count);
    heap_count_taken(heap, count, (uint64_t)count * extent);
    return true;
}

/* ---- emptying ----------------------------------------------------------------------------------
 */

/* Some blocks of a span came back to it. */
static void note_given(grt_heap *heap, heap_span *span, uint32_t given)
{
    bool is_last = span_out(span) == given;
    if (is_last && span->listed) {
        heap_unlist_span_locked(heap, span);
    }
    span->in_span += given;
    if (span->owner == NULL && !span->listed) {
        heap_list_span_locked(heap, span);
    }
}

/* Gives blocks back to the span that the first of them is of, as long as they are its; returns how
 * many. Blocks that are freed one after the other often lie side by side. */
static uint32_t give_to_span(grt_heap *heap, const block_place *blocks, uint32_t count)
{
    heap_span *span = heap->table.pages[heap_page_of(heap, blocks[0].address)].u.span;
    uint32_t given = 0;
    while (given < count && blocks[given].slot - span->slot < span->blocks) {
        span_put(span, blocks[given].slot - span->slot);
        given++;
    }
    note_given(heap, span, given);
    return given;
}

void heap_flush_locked(grt_heap *heap, heap_cache *cache, uint32_t size_class, uint32_t count)
{
    cache_bin *bin = &cache->bins[size_class];
    GRT_ASSERT(count <= bin->count);
    heap_count_returned(heap, count, (uint64_t)count * bin->extent);
    for (uint32_t i = 0; i < count;) {
        i += give_to_span(heap, &bin->blocks[i], count - i);
    }
    bin->count -= count;
    memmove(bin->blocks, bin->blocks + count, bin->count * sizeof bin->blocks[0]);
}

void heap_make_room_locked(grt_heap *heap, heap_cache *cache, const cache_bin *bin)
{
    if (bin->count == bin->limit) {
        uint32_t size_class = (uint32_t)(bin - cache->bins);
        heap_flush_locked(heap, cache, size_class, bin->limit - bin->limit / 2);
    }
}

bool heap_drain_locked(grt_heap *heap, heap_cache *cache)
{
    bool any = heap_dissolve_chunks_locked(heap, cache);
    for (uint32_t i = 0; i < SIZE_CLASS_COUNT; i++) {
        any |= cache->bins[i].count > 0;
        heap_flush_locked(heap, cache, i, cache->bins[i].count);
        any |= disown(heap, cache, i);
    }
    return any;
}

bool heap_reclaim_locked(grt_heap *heap)
{
    bool any = heap_quarantine_empty_locked(heap);
    heap_stop_caches_locked(heap);
    for (heap_cache *cache = heap->caches; cache != NULL; cache = cache->next) {
        any |= heap_drain_locked(heap, cache);
    }
    heap_start_caches_locked(heap);
    any |= heap_release_empty_spans_locked(heap, 0);
    return any;
}
