/*
 * find.c - from a guest address to the block around it, live or not.
 */
#include "heap/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Where an address lies among the blocks of a span, whether the span still exists or not. */
typedef struct span_place {
    uint32_t block;
    uint32_t offset_in_block;
    grt_addr start; /* of the block */
} span_place;

static span_place place_in_span(const grt_heap *heap, uint32_t size_class, uint32_t span_page,
                                uint32_t offset)
{
    uint32_t extent = size_class_extent(size_class);
    uint32_t in_span = offset - (span_page << PAGE_SHIFT);
    uint32_t block = in_span / extent;
    grt_addr start = heap_page_address(heap, span_page) + block * extent;
    return (span_place){block, in_span - block * extent, start};
}

static heap_slot slot_at(const grt_heap *heap, const heap_span *span, uint32_t block)
{
    return slot_load(&heap->slots.all[span->slot + block]);
}

/* ---- what was there before ---------------------------------------------------------------------
 */

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
    const heap_span *kept = span_recall(&heap->pool, past_small_class(past), span_page);
    heap_slot slot = kept != NULL ? slot_at(heap, kept, place->block) : SLOT_NEVER;
    *asked = slot_was_asked(slot);
    return kept == NULL || slot != SLOT_NEVER;
}

/* No block of now is at this address: what its page was before decides. */
static grt_status judge_past(const grt_heap *heap, uint32_t offset)
{
    uint32_t past = heap->table.pages[offset >> PAGE_SHIFT].past;
    past_kind kind = past_get_kind(past);
    span_place place;
    uint32_t asked;
    bool started = kind == PAST_LARGE && offset % GRT_PAGE_SIZE == past_large_gap(past);
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
    heap_slot slot = place.block < span->carved ? slot_at(heap, span, place.block) : SLOT_NEVER;
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
                          .address = place.start,
                          .page = offset >> PAGE_SHIFT,
                          .asked = slot_asked(slot),
                          .extent = span->extent,
                          .room = span->extent,
                          .slot = span->slot + place.block};
    return GRT_OK;
}

/* Its slot says all of a medium block. */
static heap_block medium_block(const grt_heap *heap, uint32_t page, page_info info)
{
    uint32_t pages = info_pages(info);
    uint32_t base = slot_base(pages);
    heap_slot slot = slot_load(&heap->slots.all[info_slot(info)]);
    return (heap_block){.address = heap_page_address(heap, page),
                        .page = page,
                        .asked = slot_is_live(slot) ? slot_asked(slot) + base : 0,
                        .extent = pages << PAGE_SHIFT,
                        .room = pages << PAGE_SHIFT,
                        .slot = info_slot(info),
                        .base = base};
}

static heap_block large_block(const grt_heap *heap, uint32_t page)
{
    const heap_page *head = &heap->table.pages[page];
    uint32_t asked = head->u.large.asked;
    uint32_t gap = heap_large_gap(head);
    uint32_t pages = heap_is_guarded(head) ? head->length - 1u : head->length;
    return (heap_block){.address = heap_page_address(heap, page) + gap,
                        .page = page,
                        .asked = asked < LARGE_MEDIUM ? asked : 0,
                        .extent = (uint32_t)head->length << PAGE_SHIFT,
                        .room = (pages << PAGE_SHIFT) - gap,
                        .slot = NO_SLOT};
}

heap_block heap_block_of_pages(const grt_heap *heap, uint32_t page)
{
    page_info info = heap_get_page_info(heap, page);
    return info_is_medium(info) ? medium_block(heap, page, info) : large_block(heap, page);
}

/* Of a block of whole pages that is not live: true iff it never was. */
static bool is_new(const grt_heap *heap, const heap_block *block)
{
    return block->slot != NO_SLOT ? slot_load(&heap->slots.all[block->slot]) == SLOT_NEVER
                                  : heap->table.pages[block->page].u.large.asked == LARGE_PENDING;
}

/* The address lies in the pages of a block, of which the first is [head]. */
static grt_status find_pages(const grt_heap *heap, uint32_t head, uint32_t offset,
                             heap_block *block)
{
    heap_block found = heap_block_of_pages(heap, head);
    uint32_t start = found.address - heap->first;
    if (found.asked == 0) {
        bool was = offset == start && !is_new(heap, &found);
        return was ? GRT_DOUBLE_FREE : GRT_NOT_A_BLOCK;
    }
    if (offset != start) {
        return offset > start ? GRT_INTERIOR_POINTER : GRT_NOT_A_BLOCK;
    }
    *block = found;
    return GRT_OK;
}

/* The first page of the block of a chunk that holds a page; NO_PAGE if none does. */
static uint32_t head_in_chunk(const grt_heap *heap, const heap_chunk *chunk, uint32_t page)
{
    uint32_t at = chunk_head_before(chunk, page - chunk->page);
    uint32_t head = chunk->page + at;
    bool holds = at < CHUNK_PAGES && page - head < info_pages(heap_get_page_info(heap, head));
    return holds ? head : NO_PAGE;
}

static grt_status find_in_chunk(const grt_heap *heap, const heap_chunk *chunk, uint32_t offset,
                                heap_block *block)
{
    uint32_t page = offset >> PAGE_SHIFT;
    uint32_t head = head_in_chunk(heap, chunk, page);
    if (head != NO_PAGE) {
        return find_pages(heap, head, offset, block);
    }
    uint32_t past = heap_past_of_chunk(heap, chunk, page);
    if (past == NO_PAGE) {
        return judge_past(heap, offset);
    }
    return offset == past << PAGE_SHIFT ? GRT_DOUBLE_FREE : GRT_NOT_A_BLOCK;
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
    const heap_chunk *chunk = heap_chunk_at(heap, address);
    if (chunk_owner(chunk) != NULL) {
        return find_in_chunk(heap, chunk, offset, block);
    }
    uint32_t head = page->kind == PAGE_LARGE ? index : page_table_head_of(&heap->table, index);
    if (heap->table.pages[head].kind == PAGE_FREE) {
        return judge_past(heap, offset);
    }
    return find_pages(heap, head, offset, block);
}

/* ---- descriptions ------------------------------------------------------------------------------
 */

/* One block, for the descriptions of what lies at an address and beside it. */
typedef struct sight {
    grt_block_state state;
    grt_addr start;
    uint32_t asked;
    uint32_t extent;
    bool guarded;
} sight;

/* A freed large block, of which the mark is at [page]. */
static sight sight_past_large(const grt_heap *heap, uint32_t page)
{
    uint32_t past = heap->table.pages[page].past;
    uint32_t gap = past_large_gap(past);
    bool guarded = past_large_was_guarded(past);
    uint32_t room = ((past_large_pages(past) - guarded) << PAGE_SHIFT) - gap;
    return (sight){GRT_BLOCK_FREED, heap_page_address(heap, page) + gap, 0, room, guarded};
}

/* Looks back through a run, to page [end], for the large block around [page] that was freed. */
static sight find_past_large(const grt_heap *heap, uint32_t page, uint32_t end)
{
    for (uint32_t start = page + 1; start-- > end;) {
        uint32_t past = heap->table.pages[start].past;
        if (past_get_kind(past) == PAST_LARGE && past_large_pages(past) > page - start) {
            return sight_past_large(heap, start);
        }
    }
    return (sight){.state = GRT_BLOCK_NEVER};
}

static sight find_past_small_block(const grt_heap *heap, grt_addr address)
{
    span_place place;
    uint32_t asked;
    if (!find_past_small(heap, address - heap->first, &place, &asked)) {
        return (sight){.state = GRT_BLOCK_NEVER};
    }
    uint32_t past = heap->table.pages[heap_page_of(heap, address)].past;
    return (sight){GRT_BLOCK_FREED, place.start, asked, size_class_extent(past_small_class(past)),
                   false};
}

/* No block of now is at [address], in the run that starts at page [run]; freed large blocks are
 * looked for at most [reach] pages back. */
static sight sight_past(const grt_heap *heap, grt_addr address, uint32_t run, uint32_t reach)
{
    uint32_t page = heap_page_of(heap, address);
    uint32_t end = page - run > reach ? page - reach : run;
    return past_get_kind(heap->table.pages[page].past) == PAST_SMALL
               ? find_past_small_block(heap, address)
               : find_past_large(heap, page, end);
}

static sight sight_in_span(const grt_heap *heap, grt_addr address, const heap_span *span,
                           uint32_t reach)
{
    span_place place = place_in_span(heap, span->size_class, span->page, address - heap->first);
    heap_slot slot = place.block < span->carved ? slot_at(heap, span, place.block) : SLOT_NEVER;
    if (slot == SLOT_NEVER) {
        return sight_past(heap, address, span->page, reach);
    }
    return (sight){slot_is_live(slot) ? GRT_BLOCK_LIVE : GRT_BLOCK_FREED, place.start,
                   slot_was_asked(slot), span->extent, false};
}

static sight sight_pages(const grt_heap *heap, uint32_t page)
{
    heap_block block = heap_block_of_pages(heap, page);
    if (block.asked == 0 && is_new(heap, &block)) {
        return (sight){.state = GRT_BLOCK_NEVER};
    }
    bool guarded = block.slot == NO_SLOT && heap_is_guarded(&heap->table.pages[page]);
    return (sight){block.asked != 0 ? GRT_BLOCK_LIVE : GRT_BLOCK_FREED, block.address, block.asked,
                   block.room, guarded};
}

static sight sight_in_chunk(const grt_heap *heap, grt_addr address, const heap_chunk *chunk,
                            uint32_t reach)
{
    uint32_t page = heap_page_of(heap, address);
    uint32_t head = head_in_chunk(heap, chunk, page);
    uint32_t past = head == NO_PAGE ? heap_past_of_chunk(heap, chunk, page) : NO_PAGE;
    if (head != NO_PAGE) {
        return sight_pages(heap, head);
    }
    return past != NO_PAGE ? sight_pages(heap, past)
                           : sight_past(heap, address, chunk->page, reach);
}

/* The address is the heap's. */
static sight sight_at(const grt_heap *heap, grt_addr address, uint32_t reach)
{
    uint32_t page = heap_page_of(heap, address);
    uint32_t run = page_table_head_of(&heap->table, page);
    const heap_page *head = &heap->table.pages[run];
    if (head->kind == PAGE_FREE) {
        return sight_past(heap, address, run, reach);
    }
    if (head->kind == PAGE_CHUNK) {
        return sight_in_chunk(heap, address, heap_chunk_at(heap, address), reach);
    }
    if (head->kind == PAGE_LARGE) {
        return sight_pages(heap, run);
    }
    return sight_in_span(heap, address, head->u.span, reach);
}

/* ---- in words ----------------------------------------------------------------------------------
 */

static void put_words(grt_block_info *info, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void put_words(grt_block_info *info, const char *format, ...)
{
    size_t length = strlen(info->text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(info->text + length, sizeof info->text - length, format, arguments);
    va_end(arguments);
}

static void put_freed(grt_block_info *info)
{
    if (info->offset == 0) {
        put_words(info, "the start of a freed block that occupied %u bytes", info->extent);
    } else if (info->offset < info->extent) {
        put_words(info, "%u bytes inside the freed block 0x%08X that occupied %u bytes",
                  info->offset, (unsigned)info->start, info->extent);
    } else {
        put_words(info, "beside the freed block 0x%08X that occupied %u bytes",
                  (unsigned)info->start, info->extent);
    }
    if (info->freed_known) {
        put_words(info, ", freed by call site 0x%08X on thread %u", (unsigned)info->freed_site,
                  info->freed_thread);
    }
}

static void put_live(grt_block_info *info, grt_addr address)
{
    if (address < info->start) {
        put_words(info, "%u bytes before the live block 0x%08X of %u bytes",
                  (unsigned)(info->start - address), (unsigned)info->start, info->asked);
    } else if (info->offset == 0) {
        put_words(info, "the start of a live block of %u bytes", info->asked);
    } else if (info->offset < info->asked) {
        put_words(info, "%u bytes inside the live block 0x%08X of %u bytes", info->offset,
                  (unsigned)info->start, info->asked);
    } else {
        put_words(info, "%u bytes past the end of the live block 0x%08X of %u bytes",
                  info->offset - info->asked, (unsigned)info->start, info->asked);
    }
    if (info->site_known) {
        put_words(info, ", asked for by call site 0x%08X on thread %u", (unsigned)info->site,
                  info->thread);
    }
}

static void describe_in_words(const grt_heap *heap, grt_block_info *info, grt_addr address)
{
    if (info->state == GRT_BLOCK_OUTSIDE) {
        put_words(info, "outside heap %s (0x%08X to 0x%08X)", heap->name, (unsigned)heap->first,
                  (unsigned)(heap->first + heap->last_offset));
    } else if (info->state == GRT_BLOCK_NEVER) {
        put_words(info, "no block was ever here");
    } else if (info->state == GRT_BLOCK_FREED) {
        put_freed(info);
    } else {
        put_live(info, address);
    }
}

/* ---- descriptions ------------------------------------------------------------------------------
 */

/* Who asked for the block and who freed it, as far as that was sampled. */
static void describe_sites(const grt_heap *heap, grt_block_info *info)
{
    bool live = info->state == GRT_BLOCK_LIVE;
    const site_entry *entry =
        site_table_find(&heap->watch.sites, info->start, live ? SITE_LIVE : SITE_FREED);
    if (entry == NULL) {
        return;
    }
    info->site_known = true;
    info->site = entry->site;
    info->thread = entry->thread;
    info->freed_known = !live;
    info->freed_site = entry->freed_site;
    info->freed_thread = entry->freed_thread;
    if (!live) {
        info->asked = entry->asked;
    }
}

/* Pages that are looked through for a freed neighbour, so that describing a live block is O(1). */
#define NEIGHBOUR_REACH 256u

static grt_block_neighbour describe_neighbour(const grt_heap *heap, grt_addr address)
{
    grt_block_neighbour neighbour = {.state = GRT_BLOCK_OUTSIDE};
    if (grt_heap_owns(heap, address)) {
        sight seen = sight_at(heap, address, NEIGHBOUR_REACH);
        neighbour = (grt_block_neighbour){seen.state, seen.start, seen.asked, seen.extent};
    }
    return neighbour;
}

/* A block in guard mode has its own pages around it, which are no neighbours. */
static void describe_neighbours(const grt_heap *heap, grt_block_info *info, bool guarded)
{
    grt_addr before = info->start - 1;
    grt_addr after = info->start + info->extent;
    if (guarded) {
        before = (info->start & ~(GRT_PAGE_SIZE - 1)) - 1;
        after += GRT_PAGE_SIZE;
    }
    info->before = describe_neighbour(heap, before);
    info->after = describe_neighbour(heap, after);
}

static void describe_inside(const grt_heap *heap, grt_block_info *info, grt_addr address)
{
    sight seen = sight_at(heap, address, heap->table.count);
    info->state = seen.state;
    if (seen.state == GRT_BLOCK_NEVER) {
        return;
    }
    info->start = seen.start;
    info->asked = seen.asked;
    info->extent = seen.extent;
    info->offset = address - seen.start;
    info->quarantined =
        seen.state == GRT_BLOCK_FREED && quarantine_has(&heap->watch.quarantine, seen.start);
    info->guarded = seen.guarded;
    describe_sites(heap, info);
    describe_neighbours(heap, info, seen.guarded);
}

void heap_describe_locked(const grt_heap *heap, grt_addr address, grt_block_info *info)
{
    *info = (grt_block_info){.state = GRT_BLOCK_OUTSIDE};
    if (grt_heap_owns(heap, address)) {
        describe_inside(heap, info, address);
    }
    describe_in_words(heap, info, address);
}
