/*
 * guard.c - blocks in pages of their own, at the end of them, with an inaccessible page behind.
 *
 *   | gap | block ......... | tail |  guard  |
 *   page                           page      page
 *
 * For the heap they are large blocks that start somewhere in their first page, and occupy all of
 * the run. Once freed, none of its pages is accessible until the run is taken again.
 */
#include "heap/internal.h"

static bool is_guard_site(const grt_heap_sites *sites, uint32_t site)
{
    for (uint32_t i = 0; i < GRT_HEAP_GUARD_SITES_MAX && sites->site[i] != 0; i++) {
        if (sites->site[i] == site) {
            return true;
        }
    }
    return false;
}

static bool is_guardable(const grt_heap_options *options, const heap_request *request)
{
    if (request->alignment > GRT_PAGE_SIZE) {
        return false;
    }
    bool by_size = heap_sizes_any(options->guard);
    bool by_site = options->guard_site.site[0] != 0;
    return (!by_size && !by_site) || (by_size && heap_sizes_hold(options->guard, request->asked)) ||
           is_guard_site(&options->guard_site, request->site);
}

static bool wants_guard(grt_heap *heap, const heap_request *request)
{
    const grt_heap_options *options = &heap->watch.options;
    if (!is_guardable(options, request)) {
        return false;
    }
    uint32_t every = options->guard_sample;
    return every == 0 || heap->watch.guardable++ % every == 0;
}

/* Takes a run whose last page is not backed; NO_PAGE when there is none, or the host keeps it. */
static uint32_t take_guarded_run(grt_heap *heap, heap_request *request, uint32_t length)
{
    uint32_t page = heap_take_run_locked(heap, request, length, 1, PAGE_LARGE, length - 1);
    if (page == NO_PAGE) {
        return NO_PAGE;
    }
    uint32_t guard = page + length - 1;
    heap_backing_decommit(&heap->backing, guard, 1);
    if (bitmap_get(heap->backing.committed, guard)) {
        page_runs_give(&heap->runs, page);
        return NO_PAGE;
    }
    return page;
}

/* The block ends where its pages end, but for what its alignment takes. */
static void place_block(grt_heap *heap, heap_request *request, uint32_t page, uint32_t room,
                        uint32_t gap)
{
    heap_page *head = &heap->table.pages[page];
    head->u.large.asked = LARGE_PENDING;
    heap_set_site(head, request->site);
    head->past = past_guarded(gap);
    request->block = heap_page_address(heap, page) + gap;
    request->slot = NO_SLOT;
    request->base = 0;
    request->size_class = SIZE_CLASS_NONE;
    request->room = room;
}

bool heap_guard_serve_locked(grt_heap *heap, heap_cache *cache, heap_request *request)
{
    if (!wants_guard(heap, request)) {
        return false;
    }
    uint64_t room =
        ((uint64_t)request->size + request->alignment - 1) & ~(uint64_t)(request->alignment - 1);
    uint64_t pages = heap_round_to_pages(room);
    uint64_t extent = pages + GRT_PAGE_SIZE;
    if (extent > heap_budget_room(heap) || extent > heap->capacity) {
        return false;
    }
    uint32_t length = (uint32_t)(extent >> PAGE_SHIFT);
    uint32_t page = take_guarded_run(heap, request, length);
    if (page == NO_PAGE && heap_reclaim_locked(heap)) {
        page = take_guarded_run(heap, request, length);
    }
    if (page == NO_PAGE) {
        return false;
    }
    place_block(heap, request, page, (uint32_t)room, (uint32_t)(pages - room));
    request->extent = extent;
    heap_count_taken(heap, 1, extent);
    cache_add_pending(cache, extent, false);
    heap->watch.guarded++;
    heap->watch.bare_pages++;
    return true;
}

static uint32_t count_bare(const grt_heap *heap, uint32_t page, uint32_t length)
{
    return length - bitmap_count(heap->backing.committed, page, length);
}

void heap_guard_close_locked(grt_heap *heap, const heap_block *block)
{
    uint32_t page = block->page;
    uint32_t length = block->extent >> PAGE_SHIFT;
    heap->watch.guarded--;
    heap->watch.bare_pages -= count_bare(heap, page, length);
    heap_backing_decommit(&heap->backing, page, length);
    heap->watch.bare_pages += count_bare(heap, page, length);
}

void heap_guard_end_locked(grt_heap *heap, const heap_block *block)
{
    heap->watch.bare_pages -= count_bare(heap, block->page, block->extent >> PAGE_SHIFT);
}
