/* irql.h - the interrupt level of a thread. It is host memory's; the PCR shows it. */
#ifndef GRT_KERNEL_IRQL_H
#define GRT_KERNEL_IRQL_H

#include "kernel/call.h"

enum { GRT_IRQL_PASSIVE = 0, GRT_IRQL_APC = 1, GRT_IRQL_DISPATCH = 2, GRT_IRQL_MAX = 31 };

/* [thread] is the calling one. */
void grt_kernel_set_irql(grt_thread *thread, uint8_t level);
/* To [level], unless the thread's is that high already. Returns the old one. */
uint8_t grt_irql_raise(grt_thread *thread, uint8_t level);
/* To [level]; a higher one than the calling thread's is reported and nothing happens. APCs that the
 * level has held back are delivered on the way back to the guest. */
void grt_irql_lower(grt_call *call, uint8_t level);
/* [thread] has ended: says so if it was above PASSIVE, or in a critical region. */
void grt_irql_thread_ended(grt_runtime *runtime, const grt_thread *thread);

#endif
