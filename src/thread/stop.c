/*
 * stop.c - ending everything: threads that wait are woken, threads in guest code are interrupted.
 */
#include "diag/log.h"
#include "os/assert.h"
#include "thread/internal.h"
#include "thread/schedule.h"

#include <stdio.h>

grt_status grt_threads_create(grt_runtime *runtime)
{
    runtime->tls.slot_count = GRT_TLS_SLOTS;
    grt_status status = grt_processes_create(runtime);
    if (status == GRT_OK)
        status = grt_schedule_create(runtime);
    if (status != GRT_OK)
        return status;
    int error = os_fault_install(grt_on_fault, grt_on_interrupt);
    if (error == 0)
        return GRT_OK;
    grt_schedule_destroy(runtime);
    char text[128];
    os_error_text(error, text, sizeof text);
    grt_log_line(&runtime->config.log, GRT_LOG_ERROR, "FAULT",
                 "the host refused the fault handlers: %s", text);
    return GRT_NOT_SUPPORTED;
}

void grt_thread_request_stop(grt_thread *thread)
{
    atomic_store(&thread->stop_requested, true);
    atomic_fetch_or(&thread->attention, GRT_ATTEND_STOP);
    grt_thread_unpark(thread);
    os_mutex_lock(&thread->lock);
    if (thread->state != GRT_THREAD_ENDED) {
        if (thread->host != NULL)
            os_thread_interrupt(thread->host);
        else if (thread->foreign)
            os_thread_interrupt_id(thread->host_id);
    }
    os_mutex_unlock(&thread->lock);
}

static void stop(grt_runtime *runtime, const char *reason)
{
    os_mutex_lock(&runtime->threads_lock);
    bool first = !atomic_load(&runtime->stopping);
    if (first) {
        snprintf(runtime->stop_reason, sizeof runtime->stop_reason, "%s",
                 reason != NULL ? reason : "");
        atomic_store(&runtime->stopping, true);
    }
    for (grt_thread *thread = runtime->threads; thread != NULL; thread = thread->next)
        grt_thread_request_stop(thread);
    os_mutex_unlock(&runtime->threads_lock);
    grt_schedule_resume(runtime, NULL);
    if (first)
        grt_log_line(&runtime->config.log, GRT_LOG_INFO, "THREAD-CTX",
                     "every guest thread is asked to end: %s", runtime->stop_reason);
}

void grt_runtime_stop(grt_runtime *runtime, const char *reason)
{
    bool guest = grt_host_begin();
    stop(runtime, reason);
    grt_host_end(guest);
}

/* Waits for one host thread; false when none is left. */
static bool join_one(grt_runtime *runtime)
{
    grt_thread *waited = NULL;
    os_mutex_lock(&runtime->threads_lock);
    for (grt_thread *thread = runtime->threads; thread != NULL && waited == NULL;
         thread = thread->next) {
        if (__atomic_load_n(&thread->ended_word, __ATOMIC_ACQUIRE) == 0 && !thread->foreign &&
            grt_thread_try_acquire(thread))
            waited = thread;
    }
    os_mutex_unlock(&runtime->threads_lock);
    if (waited == NULL)
        return false;
    while (__atomic_load_n(&waited->ended_word, __ATOMIC_ACQUIRE) == 0)
        os_wait(&waited->ended_word, 0, UINT64_MAX);
    grt_thread_release(waited);
    return true;
}

void grt_threads_host_begin(grt_runtime *runtime)
{
    __atomic_fetch_add(&runtime->host_calls, 1, __ATOMIC_RELAXED);
}

void grt_threads_host_end(grt_runtime *runtime)
{
    uint32_t *calls = &runtime->host_calls; /* whose memory may be gone after the next line */
    if (__atomic_sub_fetch(calls, 1, __ATOMIC_RELEASE) == 0)
        os_wake_all(calls);
}

static void wait_for_host_calls(grt_runtime *runtime)
{
    for (uint32_t calls; (calls = __atomic_load_n(&runtime->host_calls, __ATOMIC_ACQUIRE)) != 0;)
        os_wait(&runtime->host_calls, calls, UINT64_MAX);
}

void grt_threads_stop(grt_runtime *runtime)
{
    GRT_ASSERT(grt_thread_current() == NULL);
    stop(runtime, "the runtime is destroyed");
    while (join_one(runtime)) {
    }
    wait_for_host_calls(runtime);
    grt_pool_drain(runtime);
}

void grt_threads_destroy(grt_runtime *runtime)
{
    /* Records that the embedder still references go as well: the runtime was their owner. */
    while (runtime->threads != NULL) {
        grt_thread *thread = runtime->threads;
        atomic_store(&thread->references, 1);
        grt_thread_release(thread);
    }
    grt_schedule_destroy(runtime);
    grt_context_cache_clear(runtime);
    grt_stacks_free(runtime);
    os_fault_uninstall();
}
