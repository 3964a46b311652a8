/* kernel.c - the kernel's record: made, connected to the threads, and taken apart. */
#include "kernel/irql.h"
#include "kernel/state.h"

#include <string.h>

/* What a thread took with it, in one place for all kinds of locks. */
static void report_locks(grt_runtime *runtime, grt_thread *thread)
{
    grt_section_thread_ended(runtime, thread);
    grt_rwlock_thread_ended(runtime, thread);
    grt_title_heaps_thread_ended(runtime, thread);
    grt_irql_thread_ended(runtime, thread);
}

static void thread_ended(grt_runtime *runtime, grt_thread *thread)
{
    grt_dispatch *dispatch = &runtime->kernel->dispatch;
    report_locks(runtime, thread);
    grt_title_thread_ended(runtime, thread);
    grt_dispatch_lock(dispatch);
    grt_object_thread_ended(dispatch, thread);
    grt_dispatch_unlock(dispatch);
}

/* The thread goes back to the guest. */
static void attend(grt_thread *thread)
{
    grt_dispatch *dispatch = &thread->runtime->kernel->dispatch;
    grt_apc_deliver_kernel(dispatch, thread);
    if (thread->irql < GRT_IRQL_DISPATCH)
        grt_dpc_run(dispatch);
}

/* What was queued for a thread that was still suspended comes before its first instruction. */
static void thread_starting(grt_thread *thread)
{
    grt_dispatch *dispatch = &thread->runtime->kernel->dispatch;
    grt_notice_tell(thread, true);
    grt_apc_deliver_kernel(dispatch, thread);
    grt_apc_deliver_user(dispatch, thread);
}

static void thread_leaving(grt_thread *thread)
{
    grt_dispatch *dispatch = &thread->runtime->kernel->dispatch;
    grt_notice_tell(thread, false);
    grt_apc_run_down(dispatch, thread);
    grt_dpc_run(dispatch); /* whatever the level: it will not sink any more */
}

/* ---- the seeded scheduler asks for timers instead of a clock thread -------------------------- */

static uint64_t next_deadline(grt_runtime *runtime)
{
    grt_dispatch *dispatch = &runtime->kernel->dispatch;
    grt_dispatch_lock(dispatch);
    uint64_t next = grt_timer_next(dispatch);
    grt_dispatch_unlock(dispatch);
    return next;
}

static void run_due(grt_runtime *runtime, uint64_t now)
{
    grt_dispatch *dispatch = &runtime->kernel->dispatch;
    grt_dispatch_lock(dispatch);
    grt_timer_run(dispatch, now);
    grt_dpc_offer(dispatch);
    grt_dispatch_unlock(dispatch);
}

grt_status grt_kernel_create(grt_runtime *runtime)
{
    struct grt_kernel *kernel = os_alloc(sizeof *kernel);
    if (!kernel)
        return GRT_NO_HOST_MEMORY;
    kernel->runtime = runtime;
    kernel->started_ns = grt_thread_clock_ns(runtime);
    kernel->dispatch.runtime = runtime;
    runtime->kernel = kernel;
    runtime->hooks.thread_ended = thread_ended;
    runtime->hooks.thread_starting = thread_starting;
    runtime->hooks.thread_leaving = thread_leaving;
    runtime->hooks.attend = attend;
    runtime->hooks.next_deadline = next_deadline;
    runtime->hooks.run_due = run_due;
    return GRT_OK;
}

void grt_kernel_destroy(grt_runtime *runtime)
{
    struct grt_kernel *kernel = runtime->kernel;
    if (!kernel)
        return;
    grt_variables_destroy(runtime);
    grt_title_destroy(&kernel->title);
    grt_notices_destroy(&kernel->notices);
    grt_dispatch_destroy(&kernel->dispatch);
    grt_lock_order_destroy(&kernel->lock_order);
    grt_rwlocks_destroy(&kernel->rwlocks);
    grt_vm_destroy(&kernel->vm);
    grt_title_heaps_destroy(&kernel->heaps);
    while (kernel->registrations) {
        grt_registration *next = kernel->registrations->next;
        os_free(kernel->registrations);
        kernel->registrations = next;
    }
    os_free(kernel->missing);
    memset(&runtime->hooks, 0, sizeof runtime->hooks);
    runtime->kernel = NULL;
    os_free(kernel);
}

void grt_kernel_output(grt_runtime *runtime, const char *text, size_t size)
{
    os_mutex_lock(&runtime->kernel->output_lock);
    if (runtime->config.output)
        runtime->config.output(runtime->config.output_user, text, size);
    else
        os_stderr_write(text, size);
    os_mutex_unlock(&runtime->kernel->output_lock);
}

void grt_runtime_get_kernel_stats(grt_runtime *runtime, grt_kernel_stats *stats)
{
    struct grt_kernel *kernel = runtime->kernel;
    memset(stats, 0, sizeof *stats);
    grt_dispatch_lock(&kernel->dispatch);
    stats->handles = kernel->dispatch.handles;
    stats->handles_peak = kernel->dispatch.handles_peak;
    stats->objects = kernel->dispatch.objects;
    stats->waiting = kernel->dispatch.waiting;
    stats->waits = kernel->dispatch.waits;
    grt_dispatch_unlock(&kernel->dispatch);
    os_mutex_lock(&kernel->vm.lock);
    stats->virtual_regions = kernel->vm.count;
    os_mutex_unlock(&kernel->vm.lock);
    stats->sections = grt_section_count(runtime);
    os_mutex_lock(&kernel->registry_lock);
    stats->missing_exports = kernel->missing_count;
    os_mutex_unlock(&kernel->registry_lock);
}
