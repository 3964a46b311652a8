/* x_memory.h - what the exports about physical memory, pools and heaps share. */
#ifndef GRT_KERNEL_X_MEMORY_H
#define GRT_KERNEL_X_MEMORY_H

#include "kernel/physical.h"
#include "kernel/state.h"

/* Allocates [size] bytes, rounded to the request's pages. Page, alignment, bounds and protection
 * are set. 0: reported. */
grt_addr grt_allocate_physical(grt_call *call, uint32_t size, grt_vm_physical *request);

/* Frees a physical block; null is allowed. False: reported. */
bool grt_free_physical(grt_call *call, grt_addr address);

/* Blocks of the title's heaps; [heap] is the program's number of one. */

/* As RtlAllocateHeap. */
grt_addr grt_title_allocate(grt_call *call, uint32_t heap, uint32_t size, bool zeroed);
/* Frees a block of that very heap; null is allowed. False: reported. */
bool grt_title_free(grt_call *call, uint32_t heap, grt_addr block);
/* The size that was asked for, UINT32_MAX (reported) when there is no such block. */
uint32_t grt_title_size(grt_call *call, uint32_t heap, grt_addr block);

/* Checks that [size] bytes allow [access]; false, and one line that names the first byte that does
 * not. Nothing is touched. */
bool grt_call_range(grt_call *call, grt_addr address, uint32_t size, grt_access access,
                    const char *name);

#endif
