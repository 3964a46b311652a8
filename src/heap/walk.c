/*
 * walk.c - visits live blocks in address order.
 */
#include "heap/internal.h"

static bool visit_span(const grt_heap *heap, const heap_span *span, grt_block_visitor *visit,
                       void *user)
{
    block_place place = place_of_span(&heap->slots, span->size_class, span->page);
    for (uint32_t block = 0; block < span->carved; block++) {
        heap_slot slot = slot_load(&heap->slots.all[place.slot]);
        if (slot_is_live(slot) && !visit(user, place.address, slot_asked(slot), span->extent)) {
            return false;
        }
        place.address += span->extent;
        place.slot++;
    }
    return true;
}

static bool visit_run(const grt_heap *heap, uint32_t page, grt_block_visitor *visit, void *user)
{
    const heap_page *head = &heap->table.pages[page];
    if (head->kind == PAGE_SMALL) {
        return visit_span(heap, head->u.span, visit, user);
    }
    uint32_t asked = heap_pages_asked(heap, page);
    return asked == 0 || visit(user, heap_page_address(heap, page) + heap_large_gap(head), asked,
                               heap_large_room(head));
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
