/*
 * numbered_lock.h - recursive locks of guest threads, all of them in host memory, by a number.
 *
 * For what the guest locks without having a lock in its own memory: heaps. A record exists while
 * the lock is owned or waited for.
 */
#ifndef GRT_KERNEL_NUMBERED_LOCK_H
#define GRT_KERNEL_NUMBERED_LOCK_H

#include "thread/core.h"

#define GRT_NUMBERED_SHARDS 64u

typedef struct grt_numbered_waiter {
    grt_thread *thread;
    struct grt_numbered_waiter *next;
} grt_numbered_waiter;

typedef struct grt_numbered_lock {
    struct grt_numbered_lock *next; /* in its shard */
    uint32_t number;
    uint32_t owner;               /* thread id, 0 = free */
    uint32_t depth;               /* how often the owner has it */
    grt_numbered_waiter *waiters; /* first come first; they live on their threads' host stacks */
} grt_numbered_lock;

typedef struct grt_numbered_shard {
    os_mutex lock;
    grt_numbered_lock *locks;
    grt_numbered_lock *spare; /* records to use again, so that taking rarely allocates */
} grt_numbered_shard;

typedef struct grt_numbered_locks {
    grt_numbered_shard shards[GRT_NUMBERED_SHARDS];
} grt_numbered_locks;

/* Takes the lock, waiting as long as it takes. Does not return when the thread is asked to stop.
 * False: no host memory. On [thread], in host, no lock held. */
bool grt_numbered_take(grt_numbered_locks *locks, grt_thread *thread, uint32_t number);
/* Gives it back once. False: it is not [thread]'s. Any thread, no lock held. */
bool grt_numbered_give(grt_numbered_locks *locks, const grt_thread *thread, uint32_t number);
void grt_numbered_destroy(grt_numbered_locks *locks);

#endif
