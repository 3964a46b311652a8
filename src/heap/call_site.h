/*
 * call_site.h - which guest instruction the calling thread's requests come from.
 *
 * The kernel's thunks set it before they enter the heap and clear it afterwards. It is part of the
 * per-thread "current guest thread" state and is 0 on threads that run no guest code.
 */
#ifndef GRT_HEAP_CALL_SITE_H
#define GRT_HEAP_CALL_SITE_H

#include <stdint.h>

/* The guest return address set last on the calling thread, 0 if none. O(1). */
uint32_t grt_call_site(void);

/* Sets the calling thread's call site; 0 = none. Returns the one before, so that nested entries
 * can restore it. O(1). */
uint32_t grt_set_call_site(uint32_t return_address);

/* The number of the guest thread that the calling thread is, 0 if none; and how the thread room
 * sets it. O(1). */
uint32_t grt_calling_thread(void);
void grt_set_calling_thread(uint32_t id);

#endif
