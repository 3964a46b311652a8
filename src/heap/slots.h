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
#define SLOT_HELD     2u /* freed, and kept in quarantine */
#define SLOT_RESIZING 3u /* claimed by the thread that changes its size */
#define SLOT_LIVE     0x8000u

#define SLOT_AREAS 3u

/* What finding a slot takes; one a class, so that it is one look-up. */
typedef struct class_geometry {
    uint32_t extent;
    uint32_t area;       /* index of the area's first slot */
    uint32_t page_shift; /* log2 of the slots a page in that area */
    uint64_t reciprocal; /* of extent / 16, in 2^-32, rounded up: divides exactly below 2^21 */
} class_geometry;

typedef struct heap_slots {
    heap_slot *all;
    uint16_t *page_info; /* a page: 0, or what page_info_of() made of its span */
    class_geometry classes[SIZE_CLASS_COUNT];
} heap_slots;

/* Slots that a heap of so many pages needs, and the set-up over zeroed storage for them. */
size_t slots_count(uint32_t pages);
void slots_init(heap_slots *slots, uint32_t pages, heap_slot *storage, uint16_t *page_info);

/* ---- places ---------------------------------------------------------------------------------- */

/* A place where a small block can start. */
typedef struct block_place {
    uint32_t offset; /* bytes into the heap */
    uint32_t slot;   /* index among all slots */
} block_place;

static inline uint16_t page_info_of(uint32_t size_class, uint32_t page_in_span)
{
    return (uint16_t)((size_class + 1) << 6 | page_in_span);
}

/* The place of block 0 of a span. */
static inline block_place place_of_span(const heap_slots *slots, uint32_t size_class, uint32_t page)
{
    const class_geometry *class = &slots->classes[size_class];
    return (block_place){page << PAGE_SHIFT, class->area + (page << class->page_shift)};
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
    return (uint32_t)(offset_in_span / SMALL_ALIGNMENT * class->reciprocal >> 32);
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
