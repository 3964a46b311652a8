/* x_thread.c - exports about threads: creation, end, suspension, sleeping, thread-local slots. */
#include "kernel/x_thread.h"

#include "diag/log.h"

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

/* The object is the call's: it becomes the handle's or the pointer's. 0: no handle is left. */
static uint32_t hand_out(grt_dispatch *dispatch, grt_object *object, const grt_thread *thread)
{
    if (thread->config.flags & GRT_THREAD_RETURN_KTHREAD) {
        grt_object_hold(dispatch, object);
        return thread->kthread;
    }
    uint32_t handle = grt_handle_open(dispatch, object);
    if (!handle)
        grt_object_release(dispatch, object);
    return handle;
}

/* What the caller gets to know the thread by: a handle, or its KTHREAD. False: no memory. */
static bool give_name(grt_call *call, grt_thread *thread, grt_creation *wanted)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_dispatch_lock(dispatch);
    grt_object *object = grt_object_of_thread(dispatch, thread);
    wanted->name = object ? hand_out(dispatch, object, thread) : 0;
    grt_dispatch_unlock(dispatch);
    return wanted->name != 0;
}

static void take_name_back(grt_call *call, const grt_thread *thread, const grt_creation *wanted)
{
    grt_handle_trouble trouble;
    grt_dispatch *dispatch = grt_call_dispatch(call);
    bool pointer = thread->config.flags & GRT_THREAD_RETURN_KTHREAD;
    if (!wanted->name)
        return;
    grt_dispatch_lock(dispatch);
    /* Another thread may have given the pointer back already. */
    grt_object *held = pointer ? grt_object_held_at(dispatch, wanted->name) : NULL;
    if (held)
        grt_object_let_go(dispatch, held);
    else if (!pointer)
        grt_handle_close(dispatch, wanted->name, call->thread->id, call->call_site, &trouble);
    grt_dispatch_unlock(dispatch);
}

static bool write_results(grt_call *call, const grt_creation *wanted, uint32_t name, uint32_t id)
{
    return (!wanted->handle_out ||
            grt_call_write_u32(call, wanted->handle_out, name, "handle_out")) &&
           (!wanted->id_out || grt_call_write_u32(call, wanted->id_out, id, "id_out"));
}

/* The results are written before the thread first runs, so that it may look at them. */
static uint32_t publish(grt_call *call, grt_thread *thread, grt_creation *wanted)
{
    if (wanted->named && !give_name(call, thread, wanted)) {
        grt_call_complain(call, "no handle is left for thread %u", (unsigned)thread->id);
        grt_thread_abandon(thread);
        return GRT_NT_INSUFFICIENT_RESOURCES;
    }
    bool written = write_results(call, wanted, wanted->name, thread->id);
    if (grt_thread_launch(thread) != GRT_OK) {
        take_name_back(call, thread, wanted);
        write_results(call, wanted, 0, 0);
        grt_thread_abandon(thread);
        return GRT_NT_NO_MEMORY;
    }
    return written ? GRT_NT_SUCCESS : GRT_NT_ACCESS_VIOLATION;
}

/* A start block that was not filled in yet is a well-known mistake; whoever looks for it finds what
 * the argument led to when the thread was created. */
static void trace_argument(grt_call *call, const grt_thread *thread)
{
    uint8_t words[8];
    grt_addr at = thread->config.argument;
    if (!grt_log_wants(&call->runtime->config.log, GRT_LOG_DEBUG) || at == 0 ||
        !grt_guest_read(call->runtime, words, at, sizeof words))
        return;
    for (uint32_t i = 0; i < 2; i++) {
        grt_addr word = grt_load32(words + 4 * i);
        bool code = grt_runtime_function(call->runtime, word) != NULL;
        grt_log_line(&call->runtime->config.log, GRT_LOG_DEBUG, "THREAD-CTX",
                     "start block of thread id %08X: word %u is %08X, %s", (unsigned)thread->id,
                     (unsigned)i, (unsigned)word, code ? "a function" : "not code");
    }
}

uint32_t grt_call_create_thread(grt_call *call, const grt_thread_config *config,
                                grt_creation *wanted)
{
    grt_thread *thread;
    if (!grt_call_probe(call, wanted->handle_out, "handle_out") ||
        !grt_call_probe(call, wanted->id_out, "id_out"))
        return GRT_NT_ACCESS_VIOLATION;
    grt_status created = grt_thread_prepare(call->runtime, config, &thread);
    if (created != GRT_OK)
        return creation_status(call, created, config->entry, config->xapi_startup);
    trace_argument(call, thread);
    uint32_t status = publish(call, thread, wanted);
    grt_thread_release(thread);
    return status;
}

uint32_t grt_export_ExCreateThread(grt_call *call, grt_addr handle_out, uint32_t stack_size,
                                   grt_addr id_out, grt_addr xapi_startup, grt_addr entry,
                                   uint32_t argument, uint32_t flags)
{
    if (flags >> GRT_THREAD_AFFINITY_SHIFT & ~GRT_CPU_ALL)
        grt_call_complain(call, "flags %08X name processors 6 or 7, which are ignored",
                          (unsigned)flags);
    grt_thread_config config = grt_thread_config_default();
    config.entry = entry;
    config.argument = argument;
    config.xapi_startup = xapi_startup;
    config.stack_size = stack_size;
    config.flags = flags;
    /* Nobody could close a handle that nobody gets. */
    grt_creation wanted = {handle_out, id_out, handle_out != 0, 0};
    return grt_call_create_thread(call, &config, &wanted);
}

void grt_export_ExTerminateThread(grt_call *call, uint32_t exit_code)
{
    grt_notice_tell(call->thread, false);
    grt_apc_run_down(grt_call_dispatch(call), call->thread);
    grt_thread_exit(call->thread, exit_code);
}

/* ---- suspension ---------------------------------------------------------------------------- */

grt_thread *grt_call_thread(grt_call *call, uint32_t handle, uint32_t *status)
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

uint32_t grt_export_NtResumeThread(grt_call *call, uint32_t handle, grt_addr previous_out)
{
    uint32_t status, previous = 0;
    if (!grt_call_probe(call, previous_out, "previous_out"))
        return GRT_NT_ACCESS_VIOLATION;
    grt_thread *thread = grt_call_thread(call, handle, &status);
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
    grt_thread *thread = grt_call_thread(call, handle, &status);
    if (!thread)
        return status;
    /* A thread that suspends itself may be stopped in there and never come back; its own record
     * needs no reference meanwhile. */
    bool self = thread == call->thread;
    if (self)
        grt_thread_release(thread);
    if (grt_thread_suspend(thread, &previous) != GRT_OK)
        status = grt_thread_has_ended(thread) ? GRT_NT_THREAD_IS_TERMINATING
                                              : GRT_NT_SUSPEND_COUNT_EXCEEDED;
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

uint32_t grt_export_KeDelayExecutionThread(grt_call *call, uint8_t mode, bool alertable,
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
    return grt_wait_sleep(grt_call_dispatch(call), call->thread, alertable, deadline);
}

/* The console's thread would keep its processor. Here others want it, so only what is shorter than
 * a sleep of the host is spent looking at the clock. */
#define STALL_SLEEPS 50u

void grt_export_KeStallExecutionProcessor(grt_call *call, uint32_t microseconds)
{
    uint64_t deadline = grt_thread_clock_ns(call->runtime) + microseconds * 1000ull;
    if (microseconds > STALL_SLEEPS || call->thread->scheduled)
        grt_wait_sleep(grt_call_dispatch(call), call->thread, false, deadline);
    while (grt_thread_clock_ns(call->runtime) < deadline)
        grt_thread_check_stop(call->thread);
}

/* ---- thread-local slots ---------------------------------------------------------------------- */

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
