/*
 * announce.c - the embedder hears of threads that start and end, on the thread itself.
 */
#include "thread/internal.h"

void grt_thread_announce_start(grt_thread *thread)
{
    const grt_runtime_config *config = &thread->runtime->config;
    thread->announced = true;
    grt_thread_show_byte(thread, GRT_KTHREAD_STATE, GRT_KTHREAD_RUNNING);
    if (config->on_thread_start != NULL)
        config->on_thread_start(config->on_thread_user, thread);
}

/* The function may call the guest, and the guest may end there once more: it comes back here. */
void grt_thread_announce_end(grt_thread *thread)
{
    const grt_runtime_config *config = &thread->runtime->config;
    if (!thread->announced || config->on_thread_end == NULL)
        return;
    thread->announced = false;
    volatile uint32_t exit_code = thread->exit_code; /* it is read after a jump */
    int unwind = os_mark(&thread->unwind);
    if (unwind == 0)
        config->on_thread_end(config->on_thread_user, thread);
    else if (unwind == GRT_UNWIND_FAULT)
        grt_thread_report_host_fault(thread);
    thread->exit_code = exit_code;
}
