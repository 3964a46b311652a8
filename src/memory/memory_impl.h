/*
 * memory_impl.h - what the files of the memory room share.
 *
 * Invariants, checked by grt_memory_check():
 * - regions are sorted by address, not empty, and do not overlap;
 * - a page is committed only inside a region, and page 0 only if the configuration allows it;
 * - each region's count of committed pages, and their sum, agree with the page table;
 * - committed <= peak, and committed <= budget unless the budget is 0.
 *
 * Addresses inside this room are canonical: in the console profile every mirror of a physical byte
 * becomes its address in the first mirror, so each byte has exactly one region and one page record.
 *
 * One lock guards everything that changes. Page records are bytes that are read without it.
 */
#ifndef GRT_MEMORY_IMPL_H
#define GRT_MEMORY_IMPL_H

#include "guestrt/memory.h"
#include "os/os.h"
#include "memory/quick.h"
#include "memory/refusal.h"

#define GRT_PAGE_SHIFT 12
#define GRT_PAGE_COUNT (GRT_WINDOW_SIZE >> GRT_PAGE_SHIFT)
/* An access of up to this many bytes that starts inside the window but ends behind it still hits
 * our own inaccessible pages and not a stranger's memory. */
#define GRT_WINDOW_TAIL 0x10000u

#define GRT_PHYSICAL_SIZE 0x20000000ull

/* A page record: 0, or when the page is committed, 1 + its grt_access in the low two bits and its
 * note above them. */
typedef uint8_t grt_page; /* as quick.h reads them */
#define GRT_PAGE_NONE       0u
#define GRT_PAGE_NOTE_SHIFT 2

typedef struct grt_region {
    grt_addr first;
    uint32_t pages;
    uint32_t committed; /* pages */
    char owner[32];
} grt_region;

struct grt_memory {
    uint8_t *base;
    grt_page *pages;   /* GRT_PAGE_COUNT records, host memory */
    os_shared *shared; /* physical memory; null in the flat profile */
    grt_profile profile;
    bool map_page_zero;
    uint64_t budget_pages; /* 0 = none */
    grt_log log;

    os_mutex lock; /* everything below */
    grt_region *regions;
    uint32_t region_count;
    uint32_t region_capacity;
    uint64_t reserved_pages;
    uint64_t committed_pages;
    uint64_t committed_peak;
};

/* ---- views: the mirrors of physical memory (views.c) ----------------------------------------- */

/* A range of guest addresses that maps onto canonical ones by adding [delta]. */
typedef struct grt_view {
    uint64_t first;
    uint64_t end;
    uint64_t delta; /* canonical - address */
    bool physical;
} grt_view;

/* The view that holds [address]: a mirror, or the stretch of ordinary memory between mirrors. */
grt_view grt_view_of(const grt_memory *memory, grt_addr address);

/* Checks alignment and bounds of a range and makes its start canonical. INVALID_ARGUMENT when it is
 * empty, not made of whole pages, ends past 4 GiB, or crosses from one view into another. */
grt_status grt_view_range(const grt_memory *memory, grt_addr address, uint64_t size,
                          grt_addr *first);

/* Maps the mirrors over the reserved window. 0 or the host's errno. */
int grt_views_map(grt_memory *memory);

/* Host operations on a canonical range, in every view of it. 0 or the host's errno; a commit or
 * protect that failed may have happened in part. Decommit always succeeds towards the guest. */
int grt_views_commit(grt_memory *memory, grt_addr first, uint64_t size);
int grt_views_protect(grt_memory *memory, grt_addr first, uint64_t size, grt_access access);
void grt_views_decommit(grt_memory *memory, grt_addr first, uint64_t size);

/* ---- regions (regions.c); all under the lock ------------------------------------------------- */

/* Index of the lowest region that ends behind [address]; region_count when there is none. */
uint32_t grt_region_after(const grt_memory *memory, uint64_t address);
/* The region that holds the whole range; null when there is none. */
grt_region *grt_region_holding(const grt_memory *memory, grt_addr first, uint64_t size);

static inline uint64_t grt_region_size(const grt_region *region)
{
    return (uint64_t)region->pages << GRT_PAGE_SHIFT;
}
static inline uint64_t grt_region_end(const grt_region *region)
{
    return region->first + grt_region_size(region);
}

/* ---- page records (pages.c) ------------------------------------------------------------------ */

static inline grt_page grt_page_get(const grt_memory *memory, uint64_t address)
{
    return __atomic_load_n(&memory->pages[address >> GRT_PAGE_SHIFT], __ATOMIC_RELAXED);
}

static inline grt_page grt_page_make(grt_access access, uint8_t note)
{
    return (grt_page)(GRT_QUICK_ACCESS(access) | (unsigned)note << GRT_PAGE_NOTE_SHIFT);
}

/* Of a committed page. */
static inline grt_access grt_page_access(grt_page record)
{
    return (grt_access)((record & 3u) - 1u);
}

/* Where the run of equal records that starts at [from] ends; at most [end]. */
uint64_t grt_page_run(const grt_memory *memory, uint64_t from, uint64_t end);
void grt_page_fill(grt_memory *memory, uint64_t from, uint64_t end, grt_page record);

/* Gives back the committed pages of a canonical range of [region]; under the lock. */
void grt_pages_decommit(grt_memory *memory, grt_region *region, grt_addr first, uint64_t size);

/* ---- self-check (check.c) -------------------------------------------------------------------- */

/* Null when the invariants above hold, else the one that does not. O(pages). */
const char *grt_memory_check(grt_memory *memory);

#endif
