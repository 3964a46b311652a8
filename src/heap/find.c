/*
 * find.c - from a guest address to the block around it, live or not.
 */
#include "heap/internal.h"

#include <stdio.h>

#include "heap/past.h"

/* Where an address lies among the blocks of a span, whether the span still exists or not. */
typedef struct span_place {
    uint32_t block;
    uint32_t offset; /* in the block */
} span_place;

static span_place place_in_span(uint32_t offset_in_span, uint32_t extent)
{
    return (span_place){offset_in_span / extent, offset_in_span % extent};
}

/* What a place that starts no live block is: [state] is the byte of its block. */
static grt_status judge_start(uint8_t state, uint32_t offset_in_block)
{
    bool was = state != STATE_NEVER && offset_in_block == 0;
    return was ? GRT_DOUBLE_FREE : GRT_NOT_A_BLOCK;
}

static grt_status find_small(const grt_heap *heap, heap_span *span, uint32_t offset,
                             heap_block *block)
{
    span_place place = place_in_span(offset - (span->page << PAGE_SHIFT), span->extent);
    if (place.block >= span->carved) {
        return GRT_NOT_A_BLOCK;
    }
    uint8_t *state = state_of(&heap->states, span->size_class, offset - place.offset);
    uint8_t live = state_load(state);
    if (!state_is_live(live)) {
        return judge_start(live, place.offset);
    }
    if (place.offset != 0) {
        return GRT_INTERIOR_POINTER;
    }
    *block = (heap_block){.span = span,
                          .offset = offset,
                          .asked = span->extent - state_slack(state, live),
                          .extent = span->extent,
                          .state = state,
                          .live = live};
    return GRT_OK;
}

/* The address lies in free pages: what it was before decides. */
static grt_status judge_free_page(const grt_heap *heap, const heap_page *page, uint32_t offset)
{
    uint32_t offset_in_page = offset & (GRT_PAGE_SIZE - 1);
    if (past_get_kind(page->past) == PAST_LARGE) {
        return offset_in_page == 0 ? GRT_DOUBLE_FREE : GRT_NOT_A_BLOCK;
    }
    if (past_get_kind(page->past) == PAST_SMALL) {
        uint32_t size_class = past_small_class(page->past);
        span_place place =
            place_in_span((past_small_page(page->past) << PAGE_SHIFT) + offset_in_page,
                          size_class_extent(size_class));
        uint8_t *state = state_of(&heap->states, size_class, offset - place.offset);
        return judge_start(state_load(state), place.offset);
    }
    return GRT_NOT_A_BLOCK;
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
            return page->u.large.asked == LARGE_CLAIMED ? GRT_DOUBLE_FREE : GRT_NOT_A_BLOCK;
        }
        *block = (heap_block){.offset = offset,
                              .asked = page->u.large.asked,
                              .extent = (uint32_t)page->length << PAGE_SHIFT};
        return GRT_OK;
    }
    if (heap->table.pages[page_table_head_of(&heap->table, index)].kind == PAGE_FREE) {
        return judge_free_page(heap, page, offset);
    }
    return GRT_INTERIOR_POINTER;
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

/* A place in a span of [size_class] that starts or started [span_offset] bytes into the heap. */
static void describe_in_span(const grt_heap *heap, grt_block_info *info, grt_addr address,
                             uint32_t span_offset, uint32_t size_class)
{
    uint32_t extent = size_class_extent(size_class);
    uint32_t offset = address - heap->first;
    span_place place = place_in_span(offset - span_offset, extent);
    const uint8_t *byte = state_of(&heap->states, size_class, offset - place.offset);
    uint8_t state = state_load(byte);
    if (state_is_live(state)) {
        set_block(info, GRT_BLOCK_LIVE, address, address - place.offset,
                  extent - state_slack(byte, state), extent);
    } else if (state != STATE_NEVER) {
        set_block(info, GRT_BLOCK_FREED, address, address - place.offset, 0, extent);
    }
}

/* Looks back through a free run for the freed large block around [page]. */
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

static void describe_free(const grt_heap *heap, grt_block_info *info, grt_addr address,
                          uint32_t page, uint32_t run)
{
    uint32_t past = heap->table.pages[page].past;
    if (past_get_kind(past) != PAST_SMALL) {
        describe_past_large(heap, info, address, page, run);
        return;
    }
    describe_in_span(heap, info, address, (page - past_small_page(past)) << PAGE_SHIFT,
                     past_small_class(past));
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
        describe_free(heap, info, address, page, run);
    } else if (head->kind == PAGE_SMALL) {
        describe_in_span(heap, info, address, run << PAGE_SHIFT, head->u.span->size_class);
    } else if (page_is_live_large(head)) {
        set_block(info, GRT_BLOCK_LIVE, address, heap_page_address(heap, run), head->u.large.asked,
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
