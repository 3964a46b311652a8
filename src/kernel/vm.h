/*
 * vm.h - memory that the program asked the kernel for: regions of virtual memory and physical
 * blocks.
 *
 * Pages of a region that are reserved only have no memory and are inaccessible; which pages are
 * committed, and with what protection, is known to the memory room alone.
 *
 * All functions return guest statuses where nothing else is said, take the region lock (before a
 * heap's and the memory's) and may be called from any thread. Addresses and sizes are whole pages.
 */
#ifndef GRT_KERNEL_VM_H
#define GRT_KERNEL_VM_H

#include "kernel/page_protect.h"
#include "kernel/vm_table.h"

/* ---- virtual memory (vm.c) ------------------------------------------------------------------- */

/* Reserves [region->size] bytes at [region->first], or where that is 0 anywhere, at a multiple of
 * [alignment]. On success [*region] is what was made: first and kind are filled in. On a conflict
 * it is the region that is in the way; size 0 if it is not the program's.
 * Fails iff: NO_MEMORY, CONFLICTING_ADDRESSES, INVALID_PARAMETER. */
uint32_t grt_vm_reserve(grt_runtime *runtime, grt_vm *vm, grt_vm_region *region, uint32_t alignment,
                        bool top_down);

/* The same between two addresses outside of the heaps: the lowest free place in [lowest, end).
 * Fails iff: NO_MEMORY. */
uint32_t grt_vm_reserve_between(grt_runtime *runtime, grt_vm *vm, grt_vm_region *region,
                                grt_addr lowest, uint64_t end);

/* Backs pages of one region with zeroed memory and protects all of them; those that are committed
 * keep their contents. Fails iff: MEMORY_NOT_ALLOCATED (not inside one region), NO_MEMORY. */
uint32_t grt_vm_commit(grt_runtime *runtime, grt_vm *vm, grt_addr first, uint64_t size,
                       grt_page_protect protect);

/* Gives the memory of pages back. Fails iff: MEMORY_NOT_ALLOCATED. */
uint32_t grt_vm_decommit(grt_runtime *runtime, grt_vm *vm, grt_addr first, uint64_t size);

/* Forgets the region that starts at [first] and gives its memory back. [*region] is the one that
 * holds [first], also on failure; size 0 if there is none.
 * Fails iff: MEMORY_NOT_ALLOCATED (there is none), UNSUCCESSFUL (it does not start there, or is
 * physical). */
uint32_t grt_vm_release(grt_runtime *runtime, grt_vm *vm, grt_addr first, grt_vm_region *region);

/* Protects committed pages of one region, physical ones too; [*before] are the bits of the first.
 * Fails iff: ACCESS_DENIED (not inside one region, or not all committed), NO_MEMORY (the host
 * refused; nothing has changed). */
uint32_t grt_vm_protect(grt_runtime *runtime, grt_vm *vm, grt_addr first, uint64_t size,
                        grt_page_protect protect, uint32_t *before);

/* Checks that the pages are committed and inside one region. Fails iff: MEMORY_NOT_ALLOCATED. */
uint32_t grt_vm_check_committed(grt_runtime *runtime, grt_vm *vm, grt_addr first, uint64_t size);

/* The region that holds [address], in any of its windows; false if there is none. */
bool grt_vm_find(grt_runtime *runtime, grt_vm *vm, grt_addr address, grt_vm_region *region);

/* Frees the records; the memory itself goes with the heaps and the window. */
void grt_vm_destroy(grt_vm *vm);

/* ---- physical memory (vm_physical.c) --------------------------------------------------------- */

typedef struct grt_vm_physical {
    uint32_t size; /* whole pages of [page] bytes */
    uint32_t page;
    uint32_t alignment;    /* of the address; a power of two, 0 = a page */
    grt_addr lowest, last; /* the block lies in [lowest, last] of physical memory */
    uint32_t protect;      /* PAGE_ bits, and parsed */
    grt_page_protect parsed;
    bool zeroed;
    grt_addr site;
    uint32_t thread;
} grt_vm_physical;

/* The address of a new block in the window of its pages, or 0: the heap has said why. Bounds mean
 * nothing in the flat profile. O(1); with bounds O(blocks between them). */
grt_addr grt_vm_allocate_physical(grt_runtime *runtime, grt_vm *vm, const grt_vm_physical *request);

/* Frees the block that starts at [address], in any window. Fails as grt_vm_release(); UNSUCCESSFUL
 * also for virtual memory. */
uint32_t grt_vm_free_physical(grt_runtime *runtime, grt_vm *vm, grt_addr address,
                              grt_vm_region *region);

/* ---- questions (vm_query.c) ------------------------------------------------------------------ */

typedef enum grt_vm_state { GRT_VM_FREE, GRT_VM_RESERVED, GRT_VM_COMMITTED } grt_vm_state;

/* What MEMORY_BASIC_INFORMATION says. */
typedef struct grt_vm_info {
    grt_addr base;      /* of the page asked about */
    grt_addr first;     /* of the allocation it belongs to; 0: free */
    uint32_t made_with; /* PAGE_ bits of the allocation */
    uint64_t size;      /* bytes from [base] that share this answer */
    grt_vm_state state;
    uint32_t protect; /* PAGE_ bits; 0 when reserved only */
} grt_vm_info;

/* Never fails. Memory that is no region of the program's (image, heap, stacks) is described by the
 * memory room's region around it. O(log regions + pages of the answer). */
void grt_vm_query(grt_runtime *runtime, grt_vm *vm, grt_addr address, grt_vm_info *info);

/* Bytes in regions of virtual memory. O(pages of all regions). */
typedef struct grt_vm_stats {
    uint64_t committed;
    uint64_t in_heap; /* reserved from the user heap */
} grt_vm_stats;
void grt_vm_get_stats(grt_runtime *runtime, grt_vm *vm, grt_vm_stats *stats);

#endif
