/*
 * title_lock.c - RtlLockHeap: each heap's recursive lock, which is in its slot.
 *
 * Calls for a heap wait until no other thread has it locked, but do not lock it themselves. A lock
 * that becomes free wakes its first waiter and is not handed to it: whoever comes first takes it.
 * No wake-up is lost: a waiter that leaves a free lock behind wakes the next.
 */
#include "kernel/title_heap.h"

/* Tries before a thread goes to sleep. */
#define TRIES 40

/* ---- with the heaps' mutex held ------------------------------------------------------------ */

/* False: another thread has locked the heap. */
static bool enter(grt_title_heaps *heaps, grt_title_lock *lock, const grt_thread *thread, bool take)
{
    if (lock->owner && lock->owner != thread->id)
        return false;
    if (take && lock->depth++ == 0) {
        lock->owner = thread->id;
        atomic_fetch_add(&heaps->locked, 1);
    }
    return true;
}

static void wake_first(const grt_title_lock *lock)
{
    if (!lock->owner && lock->waiters)
        grt_thread_unpark(lock->waiters->thread);
}

static void set_free(grt_title_heaps *heaps, grt_title_lock *lock)
{
    lock->owner = 0;
    lock->depth = 0;
    atomic_fetch_sub(&heaps->locked, 1);
    wake_first(lock);
}

static void append_waiter(grt_title_lock *lock, grt_title_waiter *waiter)
{
    grt_title_waiter **link = &lock->waiters;
    while (*link)
        link = &(*link)->next;
    *link = waiter;
}

static void remove_waiter(grt_title_lock *lock, const grt_title_waiter *waiter)
{
    grt_title_waiter **link = &lock->waiters;
    while (*link != waiter)
        link = &(*link)->next;
    *link = waiter->next;
}

/* Sleeps until the lock lets the thread enter; false when its heap has ended, or the thread is
 * asked to stop. The mutex is given up meanwhile. */
static bool sleep_for(grt_title_heaps *heaps, grt_title_lock *lock, grt_thread *thread, bool take)
{
    grt_title_waiter waiter = {.thread = thread};
    bool entered = false;
    append_waiter(lock, &waiter);
    while (!entered && !waiter.gone && !atomic_load(&thread->stop_requested)) {
        uint32_t token = grt_thread_park_begin(thread);
        os_mutex_unlock(&heaps->lock);
        grt_thread_park(thread, token, UINT64_MAX);
        os_mutex_lock(&heaps->lock);
        entered = !waiter.gone && enter(heaps, lock, thread, take);
    }
    if (!waiter.gone) {
        remove_waiter(lock, &waiter);
        wake_first(lock); /* the wake-up meant for this thread may be the only one */
    }
    return entered;
}

void grt_title_lock_end(grt_title_heaps *heaps, grt_title_lock *lock)
{
    for (grt_title_waiter *waiter = lock->waiters; waiter; waiter = waiter->next) {
        waiter->gone = true;
        grt_thread_unpark(waiter->thread);
    }
    lock->waiters = NULL;
    if (lock->owner)
        set_free(heaps, lock);
}

/* ---- without ------------------------------------------------------------------------------- */

static bool wait_to_enter(grt_title_heaps *heaps, grt_thread *thread, uint32_t number, bool take,
                          grt_title_trouble *trouble)
{
    bool there = true, entered = false;
    for (uint32_t tries = 0; there && !entered; tries++) {
        os_mutex_lock(&heaps->lock);
        uint32_t index = grt_title_heap_index(heaps, number, trouble);
        there = index != GRT_TITLE_HEAPS_MAX;
        if (there) {
            grt_title_lock *lock = &heaps->slots[index].lock;
            entered = enter(heaps, lock, thread, take) ||
                      (tries >= TRIES && sleep_for(heaps, lock, thread, take));
        }
        os_mutex_unlock(&heaps->lock);
        grt_thread_check_stop(thread);
    }
    return entered;
}

void grt_title_heap_wait(grt_title_heaps *heaps, grt_thread *thread, uint32_t number)
{
    grt_title_trouble trouble; /* is the caller's business, and found again */
    if (atomic_load(&heaps->locked) != 0)
        wait_to_enter(heaps, thread, number, false, &trouble);
}

bool grt_title_heap_lock(grt_title_heaps *heaps, grt_thread *thread, uint32_t number,
                         grt_title_trouble *trouble)
{
    return wait_to_enter(heaps, thread, number, true, trouble);
}

bool grt_title_heap_unlock(grt_title_heaps *heaps, const grt_thread *thread, uint32_t number)
{
    grt_title_trouble trouble;
    os_mutex_lock(&heaps->lock);
    uint32_t index = grt_title_heap_index(heaps, number, &trouble);
    grt_title_lock *lock = index == GRT_TITLE_HEAPS_MAX ? NULL : &heaps->slots[index].lock;
    bool own = lock && lock->owner == thread->id;
    if (own && --lock->depth == 0)
        set_free(heaps, lock);
    os_mutex_unlock(&heaps->lock);
    return own;
}
