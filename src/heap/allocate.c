/*
 * allocate.c - serves requests: a block of a span when a class fits, whole pages otherwise.
 */
#include "heap/internal.h"

#include <errno.h>

#include "os/assert.h"

/* Spans and small runs are committed up to 1 MiB ahead, so that a growing guest makes few calls to
 * the host. Larger runs are committed exactly: what is committed early has to be cleared by hand.
 */
#define COMMIT_AHEAD_PAGES 256u
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
 * free pages are given back first. */
static grt_status back_pages(grt_heap *heap, heap_request *request, uint32_t page, uint32_t length,
                             uint32_t ahead)
{
    request->stale.count = 0;
    grt_status status = heap_backing_commit(&heap->backing, page, length, ahead, &request->stale,
                                            &request->host_errno);
    if (status != GRT_OK && heap_trim_locked(heap) > 0) {
        request->stale.count = 0;
        status = heap_backing_commit(&heap->backing, page, length, 0, &request->stale,
                                     &request->host_errno);
    }
    return status;
}

/* Takes and backs a run; NO_PAGE with [request->cause]. */
static uint32_t take_run(grt_heap *heap, heap_request *request, uint32_t length,
                         uint32_t page_alignment, page_kind kind)
{
    uint32_t page = page_runs_take(&heap->runs, length, page_alignment, kind);
    if (page == NO_PAGE) {
        uint64_t free_bytes = (uint64_t)heap->runs.free_pages << PAGE_SHIFT;
        request->cause = free_bytes < request->rounded ? GRT_HEAP_EXHAUSTED : GRT_HEAP_FRAGMENTED;
        return NO_PAGE;
    }
    bool batch = kind == PAGE_SMALL || length < EXACT_COMMIT_PAGES;
    grt_status status = back_pages(heap, request, page, length, room_ahead(heap, page, batch));
    if (status != GRT_OK) {
        page_runs_give(&heap->runs, page);
        request->cause = cause_of_status(status);
        return NO_PAGE;
    }
    return page;
}

static bool serve_large(grt_heap *heap, heap_request *request)
{
    uint32_t length = (uint32_t)(heap_round_to_pages(request->size) >> PAGE_SHIFT);
    uint32_t page_alignment =
        request->alignment > GRT_PAGE_SIZE ? request->alignment >> PAGE_SHIFT : 1;
    uint32_t page = take_run(heap, request, length, page_alignment, PAGE_LARGE);
    if (page == NO_PAGE) {
        return false;
    }
    heap->table.pages[page].u.large.asked = request->size;
    heap->table.pages[page].u.large.site = request->site;
    heap_account_alloc(heap, (uint64_t)length << PAGE_SHIFT, request->size);
    request->block = heap_page_address(heap, page);
    request->is_small = false;
    return true;
}

/* Enters a span in the table: every page of it names the span. */
static void map_span(grt_heap *heap, heap_span *span)
{
    for (uint32_t i = 0; i < span->pages; i++) {
        heap->table.pages[span->page + i].kind = PAGE_SMALL;
        heap->table.pages[span->page + i].u.span = span;
    }
}

/* Makes a span and puts it at the front of its class; null with [request->cause]. */
static heap_span *add_span(grt_heap *heap, heap_request *request, uint32_t size_class)
{
    uint32_t page = take_run(heap, request, size_class_pages(size_class), 1, PAGE_SMALL);
    if (page == NO_PAGE) {
        return NULL;
    }
    heap_span *span = span_create(size_class, page);
    if (span == NULL) {
        page_runs_give(&heap->runs, page);
        request->cause = GRT_HEAP_HOST_REFUSED;
        request->host_errno = ENOMEM;
        return NULL;
    }
    map_span(heap, span);
    heap->counters.span_bytes += (uint64_t)span->pages << PAGE_SHIFT;
    heap_class_push(&heap->classes[size_class], span);
    return span;
}

/* Hands out a block of a span that has one. */
static void take_block(grt_heap *heap, heap_request *request, heap_span *span)
{
    heap_class *list = &heap->classes[span->size_class];
    uint32_t block = span_take(span, request->size);
    if (span == list->empty) {
        list->empty = NULL;
    }
    if (span_is_full(span)) {
        heap_class_remove(list, span);
    }
    heap_account_alloc(heap, span->extent, request->size);
    heap->counters.span_live += span->extent;
    request->block = heap_page_address(heap, span->page) + block * span->extent;
    request->is_small = true;
}

static bool serve_small(grt_heap *heap, heap_request *request, uint32_t size_class)
{
    heap_span *span = heap->classes[size_class].partial;
    if (span == NULL && (span = add_span(heap, request, size_class)) == NULL) {
        return false;
    }
    take_block(heap, request, span);
    return true;
}

/* True iff [extent] more bytes may be live. */
static bool within_budget(const grt_heap *heap, uint64_t extent)
{
    return extent <= heap->budget - heap->counters.live;
}

/* When no run is long enough for a span, a small request may still fit whole pages of its own. */
static bool serve_small_from_pages(grt_heap *heap, heap_request *request)
{
    uint64_t extent = heap_round_to_pages(request->size);
    return within_budget(heap, extent) && serve_large(heap, request);
}

static bool lacks_room(const heap_request *request)
{
    return request->cause == GRT_HEAP_EXHAUSTED || request->cause == GRT_HEAP_FRAGMENTED;
}

/* A block of a larger class is better than a refusal. Larger classes do not always have larger
 * spans, so a new one may fit where the right one did not. */
static bool serve_small_from_larger(grt_heap *heap, heap_request *request, uint32_t size_class)
{
    while (++size_class < SIZE_CLASS_COUNT) {
        if (!size_class_aligns(size_class, request->alignment) ||
            !within_budget(heap, size_class_extent(size_class))) {
            continue;
        }
        if (heap->classes[size_class].partial != NULL || lacks_room(request)) {
            if (serve_small(heap, request, size_class)) {
                return true;
            }
        }
    }
    return false;
}

/* One attempt, in the order of what wastes least. */
static bool serve(grt_heap *heap, heap_request *request, uint32_t size_class)
{
    if (size_class == SIZE_CLASS_NONE) {
        return serve_large(heap, request);
    }
    if (serve_small(heap, request, size_class)) {
        return true;
    }
    return (lacks_room(request) && serve_small_from_pages(heap, request)) ||
           serve_small_from_larger(heap, request, size_class);
}

static bool injected(grt_heap *heap)
{
    if (heap->inject_countdown == 0 || --heap->inject_countdown > 0) {
        return false;
    }
    heap->inject_countdown = heap->inject_sticky ? 1 : 0;
    return true;
}

/* What can be refused without looking at the heap's contents. */
static bool admissible(grt_heap *heap, heap_request *request)
{
    if (heap->shut_down) {
        return fail(request, GRT_HEAP_SHUT_DOWN);
    }
    if (injected(heap)) {
        return fail(request, GRT_HEAP_INJECTED);
    }
    if (request->rounded > UINT32_MAX) {
        return fail(request, GRT_HEAP_SIZE_OVERFLOW);
    }
    if (request->rounded > heap->capacity) {
        return fail(request, GRT_HEAP_LARGER_THAN_ARENA);
    }
    return within_budget(heap, request->rounded) || fail(request, GRT_HEAP_OVER_BUDGET);
}

bool heap_allocate_locked(grt_heap *heap, heap_request *request)
{
    uint32_t alignment = request->alignment;
    if ((alignment & (alignment - 1)) != 0 || alignment > HEAP_ALIGNMENT_MAX) {
        request->rounded = request->size;
        return fail(request, GRT_HEAP_BAD_ALIGNMENT);
    }
    uint32_t size_class = size_class_for(request->size, alignment);
    request->rounded = size_class == SIZE_CLASS_NONE ? heap_round_to_pages(request->size)
                                                     : size_class_extent(size_class);
    if (!admissible(heap, request)) {
        return false;
    }
    if (serve(heap, request, size_class)) {
        return true;
    }
    /* What is merely kept goes before a request is refused. */
    return heap_release_empty_spans_locked(heap) && serve(heap, request, size_class);
}
