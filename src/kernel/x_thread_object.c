/* x_thread_object.c - exports that name a thread by its KTHREAD: suspension, priority, processors.
 */
#include "kernel/x_thread.h"

#include "thread/layout.h"

#define HIGHEST_BOOST 15u

grt_thread *grt_call_kthread(grt_call *call, grt_addr kthread)
{
    if (kthread == call->thread->kthread) { /* almost always */
        grt_thread_acquire(call->thread);
        return call->thread;
    }
    grt_thread *thread = grt_thread_find_kthread(call->runtime, kthread);
    if (!thread)
        grt_call_complain(call, "0x%08X is no thread's KTHREAD", (unsigned)kthread);
    return thread;
}

/* ---- suspension ---------------------------------------------------------------------------- */

uint32_t grt_export_KeResumeThread(grt_call *call, grt_addr kthread)
{
    uint32_t previous = 0;
    grt_thread *thread = grt_call_kthread(call, kthread);
    if (!thread)
        return 0;
    (void)grt_thread_resume(thread, &previous); /* that it has ended is no error */
    grt_thread_release(thread);
    return previous;
}

uint32_t grt_export_KeSuspendThread(grt_call *call, grt_addr kthread)
{
    uint32_t previous = 0;
    grt_thread *thread = grt_call_kthread(call, kthread);
    if (!thread)
        return 0;
    /* A thread that suspends itself may never come back, so it holds no reference meanwhile. */
    bool self = thread == call->thread;
    if (self)
        grt_thread_release(thread);
    if (grt_thread_suspend(thread, &previous) != GRT_OK) {
        previous = atomic_load(&thread->suspend_count);
        grt_call_complain(call, "thread %u has ended, or its suspend count is at its limit",
                          (unsigned)thread->id);
    }
    if (!self)
        grt_thread_release(thread);
    return previous;
}

/* ---- priority ------------------------------------------------------------------------------ */

int32_t grt_export_KeSetBasePriorityThread(grt_call *call, grt_addr kthread, int32_t increment)
{
    int32_t previous = 0;
    grt_thread *thread = grt_call_kthread(call, kthread);
    if (!thread)
        return 0;
    grt_thread_set_base_priority(thread, increment, &previous);
    grt_thread_release(thread);
    return previous;
}

int32_t grt_export_KeQueryBasePriorityThread(grt_call *call, grt_addr kthread)
{
    grt_thread *thread = grt_call_kthread(call, kthread);
    if (!thread)
        return 0;
    os_mutex_lock(&thread->lock);
    int32_t increment = thread->base_increment;
    os_mutex_unlock(&thread->lock);
    grt_thread_release(thread);
    return increment;
}

int32_t grt_export_KeSetPriorityThread(grt_call *call, grt_addr kthread, int32_t priority)
{
    uint32_t previous = 0;
    grt_thread *thread = grt_call_kthread(call, kthread);
    if (!thread)
        return 0;
    if (grt_thread_set_priority(thread, (uint32_t)priority, &previous) != GRT_OK)
        grt_call_complain(call, "there is no priority %d", (int)priority);
    grt_thread_release(thread);
    return (int32_t)previous;
}

void grt_export_KeBoostPriorityThread(grt_call *call, grt_addr kthread, int32_t increment)
{
    grt_thread *thread = grt_call_kthread(call, kthread);
    if (!thread)
        return;
    os_mutex_lock(&thread->lock);
    int64_t boosted = (int64_t)thread->priority + increment;
    bool raise = !thread->boost_disabled && increment > 0 && thread->priority < HIGHEST_BOOST;
    os_mutex_unlock(&thread->lock);
    if (raise)
        grt_thread_set_priority(thread, boosted > HIGHEST_BOOST ? HIGHEST_BOOST : (uint32_t)boosted,
                                NULL);
    grt_thread_release(thread);
}

uint32_t grt_export_KeSetDisableBoostThread(grt_call *call, grt_addr kthread, bool disable)
{
    grt_thread *thread = grt_call_kthread(call, kthread);
    if (!thread)
        return 0;
    os_mutex_lock(&thread->lock);
    bool previous = thread->boost_disabled;
    thread->boost_disabled = disable;
    if (thread->state != GRT_THREAD_ENDED)
        grt_thread_show_byte(thread, GRT_KTHREAD_BOOST_DISABLED, disable);
    os_mutex_unlock(&thread->lock);
    grt_thread_release(thread);
    return previous;
}

/* ---- processors ---------------------------------------------------------------------------- */

uint32_t grt_export_KeSetAffinityThread(grt_call *call, grt_addr kthread, uint32_t mask,
                                        grt_addr previous_out)
{
    uint32_t previous = 0;
    if (!grt_call_probe(call, previous_out, "previous_out"))
        return GRT_NT_ACCESS_VIOLATION;
    if (mask & ~GRT_CPU_ALL)
        grt_call_complain(call, "mask %08X names processors that do not exist", (unsigned)mask);
    if (!(mask & GRT_CPU_ALL))
        return GRT_NT_INVALID_PARAMETER;
    grt_thread *thread = grt_call_kthread(call, kthread);
    if (!thread)
        return GRT_NT_INVALID_PARAMETER;
    grt_thread_set_affinity(thread, mask & GRT_CPU_ALL, &previous);
    grt_thread_release(thread);
    if (previous_out && !grt_call_write_u32(call, previous_out, previous, "previous_out"))
        return GRT_NT_ACCESS_VIOLATION;
    return GRT_NT_SUCCESS;
}

void grt_export_KeSetBackgroundProcessors(grt_call *call, uint32_t mask)
{
    atomic_store(&call->kernel->background_processors, mask);
}

uint32_t grt_export_KeQueryBackgroundProcessors(grt_call *call)
{
    return atomic_load(&call->kernel->background_processors);
}
