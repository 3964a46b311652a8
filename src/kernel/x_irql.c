/*
 * x_irql.c - exports about interrupt levels and critical regions.
 *
 * Both are the calling thread's alone: a level keeps nobody else from running, and neither is a
 * lock. The console stops when a level is raised downwards or lowered upwards; here that is
 * reported and the level stays.
 */
#include "kernel/level.h"

#include "diag/log.h"
#include "kernel/state.h"

/* ---- levels -------------------------------------------------------------------------------- */

void grt_level_set(grt_thread *thread, uint8_t level)
{
    thread->irql = level;
    /* For those who look. A guest that gave the page away has nobody to show it to. */
    grt_guest_write(thread->runtime, thread->pcr + GRT_PCR_IRQL, &level, 1);
}

uint8_t grt_level_raise(grt_thread *thread, uint8_t level)
{
    uint8_t old = thread->irql;
    if (level > old)
        grt_level_set(thread, level);
    return old;
}

void grt_level_lower(grt_call *call, uint32_t level)
{
    if (level <= call->thread->irql)
        grt_level_set(call->thread, (uint8_t)level);
    else
        grt_call_complain(call, "IRQL %u cannot be lowered to %u", (unsigned)call->thread->irql,
                          (unsigned)level);
}

uint32_t grt_export_KfRaiseIrql(grt_call *call, uint32_t level)
{
    uint32_t old = call->thread->irql;
    if (level >= old && level <= UINT8_MAX)
        grt_level_set(call->thread, (uint8_t)level);
    else
        grt_call_complain(call, "IRQL %u cannot be raised to %u", (unsigned)old, (unsigned)level);
    return old;
}

void grt_export_KfLowerIrql(grt_call *call, uint32_t level)
{
    grt_level_lower(call, level);
}

uint32_t grt_export_KeRaiseIrqlToDpcLevel(grt_call *call)
{
    return grt_export_KfRaiseIrql(call, GRT_LEVEL_DISPATCH);
}

/* ---- critical regions ---------------------------------------------------------------------- */

static void set_apc_disable(grt_thread *thread, int32_t count)
{
    uint8_t word[4];
    thread->apc_disable = count;
    grt_store32(word, (uint32_t)count);
    grt_guest_write(thread->runtime, thread->kthread + GRT_KTHREAD_APC_DISABLE, word, sizeof word);
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

/* ---- the end of a thread ------------------------------------------------------------------- */

void grt_level_thread_ended(grt_runtime *runtime, const grt_thread *thread)
{
    if ((thread->irql == 0 && thread->apc_disable == 0) || atomic_load(&runtime->stopping))
        return;
    grt_log_line(&runtime->config.log, GRT_LOG_WARN, "THREAD-CTX",
                 "thread id %08X ended at IRQL %u inside %d critical regions", (unsigned)thread->id,
                 (unsigned)thread->irql, (int)-(int64_t)thread->apc_disable);
}
