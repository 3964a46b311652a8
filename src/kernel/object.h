/*
 * object.h - dispatcher objects, handles and waits, all under one lock a runtime.
 *
 * Objects are counted: a handle, a name lookup in progress and a wait each hold one reference. A
 * thread's object is made when somebody first asks for it and holds a reference to the thread; the
 * thread only points back. What dies under the lock is freed by grt_dispatch_unlock(), because
 * giving back a thread takes other locks.
 *
 * The signal state of an object is a count, as in the console's dispatcher header: positive lets
 * waiters through.
 */
#ifndef GRT_KERNEL_OBJECT_H
#define GRT_KERNEL_OBJECT_H

#include "kernel/kernel.h"

#define GRT_WAIT_OBJECTS_MAX 64u
#define GRT_OBJECT_NAME_MAX  63u
#define GRT_HANDLE_BASE      0xF8000000u
#define GRT_HANDLE_THREAD    0xFFFFFFFEu /* the calling thread */
#define GRT_HANDLE_SLOTS_MAX 65536u      /* slot 0 is never used */
/* A closed slot rests until this many others were closed, so that a stale handle is recognised. */
#define GRT_HANDLE_QUARANTINE 256u

typedef enum grt_object_kind {
    GRT_OBJECT_NONE = 0,
    GRT_OBJECT_EVENT = 1,
    GRT_OBJECT_SEMAPHORE = 2,
    GRT_OBJECT_MUTANT = 4,
    GRT_OBJECT_THREAD = 8,
    GRT_OBJECT_ANY = 15, /* as a mask */
} grt_object_kind;

typedef struct grt_object grt_object;
typedef struct grt_wait grt_wait;

typedef struct grt_wait_link {
    grt_object *object;
    grt_wait *wait;
    struct grt_wait_link *next, *previous; /* in object->first */
} grt_wait_link;

/* One thread's wait. Lives on the waiting thread's host stack. */
struct grt_wait {
    grt_thread *thread;
    uint32_t count;
    bool all;
    bool done; /* set with the result by whoever lets the thread through */
    uint32_t result;
    grt_wait_link links[GRT_WAIT_OBJECTS_MAX];
};

struct grt_object {
    grt_object_kind kind;
    uint32_t references;
    int32_t state;
    bool auto_reset; /* event: a waiter that gets through clears it */
    bool abandoned;  /* mutant: the next owner is told */
    int32_t limit;   /* semaphore */
    uint32_t owner;  /* mutant: thread id, 0 when free */
    uint32_t depth;  /* mutant: how often the owner has it */
    grt_thread *thread;
    grt_wait_link *first, *last; /* waiters, first come first */
    grt_object *next_named, *next_owned, *next_dead;
    char name[GRT_OBJECT_NAME_MAX + 1];
};

typedef struct grt_handle_slot {
    grt_object *object;  /* null: closed */
    uint32_t generation; /* how often the slot was opened */
    uint32_t closed_by;  /* thread id */
    grt_addr closed_at;  /* guest return address of that NtClose */
    uint32_t next;       /* in the queue of closed slots; 0 ends it */
} grt_handle_slot;

/* One a runtime. */
typedef struct grt_dispatch {
    os_mutex lock;
    grt_handle_slot *slots;
    uint32_t slot_capacity;
    uint32_t slot_next; /* the lowest slot that was never used */
    uint32_t closed_first, closed_last, closed_count;
    uint32_t handles, handles_peak;
    uint32_t objects, waiting;
    uint64_t waits;
    grt_object *named;
    grt_object *owned; /* mutants that have an owner */
    grt_object *dead;
} grt_dispatch;

/* Why a handle was refused, for the report. */
typedef struct grt_handle_trouble {
    uint32_t handle;
    uint32_t status; /* INVALID_HANDLE, OBJECT_TYPE_MISMATCH */
    grt_object_kind found;
    bool closed;
    uint32_t closed_by;
    grt_addr closed_at;
} grt_handle_trouble;

void grt_dispatch_lock(grt_dispatch *dispatch);
/* Frees what has died meanwhile. */
void grt_dispatch_unlock(grt_dispatch *dispatch);
/* Drops every handle; no thread waits any more. */
void grt_dispatch_destroy(grt_dispatch *dispatch);

const char *grt_object_kind_name(grt_object_kind kind);

/* All of the following: the lock is held. */

/* A new object with one reference, or null. [name] may be null or empty. */
grt_object *grt_object_create(grt_dispatch *dispatch, grt_object_kind kind, const char *name);
void grt_object_release(grt_dispatch *dispatch, grt_object *object);
/* A reference to the object of this name, or null. */
grt_object *grt_object_find_named(grt_dispatch *dispatch, const char *name);
/* A reference to [thread]'s object, or null when there is no host memory. */
grt_object *grt_object_of_thread(grt_dispatch *dispatch, grt_thread *thread);
/* Signals [thread]'s object and abandons its mutants. */
void grt_object_thread_ended(grt_dispatch *dispatch, grt_thread *thread);

/* Lets waiters through as far as the object's state allows. Call after raising the state. */
void grt_object_signalled(grt_dispatch *dispatch, grt_object *object);

/* Makes a thread the owner, or its owner once more; and the other way round. */
void grt_mutant_take(grt_dispatch *dispatch, grt_object *mutant, uint32_t thread_id);
void grt_mutant_release(grt_dispatch *dispatch, grt_object *mutant);

/* A handle that takes over one reference, or 0 (and the reference stays the caller's). */
uint32_t grt_handle_open(grt_dispatch *dispatch, grt_object *object);
/* A reference to the object of [handle], or null with the reason. [thread] is the calling one, for
 * the pseudo handle; [kinds] are the kinds that are allowed. */
grt_object *grt_handle_object(grt_dispatch *dispatch, grt_thread *thread, uint32_t handle,
                              uint32_t kinds, grt_handle_trouble *trouble);
bool grt_handle_close(grt_dispatch *dispatch, uint32_t handle, uint32_t thread_id,
                      grt_addr call_site, grt_handle_trouble *trouble);

/* Waits. [wait]'s thread, count, all and links[].object are set, with one reference each that the
 * call takes over. Returns a guest status: SUCCESS + index, ABANDONED_WAIT_0 + index or TIMEOUT.
 * [deadline] is in grt_thread_clock_ns(); 0 only looks. The lock is NOT held; does not return when
 * the thread is asked to stop. */
uint32_t grt_wait_for(grt_dispatch *dispatch, grt_wait *wait, uint64_t deadline);

#endif
