/* irql.c - the interrupt level of a thread, and where the guest sees it. */
#include "kernel/irql.h"

#define PCR_IRQL 0x18u

void grt_kernel_set_irql(grt_thread *thread, uint8_t level)
{
    thread->irql = level;
    grt_guest_write(thread->runtime, thread->pcr + PCR_IRQL, &level, 1);
}
