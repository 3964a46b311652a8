/*
 * slots.h - sixteen bits in host memory for each small block: the authority on whether it is live.
 *
 * A free claims its block by changing the slot from live to freed, so that of any number of racing
 * frees exactly one wins, and double, interior and wild frees all fail the same test. A live slot
 * holds the slack: what the block occupies less what was asked for.
 *
 * The slots of a span lie side by side, in the order of its blocks, at a place that follows from
 * the span's first page. There are three areas, for a page has room for 256 blocks of 16 bytes but
 * only for four of 1,000: each class uses the area with the fewest slots a page that is enough.
 * Slots of one span are close together, so that even a large heap's live ones stay in the host's
 * caches, and areas are backed only where they are touched.
 */
#ifndef GRT_HEAP_SLOTS_H
#define GRT_HEAP_SLOTS_H

#include <stdbool.h>
#include <stdint.h>

#include "heap/page_table.h"
#include "heap/size_class.h"

typedef uint16_t heap_slot;

/* Values of slots that are not live. */
#define SLOT_NEVER    0u /* no block was handed out here since the span was made */
#define SLOT_FREED    1u
#define SLOT_HELD     2u    /* freed, and kept in quarantine */
#define SLOT_RESIZING 3u    /* claimed by the thread that changes its size */
#define SLOT_FILLED   0x40u /* with FREED and HELD: all of the block is the fill of freed blocks */
#define SLOT_LIVE     0x8000u

#define SLOT_AREAS 3u

/* What finding a block takes, one a class. */
typedef struct class_geometry {
    uint32_t extent;
    uint32_t reciprocal; /* of extent / 16, in 2^-31, rounded up: divides exactly below 2^18 */
} class_geometry;

/* The slots of a class's spans. */
typedef struct class_area {
    uint32_t first;      /* index of the area's first slot */
    uint32_t page_shift; /* log2 of the slots a page in that area */
} class_area;

/* What a page of a span says, 0 for all other pages: the class and bit 7 in bits 0 to 7, the page's
 * first byte in the span in bits 8 to 31, the slot of the span's block 0 above. */
typedef uint64_t page_info;

#define PAGE_HAS_SPAN 0x80u

typedef struct heap_slots {
    heap_slot *all;
    page_info *pages;
    class_geometry classes[SIZE_CLASS_COUNT];
    class_area areas[SIZE_CLASS_COUNT];
} heap_slots;

/* Slots that a heap of so many pages needs, and the set-up over zeroed storage for them. */
size_t slots_count(uint32_t pages);
void slots_init(heap_slots *slots, uint32_t pages, heap_slot *storage, page_info *infos);

/* ---- places ---------------------------------------------------------------------------------- */

/* A place where a small block can start. */
typedef struct block_place {
    uint32_t offset; /* bytes into the heap */
    uint32_t slot;   /* index among all slots */
} block_place;

/* The place of block 0 of a span. */
static inline block_place place_of_span(const heap_slots *slots, uint32_t size_class, uint32_t page)
{
    const class_area *area = &slots->areas[size_class];
    return (block_place){page << PAGE_SHIFT, area->first + (page << area->page_shift)};
}

static inline block_place place_of_block(const heap_slots *slots, uint32_t size_class,
                                         uint32_t page, uint32_t block)
{
    block_place place = place_of_span(slots, size_class, page);
    place.offset += block * slots->classes[size_class].extent;
    place.slot += block;
    return place;
}

/* The block of a span that [offset_in_span] lies in. */
static inline uint32_t block_at(const class_geometry *class, uint32_t offset_in_span)
{
    return (uint32_t)((uint64_t)(offset_in_span / SMALL_ALIGNMENT) * class->reciprocal >> 31);
}

static inline page_info page_info_of(const heap_slots *slots, uint32_t size_class,
                                     uint32_t span_page, uint32_t page_in_span)
{
    uint64_t slot = place_of_span(slots, size_class, span_page).slot;
    return slot << 32 | (uint64_t)page_in_span << (PAGE_SHIFT + 8) | PAGE_HAS_SPAN | size_class;
}

/* ---- slots ----------------------------------------------------------------------------------- */

static inline heap_slot slot_load(const heap_slot *slot)
{
    return __atomic_load_n(slot, __ATOMIC_ACQUIRE);
}

static inline void slot_store(heap_slot *slot, uint32_t value)
{
    __atomic_store_n(slot, (heap_slot)value, __ATOMIC_RELEASE);
}

static inline bool slot_is_live(heap_slot value)
{
    return (value & SLOT_LIVE) != 0;
}

static inline uint32_t slot_slack(heap_slot live)
{
    return live & (SLOT_LIVE - 1);
}

/* Changes a slot that was seen as [live] to [next]; false iff somebody was faster. */
static inline bool slot_claim(heap_slot *slot, heap_slot live, uint32_t next)
{
    return __atomic_compare_exchange_n(slot, &live, (heap_slot)next, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_RELAXED);
}

#endif
