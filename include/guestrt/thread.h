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
 * is logged with the PCR/TLS/TEB/STACK breakdown), HOST_THREAD_FAILED, NO_HOST_MEMORY, STOPPED,
 * INVALID_ARGUMENT. After a failure nothing is left behind. */
grt_status grt_thread_create(grt_runtime *runtime, const grt_thread_config *config,
                             grt_thread **thread);

/* Lowers the suspend count; at 0 the thread runs. [*previous] may be null.
 * Fails iff: WRONG_STATE (it has ended). */
grt_status grt_thread_resume(grt_thread *thread, uint32_t *previous);

/* Raises the suspend count; the thread stops at its next kernel call (at once if it is the caller).
 * Fails iff: WRONG_STATE (ended, or the count is at its limit of 127). */
grt_status grt_thread_suspend(grt_thread *thread, uint32_t *previous);

/* Waits until the thread has ended. [*exit_code] may be null. Any number of threads may join.
 * Fails iff: WRONG_STATE (a thread joining itself). Blocks. */
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

/* Calls a guest function from host code: r3, r4, ... = [arguments] (at most 8), result from r3.
 * On a guest thread the call runs on its own stack below the current frame and its registers are
 * kept; on any other host thread a context is borrowed for the duration of the call. Fails iff:
 * NOT_A_FUNCTION, INVALID_ARGUMENT, OUT_OF_GUEST_MEMORY, NO_HOST_MEMORY, GUEST_FAULT (foreign
 * threads only: on a guest thread a fault ends that thread), STOPPED. */
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
} grt_thread_stats;

void grt_runtime_get_thread_stats(grt_runtime *runtime, grt_thread_stats *stats);

/* TLS slots (KeTlsAlloc and so on): 64 slots in guest memory. Slot numbers are shared by all
 * threads of the runtime; values are per thread and 0 after grt_tls_alloc(). UINT32_MAX: none left.
 */
uint32_t grt_tls_alloc(grt_runtime *runtime);
bool grt_tls_free(grt_runtime *runtime, uint32_t slot);
uint32_t grt_tls_get(grt_thread *thread, uint32_t slot);
bool grt_tls_set(grt_thread *thread, uint32_t slot, uint32_t value);

#ifdef __cplusplus
}
#endif

#endif
