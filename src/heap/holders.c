/*
 * holders.c - who holds the memory, when a request is refused and the caches are drained.
 *
 * Large blocks are grouped by their size and by who asked for them, small ones by their size
 * class. The table is on the stack: there may be no memory to be had.
 */
#include "heap/internal.h"

#define GROUPS 128u /* more kinds of large blocks than this share one row */

typedef struct group_table {
    heap_holder rows[GROUPS];
    uint32_t count;
} group_table;

static heap_holder *group_of(group_table *groups, uint32_t size, uint32_t site)
{
    for (uint32_t i = 0; i < groups->count; i++) {
        if (groups->rows[i].size == size && groups->rows[i].site == site) {
            return &groups->rows[i];
        }
    }
    if (groups->count == GROUPS) {
        heap_holder *others = &groups->rows[GROUPS - 1];
        others->size = others->site = 0; /* 0: of several sizes */
        return others;
    }
    groups->rows[groups->count] = (heap_holder){.size = size, .site = site};
    return &groups->rows[groups->count++];
}

/* Keeps the largest [max] rows, largest first. Returns the new count. */
static uint32_t insert_sorted(heap_holder *rows, uint32_t count, uint32_t max,
                              const heap_holder *row)
{
    uint32_t at = count < max ? count++ : max;
    for (; at > 0 && rows[at - 1].bytes < row->bytes; at--) {
        if (at < max) {
            rows[at] = rows[at - 1];
        }
    }
    if (at < max) {
        rows[at] = *row;
    }
    return count;
}

static void add_pages(const grt_heap *heap, group_table *groups, uint32_t page)
{
    heap_block block = heap_block_of_pages(heap, page);
    if (block.asked != 0) {
        heap_holder *row = group_of(groups, block.asked, heap_get_site(&heap->table.pages[page]));
        row->blocks++;
        row->bytes += block.extent;
    }
}

static void add_span(heap_holder *small, const heap_span *span)
{
    heap_holder *row = &small[span->size_class];
    row->is_small = true;
    row->size = span->extent;
    row->blocks += span_out(span);
    row->bytes += (uint64_t)span_out(span) * span->extent;
}

uint32_t heap_find_holders_locked(const grt_heap *heap, heap_holder *holders, uint32_t max)
{
    group_table groups = {.count = 0};
    heap_holder small[SIZE_CLASS_COUNT] = {{0}};
    for (uint32_t page = 0; page < heap->table.count;) {
        heap_part part = heap_part_at(heap, page);
        if (part.kind == PART_PAGES) {
            add_pages(heap, &groups, page);
        } else if (part.kind == PART_SPAN) {
            add_span(small, heap->table.pages[page].u.span);
        }
        page += part.length;
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < groups.count; i++) {
        count = insert_sorted(holders, count, max, &groups.rows[i]);
    }
    for (uint32_t i = 0; i < SIZE_CLASS_COUNT; i++) {
        if (small[i].bytes > 0) {
            count = insert_sorted(holders, count, max, &small[i]);
        }
    }
    return count;
}
