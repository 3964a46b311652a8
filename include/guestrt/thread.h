/*
 * thread.h - guest threads.
 *
 * A guest thread is a host thread with a context block in guest memory (PCR, TLS, TEB or KTHREAD,
 * stack with guard pages) and a register context in host memory. Records are counted: the handle
 * from grt_thread_create() is the caller's and is given back with grt_thread_release(), before or
 * after the thread has ended.
 */
#ifndef GUESTRT_THREAD_H
#define GUESTRT_THREAD_H

#include "guestrt/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct grt_thread grt_thread;

/* ExCreateThread's flags. */
enum {
    GRT_THREAD_SUSPENDED = 0x1,
    GRT_THREAD_SYSTEM = 0x2,         /* of the system's process, not the title's */
    GRT_THREAD_PRIORITY_HINT = 0x20, /* a little more urgent than usual */
    GRT_THREAD_RETURN_KTHREAD = 0x80,
    GRT_THREAD_AFFINITY_SHIFT = 24, /* bits 24-31: processor mask; the highest set bit counts */
};

typedef struct grt_thread_config {
    size_t size;    /* sizeof(grt_thread_config), set by the initialiser */
    grt_addr entry; /* guest function, called with r3 = argument; its r3 is the exit code */
    uint32_t argument;
    grt_addr xapi_startup; /* if not 0 it is called instead, with r3 = entry, r4 = argument */
    uint32_t stack_size;   /* bytes; 0 = the runtime's default; at least 16 KiB, whole pages */
    uint32_t flags;        /* GRT_THREAD_... */
    const char *name;      /* copied, may be null */
} grt_thread_config;

grt_thread_config grt_thread_config_default(void);

/* Creates a thread and starts it unless it is created suspended.
 * Fails iff: NOT_A_FUNCTION (entry or startup), OUT_OF_GUEST_MEMORY (the context; the heap's cause
 * is logged with the PCR/TLS/TEB/STACK breakdown), HOST_REFUSED_COMMIT (the host refused the
 * context's pages, or the guest took them or its TLS data away), HOST_THREAD_FAILED,
 * NO_HOST_MEMORY, STOPPED, INVALID_ARGUMENT. After a failure nothing is left behind. */
grt_status grt_thread_create(grt_runtime *runtime, const grt_thread_config *config,
                             grt_thread **thread);

/* Lowers the suspend count; at 0 the thread runs. [*previous] may be null.
 * Fails iff: WRONG_STATE (it has ended). */
grt_status grt_thread_resume(grt_thread *thread, uint32_t *previous);

/* Raises the suspend count; the thread stops at its next kernel call (at once if it is the caller).
 * Fails iff: WRONG_STATE (ended, or the count is at its limit of 127). */
grt_status grt_thread_suspend(grt_thread *thread, uint32_t *previous);

/* Waits until the thread has ended. [*exit_code] may be null. Any number of threads may join.
 * Fails iff: WRONG_STATE (a thread joining itself), STOPPED (the caller is a guest thread that was
 * asked to end meanwhile). Blocks. */
grt_status grt_thread_join(grt_thread *thread, uint32_t *exit_code);

/* Gives back one reference. The thread itself runs on. Null is allowed. */
void grt_thread_release(grt_thread *thread);
void grt_thread_acquire(grt_thread *thread);

/* The calling host thread's guest thread and its registers; null on other threads. O(1). */
grt_thread *grt_thread_current(void);
grt_ppc *grt_ppc_current(void);

grt_runtime *grt_thread_runtime(const grt_thread *thread);
uint32_t grt_thread_id(const grt_thread *thread);      /* small, unique in the runtime, never 0 */
grt_addr grt_thread_pcr(const grt_thread *thread);     /* r13 */
grt_addr grt_thread_kthread(const grt_thread *thread); /* the TEB in the unleashed layout */
const char *grt_thread_name(const grt_thread *thread);
/* Gives the thread another name, cut at 31 bytes; null is the empty one. The host thread's name
 * follows when the caller is the thread itself. Any thread. */
void grt_thread_set_name(grt_thread *thread, const char *name);

/* Calls a guest function from host code: r3, r4, ... = [arguments] (at most 8), result from r3.
 * On a guest thread the call runs on its own stack below the current frame and its registers are
 * kept; on any other host thread a context is borrowed for the duration of the call. The code runs
 * on the caller's host stack: it needs about 32 times what it would use of a guest stack, and ends
 * in a report when there is too little. Fails iff:
 * NOT_A_FUNCTION, INVALID_ARGUMENT, OUT_OF_GUEST_MEMORY, HOST_REFUSED_COMMIT, NO_HOST_MEMORY,
 * GUEST_FAULT (foreign threads only: on a guest thread a fault ends that thread), STOPPED. */
grt_status grt_runtime_call(grt_runtime *runtime, grt_addr function, const uint64_t *arguments,
                            uint32_t count, uint64_t *result);

/* Host code that generated code calls directly (an override of a translated function) counts as
 * guest code: grt_runtime_stop() may end its thread at any instruction. Around parts that must not
 * be cut short (they take locks, allocate, call functions of the other headers) it calls these; a
 * stop then takes effect in grt_host_end(). Exports are bracketed already. On other host threads,
 * and nested, they do nothing. Returns what grt_host_end() must be given. O(1). */
bool grt_host_begin(void);
void grt_host_end(bool begun);

typedef struct grt_thread_stats {
    uint32_t live; /* threads that have not ended */
    uint32_t live_peak;
    uint64_t created;          /* so far */
    uint64_t ended;            /* so far */
    uint32_t contexts_live;    /* context blocks in use */
    uint32_t contexts_cached;  /* kept for reuse */
    uint64_t contexts_reused;  /* creations served from the cache so far */
    uint64_t context_bytes;    /* of guest heap held by contexts, live and cached */
    uint64_t context_failures; /* creations refused because no context could be had */
    uint32_t contexts_ended;   /* of contexts_live: of threads that ended but are not released */
    uint32_t hosts_idle;       /* host threads that wait for a guest thread */
    uint64_t hosts_reused;     /* guest threads that such a host thread ran, so far */
    uint64_t hosts_created;    /* guest threads that a new host thread was made for, so far */
} grt_thread_stats;

void grt_runtime_get_thread_stats(grt_runtime *runtime, grt_thread_stats *stats);

/* ---- looking at threads ------------------------------------------------------------------ */

typedef enum grt_thread_activity {
    GRT_ACTIVITY_CREATED = 0,   /* has not run yet */
    GRT_ACTIVITY_RUNNING = 1,   /* runs, or may run as soon as the host lets it */
    GRT_ACTIVITY_WAITING = 2,   /* sleeps in a kernel call */
    GRT_ACTIVITY_SUSPENDED = 3, /* has a suspend count */
    GRT_ACTIVITY_ENDED = 4,
} grt_thread_activity;

typedef struct grt_thread_info {
    uint32_t id;
    char name[32];
    grt_thread_activity activity;
    bool foreign;   /* a host thread in grt_runtime_call() */
    grt_addr entry; /* guest function */
    uint32_t argument;
    uint32_t creator;       /* id of the thread that created it; 0: the host */
    grt_addr creation_site; /* guest return address of the call that did; 0: the host */
    grt_addr call_site;     /* guest return address of its last kernel call */
    uint32_t suspend_count;
    uint32_t exit_code; /* of a thread that has ended */
    uint32_t cpu;       /* 0 to 5 */
    uint32_t affinity;  /* a bit for each processor that it may run on */
    uint32_t priority;
    int32_t base_increment; /* what KeSetBasePriorityThread set */
    grt_addr pcr, kthread;
    grt_addr stack_limit, stack_base; /* 0 when the context is gone */
    uint32_t stack_used;              /* bytes, from the base down to the lowest that is not 0 */
} grt_thread_info;

/* Facts about a thread, as of one moment of the call; what a running thread does goes on. Pages of
 * its stack that the host has swapped out count as unused. Any thread; a system call. */
void grt_thread_get_info(grt_thread *thread, grt_thread_info *info);

/* Calls [visit] for every thread that has not been released, oldest first, until it returns false.
 * No lock is held during a visit, which may call any function; threads that are made meanwhile are
 * not visited. Fails iff: NO_HOST_MEMORY. Any thread. */
typedef bool grt_thread_visitor(void *user, grt_thread *thread, const grt_thread_info *info);
grt_status grt_runtime_walk_threads(grt_runtime *runtime, grt_thread_visitor *visit, void *user);

/* ---- scheduling -------------------------------------------------------------------------- */

/* Sets the base priority relative to the process's, -16 to 16, and the priority with it; what is
 * outside counts as the nearest. [*previous] may be null. Any thread. */
void grt_thread_set_base_priority(grt_thread *thread, int32_t increment, int32_t *previous);
/* Sets the priority itself, 1 to 31. Fails iff: INVALID_ARGUMENT. Any thread. */
grt_status grt_thread_set_priority(grt_thread *thread, uint32_t priority, uint32_t *previous);
/* Sets the processors that it may run on, bits 0 to 5; the highest is the one it is on.
 * Fails iff: INVALID_ARGUMENT (no such bit, or others). Any thread. */
grt_status grt_thread_set_affinity(grt_thread *thread, uint32_t mask, uint32_t *previous);

/* ---- thread-local storage ---------------------------------------------------------------- */

/* What an image says of its static TLS data. */
typedef struct grt_tls_template {
    size_t size;         /* sizeof(grt_tls_template) */
    grt_addr raw_data;   /* initial values, in guest memory */
    uint32_t raw_size;   /* bytes of them */
    uint32_t data_size;  /* bytes of the static part, at most 1 MiB; the rest is zero */
    uint32_t slot_count; /* dynamic slots; at least 64 and at most 256 are there */
} grt_tls_template;

/* Gives every thread that is created from now on a static part in front of the dynamic slots:
 * PCR+0 leads to it. The initial values are copied when a thread is created. Fails iff:
 * INVALID_ARGUMENT (a size, or raw data that cannot be read), WRONG_STATE (there were threads). */
grt_status grt_runtime_set_tls_template(grt_runtime *runtime, const grt_tls_template *wanted);

/* TLS slots (KeTlsAlloc and so on): 64 slots in guest memory, or more with a template. Slot numbers
 * are shared by all threads of the runtime; values are per thread and 0 after grt_tls_alloc().
 * UINT32_MAX: none left. */
uint32_t grt_tls_alloc(grt_runtime *runtime);
bool grt_tls_free(grt_runtime *runtime, uint32_t slot);
uint32_t grt_tls_get(grt_thread *thread, uint32_t slot);
bool grt_tls_set(grt_thread *thread, uint32_t slot, uint32_t value);

#ifdef __cplusplus
}
#endif

#endif
