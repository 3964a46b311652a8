/*
 * release.c - takes blocks back, merges their pages and returns memory to the host.
 */
#include "heap/internal.h"

#include "heap/past.h"
#include "os/assert.h"

/* The heap keeps this many committed pages that nobody uses: 16 MiB. */
#define KEEP_PAGES 4096u

/* Shorter runs are not worth a system call of their own. */
#define TRIM_RUN_PAGES 16u

void heap_class_push(heap_class *list, heap_span *span)
{
    span->prev = NULL;
    span->next = list->partial;
    if (list->partial != NULL) {
        list->partial->prev = span;
    }
    list->partial = span;
}

void heap_class_remove(heap_class *list, heap_span *span)
{
    if (span->next != NULL) {
        span->next->prev = span->prev;
    }
    if (span->prev != NULL) {
        span->prev->next = span->next;
    } else {
        GRT_ASSERT(list->partial == span);
        list->partial = span->next;
    }
    span->next = span->prev = NULL;
}

/* Committed pages outside of every block and span: all others were committed when they were taken.
 * The guest may have decommitted some of its own meanwhile, which is noticed when they are freed.
 */
static uint32_t unused_committed_pages(const grt_heap *heap)
{
    return heap->backing.committed_pages - (heap->table.count - heap->runs.free_pages);
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

void heap_release_span_locked(grt_heap *heap, heap_span *span)
{
    GRT_ASSERT(span->live == 0);
    heap_class *list = &heap->classes[span->size_class];
    heap_class_remove(list, span);
    if (list->empty == span) {
        list->empty = NULL;
    }
    for (uint32_t i = 0; i < span->pages; i++) {
        heap_page *page = &heap->table.pages[span->page + i];
        page->kind = PAGE_INSIDE;
        page->past = past_small(span->size_class, i, span->handed);
    }
    heap_backing_recover(&heap->backing, span->page, span->pages);
    heap->counters.span_bytes -= (uint64_t)span->pages << PAGE_SHIFT;
    uint32_t run = page_runs_give(&heap->runs, span->page);
    heap_trim_run_locked(heap, run);
    span_destroy(span);
}

bool heap_release_empty_spans_locked(grt_heap *heap)
{
    bool any = false;
    for (uint32_t i = 0; i < SIZE_CLASS_COUNT; i++) {
        if (heap->classes[i].empty != NULL) {
            heap_release_span_locked(heap, heap->classes[i].empty);
            any = true;
        }
    }
    return any;
}

static void free_small(grt_heap *heap, const heap_block *block)
{
    heap_span *span = block->span;
    heap_class *list = &heap->classes[span->size_class];
    bool was_full = span_is_full(span);
    span_give(span, block->index);
    heap->counters.span_live -= span->extent;
    if (was_full) {
        heap_class_push(list, span);
    }
    if (span->live > 0) {
        return;
    }
    if (list->empty == NULL) {
        list->empty = span; /* one is kept, so that a lone block does not make and drop spans */
    } else {
        heap_release_span_locked(heap, span);
    }
}

static void free_large(grt_heap *heap, const heap_block *block)
{
    heap_page *head = &heap->table.pages[block->index];
    head->past = past_large(head->length);
    heap_backing_recover(&heap->backing, block->index, head->length);
    heap_trim_run_locked(heap, page_runs_give(&heap->runs, block->index));
}

void heap_free_locked(grt_heap *heap, const heap_block *block)
{
    heap_account_free(heap, block->extent, block->asked);
    if (block->span != NULL) {
        free_small(heap, block);
    } else {
        free_large(heap, block);
    }
}
