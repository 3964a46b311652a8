/*
 * backing.c - commits and decommits pages of the heap's range.
 */
#include "heap/backing.h"

#include "heap/bitmap.h"
#include "heap/page_table.h"

static grt_addr page_address(const heap_backing *backing, uint32_t page)
{
    return backing->first + (page << PAGE_SHIFT);
}

/* Once the rows are full the last one is stretched: clearing too much is only slow. */
static void stale_add(stale_ranges *stale, uint32_t page, uint32_t length)
{
    if (stale->count < STALE_MAX) {
        stale->ranges[stale->count].page = page;
        stale->ranges[stale->count].length = length;
        stale->count++;
    } else {
        stale->ranges[STALE_MAX - 1].length = page + length - stale->ranges[STALE_MAX - 1].page;
    }
}

static grt_status commit_range(heap_backing *backing, uint32_t page, uint32_t length,
                               grt_refusal *refusal)
{
    grt_status status = grt_memory_try_commit(backing->memory, page_address(backing, page),
                                              (uint64_t)length << PAGE_SHIFT, refusal);
    if (status == GRT_OK) {
        bitmap_fill(backing->committed, page, length, true);
        backing->committed_pages += length;
    }
    return status;
}

/* A head start must not run into the memory's budget, which would be reported as a refusal. */
static uint32_t ahead_within_budget(const heap_backing *backing, uint32_t length, uint32_t ahead)
{
    grt_memory_stats stats;
    grt_memory_get_stats(backing->memory, &stats);
    if (stats.budget == 0) {
        return ahead;
    }
    uint64_t used = stats.committed + ((uint64_t)length << PAGE_SHIFT);
    uint64_t room = used < stats.budget ? (stats.budget - used) >> PAGE_SHIFT : 0;
    return room < ahead ? (uint32_t)room : ahead;
}

/* Commits a hole; a refused head start is given up before the request is. */
static grt_status commit_hole(heap_backing *backing, uint32_t page, uint32_t length, uint32_t ahead,
                              grt_refusal *refusal)
{
    if (ahead > 0 && (ahead = ahead_within_budget(backing, length, ahead)) > 0) {
        uint32_t end = page + length;
        uint32_t limit = bitmap_find(backing->committed, end, end + ahead, true);
        if (commit_range(backing, page, limit - page, refusal) == GRT_OK) {
            return GRT_OK;
        }
    }
    return commit_range(backing, page, length, refusal);
}

grt_status heap_backing_commit(heap_backing *backing, uint32_t page, uint32_t length,
                               uint32_t ahead, stale_ranges *stale, grt_refusal *refusal)
{
    uint32_t end = page + length;
    while (page < end) {
        uint32_t hole = bitmap_find(backing->committed, page, end, false);
        if (hole > page && stale != NULL) {
            stale_add(stale, page, hole - page);
        }
        if (hole == end) {
            break;
        }
        uint32_t hole_end = bitmap_find(backing->committed, hole, end, true);
        grt_status status =
            commit_hole(backing, hole, hole_end - hole, hole_end == end ? ahead : 0, refusal);
        if (status != GRT_OK) {
            return status;
        }
        if (stale != NULL && !backing->commit_zeroes) {
            stale_add(stale, hole, hole_end - hole);
        }
        page = hole_end;
    }
    return GRT_OK;
}

uint32_t heap_backing_decommit(heap_backing *backing, uint32_t page, uint32_t length)
{
    uint32_t end = page + length;
    uint32_t given = 0;
    while ((page = bitmap_find(backing->committed, page, end, true)) < end) {
        uint32_t stop = bitmap_find(backing->committed, page, end, false);
        grt_status status = grt_memory_decommit(backing->memory, page_address(backing, page),
                                                (uint64_t)(stop - page) << PAGE_SHIFT);
        if (status == GRT_OK) { /* otherwise the pages simply stay */
            bitmap_fill(backing->committed, page, stop - page, false);
            heap_backing_forget_fill(backing, page, stop - page);
            backing->committed_pages -= stop - page;
            backing->given_back += stop - page;
            given += stop - page;
        }
        page = stop;
    }
    return given;
}

void heap_backing_strip(heap_backing *backing, uint32_t page, uint32_t length)
{
    heap_backing_decommit(backing, page, length);
    backing->committed_pages += length - bitmap_count(backing->committed, page, length);
    bitmap_fill(backing->committed, page, length, true);
}

static void recover_part(heap_backing *backing, uint32_t page, uint32_t length,
                         const grt_page_info *info)
{
    if (!info->committed) {
        backing->committed_pages -= bitmap_count(backing->committed, page, length);
        bitmap_fill(backing->committed, page, length, false);
        heap_backing_forget_fill(backing, page, length);
    } else if (info->access != GRT_READ_WRITE) {
        grt_status status = grt_memory_protect(backing->memory, page_address(backing, page),
                                               (uint64_t)length << PAGE_SHIFT, GRT_READ_WRITE);
        if (status != GRT_OK) { /* fresh pages are as good, should the host refuse to change them */
            heap_backing_decommit(backing, page, length);
        }
    }
}

void heap_backing_recover(heap_backing *backing, uint32_t page, uint32_t length)
{
    uint64_t bytes = (uint64_t)length << PAGE_SHIFT;
    if (grt_memory_accessible(backing->memory, page_address(backing, page), bytes,
                              GRT_READ_WRITE)) {
        return;
    }
    for (uint32_t end = page + length; page < end;) {
        grt_page_info info;
        grt_memory_query(backing->memory, page_address(backing, page), &info);
        uint64_t run = info.run_size >> PAGE_SHIFT;
        uint32_t part = run < end - page ? (uint32_t)run : end - page;
        recover_part(backing, page, part, &info);
        page += part;
    }
}
