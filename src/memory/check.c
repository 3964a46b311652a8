/*
 * check.c - a second opinion on the room's own records, for tests and self-checks.
 */
#include "memory/memory_impl.h"

static uint32_t committed_between(const grt_memory *memory, uint64_t from, uint64_t end)
{
    uint32_t count = 0;
    for (; from < end; from += GRT_PAGE_SIZE) {
        count += grt_page_get(memory, from) != GRT_PAGE_NONE;
    }
    return count;
}

static const char *check_regions(const grt_memory *memory, uint64_t *reserved, uint64_t *committed)
{
    uint64_t end = 0;
    for (uint32_t i = 0; i < memory->region_count; i++) {
        const grt_region *region = &memory->regions[i];
        if (region->pages == 0 || region->first < end) {
            return "regions are sorted, not empty, and do not overlap";
        }
        if (committed_between(memory, end, region->first) != 0) {
            return "a page is committed only inside a region";
        }
        end = grt_region_end(region);
        if (end > GRT_WINDOW_SIZE) {
            return "a region ends inside the window";
        }
        if (committed_between(memory, region->first, end) != region->committed) {
            return "a region's count of committed pages agrees with the page table";
        }
        *reserved += region->pages;
        *committed += region->committed;
    }
    if (committed_between(memory, end, GRT_WINDOW_SIZE) != 0) {
        return "a page is committed only inside a region";
    }
    return NULL;
}

static const char *check_locked(const grt_memory *memory)
{
    uint64_t reserved = 0;
    uint64_t committed = 0;
    const char *broken = check_regions(memory, &reserved, &committed);
    if (broken != NULL) {
        return broken;
    }
    if (reserved != memory->reserved_pages || committed != memory->committed_pages) {
        return "the totals are the sums over the regions";
    }
    if (committed > memory->committed_peak) {
        return "the peak is not below what is committed";
    }
    if (memory->budget_pages != 0 && committed > memory->budget_pages) {
        return "the budget is kept";
    }
    if (!memory->map_page_zero && grt_page_get(memory, 0) != GRT_PAGE_NONE) {
        return "page 0 traps";
    }
    return NULL;
}

const char *grt_memory_check(grt_memory *memory)
{
    os_mutex_lock(&memory->lock);
    const char *broken = check_locked(memory);
    os_mutex_unlock(&memory->lock);
    return broken;
}
