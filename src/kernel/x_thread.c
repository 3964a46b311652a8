/* x_thread.c - exports about threads: creation, end, suspension, sleeping, thread-local slots. */
#include "kernel/state.h"

#define PROCESS_TYPE_TITLE 1u

/* ---- creation ------------------------------------------------------------------------------ */

static uint32_t creation_status(grt_call *call, grt_status status, grt_addr entry, grt_addr startup)
{
    switch (status) {
    case GRT_OK:
        return GRT_NT_SUCCESS;
    case GRT_NOT_A_FUNCTION:
        grt_call_complain(call, "entry 0x%08X or startup 0x%08X is no function", (unsigned)entry,
                          (unsigned)startup);
        return GRT_NT_INVALID_PARAMETER;
    case GRT_INVALID_ARGUMENT:
        return GRT_NT_INVALID_PARAMETER;
    case GRT_STOPPED:
        return GRT_NT_PROCESS_IS_TERMINATING;
    default:
        return GRT_NT_NO_MEMORY;
    }
}

/* What the caller gets to know the thread by: a handle, or its KTHREAD. 0: no memory. */
static uint32_t name_for_caller(grt_call *call, grt_thread *thread, uint32_t flags)
{
    if (flags & GRT_THREAD_RETURN_KTHREAD)
        return grt_thread_kthread(thread);
    grt_dispatch *dispatch = grt_call_dispatch(call);
    uint32_t handle = 0;
    grt_dispatch_lock(dispatch);
    grt_object *object = grt_object_of_thread(dispatch, thread);
    if (object) {
        handle = grt_handle_open(dispatch, object);
        if (!handle)
            grt_object_release(dispatch, object);
    }
    grt_dispatch_unlock(dispatch);
    return handle;
}

/* Ends a thread that was created suspended and that nobody will hear of: it runs into the stop
 * request before its first guest instruction. */
static void discard(grt_thread *thread)
{
    atomic_store(&thread->stop_requested, true);
    atomic_fetch_or(&thread->attention, GRT_ATTEND_STOP);
    grt_thread_resume(thread, NULL);
}

/* The results are written before the thread first runs, so that it may look at them. */
static uint32_t publish(grt_call *call, grt_thread *thread, grt_addr handle_out, grt_addr id_out,
                        uint32_t flags)
{
    uint32_t name = name_for_caller(call, thread, flags);
    if (!name) {
        grt_call_complain(call, "no handle is left for thread %u", (unsigned)thread->id);
        discard(thread);
        return GRT_NT_INSUFFICIENT_RESOURCES;
    }
    bool written = (!handle_out || grt_call_write_u32(call, handle_out, name, "handle_out")) &&
                   (!id_out || grt_call_write_u32(call, id_out, thread->id, "id_out"));
    if (!(flags & GRT_THREAD_SUSPENDED))
        grt_thread_resume(thread, NULL);
    return written ? GRT_NT_SUCCESS : GRT_NT_ACCESS_VIOLATION;
}

uint32_t grt_export_ExCreateThread(grt_call *call, grt_addr handle_out, uint32_t stack_size,
                                   grt_addr id_out, grt_addr xapi_startup, grt_addr entry,
                                   uint32_t argument, uint32_t flags)
{
    if (!grt_call_probe(call, handle_out, "handle_out") || !grt_call_probe(call, id_out, "id_out"))
        return GRT_NT_ACCESS_VIOLATION;
    grt_thread_config config = grt_thread_config_default();
    config.entry = entry;
    config.argument = argument;
    config.xapi_startup = xapi_startup;
    config.stack_size = stack_size;
    config.flags = flags | GRT_THREAD_SUSPENDED;
    grt_thread *thread;
    grt_status created = grt_thread_create(call->runtime, &config, &thread);
    if (created != GRT_OK)
        return creation_status(call, created, entry, xapi_startup);
    uint32_t status = publish(call, thread, handle_out, id_out, flags);
    grt_thread_release(thread);
    return status;
}

void grt_export_ExTerminateThread(grt_call *call, uint32_t exit_code)
{
    grt_apc_run_down(grt_call_dispatch(call), call->thread);
    grt_thread_exit(call->thread, exit_code);
}

/* ---- suspension ---------------------------------------------------------------------------- */

/* The thread behind a handle, with a reference; null with a status, reported. */
static grt_thread *thread_of(grt_call *call, uint32_t handle, uint32_t *status)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_handle_trouble trouble;
    grt_thread *thread = NULL;
    grt_dispatch_lock(dispatch);
    grt_object *object =
        grt_handle_object(dispatch, call->thread, handle, GRT_OBJECT_THREAD, &trouble);
    if (object) {
        thread = object->thread;
        grt_thread_acquire(thread);
        grt_object_release(dispatch, object);
    }
    grt_dispatch_unlock(dispatch);
    *status = thread ? GRT_NT_SUCCESS : grt_call_handle_trouble(call, &trouble);
    return thread;
}

static bool has_ended(grt_thread *thread)
{
    os_mutex_lock(&thread->lock);
    bool ended = thread->state == GRT_THREAD_ENDED;
    os_mutex_unlock(&thread->lock);
    return ended;
}

uint32_t grt_export_NtResumeThread(grt_call *call, uint32_t handle, grt_addr previous_out)
{
    uint32_t status, previous = 0;
    if (!grt_call_probe(call, previous_out, "previous_out"))
        return GRT_NT_ACCESS_VIOLATION;
    grt_thread *thread = thread_of(call, handle, &status);
    if (!thread)
        return status;
    /* A thread that has ended is not suspended: that is no error. */
    (void)grt_thread_resume(thread, &previous);
    grt_thread_release(thread);
    if (previous_out && !grt_call_write_u32(call, previous_out, previous, "previous_out"))
        return GRT_NT_ACCESS_VIOLATION;
    return GRT_NT_SUCCESS;
}

uint32_t grt_export_NtSuspendThread(grt_call *call, uint32_t handle, grt_addr previous_out)
{
    uint32_t status, previous = 0;
    if (!grt_call_probe(call, previous_out, "previous_out"))
        return GRT_NT_ACCESS_VIOLATION;
    grt_thread *thread = thread_of(call, handle, &status);
    if (!thread)
        return status;
    /* A thread that suspends itself may be stopped in there and never come back; its own record
     * needs no reference meanwhile. */
    bool self = thread == call->thread;
    if (self)
        grt_thread_release(thread);
    if (grt_thread_suspend(thread, &previous) != GRT_OK)
        status = has_ended(thread) ? GRT_NT_THREAD_IS_TERMINATING : GRT_NT_SUSPEND_COUNT_EXCEEDED;
    if (!self)
        grt_thread_release(thread);
    if (status == GRT_NT_SUCCESS && previous_out &&
        !grt_call_write_u32(call, previous_out, previous, "previous_out"))
        return GRT_NT_ACCESS_VIOLATION;
    return status;
}

/* ---- sleeping ------------------------------------------------------------------------------ */

uint32_t grt_export_NtYieldExecution(grt_call *call)
{
    grt_thread_yield(call->thread);
    return GRT_NT_SUCCESS;
}

uint32_t grt_export_KeDelayExecutionThread(grt_call *call, uint32_t mode, uint32_t alertable,
                                           grt_addr interval)
{
    (void)mode;
    uint64_t deadline;
    if (!interval) {
        grt_call_complain(call, "interval is null");
        return GRT_NT_ACCESS_VIOLATION;
    }
    if (!grt_call_deadline(call, interval, &deadline))
        return GRT_NT_ACCESS_VIOLATION;
    if (deadline == 0)
        grt_thread_yield(call->thread);
    return grt_wait_sleep(grt_call_dispatch(call), call->thread, alertable != 0, deadline);
}

/* ---- the rest ------------------------------------------------------------------------------ */

uint32_t grt_export_KeGetCurrentProcessType(grt_call *call)
{
    (void)call;
    return PROCESS_TYPE_TITLE;
}

uint32_t grt_export_KeTlsAlloc(grt_call *call)
{
    return grt_tls_alloc(call->runtime);
}

uint32_t grt_export_KeTlsFree(grt_call *call, uint32_t slot)
{
    return grt_tls_free(call->runtime, slot);
}

uint32_t grt_export_KeTlsGetValue(grt_call *call, uint32_t slot)
{
    return grt_tls_get(call->thread, slot);
}

uint32_t grt_export_KeTlsSetValue(grt_call *call, uint32_t slot, uint32_t value)
{
    return grt_tls_set(call->thread, slot, value);
}
