/*
 * walk.c - visits live blocks in address order.
 */
#include "heap/internal.h"

static bool visit_span(const grt_heap *heap, const heap_span *span, grt_block_visitor *visit,
                       void *user)
{
    uint32_t offset = span->page << PAGE_SHIFT;
    for (uint32_t block = 0; block < span->carved; block++, offset += span->extent) {
        const uint8_t *state = state_of(&heap->states, span->size_class, offset);
        uint8_t live = state_load(state);
        if (state_is_live(live) && !visit(user, heap->first + offset,
                                          span->extent - state_slack(state, live), span->extent)) {
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
    if (page_is_live_large(head)) {
        return visit(user, heap_page_address(heap, page), head->u.large.asked,
                     (uint32_t)head->length << PAGE_SHIFT);
    }
    return true;
}

void grt_heap_walk(grt_heap *heap, grt_block_visitor *visit, void *user)
{
    os_mutex_lock(&heap->lock);
    heap_stop_caches_locked(heap);
    for (uint32_t page = 0; page < heap->table.count; page += heap->table.pages[page].length) {
        if (!visit_run(heap, page, visit, user)) {
            break;
        }
    }
    heap_start_caches_locked(heap);
    os_mutex_unlock(&heap->lock);
}
