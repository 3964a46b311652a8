/*
 * rwlock.h - reader-writer locks (ERWLOCK).
 *
 * Who is in and who waits is known in host memory, keyed by the lock's guest address; the first
 * four words in guest memory show it, written under the lock of the record by guarded copies, so
 * that they are never older than what a thread that got in knows. A lock that the program
 * initialised by hand works, one whose bytes were overwritten still does. A record exists while
 * somebody is in or waits.
 *
 * The order is the console's. A reader gets in at once when nobody is in, or readers are and no
 * writer waits. A writer that leaves lets in all readers that wait, else one writer; the last
 * reader that leaves lets in one writer. So neither starves: they take turns.
 */
#ifndef GRT_KERNEL_RWLOCK_H
#define GRT_KERNEL_RWLOCK_H

#include "kernel/call.h"
#include "kernel/deadlock.h"

#define GRT_RWLOCK_SHARDS 64u
#define GRT_RWLOCK_SIZE   0x38u

typedef struct grt_rwlock_waiter {
    grt_thread *thread;
    bool writer;
    bool granted; /* by the one who left; no longer linked then */
    struct grt_rwlock_waiter *next, *previous;
} grt_rwlock_waiter;

/* First come first; they live on their threads' host stacks. */
typedef struct grt_rwlock_line {
    grt_rwlock_waiter *first, *last;
    uint32_t count;
} grt_rwlock_line;

typedef struct grt_rwlock {
    struct grt_rwlock *next; /* in its shard */
    grt_addr address;
    grt_holder writer; /* the thread that is in as one; id 0: none */
    uint32_t readers_in;
    grt_rwlock_line waiting[2]; /* readers, writers */
    grt_holders readers;        /* those in who found room; only reports look at it */
    bool strangers;             /* one has left whom a thread let out that was not in */
} grt_rwlock;

typedef struct grt_rwlock_shard {
    os_mutex lock;
    grt_rwlock *locks;
    grt_rwlock *spare; /* records to use again, so that getting in rarely allocates */
} grt_rwlock_shard;

typedef struct grt_rwlocks {
    grt_rwlock_shard shards[GRT_RWLOCK_SHARDS];
} grt_rwlocks;

/* All of these: on the call's thread, in host, no lock held. */

void grt_rwlock_initialise(grt_call *call, grt_addr address);
/* Waits as long as it takes; does not return when the thread is asked to stop. */
void grt_rwlock_acquire(grt_call *call, grt_addr address, bool writer);
bool grt_rwlock_try(grt_call *call, grt_addr address, bool writer);
void grt_rwlock_release(grt_call *call, grt_addr address);

/* [thread] has ended: says which locks it is in as a writer. O(records). */
void grt_rwlock_thread_ended(grt_runtime *runtime, const grt_thread *thread);
void grt_rwlocks_destroy(grt_rwlocks *locks);

#endif
