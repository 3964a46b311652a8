/*
 * memory.h - the guest's 4 GiB address space.
 *
 * One reservation of the host's address space; nothing is backed by memory until it is committed.
 * The base may be anywhere: guest addresses become host pointers by adding it, and nothing else in
 * the library depends on its value. Pages are 4 KiB. Every reserved range is a region with an
 * owner's name; overlap is refused and the refusal names both owners.
 *
 * Unless said otherwise a function may be called from any thread and takes the memory's lock. The
 * lock is never held while guest memory is touched or a line is logged, so all of this may also be
 * called from the report of a guest fault.
 *
 * In the console profile the same 512 MiB of physical memory appear at 0xA0000000, 0xC0000000 and,
 * shifted by one page, at 0xE0000000 (there up to 0xFFD00000). A region, a commit or a protection
 * made through one mirror holds in all of them; overlap is judged by physical address. A range may
 * not cross from one mirror into the next.
 */
#ifndef GUESTRT_MEMORY_H
#define GUESTRT_MEMORY_H

#include "guestrt/log.h"
#include "guestrt/status.h"
#include "guestrt/types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GRT_PAGE_SIZE      0x1000u
#define GRT_WINDOW_SIZE    0x100000000ull
#define GRT_PREFERRED_BASE 0x100000000ull

/* The flat profile's ranges: [first, end). */
#define GRT_FLAT_USER_FIRST     0x00020000u
#define GRT_FLAT_USER_END       0x7FEA0000u
#define GRT_FLAT_PHYSICAL_FIRST 0xA0000000u
#define GRT_FLAT_PHYSICAL_END   0x100000000ull

typedef struct grt_memory grt_memory;

typedef enum grt_profile {
    GRT_PROFILE_FLAT = 0,    /* what the reference ports use; no budget, no mirrors */
    GRT_PROFILE_CONSOLE = 1, /* the console's map: mirrors of 512 MiB physical memory, budget */
} grt_profile;

typedef enum grt_access { GRT_NO_ACCESS = 0, GRT_READ_ONLY = 1, GRT_READ_WRITE = 2 } grt_access;

typedef struct grt_memory_config {
    size_t size; /* sizeof(grt_memory_config), set by the initialiser */
    grt_profile profile;
    uint64_t preferred_base; /* host address wished for the window; taken only if it is free */
    uint64_t budget;         /* bytes that may be committed; 0 = the profile's own (flat: none) */
    bool map_page_zero;      /* true: page 0 may be committed (a few titles read it) */
    grt_log log;
} grt_memory_config;

grt_memory_config grt_memory_config_default(void);

/* Reserves the window. The caller owns [*memory].
 * Fails iff: NO_ADDRESS_SPACE (with errno and the limit in the log), NO_HOST_MEMORY,
 * INVALID_ARGUMENT (a size that is not this version's, an unknown profile, a base that is not on a
 * host page, a budget below a page), NOT_SUPPORTED (host pages are not 4 KiB). Cost: a few system
 * calls. */
grt_status grt_memory_create(const grt_memory_config *config, grt_memory **memory);

/* Releases the window. No other thread may use it any more. Null is allowed. */
void grt_memory_destroy(grt_memory *memory);

/* Host address of guest address 0. O(1), no lock. */
uint8_t *grt_memory_base(const grt_memory *memory);
grt_profile grt_memory_profile(const grt_memory *memory);

/* Guest address -> host pointer, null for 0. Says nothing about whether it is accessible.
 * O(1), no lock. */
void *grt_memory_host(const grt_memory *memory, grt_addr address);

/* Host pointer -> guest address, 0 for null and for a pointer outside the window. O(1), no lock. */
grt_addr grt_memory_guest(const grt_memory *memory, const void *host);

/* Reserves [address, address + size) for [owner]; both are multiples of GRT_PAGE_SIZE. [owner] is
 * copied (cut at 31 characters). Fails iff: INVALID_ARGUMENT (alignment, size 0, past 4 GiB),
 * REGION_OVERLAP (logged with both owners), NO_HOST_MEMORY. */
grt_status grt_memory_reserve(grt_memory *memory, grt_addr address, uint64_t size,
                              const char *owner);

/* Finds the lowest free range of [size] bytes in [first, end) at a multiple of [alignment] (a power
 * of two of at least a page) and reserves it. The answer is never address 0. Fails iff:
 * INVALID_ARGUMENT, OUT_OF_GUEST_MEMORY, NO_HOST_MEMORY. O(regions). */
grt_status grt_memory_reserve_anywhere(grt_memory *memory, grt_addr first, uint64_t end,
                                       uint64_t size, uint32_t alignment, const char *owner,
                                       grt_addr *address);

/* Decommits and forgets the region that starts at [address].
 * Fails iff: NOT_RESERVED (no region starts there). */
grt_status grt_memory_release(grt_memory *memory, grt_addr address);

/* Backs pages of one region with zeroed memory, readable and writable. Pages that are committed
 * already stay as they are.
 * Fails iff: INVALID_ARGUMENT (also page 0 without map_page_zero), NOT_RESERVED, OVER_BUDGET,
 * HOST_REFUSED_COMMIT (errno is the host's, and in the log). After a failure nothing has changed.
 */
grt_status grt_memory_commit(grt_memory *memory, grt_addr address, uint64_t size);

/* Gives pages back to the host; they are inaccessible until committed again.
 * Fails iff: INVALID_ARGUMENT, NOT_RESERVED. */
grt_status grt_memory_decommit(grt_memory *memory, grt_addr address, uint64_t size);

/* Changes the access of committed pages of one region.
 * Fails iff: INVALID_ARGUMENT, NOT_RESERVED (not reserved or not committed), HOST_REFUSED_COMMIT
 * (the host has no room for another mapping; nothing has changed). */
grt_status grt_memory_protect(grt_memory *memory, grt_addr address, uint64_t size,
                              grt_access access);

/* As grt_memory_protect(), and keeps a note with the pages that grt_memory_query() gives back: what
 * the caller knows about them beyond the access. A page has note 0 when it is committed, and after
 * grt_memory_protect(). Fails iff: as above, also INVALID_ARGUMENT for a note above
 * GRT_PAGE_NOTE_MAX. */
#define GRT_PAGE_NOTE_MAX 63u
grt_status grt_memory_protect_noted(grt_memory *memory, grt_addr address, uint64_t size,
                                    grt_access access, uint8_t note);

typedef struct grt_page_info {
    grt_addr region_first; /* 0 and region_size 0: not reserved */
    uint64_t region_size;
    char owner[32];
    bool committed;
    grt_access access; /* meaningful when committed */
    uint8_t note;      /* the same; see grt_memory_protect_noted() */
    uint64_t run_size; /* bytes from the page's start that share this answer */
} grt_page_info;

/* What the page that holds [address] is, in terms of the mirror that [address] lies in. Never
 * fails. O(log regions + run). */
void grt_memory_query(const grt_memory *memory, grt_addr address, grt_page_info *info);

/* True iff every byte of the range is committed and allows [access]. A range past 4 GiB is not.
 * O(pages), no lock; async-signal-safe. */
bool grt_memory_accessible(const grt_memory *memory, grt_addr address, uint64_t size,
                           grt_access access);

/* Calls [visit] for each region in address order until it returns false; physical regions appear
 * once, at their address in the first mirror. No lock is held during a visit: [visit] may call any
 * function here, and a region that another thread makes meanwhile may or may not be visited. */
typedef bool grt_region_visitor(void *user, grt_addr first, uint64_t size, const char *owner,
                                uint64_t committed);
void grt_memory_walk(const grt_memory *memory, grt_region_visitor *visit, void *user);

typedef struct grt_memory_stats {
    uint64_t reserved;  /* bytes in regions */
    uint64_t committed; /* bytes backed now; mirrors of the same bytes count once */
    uint64_t committed_peak;
    uint64_t budget; /* 0 = none */
    uint32_t regions;
} grt_memory_stats;

void grt_memory_get_stats(const grt_memory *memory, grt_memory_stats *stats);

#ifdef __cplusplus
}
#endif

#endif
