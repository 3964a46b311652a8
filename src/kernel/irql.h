/* irql.h - the interrupt level of a thread. It is host memory's; the PCR shows it. */
#ifndef GRT_KERNEL_IRQL_H
#define GRT_KERNEL_IRQL_H

#include "thread/core.h"

enum { GRT_IRQL_PASSIVE = 0, GRT_IRQL_APC = 1, GRT_IRQL_DISPATCH = 2, GRT_IRQL_MAX = 31 };

/* [thread] is the calling one. */
void grt_kernel_set_irql(grt_thread *thread, uint8_t level);

#endif
