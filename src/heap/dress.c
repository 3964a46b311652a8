/*
 * dress.c - writes patterns into blocks and behind them, and verifies them.
 *
 * All of this happens without the lock and while the block is pending, like clearing and copying.
 * Pages that the guest made inaccessible are left alone.
 */
#include "heap/internal.h"

#include <string.h>

/* ---- behind blocks -----------------------------------------------------------------------------
 */

void heap_write_tail(grt_heap *heap, grt_addr block, uint32_t size, uint32_t room)
{
    if (heap->watch.has_tail && room > size && heap_is_writable(heap, block + size, room - size)) {
        memset(grt_memory_host(heap->memory, block + size), PATTERN_TAIL, room - size);
    }
}

static void report_overrun(grt_heap *heap, const heap_block *block, const pattern_damage *tail,
                           const char *noticed_by)
{
    heap_damage damage = {
        .block = block->address, .size = block->asked, .bytes = *tail, .noticed_by = noticed_by};
    damage.bytes.first += block->asked;
    damage.bytes.last += block->asked;
    heap_report_damage(heap, &damage);
}

void heap_verify_tail(grt_heap *heap, const heap_block *block, const char *noticed_by)
{
    grt_addr tail = block->address + block->asked;
    uint32_t size = block->room - block->asked;
    pattern_damage damage;
    if (!heap->watch.has_tail || size == 0 || !heap_is_writable(heap, tail, size) ||
        pattern_intact(grt_memory_host(heap->memory, tail), size, PATTERN_TAIL, &damage)) {
        return;
    }
    memset(grt_memory_host(heap->memory, tail), PATTERN_TAIL, size);
    report_overrun(heap, block, &damage, noticed_by);
}

/* ---- freed memory ------------------------------------------------------------------------------
 */

static void report_write(grt_heap *heap, grt_addr block, uint32_t size, uint32_t at,
                         const pattern_damage *bytes, const char *noticed_by)
{
    heap_damage damage = {.after_free = true,
                          .block = block,
                          .size = size,
                          .bytes = *bytes,
                          .noticed_by = noticed_by};
    damage.bytes.first += at;
    damage.bytes.last += at;
    heap_report_damage(heap, &damage);
}

static void verify_small(grt_heap *heap, const heap_request *request)
{
    pattern_damage damage;
    if (request->filled && heap_is_writable(heap, request->block, request->room) &&
        !pattern_intact(grt_memory_host(heap->memory, request->block), request->room, PATTERN_FREED,
                        &damage)) {
        report_write(heap, request->block, request->room, 0, &damage, "alloc");
    }
}

typedef struct page_range {
    uint32_t page, end;
} page_range;

/* Takes the next pages of [page, end) that are known to be filled from the books. */
static bool take_filled(grt_heap *heap, uint32_t page, uint32_t end, page_range *range)
{
    uint64_t *filled = heap->backing.filled;
    os_mutex_lock(&heap->lock);
    range->page = bitmap_find(filled, page, end, true);
    range->end = bitmap_find(filled, range->page, end, false);
    bitmap_fill(filled, range->page, range->end - range->page, false);
    os_mutex_unlock(&heap->lock);
    return range->page < range->end;
}

/* The part of a range, from [page] on, that was one block; and where that block started. The pages
 * are taken, so nobody changes their marks. */
static page_range find_part(const grt_heap *heap, const page_range *range, uint32_t page,
                            page_range *block)
{
    for (uint32_t start = page + 1; start-- > range->page;) {
        uint32_t past = heap->table.pages[start].past;
        if (past_get_kind(past) == PAST_LARGE && past_large_pages(past) > page - start) {
            *block = (page_range){start, start + past_large_pages(past)};
            return (page_range){page, block->end < range->end ? block->end : range->end};
        }
    }
    *block = (page_range){page, page + 1}; /* its first page is not among these */
    return *block;
}

/* Verifies [page, end) and returns the first page that is not verified yet. */
static uint32_t verify_part(grt_heap *heap, const page_range *range, uint32_t page,
                            const char *noticed_by)
{
    const uint8_t *bytes = grt_memory_host(heap->memory, heap_page_address(heap, page));
    pattern_damage damage;
    page_range block;
    if (pattern_intact(bytes, (range->end - page) << PAGE_SHIFT, PATTERN_FREED, &damage)) {
        return range->end;
    }
    uint32_t first = page + (damage.first >> PAGE_SHIFT);
    page_range part = find_part(heap, range, first, &block);
    bytes = grt_memory_host(heap->memory, heap_page_address(heap, part.page));
    (void)pattern_intact(bytes, (part.end - part.page) << PAGE_SHIFT, PATTERN_FREED, &damage);
    report_write(heap, heap_page_address(heap, block.page), (block.end - block.page) << PAGE_SHIFT,
                 (part.page - block.page) << PAGE_SHIFT, &damage, noticed_by);
    return part.end;
}

void heap_verify_freed_pages(grt_heap *heap, uint32_t page, uint32_t pages, const char *noticed_by)
{
    page_range range = {page, page};
    while (take_filled(heap, range.end, page + pages, &range)) {
        uint32_t bytes = (range.end - range.page) << PAGE_SHIFT;
        uint32_t at = heap_is_writable(heap, heap_page_address(heap, range.page), bytes)
                          ? range.page
                          : range.end;
        while (at < range.end) {
            at = verify_part(heap, &range, at, noticed_by);
        }
    }
}

void heap_verify_freed(grt_heap *heap, const heap_request *request)
{
    if (!heap->watch.options.fill) {
        return;
    }
    if (request->size_class != SIZE_CLASS_NONE) {
        verify_small(heap, request);
        return;
    }
    heap_verify_freed_pages(heap, heap_page_of(heap, request->block),
                            (uint32_t)(request->extent >> PAGE_SHIFT), "alloc");
}

/* ---- blocks that come and go -------------------------------------------------------------------
 */

void heap_fill_new(grt_heap *heap, const heap_request *request)
{
    if (heap->watch.options.fill && heap_is_writable(heap, request->block, request->size)) {
        memset(grt_memory_host(heap->memory, request->block), PATTERN_FRESH, request->size);
    }
}

bool heap_undress(grt_heap *heap, const heap_block *block, const char *noticed_by)
{
    grt_addr start = block->address;
    heap_verify_tail(heap, block, noticed_by);
    bool guarded = block->room < block->extent; /* its pages are about to become inaccessible */
    if (!heap->watch.options.fill || guarded || !heap_is_writable(heap, start, block->room)) {
        return false;
    }
    memset(grt_memory_host(heap->memory, start), PATTERN_FREED, block->room);
    return true;
}
