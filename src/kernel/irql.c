/* irql.c - the interrupt level of a thread, and where the guest sees it. */
#include "kernel/irql.h"

#include "diag/log.h"
#include "thread/layout.h"

void grt_kernel_set_irql(grt_thread *thread, uint8_t level)
{
    thread->irql = level;
    grt_guest_write(thread->runtime, thread->pcr + GRT_PCR_IRQL, &level, 1);
}

uint8_t grt_irql_raise(grt_thread *thread, uint8_t level)
{
    uint8_t old = thread->irql;
    if (level > old)
        grt_kernel_set_irql(thread, level);
    return old;
}

void grt_irql_lower(grt_call *call, uint8_t level)
{
    if (level <= call->thread->irql)
        grt_kernel_set_irql(call->thread, level);
    else
        grt_call_complain(call, "IRQL %u cannot be lowered to %u", (unsigned)call->thread->irql,
                          (unsigned)level);
}

void grt_irql_thread_ended(grt_runtime *runtime, const grt_thread *thread)
{
    if ((thread->irql == 0 && thread->apc_disable == 0) || atomic_load(&runtime->stopping))
        return;
    grt_log_line(&runtime->config.log, GRT_LOG_WARN, "THREAD-CTX",
                 "thread id %08X ended at IRQL %u inside %d critical regions", (unsigned)thread->id,
                 (unsigned)thread->irql, (int)-(int64_t)thread->apc_disable);
}
