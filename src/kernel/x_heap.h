/* x_heap.h - what the exports about heaps share. */
#ifndef GRT_KERNEL_X_HEAP_H
#define GRT_KERNEL_X_HEAP_H

#include "kernel/x_memory.h"

#define HEAP_ZERO          0x8u
#define HEAP_IN_PLACE_ONLY 0x10u

/* Says what is wrong with a heap or a block; silent about what the user heap has reported. */
void grt_title_complain(grt_call *call, uint32_t heap, grt_addr block,
                        const grt_title_trouble *trouble);

/* True, reported, for a block of the user heap that is not a heap block in the program's eyes: a
 * region of virtual memory or the context of a thread. All of those start at a page, so that others
 * pay nothing. */
bool grt_is_the_kernels(grt_call *call, grt_addr block);

#endif
