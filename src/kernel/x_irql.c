/*
 * x_irql.c - exports about interrupt levels and critical regions.
 *
 * Both are the calling thread's alone: a level keeps nobody else from running, and neither is a
 * lock. The console stops when a level is raised downwards or lowered upwards; here that is
 * reported and the level stays.
 */
#include "kernel/irql.h"
#include "kernel/state.h"
#include "thread/layout.h"

/* ---- levels -------------------------------------------------------------------------------- */

uint32_t grt_export_KfRaiseIrql(grt_call *call, uint8_t level)
{
    uint32_t old = call->thread->irql;
    if (level >= old)
        grt_kernel_set_irql(call->thread, level);
    else
        grt_call_complain(call, "IRQL %u cannot be raised to %u", (unsigned)old, (unsigned)level);
    return old;
}

void grt_export_KfLowerIrql(grt_call *call, uint8_t level)
{
    grt_irql_lower(call, level);
}

uint32_t grt_export_KeRaiseIrqlToDpcLevel(grt_call *call)
{
    return grt_export_KfRaiseIrql(call, GRT_IRQL_DISPATCH);
}

/* ---- critical regions ---------------------------------------------------------------------- */

static void set_apc_disable(grt_thread *thread, int32_t count)
{
    thread->apc_disable = count;
    grt_thread_show_word(thread, GRT_KTHREAD_APC_DISABLE, (uint32_t)count);
}

void grt_export_KeEnterCriticalRegion(grt_call *call)
{
    if (call->thread->apc_disable > INT32_MIN)
        set_apc_disable(call->thread, call->thread->apc_disable - 1);
}

void grt_export_KeLeaveCriticalRegion(grt_call *call)
{
    if (call->thread->apc_disable < 0)
        set_apc_disable(call->thread, call->thread->apc_disable + 1);
    else
        grt_call_complain(call, "the thread is in no critical region");
}
