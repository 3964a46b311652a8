/*
 * walk.c - visits live blocks in address order.
 */
#include "heap/internal.h"

static bool visit_span(const grt_heap *heap, const heap_span *span, grt_block_visitor *visit,
                       void *user)
{
    grt_addr start = heap_page_address(heap, span->page);
    for (uint32_t block = 0; block < span->handed; block++) {
        if (span_block_is_live(span, block) &&
            !visit(user, start + block * span->extent, span_asked(span, block), span->extent)) {
            return false;
        }
    }
    return true;
}

static bool visit_run(const grt_heap *heap, uint32_t page, grt_block_visitor *visit, void *user)
{
    const heap_page *head = &heap->table.pages[page];
    if (head->kind == PAGE_SMALL) {
        return visit_span(heap, head->u.span, visit, user);
    }
    if (head->kind == PAGE_LARGE) {
        return visit(user, heap_page_address(heap, page), head->u.large.asked,
                     (uint32_t)head->length << PAGE_SHIFT);
    }
    return true;
}

void grt_heap_walk(grt_heap *heap, grt_block_visitor *visit, void *user)
{
    os_mutex_lock(&heap->lock);
    for (uint32_t page = 0; page < heap->table.count; page += heap->table.pages[page].length) {
        if (!visit_run(heap, page, visit, user)) {
            break;
        }
    }
    os_mutex_unlock(&heap->lock);
}
