/*
 * walk.c - visits live blocks in address order.
 */
#include "heap/internal.h"

static bool visit_span(const grt_heap *heap, const heap_span *span, grt_block_visitor *visit,
                       void *user)
{
    block_place place = heap_place_in_span(heap, span, 0);
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

static bool visit_pages(const grt_heap *heap, uint32_t page, grt_block_visitor *visit, void *user)
{
    heap_block block = heap_block_of_pages(heap, page);
    return block.asked == 0 || visit(user, block.address, block.asked, block.room);
}

static bool visit_part(const grt_heap *heap, const heap_part *part, grt_block_visitor *visit,
                       void *user)
{
    switch (part->kind) {
    case PART_SPAN:
        return visit_span(heap, heap->table.pages[part->page].u.span, visit, user);
    case PART_PAGES:
        return visit_pages(heap, part->page, visit, user);
    default:
        return true;
    }
}

void grt_heap_walk(grt_heap *heap, grt_block_visitor *visit, void *user)
{
    os_mutex_lock(&heap->lock);
    heap_stop_caches_locked(heap);
    for (uint32_t page = 0; page < heap->table.count;) {
        heap_part part = heap_part_at(heap, page);
        if (!visit_part(heap, &part, visit, user)) {
            break;
        }
        page += part.length;
    }
    heap_start_caches_locked(heap);
    os_mutex_unlock(&heap->lock);
}
