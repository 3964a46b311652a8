/*
 * section.h - critical sections.
 *
 * The lock is a word of the guest's 28 bytes: the owner's KTHREAD, 0 when nobody owns it. It
 * changes by compare-and-exchange only, so an enter or leave that meets nobody is a few
 * instructions (x_section.c, the shortcuts). What is needed beyond that is in host memory: who
 * waits, in which order, and which sections ended threads have left owned. A guest that stores to
 * the word can make its own threads wait or meet; nothing else depends on it.
 *
 * Entering late and leaving, so that no wake-up is lost:
 *
 *     the one who enters             the one who leaves
 *     count the waiter               owner = 0
 *     try once more, else sleep      is a waiter counted? then wake it
 *
 * All four are sequentially consistent. Either the count comes first and is seen, or the owner was
 * 0 before the last try. If that try fails because of a third thread, the same holds for its leave.
 *
 * Who leaves wakes the first waiter but does not give it the section: whoever comes first takes it.
 * That is much faster when a thread leaves and enters again at once. A waiter that has lost
 * GRT_SECTION_PATIENCE times gets the section from the next one who leaves, without its being free
 * in between: so every waiter gets in.
 */
#ifndef GRT_KERNEL_SECTION_H
#define GRT_KERNEL_SECTION_H

#include "kernel/call.h"

#define GRT_SECTION_BUCKETS  256u
#define GRT_SECTION_PATIENCE 4u
#define GRT_SECTION_LEFT     64u /* sections of ended threads that are remembered */

/* Offsets in RTL_CRITICAL_SECTION: a dispatcher header (an auto-reset event), then the lock. */
#define GRT_SECTION_SIZE       0x1Cu
#define GRT_SECTION_SPIN       0x01u
#define GRT_SECTION_LOCK_COUNT 0x10u
#define GRT_SECTION_RECURSION  0x14u
#define GRT_SECTION_OWNER      0x18u
#define GRT_SECTION_FREE       0xFFFFFFFFu /* lock_count when nobody owns it */

/* A thread that waits; on its host stack, linked until it owns the section or is stopped. */
typedef struct grt_section_waiter {
    struct grt_section_waiter *next, *previous; /* in its bucket */
    grt_thread *thread;
    grt_addr section;
    bool woken;    /* by a leave, and has not tried since */
    bool granted;  /* the section was handed over */
    uint32_t lost; /* how often it was woken in vain */
} grt_section_waiter;

/* The waiters for the sections of this bucket, first come first, and how many they are: what a
 * leave looks at. A cache line each. */
typedef struct grt_section_bucket {
    atomic_uint waiters;
    grt_section_waiter *first, *last; /* under sections->lock */
    uint32_t padding[10];
} grt_section_bucket;
_Static_assert(sizeof(grt_section_bucket) == 64, "a cache line");

typedef struct grt_left_section {
    grt_addr section, kthread;
    uint32_t thread_id; /* 0: an empty entry */
} grt_left_section;

typedef struct grt_sections {
    grt_section_bucket buckets[GRT_SECTION_BUCKETS];
    os_mutex lock; /* the waiters, and what follows; guest words are touched under it, guarded */
    grt_left_section left[GRT_SECTION_LEFT];
    uint32_t left_next;
    atomic_bool left_any; /* some may be remembered */
} grt_sections;

static inline grt_section_bucket *grt_section_bucket_of(grt_sections *sections, grt_addr section)
{
    uint32_t hash = section * 2654435761u; /* spreads neighbours; sections are 28 bytes apart */
    return &sections->buckets[hash >> 24];
}

typedef enum grt_section_answer {
    GRT_SECTION_ENTERED,
    GRT_SECTION_BUSY,
    GRT_SECTION_REFUSED, /* its memory is misaligned or not accessible: reported */
} grt_section_answer;

/* All of the following: on the call's thread, in host, no lock held, unless they say otherwise. */

/* Enters if that needs no waiting. */
bool grt_section_try(grt_call *call, grt_addr section);
/* Enters, waiting as long as it takes. Does not return when the thread is asked to stop. */
void grt_section_enter(grt_call *call, grt_addr section);
/* Leaves once. What is wrong is reported, and then nothing changes. */
void grt_section_leave(grt_call *call, grt_addr section);
/* The section's bytes become those of a free one. */
void grt_section_initialise(grt_call *call, grt_addr section, uint32_t spin_count);

/* One try. [*owner] is what the owner word was, for BUSY. */
grt_section_answer grt_section_claim(grt_call *call, grt_addr section, uint32_t *owner);
/* Makes the owner word the thread's if it is 0, and lists the section then; [*owner] is what it
 * was. False when it is not accessible. */
bool grt_section_take(grt_call *call, grt_addr section, uint32_t *owner);
/* The owner word has just become the thread's, and the section is listed: it is inside, unless the
 * memory is gone. */
grt_section_answer grt_section_begin(grt_call *call, grt_addr section);
/* Reports that the section's memory is not accessible. */
grt_section_answer grt_section_refuse(grt_call *call, grt_addr section);

/* ---- section_owner.c: who may be behind an owner word ---- */

/* [owner], not 0, was the owner word, and the calling thread is not inside. False when somebody is:
 * a thread, alive or not (which is reported; the console's would wait for ever as well). Else the
 * section was never initialised, or overwritten: reported, and its word is made 0. Also true when
 * the word has changed meanwhile. */
bool grt_section_free_if_nobodys(grt_call *call, grt_addr section, uint32_t owner);
/* The id of the thread that owns the section, alive or not; 0: none. */
uint32_t grt_section_owner_id(grt_call *call, grt_addr section, uint32_t owner);
/* Forgets that an ended thread had left the section owned: somebody else has had it since. Any
 * thread. */
void grt_section_forget_left(grt_sections *sections, grt_addr section);
/* [thread] has ended: says which sections it was inside of. On that thread. */
void grt_section_thread_ended(grt_runtime *runtime, grt_thread *thread);
/* How many sections threads are inside of. Any thread. O(threads). */
uint32_t grt_section_count(grt_runtime *runtime);

/* ---- section_wait.c: sleeping and waking ---- */

/* After grt_section_claim() said BUSY. ENTERED or REFUSED. */
grt_section_answer grt_section_wait(grt_call *call, grt_addr section);
/* The section has become free: wakes the first waiter. Any thread, in host. */
void grt_section_wake(grt_sections *sections, grt_addr section);
/* The caller owns the section and leaves it: frees it and wakes the first waiter, or hands it over.
 * If the word is not the caller's any more, it stays. */
void grt_section_pass_on(grt_call *call, grt_addr section);

#endif
