/*
 * vm_table.h - the sorted list of memory regions that the program asked the kernel for.
 *
 * All functions: the lock is held. Addresses of physical memory are canonical (physical.h).
 */
#ifndef GRT_KERNEL_VM_TABLE_H
#define GRT_KERNEL_VM_TABLE_H

#include "thread/core.h"

typedef enum grt_vm_kind {
    GRT_VM_HEAP,     /* a bare block of the user heap */
    GRT_VM_OWN,      /* a region of its own in guest memory, outside of the heaps */
    GRT_VM_PHYSICAL, /* a block of the physical heap; always committed as a whole */
} grt_vm_kind;

typedef struct grt_vm_region {
    grt_addr first;
    uint64_t size;
    grt_vm_kind kind;
    uint32_t page;    /* its granularity in bytes: 4 KiB, 64 KiB or 16 MiB */
    uint32_t protect; /* the PAGE_ bits it was made with */
    grt_addr site;    /* who asked for it: guest return address and thread */
    uint32_t thread;
} grt_vm_region;

typedef struct grt_vm {
    os_mutex lock;
    grt_vm_region *regions; /* ascending */
    uint32_t count, capacity;
} grt_vm;

/* The region that holds all of the range, or null. O(log regions). */
grt_vm_region *grt_vm_table_holding(const grt_vm *vm, grt_addr first, uint64_t size);

/* The lowest region that the range touches, or null. O(log regions). */
grt_vm_region *grt_vm_table_touching(const grt_vm *vm, grt_addr first, uint64_t size);

/* Makes room for one more, so that the insertion cannot fail; false without host memory. */
bool grt_vm_table_make_room(grt_vm *vm);

/* O(regions). */
void grt_vm_table_insert(grt_vm *vm, const grt_vm_region *region);

/* Removes the region that starts at [first] and is physical, or is not. [*region] is the one that
 * holds [first], also on failure; size 0 if there is none. O(regions). Guest statuses. Fails iff:
 * MEMORY_NOT_ALLOCATED (there is none), UNSUCCESSFUL (another start, or the other kind). */
uint32_t grt_vm_table_take(grt_vm *vm, grt_addr first, bool physical, grt_vm_region *region);

#endif
