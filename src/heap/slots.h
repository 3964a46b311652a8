/*
 * slots.h - sixteen bits in host memory for each small or medium block: the authority on whether it
 * is live.
 *
 * A slot holds the size that was asked for and a bit that says that the block is live. A free
 * claims its block by clearing the bit, so that of any number of racing frees exactly one wins, and
 * double, interior and wild frees all fail the same test.
 *
 * The slots of a span lie side by side, in the order of its blocks, behind the span's record
 * (span.h), and records lie side by side too. So even a large heap's live slots stay in the host's
 * caches, on few pages.
 *
 * The slot of a medium block is that of its first page in an area where each page has one and small
 * blocks have none. So whoever finds a live medium block by a slot has the right address, even if
 * the page was something else a moment ago.
 */
#ifndef GRT_HEAP_SLOTS_H
#define GRT_HEAP_SLOTS_H

#include <stdbool.h>
#include <stdint.h>

#include "heap/page_table.h"
#include "heap/size_class.h"

typedef uint16_t heap_slot;

#define SLOT_LIVE                                                                                  \
    0x8000u           /* the other bits are what was asked for, also once it is freed; of a        \
                         medium block, less what its class starts at, see slot_base() */
#define SLOT_NEVER 0u /* no block was handed out here since the span was made */

/* Of a block that is not live: all of it is the fill of freed blocks. */
#define SLOT_FILLED 0x4000u

_Static_assert(SMALL_MAX < SLOT_FILLED, "every size of a small block fits");

/* What a page of a span or the first page of a medium block says, 0 for all other pages: the class
 * times CLASS_UNIT in bits 0 to 11, the slot of the span's block 0 or of the medium block from bit
 * 32 on, and in between the page's first byte in the span or the pages of the block. What 0 says is
 * harmless: the slots that it leads to belong to nobody. So is what the first page of a medium
 * block in a chunk goes on to say once the block is free, even inside another one: its slot is not
 * live.
 */
typedef uint64_t page_info;

#define CLASS_UNIT  32u
#define SLOTS_SPARE 256u
#define NO_SLOT     0u /* of larger blocks */

_Static_assert((MEDIUM_CLASS + 1) * CLASS_UNIT <= 4096, "a class fits where it is said");

typedef struct heap_slots {
    heap_slot *all; /* SLOTS_SPARE of nobody, those of medium blocks, and behind that the spans' */
    page_info *pages; /* of the whole guest window, by address / 4096 */
} heap_slots;

/* How many there are before those of spans. */
static inline size_t slots_before_spans(uint32_t pages)
{
    return SLOTS_SPARE + (size_t)pages;
}

/* ---- places ---------------------------------------------------------------------------------- */

/* A place where a small block can start. */
typedef struct block_place {
    grt_addr address;
    uint32_t slot; /* index among all slots */
} block_place;

/* 1 / extent in 2^-31, rounded up, for block_at(). */
static inline uint32_t reciprocal_of(uint32_t extent)
{
    return ((1u << 31) + extent - 1) / extent;
}

/* The block of a span that [offset_in_span] lies in; false iff it is not where one starts. Both are
 * exact: a multiple of the extent leaves what rounding the reciprocal up added, less than 2^16 in
 * all of a span, anything else at least one reciprocal, and the smallest of these is 2^18. A
 * reciprocal of 0 has no blocks. */
static inline bool block_at(uint32_t reciprocal, uint32_t offset_in_span, uint32_t *block)
{
    uint64_t product = (uint64_t)offset_in_span * reciprocal;
    *block = (uint32_t)(product >> 31);
    return (uint32_t)(product & 0x7FFFFFFFu) < reciprocal;
}

_Static_assert(SMALL_MAX <= 1u << 13, "reciprocals are 2^18 and more");

/* What a page of a span says whose block 0 has [slot]. */
static inline page_info small_info_of(uint32_t size_class, uint32_t slot, uint32_t page_in_span)
{
    return (page_info)slot << 32 | (page_info)page_in_span << PAGE_SHIFT | size_class * CLASS_UNIT;
}

/* The slot of the medium block that starts at [page] of the heap. */
static inline uint32_t medium_slot(uint32_t page)
{
    return SLOTS_SPARE + page;
}

/* The same for the first page of a medium block. */
static inline page_info medium_info_of(uint32_t page, uint32_t pages)
{
    return (page_info)medium_slot(page) << 32 | (page_info)pages << PAGE_SHIFT |
           MEDIUM_CLASS * CLASS_UNIT;
}

static inline bool info_is_medium(page_info info)
{
    return ((uint32_t)info & (GRT_PAGE_SIZE - 1)) == MEDIUM_CLASS * CLASS_UNIT;
}

/* Pages of the medium block whose first page says [info]. */
static inline uint32_t info_pages(page_info info)
{
    return (uint32_t)info >> PAGE_SHIFT;
}

static inline uint32_t info_slot(page_info info)
{
    return (uint32_t)(info >> 32);
}

/* ---- slots ----------------------------------------------------------------------------------- */

/* What the sizes of a medium block's slot count from. It is three pages below the block's end: a
 * red zone may take one of them, and the rest of the request's last page most of another. */
static inline uint32_t slot_base(uint32_t pages)
{
    return pages > 3 ? (pages - 3) * GRT_PAGE_SIZE : 0;
}

_Static_assert(3 * GRT_PAGE_SIZE < SLOT_FILLED, "every size of a medium block fits");

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

/* What a live block was asked for. */
static inline uint32_t slot_asked(heap_slot value)
{
    return value & (SLOT_LIVE - 1);
}

/* What a block was asked for, also one that is no longer live. */
static inline uint32_t slot_was_asked(heap_slot value)
{
    return value & (SLOT_FILLED - 1);
}

/* Changes what a block that was seen as [live] was asked for; false iff somebody was faster. */
static inline bool slot_resize(heap_slot *slot, heap_slot live, uint32_t asked)
{
    return __atomic_compare_exchange_n(slot, &live, (heap_slot)(SLOT_LIVE | asked), false,
                                       __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

/* Makes a block that was seen as [live] one that is not; false iff somebody was faster. */
static inline bool slot_claim(heap_slot *slot, heap_slot live)
{
    return __atomic_compare_exchange_n(slot, &live, (heap_slot)slot_asked(live), false,
                                       __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

#endif
