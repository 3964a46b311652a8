/*
 * regions.c - who owns which range.
 *
 * A sorted array: titles have tens of regions, look-ups are far more frequent than changes, and an
 * array is walked by a report without following pointers.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "memory/memory_impl.h"

#define FIRST_CAPACITY 16u

/* ---- the table ------------------------------------------------------------------------------- */

uint32_t grt_region_after(const grt_memory *memory, uint64_t address)
{
    uint32_t low = 0;
    uint32_t high = memory->region_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (grt_region_end(&memory->regions[middle]) > address) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

grt_region *grt_region_holding(const grt_memory *memory, grt_addr first, uint64_t size)
{
    uint32_t index = grt_region_after(memory, first);
    if (index == memory->region_count) {
        return NULL;
    }
    grt_region *region = &memory->regions[index];
    bool holds = region->first <= first && first + size <= grt_region_end(region);
    return holds ? region : NULL;
}

static bool make_room(grt_memory *memory)
{
    if (memory->region_count < memory->region_capacity) {
        return true;
    }
    uint32_t capacity = memory->region_capacity != 0 ? memory->region_capacity * 2 : FIRST_CAPACITY;
    grt_region *regions = os_alloc(capacity * sizeof *regions);
    if (regions == NULL) {
        return false;
    }
    if (memory->region_count > 0) {
        memcpy(regions, memory->regions, memory->region_count * sizeof *regions);
    }
    os_free(memory->regions);
    memory->regions = regions;
    memory->region_capacity = capacity;
    return true;
}

static grt_status insert(grt_memory *memory, grt_addr first, uint64_t size, const char *owner)
{
    if (!make_room(memory)) {
        return GRT_NO_HOST_MEMORY;
    }
    uint32_t index = grt_region_after(memory, first);
    grt_region *region = &memory->regions[index];
    memmove(region + 1, region, (memory->region_count - index) * sizeof *region);
    *region = (grt_region){.first = first, .pages = (uint32_t)(size >> GRT_PAGE_SHIFT)};
    snprintf(region->owner, sizeof region->owner, "%s", owner);
    memory->region_count++;
    memory->reserved_pages += region->pages;
    return GRT_OK;
}

/* ---- reserving a given range ----------------------------------------------------------------- */

static grt_status reserve_locked(grt_memory *memory, grt_addr first, uint64_t size,
                                 const char *owner, grt_refusal *refusal)
{
    uint32_t index = grt_region_after(memory, first);
    if (index < memory->region_count && memory->regions[index].first < first + size) {
        const grt_region *other = &memory->regions[index];
        snprintf(refusal->text, sizeof refusal->text,
                 "'%.31s' cannot reserve 0x%08x-0x%08" PRIx64 ": '%s' owns 0x%08x-0x%08" PRIx64,
                 owner, first, first + size, other->owner, other->first, grt_region_end(other));
        return GRT_REGION_OVERLAP;
    }
    return insert(memory, first, size, owner);
}

grt_status grt_memory_reserve(grt_memory *memory, grt_addr address, uint64_t size,
                              const char *owner)
{
    grt_addr first;
    if (owner == NULL || grt_view_range(memory, address, size, &first) != GRT_OK) {
        return GRT_INVALID_ARGUMENT;
    }
    grt_refusal refusal = {.text = ""};
    os_mutex_lock(&memory->lock);
    grt_status status = reserve_locked(memory, first, size, owner, &refusal);
    os_mutex_unlock(&memory->lock);
    grt_refusal_log(memory, &refusal);
    return status;
}

/* ---- reserving wherever there is room -------------------------------------------------------- */

/* The lowest multiple of [alignment] in the view's [from, end) with [size] free bytes behind it, or
 * [end] when there is none. The alignment is that of the address the guest will see. */
static uint64_t find_room(const grt_memory *memory, const grt_view *view, uint64_t from,
                          uint64_t end, uint64_t size, uint32_t alignment)
{
    uint32_t index = grt_region_after(memory, from + view->delta);
    for (;;) {
        from = (from + alignment - 1) & ~(uint64_t)(alignment - 1);
        if (from > end || end - from < size) {
            return end;
        }
        if (index == memory->region_count) {
            return from;
        }
        const grt_region *region = &memory->regions[index++];
        if (from + view->delta + size <= region->first) {
            return from;
        }
        if (grt_region_end(region) > from + view->delta) {
            from = grt_region_end(region) - view->delta;
        }
    }
}

static bool search_is_valid(const grt_view *view, grt_addr first, uint64_t end, uint64_t size,
                            uint32_t alignment)
{
    bool power_of_two = alignment != 0 && (alignment & (alignment - 1)) == 0;
    return first < end && end <= view->end && size != 0 && size % GRT_PAGE_SIZE == 0 &&
           power_of_two && alignment >= GRT_PAGE_SIZE;
}

grt_status grt_memory_reserve_anywhere(grt_memory *memory, grt_addr first, uint64_t end,
                                       uint64_t size, uint32_t alignment, const char *owner,
                                       grt_addr *address)
{
    grt_view view = grt_view_of(memory, first);
    if (owner == NULL || address == NULL || !search_is_valid(&view, first, end, size, alignment)) {
        return GRT_INVALID_ARGUMENT;
    }
    /* Address 0 is the guest's null and never an answer. */
    uint64_t from = first >= GRT_PAGE_SIZE ? first : GRT_PAGE_SIZE;
    os_mutex_lock(&memory->lock);
    uint64_t found = find_room(memory, &view, from, end, size, alignment);
    grt_status status = GRT_OUT_OF_GUEST_MEMORY;
    if (found != end) {
        status = insert(memory, (grt_addr)(found + view.delta), size, owner);
    }
    os_mutex_unlock(&memory->lock);
    if (status == GRT_OK) {
        *address = (grt_addr)found;
    }
    return status;
}

/* ---- releasing ------------------------------------------------------------------------------- */

static grt_status release_locked(grt_memory *memory, grt_addr first)
{
    uint32_t index = grt_region_after(memory, first);
    if (index == memory->region_count || memory->regions[index].first != first) {
        return GRT_NOT_RESERVED;
    }
    grt_region *region = &memory->regions[index];
    grt_pages_decommit(memory, region, first, grt_region_size(region));
    memory->reserved_pages -= region->pages;
    memory->region_count--;
    memmove(region, region + 1, (memory->region_count - index) * sizeof *region);
    return GRT_OK;
}

grt_status grt_memory_release(grt_memory *memory, grt_addr address)
{
    grt_view view = grt_view_of(memory, address);
    os_mutex_lock(&memory->lock);
    grt_status status = release_locked(memory, (grt_addr)(address + view.delta));
    os_mutex_unlock(&memory->lock);
    return status;
}
