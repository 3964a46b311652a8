/*
 * title_lock.c - RtlLockHeap: each heap's recursive lock, which is in its slot.
 *
 * Calls for a heap wait until no other thread has it locked, but do not lock it themselves. A lock
 * that becomes free wakes its first waiter and is not handed to it: whoever comes first takes it.
 * No wake-up is lost: a waiter that leaves a free lock behind wakes the next.
 */
#include "diag/log.h"
#include "kernel/state.h"

/* Tries before a thread goes to sleep. */
#define TRIES 40

/* ---- with the heaps' mutex held ------------------------------------------------------------ */

/* False: another thread has locked the heap. */
static bool enter(grt_title_heaps *heaps, grt_title_lock *lock, const grt_thread *thread, bool take)
{
    if (lock->owner.thread_id && lock->owner.thread_id != thread->id)
        return false;
    if (take && lock->depth++ == 0) {
        lock->owner = (grt_holder){thread->id, thread->kthread};
        atomic_fetch_add(&heaps->locked, 1);
    }
    return true;
}

static void wake_first(const grt_title_lock *lock)
{
    if (!lock->owner.thread_id && lock->waiters)
        grt_thread_unpark(lock->waiters->thread);
}

static void set_free(grt_title_heaps *heaps, grt_title_lock *lock)
{
    lock->owner = (grt_holder){0, 0};
    lock->owner_ended = false;
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

void grt_title_lock_end(grt_title_heaps *heaps, grt_title_lock *lock)
{
    for (grt_title_waiter *waiter = lock->waiters; waiter; waiter = waiter->next) {
        waiter->gone = true;
        grt_thread_unpark(waiter->thread);
    }
    lock->waiters = NULL;
    if (lock->owner.thread_id)
        set_free(heaps, lock);
}

/* ---- without ------------------------------------------------------------------------------- */

static void holders(grt_runtime *runtime, const grt_blocked *blocked, grt_holders *holders)
{
    grt_title_heaps *heaps = &runtime->kernel->heaps;
    const grt_title_waiter *waiter = blocked->waiter;
    os_mutex_lock(&heaps->lock);
    const grt_holder *owner = &waiter->lock->owner;
    if (!waiter->entered && !waiter->gone && owner->thread_id)
        grt_holders_add(holders, owner->thread_id, owner->kthread);
    os_mutex_unlock(&heaps->lock);
}

static const grt_lock_kind heap_kind = {holders, NULL, "for heap", "has locked"};

/* Whether the waiter is done: in, told that the heap has ended, or asked to stop. Else it may park
 * with [*token] once it has said that [*ended], if not 0, is the owner and will never unlock. */
static bool try_turn(grt_title_heaps *heaps, grt_title_waiter *waiter, uint32_t *token,
                     uint32_t *ended)
{
    grt_title_lock *lock = waiter->lock;
    os_mutex_lock(&heaps->lock);
    bool stop = atomic_load(&waiter->thread->stop_requested);
    if (!waiter->gone && !stop)
        waiter->entered = enter(heaps, lock, waiter->thread, waiter->take);
    bool done = waiter->gone || stop || waiter->entered;
    if (done && !waiter->gone) {
        remove_waiter(lock, waiter);
        wake_first(lock); /* the wake-up meant for this thread may be the only one */
    }
    *ended = !done && lock->owner_ended ? lock->owner.thread_id : 0;
    *token = done ? 0 : grt_thread_park_begin(waiter->thread);
    os_mutex_unlock(&heaps->lock);
    return done;
}

/* The waiter is linked: sleeps until the lock lets it in, its heap ends, or the thread is asked to
 * stop. */
static void sleep_for(grt_call *call, grt_title_waiter *waiter)
{
    grt_blocked blocked = {.thread = call->thread,
                           .kind = &heap_kind,
                           .waiter = waiter,
                           .lock = waiter->number,
                           .call_site = call->call_site};
    uint32_t token, ended, said = 0;
    grt_deadlock_enter(&blocked);
    while (!try_turn(&call->kernel->heaps, waiter, &token, &ended)) {
        if (ended == said)
            grt_thread_park(call->thread, token, UINT64_MAX);
        else
            grt_call_complain(call, "heap %08X is locked by thread %u, which has ended",
                              (unsigned)waiter->number, (unsigned)ended);
        said = ended;
    }
    grt_deadlock_leave(&blocked);
}

/* One try; in vain, the waiter is linked if it [joins]. False: no such heap. */
static bool try_first(grt_title_heaps *heaps, uint32_t number, grt_title_waiter *waiter, bool joins,
                      grt_title_trouble *trouble)
{
    os_mutex_lock(&heaps->lock);
    uint32_t index = grt_title_heap_index(heaps, number, trouble);
    bool there = index != GRT_TITLE_HEAPS_MAX;
    if (there) {
        waiter->number = grt_title_heap_number(heaps, index);
        waiter->lock = &heaps->slots[index].lock;
        waiter->entered = enter(heaps, waiter->lock, waiter->thread, waiter->take);
        if (!waiter->entered && joins)
            append_waiter(waiter->lock, waiter);
    }
    os_mutex_unlock(&heaps->lock);
    return there;
}

static bool wait_to_enter(grt_call *call, uint32_t number, bool take, grt_title_trouble *trouble)
{
    for (uint32_t tries = 0;; tries++) {
        grt_title_waiter waiter = {.thread = call->thread, .take = take};
        if (!try_first(&call->kernel->heaps, number, &waiter, tries >= TRIES, trouble))
            return false;
        if (!waiter.entered && tries >= TRIES)
            sleep_for(call, &waiter);
        grt_thread_check_stop(call->thread);
        if (waiter.entered)
            return true;
    }
}

void grt_title_heap_wait(grt_call *call, uint32_t number)
{
    grt_title_trouble trouble; /* is the caller's business, and found again */
    if (atomic_load(&call->kernel->heaps.locked) != 0)
        wait_to_enter(call, number, false, &trouble);
}

bool grt_title_heap_lock(grt_call *call, uint32_t number, grt_title_trouble *trouble)
{
    return wait_to_enter(call, number, true, trouble);
}

bool grt_title_heap_unlock(grt_title_heaps *heaps, const grt_thread *thread, uint32_t number)
{
    grt_title_trouble trouble;
    os_mutex_lock(&heaps->lock);
    uint32_t index = grt_title_heap_index(heaps, number, &trouble);
    grt_title_lock *lock = index == GRT_TITLE_HEAPS_MAX ? NULL : &heaps->slots[index].lock;
    bool own = lock && lock->owner.thread_id == thread->id;
    if (own && --lock->depth == 0)
        set_free(heaps, lock);
    os_mutex_unlock(&heaps->lock);
    return own;
}

void grt_title_heaps_thread_ended(grt_runtime *runtime, const grt_thread *thread)
{
    grt_title_heaps *heaps = &runtime->kernel->heaps;
    uint32_t count = 0, one = 0;
    if (atomic_load(&heaps->locked) == 0)
        return;
    os_mutex_lock(&heaps->lock);
    for (uint32_t i = 0; i < GRT_TITLE_HEAPS_MAX; i++) {
        grt_title_lock *lock = &heaps->slots[i].lock;
        if (lock->owner.thread_id != thread->id)
            continue;
        lock->owner_ended = true;
        one = grt_title_heap_number(heaps, i);
        count++;
    }
    os_mutex_unlock(&heaps->lock);
    if (count > 0 && !atomic_load(&runtime->stopping))
        grt_log_line(&runtime->config.log, GRT_LOG_WARN, "THREAD-CTX",
                     "thread id %08X ended inside %u locked heap%s, among them %08X",
                     (unsigned)thread->id, (unsigned)count, count == 1 ? "" : "s", (unsigned)one);
}
