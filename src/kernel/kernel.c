/* kernel.c - the kernel's record: made, connected to the threads, and taken apart. */
#include "kernel/level.h"
#include "kernel/state.h"

#include <string.h>

/* What a thread took with it, in one place for all kinds of locks. */
static void report_locks(grt_runtime *runtime, grt_thread *thread)
{
    grt_section_thread_ended(runtime, thread);
    grt_rwlock_thread_ended(runtime, thread);
    grt_level_thread_ended(runtime, thread);
}

static void thread_ended(grt_runtime *runtime, grt_thread *thread)
{
    grt_dispatch *dispatch = &runtime->kernel->dispatch;
    report_locks(runtime, thread);
    grt_dispatch_lock(dispatch);
    grt_object_thread_ended(dispatch, thread);
    grt_dispatch_unlock(dispatch);
}

/* An object holds a reference to its thread, so a record that goes away has none. */
static void thread_released(grt_runtime *runtime, grt_thread *thread)
{
    (void)runtime;
    thread->kernel_object = NULL;
}

grt_status grt_kernel_create(grt_runtime *runtime)
{
    struct grt_kernel *kernel = os_alloc(sizeof *kernel);
    if (!kernel)
        return GRT_NO_HOST_MEMORY;
    kernel->runtime = runtime;
    runtime->kernel = kernel;
    runtime->hooks.thread_ended = thread_ended;
    runtime->hooks.thread_released = thread_released;
    return GRT_OK;
}

void grt_kernel_destroy(grt_runtime *runtime)
{
    struct grt_kernel *kernel = runtime->kernel;
    if (!kernel)
        return;
    grt_dispatch_destroy(&kernel->dispatch);
    grt_lock_order_destroy(&kernel->lock_order);
    grt_rwlocks_destroy(&kernel->rwlocks);
    grt_vm_destroy(&kernel->vm);
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
