/* level.h - the interrupt level of a thread: known in its record, shown in its PCR. */
#ifndef GRT_KERNEL_LEVEL_H
#define GRT_KERNEL_LEVEL_H

#include "kernel/call.h"
#include "thread/layout.h"

#define GRT_LEVEL_DISPATCH 2u

/* On the thread itself, in host. APCs that the level has held back are delivered on the way back to
 * the guest. */
void grt_level_set(grt_thread *thread, uint8_t level);
/* The old level; one that is higher already stays. */
uint8_t grt_level_raise(grt_thread *thread, uint8_t level);
/* To [level]; a higher one than the thread's is reported and nothing happens. */
void grt_level_lower(grt_call *call, uint32_t level);

/* [thread] has ended: says so if it was not at the lowest level, or in a critical region. */
void grt_level_thread_ended(grt_runtime *runtime, const grt_thread *thread);

#endif
