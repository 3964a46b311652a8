/*
 * query.c - questions about the window.
 */
#include <string.h>

#include "memory/memory_impl.h"
#include "memory/quick.h"

/* The lock is not part of what a caller sees of a memory, so questions may take it on a const one.
 */
static os_mutex *lock_of(const grt_memory *memory)
{
    return (os_mutex *)&memory->lock;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* A region as the view shows it: a mirror may show only a part. */
static void describe_region(const grt_memory *memory, const grt_region *region,
                            const grt_view *view, uint64_t page, grt_page_info *info)
{
    uint64_t first = larger(region->first, view->first + view->delta) - view->delta;
    uint64_t end = smaller(grt_region_end(region), view->end + view->delta) - view->delta;
    info->region_first = (grt_addr)first;
    info->region_size = end - first;
    memcpy(info->owner, region->owner, sizeof info->owner);
    grt_page record = grt_page_get(memory, page + view->delta);
    info->committed = record != GRT_PAGE_NONE;
    info->access = info->committed ? grt_page_access(record) : GRT_NO_ACCESS;
    info->note = (uint8_t)(record >> GRT_PAGE_NOTE_SHIFT);
    info->run_size = grt_page_run(memory, page + view->delta, end + view->delta) - view->delta;
    info->run_size -= page;
}

void grt_memory_query(const grt_memory *memory, grt_addr address, grt_page_info *info)
{
    grt_view view = grt_view_of(memory, address);
    uint64_t page = address & ~(uint64_t)(GRT_PAGE_SIZE - 1);
    uint64_t canonical = page + view.delta;
    memset(info, 0, sizeof *info);
    os_mutex_lock(lock_of(memory));
    uint32_t index = grt_region_after(memory, canonical);
    const grt_region *region = index < memory->region_count ? &memory->regions[index] : NULL;
    if (region != NULL && region->first <= canonical) {
        describe_region(memory, region, &view, page, info);
    } else {
        uint64_t next = region != NULL ? region->first : GRT_WINDOW_SIZE;
        info->run_size = smaller(next, view.end + view.delta) - canonical;
    }
    os_mutex_unlock(lock_of(memory));
}

/* Access that every committed page allows. */
static bool records_committed(const grt_memory *memory, uint64_t first, uint64_t end)
{
    while (first < end && grt_page_get(memory, first << GRT_PAGE_SHIFT) != GRT_PAGE_NONE) {
        first++;
    }
    return first == end;
}

bool grt_memory_accessible(const grt_memory *memory, grt_addr address, uint64_t size,
                           grt_access access)
{
    if (size > GRT_WINDOW_SIZE - address) {
        return false;
    }
    uint64_t end = address + size;
    for (uint64_t at = address; at < end;) {
        grt_view view = grt_view_of(memory, (grt_addr)at);
        uint64_t until = smaller(end, view.end);
        uint32_t first = (uint32_t)((at + view.delta) >> GRT_PAGE_SHIFT);
        uint32_t last = (uint32_t)((until - 1 + view.delta) >> GRT_PAGE_SHIFT);
        if (!(access == GRT_NO_ACCESS
                  ? records_committed(memory, first, last + 1)
                  : grt_quick_allowed(memory->pages, first, last + 1, access))) {
            return false;
        }
        at = until;
    }
    return true;
}

const uint8_t *grt_memory_page_records(const grt_memory *memory)
{
    return memory->pages;
}

/* Copies the first region at or behind [from]; false when there is none. */
static bool next_region(const grt_memory *memory, uint64_t from, grt_region *region)
{
    os_mutex_lock(lock_of(memory));
    uint32_t index = grt_region_after(memory, from);
    bool found = index < memory->region_count;
    if (found) {
        *region = memory->regions[index];
    }
    os_mutex_unlock(lock_of(memory));
    return found;
}

void grt_memory_walk(const grt_memory *memory, grt_region_visitor *visit, void *user)
{
    /* The lock is not held during the visit, so that a visitor may ask questions. */
    grt_region region;
    for (uint64_t from = 0; next_region(memory, from, &region); from = grt_region_end(&region)) {
        if (!visit(user, region.first, grt_region_size(&region), region.owner,
                   (uint64_t)region.committed << GRT_PAGE_SHIFT)) {
            return;
        }
    }
}

void grt_memory_get_stats(const grt_memory *memory, grt_memory_stats *stats)
{
    os_mutex_lock(lock_of(memory));
    stats->reserved = memory->reserved_pages << GRT_PAGE_SHIFT;
    stats->committed = memory->committed_pages << GRT_PAGE_SHIFT;
    stats->committed_peak = memory->committed_peak << GRT_PAGE_SHIFT;
    stats->budget = memory->budget_pages << GRT_PAGE_SHIFT;
    stats->regions = memory->region_count;
    os_mutex_unlock(lock_of(memory));
}
