/*
 * slots.c - where the slots of each class lie.
 */
#include "heap/slots.h"

/* Slots a page of each area, as log2, and the smallest extent that they are enough for. */
static const struct {
    uint32_t page_shift;
    uint32_t extent;
} areas[SLOT_AREAS] = {{8, 16}, {6, 64}, {4, 256}};

size_t slots_count(uint32_t pages)
{
    size_t count = SLOTS_SPARE;
    for (uint32_t i = 0; i < SLOT_AREAS; i++) {
        count += (size_t)pages << areas[i].page_shift;
    }
    return count + pages; /* and one a page for medium blocks */
}

static uint32_t area_of(uint32_t extent)
{
    uint32_t area = SLOT_AREAS - 1;
    while (extent < areas[area].extent) {
        area--;
    }
    return area;
}

void slots_init(heap_slots *slots, grt_addr heap_first, uint32_t pages, heap_slot *storage,
                page_info *infos)
{
    uint32_t first[SLOT_AREAS] = {SLOTS_SPARE};
    for (uint32_t i = 1; i < SLOT_AREAS; i++) {
        first[i] = first[i - 1] + (pages << areas[i - 1].page_shift);
    }
    slots->medium = first[SLOT_AREAS - 1] + (pages << areas[SLOT_AREAS - 1].page_shift);
    slots->all = storage;
    slots->pages = infos;
    slots->first = heap_first;
    for (uint32_t i = 0; i < SIZE_CLASS_COUNT; i++) {
        uint32_t area = area_of(size_class_extent(i));
        slots->areas[i] = (class_area){first[area], areas[area].page_shift};
    }
}
