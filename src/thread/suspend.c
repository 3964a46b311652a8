/*
 * suspend.c - suspend counts.
 *
 * A thread is never stopped in the middle of anything: it stops by itself at its next safe point,
 * so that a suspended thread holds no lock of the runtime.
 */
#include "thread/internal.h"

#define SUSPEND_MAX 127u

static void show_count(grt_thread *thread, uint32_t count)
{
    uint8_t byte = (uint8_t)count;
    grt_guest_write(thread->runtime, thread->kthread + GRT_KTHREAD_SUSPEND_COUNT, &byte, 1);
}

/* Changes the count by [change] unless the thread has ended or the count would leave its range; a
 * count of 0 stays 0 when it is lowered. */
static grt_status change_count(grt_thread *thread, int change, uint32_t *previous)
{
    grt_status status = GRT_OK;
    os_mutex_lock(&thread->lock);
    uint32_t count = atomic_load(&thread->suspend_count);
    bool ended = thread->state == GRT_THREAD_ENDED;
    if (ended || (change > 0 && count >= SUSPEND_MAX)) {
        status = GRT_WRONG_STATE;
    } else {
        if (previous != NULL)
            *previous = count;
        if (change > 0 || count > 0) {
            count = change > 0 ? count + 1 : count - 1;
            atomic_store(&thread->suspend_count, count);
            if (count == 0)
                atomic_fetch_and(&thread->attention, ~(unsigned)GRT_ATTEND_SUSPEND);
            else
                atomic_fetch_or(&thread->attention, GRT_ATTEND_SUSPEND);
            show_count(thread, count);
        }
    }
    os_mutex_unlock(&thread->lock);
    return status;
}

grt_status grt_thread_resume(grt_thread *thread, uint32_t *previous)
{
    bool guest = grt_host_begin();
    grt_status status = change_count(thread, -1, previous);
    if (status == GRT_OK)
        grt_thread_unpark(thread);
    grt_host_end(guest);
    return status;
}

grt_status grt_thread_suspend(grt_thread *thread, uint32_t *previous)
{
    bool guest = grt_host_begin();
    grt_status status = change_count(thread, +1, previous);
    if (status == GRT_OK && thread == grt_thread_current())
        grt_thread_wait_resumed(thread);
    grt_host_end(guest);
    return status;
}
