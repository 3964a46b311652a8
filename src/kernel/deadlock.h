/*
 * deadlock.h - threads that wait for each other's locks in a circle: critical sections,
 * reader-writer locks, mutants, locked heaps, and any mixture.
 *
 * Whoever is about to sleep for ever because of a lock, and stands in the lock's own queue already,
 * enters itself here and looks for a circle that leads back to it. The last member that enters
 * finds it, so it is found once. No member can leave anything before it gets what it waits for, so
 * what is found stays.
 *
 * Locks have locks of their own, so a look at a circle sees its members one after the other. It
 * counts if a second look finds the same: nobody can leave this table meanwhile, so between the two
 * looks all members were waiting at the same time.
 *
 * Lock order: the table's lock comes before those of sections, reader-writer locks and the
 * title's heaps, and the dispatcher's. Who enters or leaves holds none.
 */
#ifndef GRT_KERNEL_DEADLOCK_H
#define GRT_KERNEL_DEADLOCK_H

#include "kernel/call.h"

#define GRT_DEADLOCK_MEMBERS 8u /* circles of more are not found */
#define GRT_DEADLOCK_BUCKETS 256u
#define GRT_DEADLOCK_HOLDERS 32u /* of one lock; further ones are not looked at */

/* A thread that may hold what another one waits for. */
typedef struct grt_holder {
    uint32_t thread_id; /* 0: whichever has the KTHREAD */
    grt_addr kthread;
} grt_holder;

typedef struct grt_holders {
    uint32_t count;
    grt_holder list[GRT_DEADLOCK_HOLDERS];
} grt_holders;

static inline void grt_holders_add(grt_holders *holders, uint32_t thread_id, grt_addr kthread)
{
    if (holders->count < GRT_DEADLOCK_HOLDERS)
        holders->list[holders->count++] = (grt_holder){thread_id, kthread};
}

typedef struct grt_blocked grt_blocked;

/* One for each kind of lock. */
typedef struct grt_lock_kind {
    /* Adds all threads that must let go before [blocked] gets through; none if it has got through
     * already. May take the lock's own lock. */
    void (*holders)(grt_runtime *runtime, const grt_blocked *blocked, grt_holders *holders);
    /* Of a thread that waits elsewhere and was named by its KTHREAD only: does it hold the lock?
     * Null: it was named by its id. */
    bool (*holds)(const grt_blocked *blocked, const grt_thread *thread);
    const char *waits, *has; /* "for section", "which thread 3 [owns]" */
} grt_lock_kind;

/* On the host stack of the thread that waits. */
struct grt_blocked {
    grt_blocked *next; /* in its bucket */
    grt_thread *thread;
    const grt_lock_kind *kind;
    const void *waiter; /* the kind's own record of the wait */
    grt_addr lock;      /* for the report; 0: it has no address */
    grt_addr call_site;
    bool said; /* a circle with it was reported: not again when it enters again */
    /* Of the last search that came along: its number, who waits for this one, how many are on the
     * way from the first one to here, and who was found next. */
    uint64_t looked_at;
    grt_blocked *from;
    uint32_t steps;
    grt_blocked *found_next;
};

/* One a runtime. */
typedef struct grt_deadlocks {
    os_mutex lock;
    grt_blocked *buckets[GRT_DEADLOCK_BUCKETS]; /* by KTHREAD */
    uint32_t count;
    uint64_t searches;
    uint32_t circles; /* that were reported */
} grt_deadlocks;

/* The calling thread, which is about to sleep, enters; a circle that it closes is reported. It
 * holds no lock. O(threads that wait for each other). */
void grt_deadlock_enter(grt_blocked *blocked);
/* It sleeps no more. Holds no lock. */
void grt_deadlock_leave(grt_blocked *blocked);

#endif
