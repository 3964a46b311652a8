/*
 * allocate.c - serves requests: a block of a span when a class fits, whole pages otherwise.
 */
#include "heap/call_site.h"
#include "heap/internal.h"

/* Spans, chunks and small runs are committed up to 256 KiB ahead, so that a growing guest makes few
 * calls to the host. Larger runs are committed exactly: what is committed early has to be cleared
 * by hand.
 */
#define COMMIT_AHEAD_PAGES 64u
#define EXACT_COMMIT_PAGES 16u

static bool fail(heap_request *request, grt_heap_cause cause)
{
    request->cause = cause;
    return false;
}

static grt_heap_cause cause_of_status(grt_status status)
{
    return status == GRT_OVER_BUDGET ? GRT_HEAP_OVER_BUDGET : GRT_HEAP_HOST_REFUSED;
}

/* How many pages behind the run may be committed along with it. */
static uint32_t room_ahead(const grt_heap *heap, uint32_t page, bool wanted)
{
    uint32_t behind = page + heap->table.pages[page].length;
    if (!wanted || behind >= heap->table.count || heap->table.pages[behind].kind != PAGE_FREE) {
        return 0;
    }
    uint32_t room = heap->table.pages[behind].length;
    return room < COMMIT_AHEAD_PAGES ? room : COMMIT_AHEAD_PAGES;
}

/* Backs a run that was just taken. When the host or the memory's budget refuses, the heap's own
 * free pages are given back first, unless the request can do without the run. */
static grt_status back_pages(grt_heap *heap, heap_request *request, uint32_t page, uint32_t length,
                             uint32_t ahead)
{
    request->stale.count = 0;
    grt_status status = heap_backing_commit(&heap->backing, page, length, ahead, &request->stale,
                                            &request->refusal);
    bool is_spare = heap->table.pages[page].kind == PAGE_CHUNK;
    if (status != GRT_OK && !is_spare && heap_trim_locked(heap) > 0) {
        request->stale.count = 0;
        status = heap_backing_commit(&heap->backing, page, length, 0, &request->stale,
                                     &request->refusal);
    }
    return status;
}

/* Neither a small block nor one that is at hand or guarded will do. */
static bool whole_pages(const heap_request *request)
{
    return request->bounded || request->bare;
}

/* Bytes of spans count that are in no block: what is scattered among live blocks is free, but of no
 * use. */
static grt_heap_cause why_no_run(const grt_heap *heap, const heap_request *request)
{
    if (heap->capacity - heap->counters.taken_bytes < request->rounded) {
        return GRT_HEAP_EXHAUSTED;
    }
    return request->bounded ? GRT_HEAP_NO_ROOM_WITHIN : GRT_HEAP_FRAGMENTED;
}

static uint32_t take_run(grt_heap *heap, const heap_request *request, uint32_t length,
                         uint32_t page_alignment, page_kind kind)
{
    if (request->bounded) {
        return page_runs_take_within(&heap->runs, length, page_alignment, &request->bounds, kind);
    }
    if (kind == PAGE_CHUNK) { /* a request can do without one */
        return page_runs_take_at_once(&heap->runs, length, page_alignment, kind);
    }
    return page_runs_take(&heap->runs, length, page_alignment, kind);
}

uint32_t heap_take_run_locked(grt_heap *heap, heap_request *request, uint32_t length,
                              uint32_t page_alignment, page_kind kind, uint32_t backed)
{
    heap_release_spare_spans_locked(heap);
    uint32_t page = take_run(heap, request, length, page_alignment, kind);
    if (page == NO_PAGE) {
        request->cause = why_no_run(heap, request);
        return NO_PAGE;
    }
    if (request->bare) {
        heap_backing_strip(&heap->backing, page, length);
        return page;
    }
    bool batch = backed == length && (kind != PAGE_LARGE || length < EXACT_COMMIT_PAGES);
    grt_status status = back_pages(heap, request, page, backed, room_ahead(heap, page, batch));
    if (status != GRT_OK) {
        page_runs_give(&heap->runs, page);
        request->cause = cause_of_status(status);
        return NO_PAGE;
    }
    return page;
}

/* The block of [length] pages that starts at [page] is pending now. */
static void set_pages_aside(grt_heap *heap, heap_cache *cache, heap_request *request, uint32_t page,
                            uint32_t length)
{
    heap_set_site(&heap->table.pages[page], request->site);
    request->block = heap_page_address(heap, page);
    request->size_class = SIZE_CLASS_NONE;
    request->extent = (uint64_t)length << PAGE_SHIFT;
    request->room = length << PAGE_SHIFT;
    request->base = request->slot != NO_SLOT ? slot_base(length) : 0;
    cache_add_pending(cache, request->extent, request->slot != NO_SLOT);
}

/* A medium block out of a chunk; false if there is none, nor room for one. */
static bool serve_medium(grt_heap *heap, heap_cache *cache, heap_request *request, uint32_t length)
{
    block_place place;
    if (length > MEDIUM_PAGES_MAX) {
        return false;
    }
    if (!heap_cut(heap, cache, length, &place) &&
        !(heap_add_chunk_locked(heap, cache, request) && heap_cut(heap, cache, length, &place))) {
        return false;
    }
    uint32_t page = heap_page_of(heap, place.address);
    request->slot = place.slot;
    request->stale = (stale_ranges){1, {{page, length}}};
    set_pages_aside(heap, cache, request, page, length);
    if (chunk_set_is_rich(&cache->chunks)) {
        heap_shed_chunks_locked(heap, cache);
    }
    return true;
}

/* Pages that were just taken become a medium block in no chunk. Its slot is not live: none is but
 * those of live blocks. */
static uint32_t make_medium(grt_heap *heap, uint32_t page, uint32_t length)
{
    uint32_t slot = medium_slot(page);
    heap->table.pages[page].u.large.asked = LARGE_MEDIUM;
    heap_set_page_info(heap, page, medium_info_of(page, length));
    return slot;
}

static bool serve_pages(grt_heap *heap, heap_cache *cache, heap_request *request)
{
    uint64_t extent = heap_round_to_pages(request->need);
    uint32_t length = (uint32_t)(extent >> PAGE_SHIFT);
    uint32_t page_alignment =
        request->alignment > GRT_PAGE_SIZE ? request->alignment >> PAGE_SHIFT : 1;
    bool anywhere = page_alignment == 1 && !whole_pages(request);
    if (anywhere && serve_medium(heap, cache, request, length)) {
        return true;
    }
    if (extent > heap_budget_room(heap)) {
        return fail(request, GRT_HEAP_OVER_BUDGET);
    }
    uint32_t page = heap_take_run_locked(heap, request, length, page_alignment, PAGE_LARGE, length);
    if (page == NO_PAGE) {
        return false;
    }
    heap->table.pages[page].u.large.asked = LARGE_PENDING;
    heap_count_taken(heap, 1, extent);
    bool is_medium = length <= MEDIUM_PAGES_MAX && !request->bare;
    request->slot = is_medium ? make_medium(heap, page, length) : NO_SLOT;
    set_pages_aside(heap, cache, request, page, length);
    return true;
}

/* ---- spans -------------------------------------------------------------------------------------
 */

/* Enters a span in the table: every page of it names the span, and says where its slots are. */
static void map_span(grt_heap *heap, heap_span *span)
{
    for (uint32_t i = 0; i < span->pages; i++) {
        heap->table.pages[span->page + i].kind = PAGE_SMALL;
        heap->table.pages[span->page + i].u.span = span;
        heap_set_page_info(heap, span->page + i, small_info_of(span->size_class, span->slot, i));
    }
}

heap_span *heap_add_span_locked(grt_heap *heap, heap_request *request, uint32_t size_class)
{
    uint32_t pages = size_class_pages(size_class);
    uint32_t page = heap_take_run_locked(heap, request, pages, 1, PAGE_SMALL, pages);
    if (page == NO_PAGE) {
        return NULL;
    }
    heap_backing_forget_fill(&heap->backing, page, pages);
    heap_span *span = span_create(&heap->pool, size_class, page);
    map_span(heap, span);
    heap->counters.span_bytes += (uint64_t)span->pages << PAGE_SHIFT;
    return span;
}

/* ---- small blocks ------------------------------------------------------------------------------
 */

/* What the block holds is about to change. */
static void note_fill(grt_heap *heap, heap_request *request)
{
    heap_slot *slot = &heap->slots.all[request->slot];
    heap_slot value = slot_load(slot);
    request->filled = (value & SLOT_FILLED) != 0;
    if (request->filled) {
        slot_store(slot, value & ~SLOT_FILLED);
    }
}

/* Takes the block on top of a bin. */
static void take_block(grt_heap *heap, heap_cache *cache, heap_request *request,
                       uint32_t size_class)
{
    cache_bin *bin = &cache->bins[size_class];
    block_place place = bin->blocks[--bin->count];
    request->block = place.address;
    request->slot = place.slot;
    request->base = 0;
    request->size_class = size_class;
    request->extent = size_class_extents[size_class];
    request->room = size_class_extents[size_class];
    cache_add_pending(cache, request->extent, true);
    if (heap->watch.touches) {
        note_fill(heap, request);
    }
}

static bool serve_small(grt_heap *heap, heap_cache *cache, heap_request *request,
                        uint32_t size_class)
{
    if (cache->bins[size_class].count == 0 &&
        !heap_refill_locked(heap, cache, request, size_class)) {
        return false;
    }
    take_block(heap, cache, request, size_class);
    return true;
}

static bool lacks_room(const heap_request *request)
{
    return request->cause == GRT_HEAP_EXHAUSTED || request->cause == GRT_HEAP_FRAGMENTED;
}

/* A block of a larger class is better than a refusal. Larger classes do not always have larger
 * spans, so a new one may fit where the right one did not. */
static bool serve_small_from_larger(grt_heap *heap, heap_cache *cache, heap_request *request,
                                    uint32_t size_class)
{
    grt_heap_cause cause = request->cause;
    while (++size_class < SIZE_CLASS_COUNT) {
        if (size_class_aligns(size_class, request->alignment) &&
            serve_small(heap, cache, request, size_class)) {
            return true;
        }
    }
    request->cause = cause;
    return false;
}

/* One attempt, in the order of what wastes least. When no run is long enough for a span, a small
 * request may still fit whole pages of its own. */
static bool serve(grt_heap *heap, heap_cache *cache, heap_request *request, uint32_t size_class)
{
    if (size_class == SIZE_CLASS_NONE) {
        return serve_pages(heap, cache, request);
    }
    return serve_small(heap, cache, request, size_class) ||
           (lacks_room(request) && serve_pages(heap, cache, request));
}

static bool injected(grt_heap *heap, const heap_request *request)
{
    if (heap->inject_countdown == 0) {
        return false;
    }
    if (heap->inject_countdown == 1 && request->quiet) {
        return true; /* the next one is refused too: who asks quietly asks again, for the reason */
    }
    if (--heap->inject_countdown > 0) {
        return false;
    }
    heap->inject_countdown = heap->inject_sticky ? 1 : 0;
    heap_update_gates_locked(heap);
    return true;
}

/* What can be refused without looking at the heap's contents. */
static bool admissible(grt_heap *heap, heap_request *request)
{
    if (heap->shut_down) {
        return fail(request, GRT_HEAP_SHUT_DOWN);
    }
    if (injected(heap, request) || (heap->watch.on && heap_watch_refuses_locked(heap, request))) {
        return fail(request, GRT_HEAP_INJECTED);
    }
    if (request->rounded > UINT32_MAX) {
        return fail(request, GRT_HEAP_SIZE_OVERFLOW);
    }
    if (request->rounded > heap->capacity) {
        return fail(request, GRT_HEAP_LARGER_THAN_ARENA);
    }
    return request->rounded <= heap->budget || fail(request, GRT_HEAP_OVER_BUDGET);
}

bool heap_allocate_locked(grt_heap *heap, heap_cache *cache, heap_request *request)
{
    uint32_t alignment = request->alignment;
    if ((alignment & (alignment - 1)) != 0 || alignment > HEAP_ALIGNMENT_MAX) {
        request->rounded = request->size;
        return fail(request, GRT_HEAP_BAD_ALIGNMENT);
    }
    request->need = request->size;
    if (!request->bare) {
        request->need += heap->watch.options.redzone;
    }
    uint32_t size_class =
        whole_pages(request) ? SIZE_CLASS_NONE : size_class_for(request->need, alignment);
    request->rounded = size_class == SIZE_CLASS_NONE ? heap_round_to_pages(request->need)
                                                     : size_class_extent(size_class);
    if (!admissible(heap, request)) {
        return false;
    }
    if (heap->watch.guards && !whole_pages(request) &&
        heap_guard_serve_locked(heap, cache, request)) {
        return true;
    }
    if (serve(heap, cache, request, size_class)) {
        return true;
    }
    /* What is merely kept goes before a request is refused. */
    if (heap_reclaim_locked(heap) && serve(heap, cache, request, size_class)) {
        return true;
    }
    return size_class != SIZE_CLASS_NONE &&
           serve_small_from_larger(heap, cache, request, size_class);
}

void heap_publish_locked(grt_heap *heap, heap_cache *cache, const heap_request *request)
{
    bool has_slot = request->slot != NO_SLOT;
    if (has_slot) {
        slot_store(&heap->slots.all[request->slot], SLOT_LIVE | (request->size - request->base));
    } else {
        uint32_t page = heap_page_of(heap, request->block);
        heap->table.pages[page].u.large.asked = request->size;
    }
    cache_end_pending(cache, request->extent, has_slot);
    cache_count_alloc(cache, request->size);
    if (heap->watch.sites.entries != NULL) {
        site_table_add(&heap->watch.sites, request->block, request->size, request->site,
                       grt_calling_thread());
    }
}
