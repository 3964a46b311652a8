/*
 * object.h - dispatcher objects, handles and waits, all under one lock a runtime.
 *
 * An object is reached by a handle, or by the guest address of its dispatcher header (its body), or
 * both. Whatever has a body keeps its signal state there, where inlined guest code looks at it and
 * may change it; everything else about it is host memory. A body that nobody waits for, owns or has
 * armed needs no record at all: the record is made for the call and forgotten at its end, so that
 * memory that is used again for another object has no past.
 *
 * Objects are counted: a handle, a pointer that the guest holds, permanence and a wait each hold
 * one reference. A thread's object is made when somebody first asks for it and holds a reference to
 * the thread; the thread only points back. What dies under the lock is freed by
 * grt_dispatch_unlock(), because giving back a thread or a heap block takes other locks; and there
 * the threads are woken that were let through meanwhile.
 *
 * The signal state of an object is a count, as in the console's dispatcher header: positive lets
 * waiters through.
 */
#ifndef GRT_KERNEL_OBJECT_H
#define GRT_KERNEL_OBJECT_H

#include "kernel/kernel.h"

#define GRT_WAIT_OBJECTS_MAX 64u
#define GRT_HANDLE_BASE      0xF8000000u
#define GRT_HANDLE_THREAD    0xFFFFFFFEu /* the calling thread */
#define GRT_HANDLE_SLOTS_MAX 65536u      /* slot 0 is never used */
/* A closed slot rests until this many others were closed, so that a stale handle is recognised. */
#define GRT_HANDLE_QUARANTINE 256u
#define GRT_BODY_BUCKETS      1024u /* a power of two */
#define GRT_NAME_BUCKETS      1024u /* likewise */
#define GRT_HELD_BUCKETS      256u
#define GRT_DPC_BUCKETS       256u
#define GRT_APC_BUCKETS       256u
#define GRT_PAGE_BUCKETS      256u
#define GRT_WAKE_BATCH        16u

typedef enum grt_object_kind {
    GRT_OBJECT_NONE = 0,
    GRT_OBJECT_EVENT = 0x01,
    GRT_OBJECT_SEMAPHORE = 0x02,
    GRT_OBJECT_MUTANT = 0x04,
    GRT_OBJECT_THREAD = 0x08,
    GRT_OBJECT_TIMER = 0x10,
    GRT_OBJECT_QUEUE = 0x20,    /* of packets: an I/O completion port */
    GRT_OBJECT_WAITABLE = 0x3F, /* as a mask */
    GRT_OBJECT_LINK = 0x40,     /* a symbolic link */
    GRT_OBJECT_ANY = 0x7F,      /* as a mask */
} grt_object_kind;

/* Offsets in a dispatcher header and behind it. */
enum {
    GRT_BODY_TYPE = 0x00,  /* one byte */
    GRT_BODY_STATE = 0x04, /* s32 */
    GRT_BODY_LIST = 0x08,  /* two links; whose list is empty points at itself */
    GRT_BODY_HEADER_SIZE = 0x10,
    GRT_BODY_LIMIT = 0x10, /* semaphore */
    GRT_BODY_SEMAPHORE_SIZE = 0x14,
    GRT_BODY_OWNER = 0x18,     /* mutant: KTHREAD */
    GRT_BODY_ABANDONED = 0x1C, /* mutant: one byte */
    GRT_BODY_MUTANT_SIZE = 0x20,
    GRT_BODY_INSERTED = 0x03, /* timer: one byte, whether it is armed */
    GRT_BODY_DUE = 0x10,      /* timer: u64 */
    GRT_BODY_DPC = 0x20,      /* timer: KDPC */
    GRT_BODY_PERIOD = 0x24,   /* timer: ms */
    GRT_BODY_TIMER_SIZE = 0x28,
    GRT_BODY_MAX = 0x28,
};

/* The type byte of a dispatcher header. */
enum {
    GRT_TYPE_BYTE_MANUAL_EVENT = 0,
    GRT_TYPE_BYTE_AUTO_EVENT = 1,
    GRT_TYPE_BYTE_MUTANT = 2,
    GRT_TYPE_BYTE_QUEUE = 4,
    GRT_TYPE_BYTE_SEMAPHORE = 5,
    GRT_TYPE_BYTE_THREAD = 6,
    GRT_TYPE_BYTE_MANUAL_TIMER = 8,
    GRT_TYPE_BYTE_AUTO_TIMER = 9,
};

/* The header at [body] of what nobody waits for, in bytes that are zero: type, and an empty list.
 */
static inline void grt_body_fill_header(uint8_t *bytes, grt_addr body, uint8_t type)
{
    bytes[GRT_BODY_TYPE] = type;
    grt_store32(bytes + GRT_BODY_LIST, body + GRT_BODY_LIST);
    grt_store32(bytes + GRT_BODY_LIST + 4, body + GRT_BODY_LIST);
}

typedef struct grt_object grt_object;
typedef struct grt_wait grt_wait;
typedef struct grt_dispatch grt_dispatch;

typedef struct grt_wait_link {
    grt_object *object;
    grt_wait *wait;
    bool linked;
    struct grt_wait_link *next, *previous; /* in object->first */
} grt_wait_link;

/*
 * One thread's wait. Lives on the waiting thread's host stack. Who lets the thread through takes
 * what it asked for, gives back the objects, and sets [done] last: from then on the wait is the
 * waiting thread's again.
 */
struct grt_wait {
    grt_thread *thread;
    uint32_t count;
    bool all;
    bool alertable;
    uint64_t deadline; /* clock of the runtime; 0 only looks, UINT64_MAX is never */
    uint64_t order;    /* of arrival */
    uint32_t result;
    bool circle_said;        /* that it is one of a circle of waits (deadlock.h) */
    bool takes_packet;       /* from a queue; others only see that there is one */
    uint64_t packet[2];      /* what it took */
    atomic_bool done;        /* with [result] */
    atomic_bool interrupted; /* look for APCs and alerts */
    grt_wait_link links[GRT_WAIT_OBJECTS_MAX];
};

/* Objects of a wait that is interrupted by guest code, which may never come back. */
typedef struct grt_wait_kept {
    struct grt_wait_kept *next;
    uint32_t count;
    grt_object *objects[GRT_WAIT_OBJECTS_MAX];
} grt_wait_kept;

/* A timer's part of an object. */
typedef struct grt_timer {
    bool armed;
    bool held;                              /* armed without a handle: one of the references */
    uint64_t due;                           /* clock of the runtime */
    uint64_t period;                        /* ns; 0 = once */
    grt_object *child, *sibling, *previous; /* in dispatch->timers */
    /* What happens besides the signal. */
    grt_addr apc_routine;
    uint32_t apc_context, apc_mode;
    grt_thread *apc_thread; /* null: no APC. Forgotten when the thread ends */
    grt_object *next_of_thread, *previous_of_thread;
    grt_addr dpc;
} grt_timer;

typedef struct grt_packet {
    struct grt_packet *next;
    uint64_t words[2]; /* what the kind of queue makes of them */
} grt_packet;

/* Where a name is looked for: what the console keeps in two directories has two here. */
typedef enum grt_name_space {
    GRT_NAMES_OF_OBJECTS,
    GRT_NAMES_OF_LINKS,
} grt_name_space;

/* A name, or the target of a symbolic link: one host block of the length that it needs. */
typedef struct grt_name {
    struct grt_name *next; /* in dispatch->names */
    grt_object *object;    /* null while it names nothing */
    grt_name_space space;
    uint32_t hash;
    uint32_t length; /* at most 65,535, as the guest's strings */
    char text[];     /* with a terminator */
} grt_name;

/* A page of guest memory for the bodies of objects that have handles: one heap block, so that a
 * program that frees a body frees nothing. */
typedef struct grt_body_page {
    struct grt_body_page *next;                  /* in its bucket */
    struct grt_body_page *next_free, *last_free; /* among those with room */
    grt_addr page;
    uint64_t used; /* a bit a slot */
    uint32_t turn; /* where the search for a free one begins */
} grt_body_page;

struct grt_object {
    grt_object_kind kind;
    uint32_t references;
    uint32_t pointers; /* of those: held by the guest, which knows the body or the KTHREAD */
    uint32_t handles;  /* of those: open handles */
    bool permanent;    /* of those: one that is no handle and no pointer */
    int32_t state;
    bool auto_reset;             /* event, timer: a waiter that gets through clears it */
    bool abandoned;              /* mutant: the next owner is told */
    bool held;                   /* mutant: its owner has one of the references */
    bool stuck;                  /* its body cannot be written */
    bool reused;                 /* the guest wrote over a body that somebody waits for */
    int32_t limit;               /* semaphore */
    uint32_t depth;              /* mutant: how often the owner has it */
    grt_thread *owner;           /* mutant: null when free */
    grt_thread *thread;          /* thread: with a reference */
    grt_addr body;               /* 0: none */
    grt_body_page *page;         /* of a body that the runtime made, else null */
    grt_wait_link *first, *last; /* waiters, first come first */
    grt_object *next_owned, *previous_owned, *next_dead, *next_body;
    grt_object *next_held; /* threads with pointers */
    grt_timer timer;
    grt_packet *packets, *last_packet; /* queue */
    grt_name *name;                    /* null: none */
    grt_name *target;                  /* symbolic link */
};

typedef struct grt_handle_slot {
    grt_object *object;   /* null: closed */
    uint32_t closed_by;   /* thread id */
    grt_addr closed_at;   /* guest return address of that NtClose */
    uint32_t next;        /* in the queue of closed slots; 0 ends it */
    uint64_t closed_when; /* clock of the runtime */
} grt_handle_slot;

typedef struct grt_dpc {
    struct grt_dpc *next, *previous; /* in the queue of its thread, or that of timers */
    struct grt_dpc *next_in_bucket;
    grt_thread *thread; /* who queued it; null for a timer's */
    uint64_t order;     /* of coming */
    grt_addr kdpc, routine;
    uint32_t context, arguments[2];
} grt_dpc;

/* One a runtime. */
struct grt_dispatch {
    os_mutex lock;
    grt_runtime *runtime;
    grt_handle_slot *slots;
    uint32_t slot_capacity;
    uint32_t slot_next; /* the lowest slot that was never used */
    uint32_t closed_first, closed_last, closed_count;
    uint32_t handles, handles_peak;
    uint32_t objects, waiting;
    uint64_t waits;
    uint64_t order; /* of the latest wait */
    uint64_t steps; /* waits that were looked at: what signals and moves cost */
    grt_name *names[GRT_NAME_BUCKETS];
    grt_object *bodies[GRT_BODY_BUCKETS];
    grt_body_page *body_pages[GRT_PAGE_BUCKETS]; /* by address */
    grt_body_page *free_pages;                   /* with room */
    grt_object *held[GRT_HELD_BUCKETS]; /* threads whose KTHREAD the guest holds a pointer to */
    grt_object *spare;                  /* records of bodies, to be used again */
    grt_object *dead;
    grt_thread *wake[GRT_WAKE_BATCH]; /* with a reference each */
    uint32_t wake_count;
    grt_object *timers;    /* armed: a pairing heap, the earliest on top */
    uint64_t clock_wanted; /* when the clock thread means to look next */
    os_thread *clock;
    uint32_t clock_word; /* changed to make it look */
    bool clock_stop;
    grt_thread *found;        /* by its thread block; its reference goes once the lock is free */
    grt_addr lost_timer;      /* its memory is something else now; said once the lock is free */
    grt_dpc *dpcs, *last_dpc; /* of timers; a thread's own are in its record */
    grt_dpc *dpc_buckets[GRT_DPC_BUCKETS]; /* all, by KDPC */
    uint64_t dpc_order;
    struct grt_apc *apc_buckets[GRT_APC_BUCKETS]; /* by KAPC or timer */
};

/* Why an object was refused, for the report. */
typedef enum grt_trouble_kind {
    GRT_TROUBLE_NEVER_OPENED,
    GRT_TROUBLE_CLOSED,
    GRT_TROUBLE_WRONG_KIND,
    GRT_TROUBLE_NO_MEMORY,  /* for the record */
    GRT_TROUBLE_UNREADABLE, /* the body */
    GRT_TROUBLE_NO_OBJECT,  /* the type byte is none of a dispatcher object */
} grt_trouble_kind;

typedef struct grt_handle_trouble {
    grt_trouble_kind why;
    uint32_t handle; /* or the address of the body */
    uint32_t status; /* for the guest */
    grt_object_kind found;
    uint32_t type_byte;
    uint32_t closed_by;
    grt_addr closed_at;
    uint64_t closed_ago; /* ns */
} grt_handle_trouble;

void grt_dispatch_lock(grt_dispatch *dispatch);
/* Wakes whom was let through, frees what has died meanwhile. */
void grt_dispatch_unlock(grt_dispatch *dispatch);
/* Drops every handle; no thread waits any more. */
void grt_dispatch_destroy(grt_dispatch *dispatch);

const char *grt_object_kind_name(grt_object_kind kind);

/* The clock of deadlines and timers, in ns. */
uint64_t grt_dispatch_clock(const grt_dispatch *dispatch);

/* ==== all of the following: the lock is held, unless something else is said ==== */

/* ---- objects ---- */

/* A new object with one reference, or null. [name] may be null; the object takes it over, unless
 * the result is null. */
grt_object *grt_object_create(grt_dispatch *dispatch, grt_object_kind kind, grt_name *name);
void grt_object_release(grt_dispatch *dispatch, grt_object *object);
/* A reference to [thread]'s object, or null when there is no host memory. */
grt_object *grt_object_of_thread(grt_dispatch *dispatch, grt_thread *thread);
/* Signals [thread]'s object, abandons its mutants, forgets its APCs. */
void grt_object_thread_ended(grt_dispatch *dispatch, grt_thread *thread);

/* Wakes [thread] once the lock is released. */
void grt_dispatch_wake(grt_dispatch *dispatch, grt_thread *thread);

/* ---- names ---- */

/* Room for a name of [length] bytes, to be filled and sealed; null without host memory. Freed with
 * os_free() unless an object takes it over. The lock is not needed. */
grt_name *grt_name_create(uint32_t length, grt_name_space space);
/* Its text is complete. */
void grt_name_seal(grt_name *name);
/* The object that has this name, without a reference, or null. Letters are equal to those of the
 * other case. */
grt_object *grt_name_find(const grt_dispatch *dispatch, const grt_name *name);
/* [object], which has none, takes [name] over. */
void grt_name_give(grt_dispatch *dispatch, grt_object *object, grt_name *name);
/* The object keeps living but can no longer be found by name. */
void grt_name_forget(grt_dispatch *dispatch, grt_object *object);
/* A permanent object keeps itself and its name without a handle or a pointer. */
void grt_object_make_permanent(grt_object *object);
/* Its name goes with the last handle: at once when there is none. */
void grt_object_make_temporary(grt_dispatch *dispatch, grt_object *object);
/* All of them, at the end. */
void grt_name_end_permanence(grt_dispatch *dispatch);

/* ---- pointers ---- */

/* Guest memory for more bodies; false when there is none. The lock is NOT held. */
bool grt_body_page_add(grt_dispatch *dispatch);
/* Frees all pages; no object has a body there any more. The lock is NOT held. */
void grt_body_pages_destroy(grt_dispatch *dispatch);
/* True iff [block] is such a page, which the guest must not free. */
bool grt_body_page_is(grt_dispatch *dispatch, grt_addr block);
/* The guest address of [object]: the KTHREAD of a thread, else its body, which it gets if it has
 * none. 0 when there is no room for a body: call grt_body_page_add() without the lock and try
 * again. */
grt_addr grt_object_address(grt_dispatch *dispatch, grt_object *object);
/* The body's place is free again. */
void grt_body_page_leave(grt_dispatch *dispatch, grt_object *object);
/* Shows in the object's header, if it has one, how often it is referred to. */
void grt_object_show_counts(grt_dispatch *dispatch, grt_object *object);
/* The guest holds one pointer more, which takes over a reference; or one less. */
void grt_object_hold(grt_dispatch *dispatch, grt_object *object);
void grt_object_let_go(grt_dispatch *dispatch, grt_object *object);
/* The object at [address] that the guest holds a pointer to or could: without a reference, or
 * null. Objects that the program made in its own memory are not counted and not found. */
grt_object *grt_object_held_at(grt_dispatch *dispatch, grt_addr address);
/* All pointers to threads, at the end. */
void grt_object_let_go_all(grt_dispatch *dispatch);

/* ---- bodies ---- */

/* A reference to the object whose body is at [address], or null with the reason. Objects that the
 * guest initialised by itself are adopted. The lock is NOT held on entry; it IS held on return,
 * whatever the outcome. */
grt_object *grt_object_at(grt_dispatch *dispatch, grt_addr address, uint32_t kinds,
                          grt_handle_trouble *trouble);
/* Brings state, type and limit up to date with the body, if there is one. */
void grt_object_load(grt_dispatch *dispatch, grt_object *object);
/* The other way round. */
void grt_object_store(grt_dispatch *dispatch, grt_object *object);
/* False when the guest uses the body's memory for something else, or gave it back. */
bool grt_object_is_there(const grt_dispatch *dispatch, const grt_object *object);
/* Shows in the body that somebody, or nobody, waits. */
void grt_object_mark_waited(grt_dispatch *dispatch, grt_object *object);
/* How many waits are linked to it; a wait for all is linked to one object only. O(waiters). */
uint32_t grt_object_count_waiters(const grt_object *object);
/* Gives [object] a body with the guest memory at [body], or takes it away (0). */
void grt_object_set_body(grt_dispatch *dispatch, grt_object *object, grt_addr body);
/* The record of a body, without a reference, or null when there is none. */
grt_object *grt_object_find_body(const grt_dispatch *dispatch, grt_addr body);
/* Initialises a body with [bytes]: what was known about the address is forgotten. [*waiting] is how
 * many threads wait for what was there; they go on waiting for what is there now. False when the
 * memory is inaccessible. */
bool grt_object_initialise(grt_dispatch *dispatch, grt_addr body, const uint8_t *bytes,
                           uint32_t size, uint32_t *waiting);

/* ---- signalling ---- */

/* Lets waiters through as far as the object's state allows. Call after raising the state. */
void grt_object_signalled(grt_dispatch *dispatch, grt_object *object);

/* Each returns the previous state. */
int32_t grt_event_set(grt_dispatch *dispatch, grt_object *event);
int32_t grt_event_clear(grt_dispatch *dispatch, grt_object *event);
int32_t grt_event_pulse(grt_dispatch *dispatch, grt_object *event);
/* False when the limit would be passed; then nothing has changed. */
bool grt_semaphore_release(grt_dispatch *dispatch, grt_object *semaphore, int32_t amount,
                           int32_t *previous);

/* Makes a thread the owner, or its owner once more; and the other way round. Releasing returns the
 * previous state: 0 when owned once, -1 when owned twice. */
void grt_mutant_take(grt_dispatch *dispatch, grt_object *mutant, grt_thread *thread);
int32_t grt_mutant_release(grt_dispatch *dispatch, grt_object *mutant);
/* Free again whatever the depth; the next owner is told that it was abandoned. */
void grt_mutant_abandon(grt_dispatch *dispatch, grt_object *mutant);

/* ---- timers ---- */

/* Starts the clock thread unless it runs. 0 or the host's errno. The lock is NOT held. */
int grt_clock_start(grt_dispatch *dispatch);
void grt_clock_stop(grt_dispatch *dispatch); /* likewise */

/* Arms [timer], which clears it, for [due] in the clock of the runtime; in the past is at once.
 * Its APC and DPC are set beforehand. Returns whether it was armed already. The caller has a
 * reference. */
bool grt_timer_set(grt_dispatch *dispatch, grt_object *timer, uint64_t due, uint64_t period);
/* Disarms it; its state stays. Returns whether it was armed. */
bool grt_timer_cancel(grt_dispatch *dispatch, grt_object *timer);
/* Who gets an APC when the timer fires; null: nobody. */
void grt_timer_set_apc(grt_dispatch *dispatch, grt_object *timer, grt_thread *thread,
                       grt_addr routine, uint32_t context, uint32_t mode);
/* Makes the clock thread look whether something is due earlier than it thought. */
void grt_clock_look(grt_dispatch *dispatch);
/* When the next timer is due; UINT64_MAX: none. */
uint64_t grt_timer_next(const grt_dispatch *dispatch);
/* Fires all that are due at [now]. */
void grt_timer_run(grt_dispatch *dispatch, uint64_t now);

/* ---- APCs and DPCs ---- */

typedef struct grt_apc {
    struct grt_apc *next, *previous; /* in the queue of its thread */
    struct grt_apc *next_in_bucket;
    grt_thread *thread;
    grt_addr kapc; /* the guest's, or 0 */
    grt_addr kernel_routine, rundown_routine, normal_routine;
    uint32_t context, arguments[2];
    uint32_t mode;           /* 0 kernel, 1 user */
    const grt_object *timer; /* whose APC it is: queued once at a time */
} grt_apc;

/* Queues a copy of [apc] for [thread]. False: the thread has ended, the same KAPC is queued
 * already, or no host memory ([*no_memory]). */
bool grt_apc_queue(grt_dispatch *dispatch, grt_thread *thread, const grt_apc *apc, bool *no_memory);
/* The same for the APC of a timer; false when it is not queued. */
bool grt_apc_remove_timer(grt_dispatch *dispatch, grt_thread *thread, const grt_object *timer);
/* Takes the APC of this KAPC out of [thread]'s queues; false when it is in none. */
bool grt_apc_remove(grt_dispatch *dispatch, grt_thread *thread, grt_addr kapc);
/* True iff an alertable wait of [thread] must not sleep, with the status; clears alerts. */
bool grt_apc_alerted(grt_thread *thread, uint32_t *status);
/* True iff a kernel APC may run on [thread] now. */
bool grt_apc_due(const grt_thread *thread);
/* Alerts [thread]: its alertable wait ends, or the next one does. */
void grt_apc_alert(grt_dispatch *dispatch, grt_thread *thread, uint32_t mode);
/* Forgets all of an ended thread's. */
void grt_apc_forget(grt_dispatch *dispatch, grt_thread *thread);

/* The lock is NOT held; they run guest code on the calling thread. */
void grt_apc_deliver_kernel(grt_dispatch *dispatch, grt_thread *thread);
void grt_apc_deliver_user(grt_dispatch *dispatch, grt_thread *thread);
/* Calls the rundown routines of what is still queued. */
void grt_apc_run_down(grt_dispatch *dispatch, grt_thread *thread);

/* Queues a DPC; false when this KDPC is queued already or there is no host memory. */
bool grt_dpc_queue(grt_dispatch *dispatch, grt_thread *thread, grt_addr kdpc, uint32_t argument1,
                   uint32_t argument2, bool *no_memory);
/* True iff there is one for [thread] to run; null: for the clock thread. */
bool grt_dpc_any(const grt_dispatch *dispatch, const grt_thread *thread);
/* Drops what an ended thread has queued; what timers have, at the end. */
void grt_dpc_forget(grt_dispatch *dispatch, grt_thread *thread);
void grt_dpc_forget_all(grt_dispatch *dispatch);
/* True iff a DPC may run on [thread] now. */
bool grt_dpc_due(const grt_dispatch *dispatch, const grt_thread *thread);
/* Without a clock thread: makes one of the threads that wait run what is queued. */
void grt_dpc_offer(grt_dispatch *dispatch);
bool grt_dpc_remove(grt_dispatch *dispatch, grt_addr kdpc);
/* Runs those of the calling guest thread, or on another host thread, with a context borrowed for
 * each, those of timers. The lock is NOT held. */
void grt_dpc_run(grt_dispatch *dispatch);

/* ---- handles ---- */

/* A handle that takes over one reference, or 0 (and the reference stays the caller's). */
uint32_t grt_handle_open(grt_dispatch *dispatch, grt_object *object);
/* A reference to the object of [handle], or null with the reason. [thread] is the calling one, for
 * the pseudo handle; [kinds] are the kinds that are allowed. */
grt_object *grt_handle_object(grt_dispatch *dispatch, grt_thread *thread, uint32_t handle,
                              uint32_t kinds, grt_handle_trouble *trouble);
/* The object's name goes with its last handle. */
bool grt_handle_close(grt_dispatch *dispatch, uint32_t handle, uint32_t thread_id,
                      grt_addr call_site, grt_handle_trouble *trouble);
/* All of them, at the end. */
void grt_handle_close_all(grt_dispatch *dispatch);

/* ---- waits ---- */

/* A wait of [thread] for any of the objects that are still to be filled in; it takes no packet. */
void grt_wait_init(grt_wait *wait, grt_thread *thread, bool alertable, uint64_t deadline);
/* [wait] is initialised; its count and links[].object are set, with one reference each that the
 * call takes over. Returns a guest status: SUCCESS + index,
 * ABANDONED_WAIT_0 + index, TIMEOUT, USER_APC (after the APCs have run) or ALERTED. The lock is
 * held on entry and NOT on return; does not return when the thread is asked to stop. */
uint32_t grt_wait_locked(grt_dispatch *dispatch, grt_wait *wait);
/* Sleeps until [deadline] in the same manner: SUCCESS, USER_APC or ALERTED. The lock is NOT held.
 */
uint32_t grt_wait_sleep(grt_dispatch *dispatch, grt_thread *thread, bool alertable,
                        uint64_t deadline);

#endif
