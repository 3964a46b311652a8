/*
 * suspend.c - suspend counts.
 *
 * A thread is never stopped in the middle of anything: it stops by itself at its next safe point,
 * so that a suspended thread holds no lock of the runtime.
 */
#include "thread/internal.h"

#define SUSPEND_MAX 127u

/* The thread's lock is held. */
static void set_count(grt_thread *thread, uint32_t count)
{
    atomic_store(&thread->suspend_count, count);
    if (count == 0)
        atomic_fetch_and(&thread->attention, ~(unsigned)GRT_ATTEND_SUSPEND);
    else
        atomic_fetch_or(&thread->attention, GRT_ATTEND_SUSPEND);
    grt_thread_show_byte(thread, GRT_KTHREAD_SUSPEND_COUNT, (uint8_t)count);
}

/* Changes the count by [change] unless the thread has ended or the count would leave its range; a
 * count of 0 stays 0 when it is lowered. */
static grt_status change_count(grt_thread *thread, int change, uint32_t *previous)
{
    os_mutex_lock(&thread->lock);
    uint32_t count = atomic_load(&thread->suspend_count);
    bool refused = thread->state == GRT_THREAD_ENDED || (change > 0 && count >= SUSPEND_MAX);
    if (!refused && previous != NULL)
        *previous = count;
    if (!refused && (change > 0 || count > 0))
        set_count(thread, count + (uint32_t)change);
    os_mutex_unlock(&thread->lock);
    return refused ? GRT_WRONG_STATE : GRT_OK;
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
