/*
 * core.h - the runtime's and the thread's records: what the thread and kernel rooms share.
 *
 * The kernel sits above the threads: this room reaches it only through the hooks in
 * grt_kernel_hooks, so that the arrow thread <- kernel stays one way.
 *
 * Lock order: threads_lock before a heap's or the memory's lock; no lock is ever held while guest
 * code runs or while a thread is parked.
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
    /* The record goes away: forget it. */
    void (*thread_released)(grt_runtime *runtime, grt_thread *thread);
} grt_kernel_hooks;

typedef enum grt_thread_state {
    GRT_THREAD_CREATED,
    GRT_THREAD_RUNNING,
    GRT_THREAD_ENDED,
} grt_thread_state;

/* A context block: one guest heap block and where its parts are. */
typedef struct grt_context_block {
    struct grt_context_block *next; /* in the cache */
    grt_addr block;                 /* heap block */
    grt_addr pcr, tls, kthread;     /* parts; kthread is the TEB in the unleashed layout */
    grt_addr stack_limit;           /* lowest usable stack byte */
    grt_addr stack_base;            /* one past the highest */
    uint32_t stack_size;
} grt_context_block;

struct grt_thread {
    grt_ppc ppc; /* first: the register context and the record are one host block */
    grt_runtime *runtime;
    atomic_uint references;
    uint32_t id;
    char name[32];
    grt_thread_config config;
    grt_context_block *context;
    os_thread *host;
    os_jump_buffer unwind; /* the thread's outermost frame */

    /* True while generated code runs, false inside the library. Read by the fault and interrupt
     * handlers of the same thread only. */
    atomic_bool in_guest;
    atomic_bool stop_requested;

    /* Parking: a parked thread sleeps while park_word keeps the value it read before it decided
     * to sleep; grt_thread_unpark() changes it. */
    uint32_t park_word;

    os_mutex lock; /* state, suspend_count, exit_code */
    grt_thread_state state;
    uint32_t suspend_count;
    uint32_t exit_code;
    bool faulted;

    void *kernel_object; /* the kernel's dispatcher object for this thread */
    struct grt_thread *next, *previous; /* in runtime->threads */
};

struct grt_runtime {
    grt_runtime_config config;
    grt_memory *memory;
    uint8_t *base;
    grt_heap *user_heap, *physical_heap;

    const grt_ppc_module *module;
    grt_ppc_function **code; /* host memory, module->code_size / 4 entries */
    grt_ppc_function **imports;

    os_mutex threads_lock;
    grt_thread *threads; /* records not yet released */
    grt_context_block *context_cache;
    grt_thread_stats thread_stats;
    uint32_t next_thread_id;
    uint64_t tls_used; /* bit per slot */

    atomic_bool stopping;
    char stop_reason[128];

    grt_kernel_hooks hooks;
    struct grt_kernel *kernel;
};

/* ---- what the kernel room uses ------------------------------------------------------------------ */

/* Every export thunk brackets its work with these, so that the thread is known to be in the library
 * (may hold locks, must not be interrupted). leave is a safe point: a requested stop unwinds here,
 * a pending suspension parks here. [call_site] is the guest return address. */
void grt_thread_enter_host(grt_thread *thread, grt_addr call_site);
void grt_thread_leave_host(grt_thread *thread);

/* The value to hand to grt_thread_park(); read it before testing the condition waited for. */
uint32_t grt_thread_park_begin(grt_thread *thread);
/* Sleeps until unparked, deadline (os_clock_ns; UINT64_MAX = never) or a stop request. Returns false
 * on timeout. May wake spuriously. The caller holds no lock. */
bool grt_thread_park(grt_thread *thread, uint32_t token, uint64_t deadline_ns);
void grt_thread_unpark(grt_thread *thread); /* any thread */

/* Ends the calling guest thread with [exit_code]. The caller holds no lock. */
noreturn void grt_thread_exit(grt_thread *thread, uint32_t exit_code);
/* Ends the calling thread if a stop was requested. The caller holds no lock. */
void grt_thread_check_stop(grt_thread *thread);

/* Copies between host and guest memory; false (nothing harmed, some bytes may be copied) when the
 * guest range is not accessible. Never faults. No lock may be held. */
bool grt_guest_read(grt_runtime *runtime, void *to, grt_addr from, uint32_t size);
bool grt_guest_write(grt_runtime *runtime, grt_addr to, const void *from, uint32_t size);
/* Copies a string of at most capacity - 1 bytes; false when it runs into inaccessible memory. */
bool grt_guest_read_string(grt_runtime *runtime, char *to, size_t capacity, grt_addr from);

/* ---- construction (src/kernel/runtime.c puts the rooms together) --------------------------------- */

grt_status grt_threads_create(grt_runtime *runtime);  /* after memory and heaps */
void grt_threads_destroy(grt_runtime *runtime);       /* stops and joins all, frees contexts */

#endif
