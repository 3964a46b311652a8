/*
 * release.c - takes blocks back, merges their pages and returns memory to the host.
 */
#include "heap/call_site.h"
#include "heap/internal.h"

#include "os/assert.h"

/* The heap keeps this many committed pages that nobody uses, 64 MiB: a page that was given back
 * costs a fault, thousands of cycles, when it is wanted again. */
#define KEEP_PAGES 16384u

/* Shorter runs are not worth a system call of their own. */
#define TRIM_RUN_PAGES 16u

/* ---- lists of spans ----------------------------------------------------------------------------
 */

/* So many empty spans beside one a class are kept for as long as nobody wants new pages: 4 MiB. */
#define SPARE_SPANS_MOST 64u

static void push(heap_span **list, heap_span *span)
{
    span->prev = NULL;
    span->next = *list;
    if (span->next != NULL) {
        span->next->prev = span;
    }
    *list = span;
}

static void unlink_span(heap_span **list, heap_span *span)
{
    if (span->next != NULL) {
        span->next->prev = span->prev;
    }
    if (span->prev != NULL) {
        span->prev->next = span->next;
    } else {
        GRT_ASSERT(*list == span);
        *list = span->next;
    }
    span->next = span->prev = NULL;
}

void heap_list_span_locked(grt_heap *heap, heap_span *span)
{
    heap_class *list = &heap->classes[span->size_class];
    GRT_ASSERT(!span->listed && span->owner == NULL && span_available(span) > 0);
    span->listed = true;
    if (span_out(span) > 0) {
        push(&list->partial, span);
        return;
    }
    push(&list->empty, span);
    heap->spare_spans += list->empties++ > 0;
    if (heap->spare_spans > SPARE_SPANS_MOST) {
        heap_release_spare_spans_locked(heap);
    }
}

void heap_unlist_span_locked(grt_heap *heap, heap_span *span)
{
    heap_class *list = &heap->classes[span->size_class];
    GRT_ASSERT(span->listed);
    span->listed = false;
    if (span_out(span) > 0) {
        unlink_span(&list->partial, span);
    } else {
        unlink_span(&list->empty, span);
        heap->spare_spans -= --list->empties > 0;
    }
}

/* ---- pages that nobody uses --------------------------------------------------------------------
 */

/* Committed pages outside of every block and span: all others were committed when they were taken,
 * but for those that guard. The guest may have decommitted some of its own meanwhile, which is
 * noticed when they are freed.
 */
static uint32_t unused_committed_pages(const grt_heap *heap)
{
    uint32_t in_use = heap->table.count - heap->runs.free_pages;
    return heap->backing.committed_pages - (in_use - heap->watch.bare_pages);
}

void heap_trim_run_locked(grt_heap *heap, uint32_t page)
{
    uint32_t length = heap->table.pages[page].length;
    if (length >= TRIM_RUN_PAGES && unused_committed_pages(heap) > KEEP_PAGES) {
        heap_backing_decommit(&heap->backing, page, length);
    }
}

uint32_t heap_trim_locked(grt_heap *heap)
{
    uint32_t given = 0;
    for (uint32_t page = 0; page < heap->table.count; page += heap->table.pages[page].length) {
        if (heap->table.pages[page].kind == PAGE_FREE) {
            given += heap_backing_decommit(&heap->backing, page, heap->table.pages[page].length);
        }
    }
    return given;
}

/* A wrong free may be looking at a block of the span just now. The caches are stopped meanwhile:
 * when they go on, the pages do not say any more where their slots are, and these can serve another
 * span. */
static void release_span(grt_heap *heap, heap_span *span)
{
    GRT_ASSERT(span_out(span) == 0);
    heap_unlist_span_locked(heap, span);
    for (uint32_t i = 0; i < span->pages; i++) {
        heap_page *page = &heap->table.pages[span->page + i];
        heap_set_page_info(heap, span->page + i, 0);
        page->kind = PAGE_INSIDE;
        page->past = past_small(span->size_class, i, span->carved);
    }
    heap->counters.span_bytes -= (uint64_t)span->pages << PAGE_SHIFT;
    heap_give_run_locked(heap, span->page, span->pages);
    span_destroy(&heap->pool, span);
}

bool heap_release_empty_spans_locked(grt_heap *heap, uint32_t kept)
{
    bool any = false;
    heap_stop_caches_locked(heap); /* once, instead of for each span */
    for (uint32_t i = 0; i < SIZE_CLASS_COUNT; i++) {
        while (heap->classes[i].empties > kept) {
            release_span(heap, heap->classes[i].empty);
            any = true;
        }
    }
    heap_start_caches_locked(heap);
    return any;
}

bool heap_claim_slot(const grt_heap *heap, heap_block *block)
{
    heap_slot live = heap_live_slot(block);
    if (!slot_claim(&heap->slots.all[block->slot], live)) {
        return false;
    }
    if (block->span == NULL) { /* only now it is certain how many pages it has */
        uint32_t pages = info_pages(heap_get_page_info(heap, block->page));
        block->base = slot_base(pages);
        block->asked = slot_asked(live) + block->base;
        block->extent = block->room = pages << PAGE_SHIFT;
    }
    return true;
}

bool heap_claim_locked(grt_heap *heap, heap_cache *cache, heap_block *block)
{
    if (block->slot == NO_SLOT) {
        heap->table.pages[block->page].u.large.asked = LARGE_CLAIMED;
    } else if (!heap_claim_slot(heap, block)) {
        return false;
    }
    cache_add_pending(cache, block->extent, block->slot != NO_SLOT);
    cache_count_free(cache, block->asked);
    return true;
}

void heap_unclaim_locked(grt_heap *heap, heap_cache *cache, const heap_block *block)
{
    if (block->slot == NO_SLOT) {
        heap->table.pages[block->page].u.large.asked = block->asked;
    } else {
        slot_store(&heap->slots.all[block->slot], heap_live_slot(block));
    }
    cache_end_pending(cache, block->extent, block->slot != NO_SLOT);
    cache_count_resize(cache, 0, block->asked);
}

/* Of the block that is to be freed, or held. */
static void note_filled(grt_heap *heap, const heap_block *block)
{
    if (block->span != NULL) {
        slot_store(&heap->slots.all[block->slot], SLOT_FILLED | block->asked);
    } else {
        bitmap_fill(heap->backing.filled, block->page, block->extent >> PAGE_SHIFT, true);
    }
}

void heap_retire_locked(grt_heap *heap, heap_cache *cache, const heap_block *block, bool filled)
{
    if (filled) {
        note_filled(heap, block);
    }
    if (heap->watch.sites.entries != NULL) {
        site_table_free(&heap->watch.sites, block->address, grt_call_site(), grt_calling_thread());
    }
    if (block->span == NULL && heap_is_guarded(&heap->table.pages[block->page])) {
        heap_guard_close_locked(heap, block);
    }
    if (heap->watch.quarantine.ring == NULL || !heap_quarantine_add_locked(heap, cache, block)) {
        heap_free_locked(heap, cache, block);
    }
}

static void free_small(grt_heap *heap, heap_cache *cache, const heap_block *block)
{
    uint32_t size_class = block->span->size_class;
    cache_bin *bin = &cache->bins[size_class];
    heap_make_room_locked(heap, cache, bin);
    bin->blocks[bin->count++] = (block_place){block->address, block->slot};
}

void heap_give_run_locked(grt_heap *heap, uint32_t page, uint32_t length)
{
    heap_backing_recover(&heap->backing, page, length);
    heap_trim_run_locked(heap, page_runs_give(&heap->runs, page));
}

/* The mark that a large block leaves. */
static uint32_t mark_of(const heap_page *head)
{
    return heap_is_guarded(head) ? past_large_guarded(head->length, heap_large_gap(head))
                                 : past_large(head->length);
}

static void give_pages(grt_heap *heap, uint32_t page)
{
    heap_page *head = &heap->table.pages[page];
    head->past = mark_of(head);
    heap_count_returned(heap, 1, (uint64_t)head->length << PAGE_SHIFT);
    heap_give_run_locked(heap, page, head->length);
}

static void free_large(grt_heap *heap, const heap_block *block)
{
    if (heap_is_guarded(&heap->table.pages[block->page])) {
        heap_guard_end_locked(heap, block);
    }
    give_pages(heap, block->page);
}

static void free_medium(grt_heap *heap, heap_cache *cache, const heap_block *block)
{
    heap_chunk *chunk = heap_chunk_of_page(heap, block->page);
    bool is_in_chunk = chunk_owner(chunk) != NULL;
    if (is_in_chunk && heap_is_writable(heap, block->address, block->extent)) {
        uint32_t pages = block->extent >> PAGE_SHIFT;
        /* For reports of writes to freed blocks: with their option, every free comes here. */
        heap->table.pages[block->page].past = past_large(pages);
        heap_cache *rich = heap_uncut(heap, cache, chunk, block->address, pages);
        if (rich != NULL) {
            heap_shed_chunks_locked(heap, rich);
        }
        return;
    }
    if (is_in_chunk) {
        heap_end_chunk_locked(heap, chunk);
    }
    /* A free that is looking at the page just now finds a slot that is not live, whatever comes. */
    heap_set_page_info(heap, block->page, 0);
    give_pages(heap, block->page);
}

void heap_free_locked(grt_heap *heap, heap_cache *cache, const heap_block *block)
{
    cache_end_pending(cache, block->extent, block->slot != NO_SLOT);
    if (block->span != NULL) {
        free_small(heap, cache, block);
    } else if (block->slot != NO_SLOT) {
        free_medium(heap, cache, block);
    } else {
        free_large(heap, block);
    }
}

void heap_make_pages_live_locked(grt_heap *heap, uint32_t page, uint32_t size)
{
    heap_page *head = &heap->table.pages[page];
    bool is_medium = head->length <= MEDIUM_PAGES_MAX;
    page_info info = is_medium ? medium_info_of(page, head->length) : 0;
    head->u.large.asked = is_medium ? LARGE_MEDIUM : size;
    heap_set_page_info(heap, page, info);
    if (is_medium) {
        slot_store(&heap->slots.all[medium_slot(page)],
                   SLOT_LIVE | (size - slot_base(head->length)));
    }
}
