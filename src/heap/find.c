/*
 * find.c - from a guest address to the block around it, live or not.
 */
#include "heap/internal.h"

#include <stdio.h>

#include "heap/past.h"

/* Where an address lies among the blocks of a span, whether the span still exists or not. */
typedef struct span_place {
    uint32_t block;
    uint32_t offset_in_block;
    block_place start; /* of the block */
} span_place;

static span_place place_in_span(const grt_heap *heap, uint32_t size_class, uint32_t span_page,
                                uint32_t offset)
{
    uint32_t extent = size_class_extent(size_class);
    uint32_t in_span = offset - (span_page << PAGE_SHIFT);
    uint32_t block = in_span / extent;
    return (span_place){block, in_span - block * extent,
                        place_of_block(&heap->slots, size_class, span_page, block)};
}

static heap_slot slot_at(const grt_heap *heap, const span_place *place)
{
    return slot_load(&heap->slots.all[place->start.slot]);
}

/* ---- what was there before ---------------------------------------------------------------------
 */

/* True iff the slot of a block of a span that was given up is still its own. Slots lie close
 * together at the start of their span's, and a shorter span may have been there since. */
static bool is_kept(const grt_heap *heap, uint32_t slot, uint32_t size_class, uint32_t span_page)
{
    const class_area *area = &heap->slots.areas[size_class];
    uint32_t page = (slot - area->first) >> area->page_shift;
    uint32_t past = heap->table.pages[page].past;
    return *heap_page_info(heap, page) == 0 && past_get_kind(past) == PAST_SMALL &&
           past_small_class(past) == size_class && page - past_small_page(past) == span_page;
}

/* The small block that was around [offset] when the page was last in a span, and what it was asked
 * for, 0 if that is not known any more; false if there was none. */
static bool find_past_small(const grt_heap *heap, uint32_t offset, span_place *place,
                            uint32_t *asked)
{
    uint32_t index = offset >> PAGE_SHIFT;
    uint32_t past = heap->table.pages[index].past;
    uint32_t span_page = index - past_small_page(past);
    *place = place_in_span(heap, past_small_class(past), span_page, offset);
    if (place->block >= past_small_carved(past)) {
        return false;
    }
    bool kept = is_kept(heap, place->start.slot, past_small_class(past), span_page);
    heap_slot slot = kept ? slot_at(heap, place) : SLOT_NEVER;
    *asked = slot_asked(slot);
    return !kept || slot != SLOT_NEVER;
}

/* No block of now is at this address: what its page was before decides. */
static grt_status judge_past(const grt_heap *heap, uint32_t offset)
{
    past_kind kind = past_get_kind(heap->table.pages[offset >> PAGE_SHIFT].past);
    span_place place;
    uint32_t asked;
    bool started = kind == PAST_LARGE && offset % GRT_PAGE_SIZE == 0;
    if (kind == PAST_SMALL && find_past_small(heap, offset, &place, &asked)) {
        started = place.offset_in_block == 0;
    }
    return started ? GRT_DOUBLE_FREE : GRT_NOT_A_BLOCK;
}

/* ---- blocks ------------------------------------------------------------------------------------
 */

static grt_status find_small(const grt_heap *heap, heap_span *span, uint32_t offset,
                             heap_block *block)
{
    span_place place = place_in_span(heap, span->size_class, span->page, offset);
    heap_slot slot = place.block < span->carved ? slot_at(heap, &place) : SLOT_NEVER;
    if (slot == SLOT_NEVER) {
        return judge_past(heap, offset);
    }
    if (!slot_is_live(slot)) {
        return place.offset_in_block == 0 ? GRT_DOUBLE_FREE : GRT_NOT_A_BLOCK;
    }
    if (place.offset_in_block != 0) {
        return GRT_INTERIOR_POINTER;
    }
    *block = (heap_block){.span = span,
                          .address = place.start.address,
                          .page = offset >> PAGE_SHIFT,
                          .asked = slot_asked(slot),
                          .extent = span->extent,
                          .slot = place.start.slot};
    return GRT_OK;
}

grt_status heap_find_locked(const grt_heap *heap, grt_addr address, heap_block *block)
{
    if (!grt_heap_owns(heap, address)) {
        return GRT_OUT_OF_RANGE;
    }
    uint32_t offset = address - heap->first;
    uint32_t index = offset >> PAGE_SHIFT;
    heap_page *page = &heap->table.pages[index];
    if (page->kind == PAGE_SMALL) {
        return find_small(heap, page->u.span, offset, block);
    }
    if (page->kind == PAGE_LARGE && offset % GRT_PAGE_SIZE == 0) {
        if (!page_is_live_large(page)) {
            return page->u.large.asked == LARGE_PENDING ? GRT_NOT_A_BLOCK : GRT_DOUBLE_FREE;
        }
        *block = (heap_block){.address = address,
                              .page = index,
                              .asked = page->u.large.asked,
                              .extent = (uint32_t)page->length << PAGE_SHIFT};
        return GRT_OK;
    }
    const heap_page *head = &heap->table.pages[page_table_head_of(&heap->table, index)];
    if (head->kind == PAGE_FREE) {
        return judge_past(heap, offset);
    }
    return page_is_live_large(head) ? GRT_INTERIOR_POINTER : GRT_NOT_A_BLOCK;
}

/* ---- descriptions ------------------------------------------------------------------------------
 */

static void set_block(grt_block_info *info, grt_block_state state, grt_addr address, grt_addr start,
                      uint32_t asked, uint32_t extent)
{
    info->state = state;
    info->start = start;
    info->asked = asked;
    info->extent = extent;
    info->offset = address - start;
}

/* Looks back through a run for the large block around [page] that was freed. */
static void describe_past_large(const grt_heap *heap, grt_block_info *info, grt_addr address,
                                uint32_t page, uint32_t run)
{
    for (uint32_t start = page + 1; start-- > run;) {
        uint32_t past = heap->table.pages[start].past;
        if (past_get_kind(past) == PAST_LARGE && past_large_pages(past) > page - start) {
            set_block(info, GRT_BLOCK_FREED, address, heap_page_address(heap, start), 0,
                      past_large_pages(past) << PAGE_SHIFT);
            return;
        }
    }
}

static void describe_past_small(const grt_heap *heap, grt_block_info *info, grt_addr address)
{
    span_place place;
    uint32_t asked;
    if (find_past_small(heap, address - heap->first, &place, &asked)) {
        uint32_t past = heap->table.pages[(address - heap->first) >> PAGE_SHIFT].past;
        set_block(info, GRT_BLOCK_FREED, address, place.start.address, asked,
                  size_class_extent(past_small_class(past)));
    }
}

/* No block of now is at [address], in the run that starts at page [run]. */
static void describe_past(const grt_heap *heap, grt_block_info *info, grt_addr address,
                          uint32_t run)
{
    uint32_t page = (address - heap->first) >> PAGE_SHIFT;
    if (past_get_kind(heap->table.pages[page].past) == PAST_SMALL) {
        describe_past_small(heap, info, address);
    } else {
        describe_past_large(heap, info, address, page, run);
    }
}

static void describe_in_span(const grt_heap *heap, grt_block_info *info, grt_addr address,
                             const heap_span *span)
{
    span_place place = place_in_span(heap, span->size_class, span->page, address - heap->first);
    heap_slot slot = place.block < span->carved ? slot_at(heap, &place) : SLOT_NEVER;
    if (slot == SLOT_NEVER) {
        describe_past(heap, info, address, span->page);
    } else {
        set_block(info, slot_is_live(slot) ? GRT_BLOCK_LIVE : GRT_BLOCK_FREED, address,
                  place.start.address, slot_asked(slot), span->extent);
    }
}

static void describe_in_words(const grt_heap *heap, grt_block_info *info, grt_addr address)
{
    char *text = info->text;
    size_t size = sizeof info->text;
    if (info->state == GRT_BLOCK_OUTSIDE) {
        snprintf(text, size, "outside heap %s (0x%08X to 0x%08X)", heap->name,
                 (unsigned)heap->first, (unsigned)(heap->first + (heap->capacity - 1)));
    } else if (info->state == GRT_BLOCK_NEVER) {
        snprintf(text, size, "no block was ever here");
    } else if (info->state == GRT_BLOCK_FREED) {
        snprintf(text, size, "%u bytes inside the freed block 0x%08X that occupied %u bytes",
                 info->offset, (unsigned)info->start, info->extent);
        if (info->offset == 0) {
            snprintf(text, size, "the start of a freed block that occupied %u bytes", info->extent);
        }
    } else if (info->offset == 0) {
        snprintf(text, size, "the start of a live block of %u bytes", info->asked);
    } else if (info->offset < info->asked) {
        snprintf(text, size, "%u bytes inside the live block 0x%08X of %u bytes", info->offset,
                 (unsigned)info->start, info->asked);
    } else {
        snprintf(text, size, "%u bytes past the end of the live block 0x%08X of %u bytes",
                 (unsigned)(address - info->start - info->asked), (unsigned)info->start,
                 info->asked);
    }
}

static void describe_inside(const grt_heap *heap, grt_block_info *info, grt_addr address)
{
    uint32_t page = (address - heap->first) >> PAGE_SHIFT;
    uint32_t run = page_table_head_of(&heap->table, page);
    const heap_page *head = &heap->table.pages[run];
    if (head->kind == PAGE_FREE) {
        describe_past(heap, info, address, run);
    } else if (head->kind == PAGE_SMALL) {
        describe_in_span(heap, info, address, head->u.span);
    } else if (page_is_live_large(head)) {
        set_block(info, GRT_BLOCK_LIVE, address, heap_page_address(heap, run), head->u.large.asked,
                  (uint32_t)head->length << PAGE_SHIFT);
    } else if (head->u.large.asked == LARGE_KEPT) {
        set_block(info, GRT_BLOCK_FREED, address, heap_page_address(heap, run), 0,
                  (uint32_t)head->length << PAGE_SHIFT);
    }
}

void heap_describe_locked(const grt_heap *heap, grt_addr address, grt_block_info *info)
{
    *info = (grt_block_info){.state = GRT_BLOCK_OUTSIDE};
    if (grt_heap_owns(heap, address)) {
        info->state = GRT_BLOCK_NEVER;
        describe_inside(heap, info, address);
    }
    describe_in_words(heap, info, address);
}
