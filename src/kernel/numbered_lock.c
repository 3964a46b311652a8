/*
 * numbered_lock.c - locks in host memory: who owns them and who waits.
 *
 * A lock that becomes free wakes its first waiter but is not handed to it: whoever comes first
 * takes it. No wake-up is lost: the woken waiter stays linked until it owns the lock, and every
 * give wakes the first.
 */
#include "kernel/numbered_lock.h"

/* Tries before a thread goes to sleep. */
#define TRIES 40

static grt_numbered_shard *shard_of(grt_numbered_locks *locks, uint32_t number)
{
    uint32_t hash = number * 2654435761u; /* spreads neighbours */
    return &locks->shards[hash >> 26];
}

static grt_numbered_lock **link_of(grt_numbered_shard *shard, uint32_t number)
{
    grt_numbered_lock **link = &shard->locks;
    while (*link && (*link)->number != number)
        link = &(*link)->next;
    return link;
}

/* The record of a lock, made if there is none; null without host memory. */
static grt_numbered_lock *record_of(grt_numbered_shard *shard, uint32_t number)
{
    grt_numbered_lock *lock = *link_of(shard, number);
    if (lock)
        return lock;
    lock = shard->spare;
    if (lock)
        shard->spare = lock->next;
    else
        lock = os_alloc(sizeof *lock);
    if (!lock)
        return NULL;
    *lock = (grt_numbered_lock){.next = shard->locks, .number = number};
    shard->locks = lock;
    return lock;
}

/* Drops the record once nobody owns or awaits the lock. */
static void drop_if_idle(grt_numbered_shard *shard, grt_numbered_lock *lock)
{
    if (lock->owner || lock->waiters)
        return;
    *link_of(shard, lock->number) = lock->next;
    lock->next = shard->spare;
    shard->spare = lock;
}

static bool try_take(grt_numbered_lock *lock, const grt_thread *thread)
{
    if (lock->owner && lock->owner != thread->id)
        return false;
    lock->owner = thread->id;
    lock->depth++;
    return true;
}

static void append_waiter(grt_numbered_lock *lock, grt_numbered_waiter *waiter)
{
    grt_numbered_waiter **link = &lock->waiters;
    while (*link)
        link = &(*link)->next;
    waiter->next = NULL;
    *link = waiter;
}

static void remove_waiter(grt_numbered_lock *lock, const grt_numbered_waiter *waiter)
{
    grt_numbered_waiter **link = &lock->waiters;
    while (*link != waiter)
        link = &(*link)->next;
    *link = waiter->next;
}

static void wake_first(const grt_numbered_lock *lock)
{
    if (!lock->owner && lock->waiters)
        grt_thread_unpark(lock->waiters->thread);
}

/* Sleeps until the lock could be taken or the thread is asked to stop. The shard is locked on entry
 * and on return. */
static void wait_for(grt_numbered_shard *shard, grt_thread *thread, grt_numbered_lock *lock)
{
    grt_numbered_waiter waiter = {.thread = thread};
    append_waiter(lock, &waiter); /* keeps the record alive */
    for (;;) {
        uint32_t token = grt_thread_park_begin(thread);
        if (try_take(lock, thread) || atomic_load(&thread->stop_requested))
            break;
        os_mutex_unlock(&shard->lock);
        grt_thread_park(thread, token, UINT64_MAX);
        os_mutex_lock(&shard->lock);
    }
    remove_waiter(lock, &waiter);
    wake_first(lock); /* the wake-up meant for this thread may be the only one */
    drop_if_idle(shard, lock);
}

static bool try_or_wait(grt_numbered_shard *shard, grt_thread *thread, uint32_t number, bool wait)
{
    os_mutex_lock(&shard->lock);
    grt_numbered_lock *lock = record_of(shard, number);
    bool taken = lock && try_take(lock, thread);
    bool wanted = lock && !taken && wait;
    if (wanted)
        wait_for(shard, thread, lock);
    os_mutex_unlock(&shard->lock);
    if (wanted)
        grt_thread_check_stop(thread);
    return taken || wanted;
}

bool grt_numbered_take(grt_numbered_locks *locks, grt_thread *thread, uint32_t number)
{
    grt_numbered_shard *shard = shard_of(locks, number);
    for (int i = 0; i < TRIES; i++) {
        if (try_or_wait(shard, thread, number, false))
            return true;
    }
    return try_or_wait(shard, thread, number, true);
}

bool grt_numbered_give(grt_numbered_locks *locks, const grt_thread *thread, uint32_t number)
{
    grt_numbered_shard *shard = shard_of(locks, number);
    os_mutex_lock(&shard->lock);
    grt_numbered_lock *lock = *link_of(shard, number);
    bool own = lock && lock->owner == thread->id;
    if (own && --lock->depth == 0) {
        lock->owner = 0;
        wake_first(lock);
        drop_if_idle(shard, lock);
    }
    os_mutex_unlock(&shard->lock);
    return own;
}

static void free_list(grt_numbered_lock *lock)
{
    while (lock) {
        grt_numbered_lock *next = lock->next;
        os_free(lock);
        lock = next;
    }
}

void grt_numbered_destroy(grt_numbered_locks *locks)
{
    for (uint32_t i = 0; i < GRT_NUMBERED_SHARDS; i++) {
        free_list(locks->shards[i].locks);
        free_list(locks->shards[i].spare);
        locks->shards[i] = (grt_numbered_shard){0};
    }
}
