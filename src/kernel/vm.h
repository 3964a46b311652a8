/*
 * vm.h - the regions of NtAllocateVirtualMemory.
 *
 * A region is either a page-aligned block of the user heap (the kernel chose the address) or a
 * region of its own in guest memory (the program chose it). Pages that are reserved only are given
 * back to the host and inaccessible in both cases; which pages are committed is known to the memory
 * room alone.
 *
 * All functions return guest statuses, take the region lock (before a heap's and the memory's) and
 * may be called from any thread. Addresses and sizes are whole pages.
 */
#ifndef GRT_KERNEL_VM_H
#define GRT_KERNEL_VM_H

#include "kernel/object.h"

typedef struct grt_vm_region {
    grt_addr first;
    uint64_t size;
    bool from_heap;
} grt_vm_region;

typedef struct grt_vm {
    os_mutex lock;
    grt_vm_region *regions; /* ascending */
    uint32_t count, capacity;
} grt_vm;

/* Reserves at [wanted], or anywhere when it is 0, at a multiple of [alignment].
 * Fails iff: NO_MEMORY, CONFLICTING_ADDRESSES (logged with both owners), INVALID_PARAMETER. */
uint32_t grt_vm_reserve(grt_runtime *runtime, grt_vm *vm, grt_addr wanted, uint64_t size,
                        uint32_t alignment, grt_addr *first);

/* Backs pages of one region with zeroed memory; those that are committed stay as they are.
 * Fails iff: MEMORY_NOT_ALLOCATED (not inside one region), NO_MEMORY. */
uint32_t grt_vm_commit(grt_runtime *runtime, grt_vm *vm, grt_addr first, uint64_t size,
                       grt_access access);

/* Gives the memory of pages back. Fails iff: MEMORY_NOT_ALLOCATED. */
uint32_t grt_vm_decommit(grt_runtime *runtime, grt_vm *vm, grt_addr first, uint64_t size);

/* Forgets the region that starts at [first]; [*size] is its size.
 * Fails iff: MEMORY_NOT_ALLOCATED, NO_MEMORY (the heap cannot take its pages back now). */
uint32_t grt_vm_release(grt_runtime *runtime, grt_vm *vm, grt_addr first, uint64_t *size);

/* The region that holds [address]; false if there is none. */
bool grt_vm_find(grt_vm *vm, grt_addr address, grt_vm_region *region);

/* Frees the records; the memory itself goes with the heaps and the window. */
void grt_vm_destroy(grt_vm *vm);

#endif
