/*
 * quiet.h - requests of the runtime itself that may well be refused.
 *
 * A caller that has something else to try, or that reports the refusal in words of its own, must
 * not leave lines and counts behind that read as if the guest had run out of memory.
 */
#ifndef GRT_HEAP_QUIET_H
#define GRT_HEAP_QUIET_H

#include "guestrt/heap.h"

/* As grt_heap_alloc_aligned(), but a refusal is neither logged by the heap nor counted among its
 * failures: it is kept for grt_heap_last_failure() alone. Any thread, same cost. */
grt_addr grt_heap_try_alloc_aligned(grt_heap *heap, uint32_t size, uint32_t alignment);

/* The same for grt_heap_alloc_within(). */
grt_addr grt_heap_try_alloc_within(grt_heap *heap, uint32_t size, uint32_t alignment,
                                   const grt_heap_bounds *bounds);

/* The calling host thread will run another guest thread: grt_heap_last_failure() has none. */
void grt_heap_forget_failure(void);

#endif
