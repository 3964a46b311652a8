/*
 * schedule.h - the seeded scheduler: the guest threads of a runtime run one at a time, in an order
 * that a seed decides.
 *
 * There is one baton. Whoever has it runs; at every kernel call (entry and return), when it parks,
 * yields or ends, the thread draws the next one among those that are ready and hands the baton
 * over. So the order of everything that threads do to each other through the kernel follows from
 * the seed alone.
 *
 * The clock is virtual: a microsecond at the entry and at the return of each kernel call and for
 * each reading of the time base, and a jump to the earliest deadline when everybody is blocked.
 *
 * Lock order: the schedule's lock comes last of all; nothing is called while it is held but the
 * host's wake-up.
 *
 * A runtime without a seed has no schedule: then the functions here return at once, but for
 * grt_schedule_park(), grt_schedule_wake() and grt_schedule_pass(), which are for threads that take
 * part.
 */
#ifndef GRT_THREAD_SCHEDULE_H
#define GRT_THREAD_SCHEDULE_H

#include "thread/core.h"

/* Why nobody gets the baton although somebody may be ready. */
typedef enum grt_schedule_hold {
    GRT_HOLD_NONE,
    GRT_HOLD_HOST,       /* grt_schedule_hold_all() */
    GRT_HOLD_MAIN_ENDED, /* until the host asks for something */
} grt_schedule_hold;

struct grt_schedule {
    grt_runtime *runtime;
    os_mutex lock;
    grt_thread *first, *last; /* those that take part, oldest first */
    bool taken;               /* somebody has the baton: a thread, or a host thread that hands on */
    grt_schedule_hold hold;
    grt_thread *main;      /* the thread whose end holds the others */
    uint32_t host_waiting; /* host threads in a join, and calls of host threads in progress */
    atomic_bool ended;     /* a host thread has ended and was not joined yet */
    bool deadlocked;       /* reported */
    uint64_t random;
    uint64_t handed; /* how often the baton was given: a moment in the order of things */
    _Atomic uint64_t now_ns;
};

/* With config.schedule_seed: makes runtime->schedule. Fails iff: NO_HOST_MEMORY. */
grt_status grt_schedule_create(grt_runtime *runtime);
void grt_schedule_destroy(grt_runtime *runtime);

/* ---- a thread's way through it ------------------------------------------------------------- */

/* A new record takes part from here on, ready to run. threads_lock is held. */
void grt_schedule_enrol(grt_thread *thread);
/* Waits until it is the calling thread's turn for the first time. */
void grt_schedule_begin(grt_thread *thread);
/* A point at which others may run: the caller is ready and waits for its next turn. No lock is
 * held. */
void grt_schedule_point(grt_thread *thread);
/* What grt_thread_park() and grt_thread_unpark() do. */
bool grt_schedule_park(grt_thread *thread, uint32_t token, uint64_t deadline_ns);
void grt_schedule_wake(grt_thread *thread);
/* The thread takes part no longer. True: it has the baton still and must hand it on with
 * grt_schedule_pass() as its last step. */
bool grt_schedule_leave(grt_thread *thread);
void grt_schedule_pass(grt_runtime *runtime);

/* ---- host threads outside ------------------------------------------------------------------ */

/* A host thread waits for the end of a guest thread: until that one leaves, nobody outside can be
 * expected to wake anybody, so that all blocked is a deadlock. No lock is held. */
void grt_schedule_host_begin(grt_thread *awaited);
void grt_schedule_host_end(grt_thread *awaited);

/* Nobody runs until grt_schedule_resume(), which also names the thread with whose end everybody
 * is held again (null: none). Held threads go on when a host thread joins, calls, creates a thread
 * or stops the runtime. No lock is held. */
void grt_schedule_hold_all(grt_runtime *runtime);
void grt_schedule_resume(grt_runtime *runtime, grt_thread *main);

/* ---- the report (deadlock.c) --------------------------------------------------------------- */

/* Says that nobody can go on and who waits where, and stops the runtime. No lock is held. */
void grt_schedule_report_deadlock(grt_runtime *runtime);

#endif
