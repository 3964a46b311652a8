/*
 * core.h - the runtime's and the thread's records: what the thread and kernel rooms share.
 *
 * The kernel sits above the threads: this room reaches it only through the hooks in
 * grt_kernel_hooks, so that the arrow thread <- kernel stays one way.
 *
 * Lock order: threads_lock, then a thread's lock, then a heap's or the memory's lock; report_lock
 * comes before all of them. No lock is ever held while guest code runs or while a thread is parked.
 */
#ifndef GRT_THREAD_CORE_H
#define GRT_THREAD_CORE_H

#include "guestrt/runtime.h"
#include "guestrt/thread.h"
#include "os/os.h"
#include <stdatomic.h>
#include <stdnoreturn.h>

typedef struct grt_kernel_hooks {
    /* The thread has ended: signal its object. Runs on the ending thread, outside all locks. */
    void (*thread_ended)(grt_runtime *runtime, grt_thread *thread);
    /* The thread goes back to guest code and GRT_ATTEND_APC is set: deliver what is due. Runs on
     * that thread, in host, without locks; may run guest code. */
    void (*attend)(grt_thread *thread);
    /* The record goes away: forget it. */
    void (*thread_released)(grt_runtime *runtime, grt_thread *thread);
} grt_kernel_hooks;

typedef enum grt_thread_state {
    GRT_THREAD_CREATED,
    GRT_THREAD_RUNNING,
    GRT_THREAD_ENDED,
} grt_thread_state;

/*
 * A context block: one page-aligned block of the user heap,
 *
 *     guard page | stack | guard page | PCR, TLS, thread block
 *
 * so that both ends of the stack are whole inaccessible pages. With the default stack the parts add
 * up to the original's 265,872 bytes; the guards add 8,192.
 */
typedef struct grt_context_block {
    struct grt_context_block *next; /* in the cache */
    grt_addr block;                 /* heap block */
    grt_addr pcr, tls, kthread;     /* parts; kthread is the TEB in the unleashed layout */
    grt_addr stack_limit;           /* lowest usable stack byte */
    grt_addr stack_base;            /* one past the highest */
    uint32_t stack_size;
} grt_context_block;

/* How control came back to a thread's outermost frame. */
typedef enum grt_unwind {
    GRT_UNWIND_NONE = 0,
    GRT_UNWIND_EXIT = 1,  /* grt_thread_exit() */
    GRT_UNWIND_STOP = 2,  /* a requested stop */
    GRT_UNWIND_FAULT = 3, /* the host's fault handler; thread->host_fault says what happened */
} grt_unwind;

/* What a thread must look at before it goes on in guest code; exports that have a shortcut take it
 * only while nothing is set. */
enum {
    GRT_ATTEND_STOP = 1,    /* stop_requested */
    GRT_ATTEND_SUSPEND = 2, /* suspend_count is not 0 */
    GRT_ATTEND_APC = 4,     /* the kernel's: see grt_kernel_hooks.attend */
    GRT_ATTEND_ALWAYS = 8,  /* never cleared: every call is traced, or its lock order kept */
};

/*
 * The critical sections that a thread has entered and not left, outermost first. It is kept because
 * the owner words are the guest's: what a thread really entered is known here. The thread's own;
 * others may look at the counts only.
 */
#define GRT_HELD_LISTED 16u
typedef struct grt_held {
    atomic_uint listed;   /* entries of [section] */
    atomic_uint unlisted; /* sections that found no room there */
    grt_addr section[GRT_HELD_LISTED];
} grt_held;

/* A guest status: what a thread that was stopped from outside has as its exit code. */
#define GRT_EXIT_STOPPED 0xC000010Au

struct grt_thread {
    grt_ppc ppc; /* first: the register context and the record are one host block */
    grt_runtime *runtime;
    atomic_uint references; /* one is the host thread's, until it is joined */
    uint32_t id;
    uint32_t cpu; /* 0 to 5 */
    char name[32];
    grt_thread_config config;
    grt_context_block *context; /* null once another thread took it over, after the end */
    grt_addr pcr, kthread;      /* kept after the context is gone */
    os_thread *host;            /* null for a borrowed host thread, and once joined */
    bool foreign;               /* a host thread that borrowed a context for one call */
    uint64_t foreign_id;        /* os_thread_id() of that one */
    os_jump_buffer unwind;      /* the thread's outermost frame */
    uintptr_t host_stack_low;
    uintptr_t host_stack_reserve; /* exports are not entered below; 0 on borrowed host threads */
    uint32_t call_depth;          /* host-to-guest calls in progress; setjmp must not cross one */
    os_fault host_fault;          /* for GRT_UNWIND_FAULT */

    /* True while generated code runs, false inside the library. Read by the fault and interrupt
     * handlers of the same thread only. */
    atomic_bool in_guest;
    atomic_bool stop_requested;
    atomic_uint attention; /* GRT_ATTEND_... */
    uint8_t irql;          /* the interrupt level it runs at; its own business, shown in the PCR */
    int32_t apc_disable;   /* negative: inside that many critical regions; shown in the KTHREAD */
    grt_held held;         /* critical sections */
    grt_addr call_site;    /* guest return address of the export call in progress */

    /* Parking: a parked thread sleeps while park_word keeps the value it read before it decided
     * to sleep; grt_thread_unpark() changes it. */
    uint32_t park_word;
    uint32_t ended_word; /* 1 once the thread has ended; joiners sleep on it */

    os_mutex lock; /* state, host, exit_code, changes of suspend_count */
    grt_thread_state state;
    atomic_uint suspend_count;
    uint32_t exit_code;
    bool faulted;

    struct grt_setjmp_table *setjmps;   /* null until the guest calls setjmp */
    void *kernel_object;                /* the kernel's dispatcher object for this thread */
    struct grt_thread *next, *previous; /* in runtime->threads */
    struct grt_thread *next_dead;       /* in runtime->dead */
    struct grt_thread *ended_next, *ended_previous; /* in runtime->ended_first/last */
};

struct grt_runtime {
    grt_runtime_config config;
    grt_memory *memory;
    uint8_t *base;
    const uint8_t *page_records; /* memory/quick.h */
    grt_heap *user_heap, *physical_heap;

    const grt_ppc_module *module;
    grt_ppc_function **code; /* host memory, module->code_size / 4 entries */
    grt_ppc_function **imports;
    grt_ppc_function **import_targets; /* behind the bracket, for registered exports; else null */

    os_mutex threads_lock;
    grt_thread *threads; /* records not yet released */
    grt_thread *dead;    /* ended, host thread not yet joined */
    grt_context_block *context_cache;
    /* Ended threads whose record is still referenced: the guest may look at their thread block. The
     * oldest loses its context when there are too many or memory is short. */
    grt_thread *ended_first, *ended_last;
    uint32_t ended_count;
    grt_thread_stats thread_stats;
    uint32_t next_thread_id;
    _Atomic uint64_t tls_used; /* bit per slot; changed under threads_lock */

    atomic_bool stopping;
    char stop_reason[128];
    atomic_int first_fault; /* a grt_fault_id */
    os_mutex report_lock;   /* one report at a time */

    grt_kernel_hooks hooks;
    struct grt_kernel *kernel;
};

/* ---- what the kernel room uses ----------------------------------------------------------- */

/* Every export thunk brackets its work with these, so that the thread is known to be in the library
 * (may hold locks, must not be interrupted). leave is a safe point: a requested stop unwinds here,
 * a pending suspension parks here. [call_site] is the guest return address. */
void grt_thread_enter_host(grt_thread *thread, grt_addr call_site);
void grt_thread_leave_host(grt_thread *thread);

/* The value to hand to grt_thread_park(); read it before testing the condition waited for. */
uint32_t grt_thread_park_begin(grt_thread *thread);
/* Sleeps until unparked, deadline (os_clock_ns; UINT64_MAX = never) or a stop request. Returns
 * false on timeout. May wake spuriously; returns at once when a stop is requested, so a loop around
 * it calls grt_thread_check_stop(). The caller is [thread] and holds no lock. */
bool grt_thread_park(grt_thread *thread, uint32_t token, uint64_t deadline_ns);
void grt_thread_unpark(grt_thread *thread); /* any thread */

/* Ends the calling guest thread with [exit_code]. The caller holds no lock. */
noreturn void grt_thread_exit(grt_thread *thread, uint32_t exit_code);
/* Ends the calling thread if a stop was requested. The caller holds no lock. */
void grt_thread_check_stop(grt_thread *thread);

/* Copies between host and guest memory; false (nothing harmed, some bytes may be copied) when the
 * guest range is not accessible. Never faults. Any host thread. */
bool grt_guest_read(grt_runtime *runtime, void *to, grt_addr from, uint32_t size);
bool grt_guest_write(grt_runtime *runtime, grt_addr to, const void *from, uint32_t size);
/* Copies a string of at most capacity - 1 bytes; false when it runs into inaccessible memory. The
 * result is terminated in either case. */
bool grt_guest_read_string(grt_runtime *runtime, char *to, size_t capacity, grt_addr from);

/* Atomic, sequentially consistent, of big-endian guest words; false when the word is misaligned or
 * not accessible. Exchanged iff [*found] is [expected]. Never fault. Any host thread. */
bool grt_guest_load32(grt_runtime *runtime, grt_addr from, uint32_t *value);
bool grt_guest_exchange32(grt_runtime *runtime, grt_addr at, uint32_t expected, uint32_t desired,
                          uint32_t *found);
bool grt_guest_exchange64(grt_runtime *runtime, grt_addr at, uint64_t expected, uint64_t desired,
                          uint64_t *found);

/* The thread whose thread block is at guest address [kthread], with a reference for the caller;
 * null if there is none. A live thread is preferred to an ended one. O(threads). */
grt_thread *grt_thread_find_kthread(grt_runtime *runtime, grt_addr kthread);

/* True iff [block] is the heap block of a thread's context, which the guest must not free. O(1) for
 * addresses that are not whole pages, else O(threads). */
bool grt_thread_owns_block(grt_runtime *runtime, grt_addr block);

/* ---- construction (src/kernel/runtime.c puts the rooms together) ------------------------- */

grt_status grt_threads_create(grt_runtime *runtime); /* after memory and heaps */
void grt_threads_stop(grt_runtime *runtime);         /* stops and joins all; records stay */
void grt_threads_destroy(grt_runtime *runtime);      /* after that: frees records and contexts */

/* load.c: what grt_runtime_load() allocated. */
void grt_runtime_unload(grt_runtime *runtime);

/* What the kernel binds an import to; null when there is none. [*bracket] is set for functions that
 * do not call grt_thread_enter_host() themselves. Handed in, so that this room does not call
 * upwards. */
typedef grt_ppc_function *grt_export_finder(grt_runtime *runtime, uint16_t library,
                                            uint16_t ordinal, bool *bracket);
grt_status grt_load_module(grt_runtime *runtime, const grt_ppc_module *module,
                           grt_export_finder *find, grt_ppc_function *missing);

#endif
