/* x_alert.c - exports that alert threads: they end an alertable wait. */
#include "kernel/state.h"

#define MODE_KERNEL 0u
#define MODE_USER   1u

/* The thread at [kthread], with a reference; null, reported. */
static grt_thread *thread_at(grt_call *call, grt_addr kthread)
{
    grt_thread *thread = grt_thread_find_kthread(call->runtime, kthread);
    if (!thread)
        grt_call_complain(call, "there is no thread at %08X", (unsigned)kthread);
    return thread;
}

static bool is_mode(grt_call *call, uint8_t mode)
{
    if (mode > MODE_USER)
        grt_call_complain(call, "there is no mode %u", (unsigned)mode);
    return mode <= MODE_USER;
}

static bool alert(grt_call *call, grt_thread *thread, uint8_t mode)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_dispatch_lock(dispatch);
    bool before = thread->kernel.alerted[mode];
    grt_apc_alert(dispatch, thread, mode);
    grt_dispatch_unlock(dispatch);
    return before;
}

uint32_t grt_export_KeAlertThread(grt_call *call, grt_addr kthread, uint8_t mode)
{
    grt_thread *thread = is_mode(call, mode) ? thread_at(call, kthread) : NULL;
    if (!thread)
        return 0;
    bool before = alert(call, thread, mode);
    grt_thread_release(thread);
    return before;
}

uint32_t grt_export_KeAlertResumeThread(grt_call *call, grt_addr kthread)
{
    uint32_t previous = 0;
    grt_thread *thread = thread_at(call, kthread);
    if (!thread)
        return 0;
    alert(call, thread, MODE_KERNEL);
    (void)grt_thread_resume(thread, &previous); /* one that has ended is not suspended */
    grt_thread_release(thread);
    return previous;
}

uint32_t grt_export_KeTestAlertThread(grt_call *call, uint8_t mode)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    if (!is_mode(call, mode))
        return 0;
    grt_dispatch_lock(dispatch);
    bool before = call->thread->kernel.alerted[mode];
    call->thread->kernel.alerted[mode] = false;
    grt_dispatch_unlock(dispatch);
    return before;
}
