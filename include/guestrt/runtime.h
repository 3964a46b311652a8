/*
 * runtime.h - the console below a translated program: memory, heaps, threads, kernel in one handle.
 *
 * There is no global state: two runtimes live in one process without knowing of each other. Unless
 * said otherwise a function may be called from any thread.
 */
#ifndef GUESTRT_RUNTIME_H
#define GUESTRT_RUNTIME_H

#include "guestrt/heap.h"
#include "guestrt/memory.h"
#include "guestrt/ppc.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct grt_runtime grt_runtime;

/* How a thread's context block is laid out; both add up to 0x40E90 with the default stack. */
typedef enum grt_context_layout {
    GRT_LAYOUT_UNLEASHED = 0, /* PCR 0xAB0, TLS 0x100, TEB 0x2E0: what existing ports expect */
    GRT_LAYOUT_CONSOLE = 1,   /* PCR 0x2E0, TLS 0x100, KTHREAD 0xAB0: the hardware's sizes */
} grt_context_layout;

/* What happens to the program after a failure that concerns one thread. */
typedef enum grt_policy {
    GRT_POLICY_CONTINUE = 0, /* the guest gets a status, or the faulting thread alone ends */
    GRT_POLICY_STOP = 1,     /* every guest thread is ended and the runtime stops */
} grt_policy;

/* Receives what the guest prints (DbgPrint); [text] is not terminated. Calls do not overlap. */
typedef void grt_output_fn(void *user, const char *text, size_t size);

/* Told of a guest thread, on that thread itself, outside of guest code and of all locks. */
typedef void grt_thread_fn(void *user, struct grt_thread *thread);

/* What of the guest's scheduling the host is asked for; refusals are said once and ignored. */
enum {
    GRT_HOST_PRIORITY = 1, /* the guest's priorities as nice values */
    GRT_HOST_AFFINITY = 2, /* the guest's processor n as the host's, modulo how many it has */
};

typedef struct grt_runtime_config {
    size_t size; /* sizeof(grt_runtime_config), set by the initialiser */
    grt_memory_config memory;
    uint64_t user_heap_budget;     /* bytes; 0 = the heap's capacity */
    grt_heap_options heap_options; /* of both heaps; all zero: nothing is on */
    grt_context_layout layout;
    uint32_t stack_size;           /* default guest stack: 0x40000 */
    uint32_t error_suppression;    /* the word at PCR+0x150 of a new thread: 0 */
    grt_policy on_context_failure; /* CONTINUE: ExCreateThread returns STATUS_NO_MEMORY */
    grt_policy on_guest_fault;     /* STOP: after the report the program ends */
    grt_policy on_missing_export;  /* CONTINUE: reported once, the call fails */
    grt_policy on_breakpoint;      /* CONTINUE: DbgBreakPoint is reported; STOP: it is a trap */
    bool lock_order; /* true: sections that are entered in two orders are reported; slower */
    /* 0: guest threads run freely. Else they run one at a time and take turns at kernel calls only,
     * in an order that follows from this number, on a virtual clock: docs/scheduler.md. */
    uint64_t schedule_seed;
    grt_output_fn *output; /* null: stderr */
    void *output_user;
    grt_thread_fn *on_thread_start; /* before the first instruction of each thread; null: nobody */
    grt_thread_fn *on_thread_end;   /* after its last; called iff on_thread_start was due */
    void *on_thread_user;
    uint32_t thread_start_delay_ms; /* a new thread sleeps that long first: 0 */
    uint32_t host_scheduling;       /* GRT_HOST_...: 0 */
    grt_log log;                    /* also used for memory and heaps */
} grt_runtime_config;

grt_runtime_config grt_runtime_config_default(void);

/* Creates memory and heaps. The caller owns [*runtime].
 * Fails iff: INVALID_ARGUMENT (size, layout, a policy, a heap option, host_scheduling, or a stack
 * size that is out of range or no multiple of a page), what grt_memory_create() and
 * grt_heap_create() fail for, NO_HOST_MEMORY, NOT_SUPPORTED (the host refused the fault handlers,
 * said in the log). */
grt_status grt_runtime_create(const grt_runtime_config *config, grt_runtime **runtime);

/* Ends every guest thread (those in guest code are interrupted, those that wait are woken), joins
 * them, waits for host threads that are inside grt_runtime_run() or grt_runtime_call(), and
 * releases everything. Must not be called on a guest thread, nor while another function of this
 * header or thread.h is being called for the runtime, nor while a host thread that has used it is
 * just ending. Null is allowed. */
void grt_runtime_destroy(grt_runtime *runtime);

grt_memory *grt_runtime_memory(grt_runtime *runtime);
grt_heap *grt_runtime_user_heap(grt_runtime *runtime);
grt_heap *grt_runtime_physical_heap(grt_runtime *runtime);

/* Guest address <-> host pointer; ports know these as Translate and MapVirtual. O(1), no lock. */
void *grt_host(const grt_runtime *runtime, grt_addr address);
grt_addr grt_guest(const grt_runtime *runtime, const void *host);

/* Adds or replaces the implementation of an export, before grt_runtime_load(). [name] is copied. */
grt_status grt_runtime_register_export(grt_runtime *runtime, uint16_t library, uint16_t ordinal,
                                       const char *name, grt_ppc_function *function);

/* Maps the module's segments, fills the function table and binds the imports. A module that imports
 * variables gets a page for them; one that imports KeTimeStampBundle, a host thread that keeps it.
 * One module a runtime.
 * Fails iff: ABI_MISMATCH, IMAGE_CONFLICT, ALREADY_INITIALISED, NO_HOST_MEMORY, OUT_OF_GUEST_MEMORY
 * (no room for the variables), HOST_THREAD_FAILED, what grt_memory_commit() fails for,
 * INVALID_ARGUMENT (a broken module, said in the log). */
grt_status grt_runtime_load(grt_runtime *runtime, const grt_ppc_module *module);

/* Runs the module's entry on the main guest thread with r3 = address of {argc, argv[0], ..., 0},
 * all big-endian in guest memory, and waits until it ends. [*exit_code] is its r3, or 0 when a
 * guest thread ended the title (XamLoaderTerminateTitle). Guest functions that want to know of the
 * title's end are called before this returns, unless the runtime was stopped. Fails iff:
 * WRONG_STATE (nothing loaded, or on a guest thread), INVALID_ARGUMENT (a negative argc, no argv
 * for it, or 4 GiB of arguments), OUT_OF_GUEST_MEMORY (no room for the arguments, said in the log),
 * what grt_thread_create() fails for, GUEST_FAULT (the main thread ended in a fault), STOPPED
 * (policy or bug check). */
grt_status grt_runtime_run(grt_runtime *runtime, int argc, const char *const *argv,
                           uint32_t *exit_code);

/* Asks every guest thread to end; returns at once. Callable from guest and host threads. */
void grt_runtime_stop(grt_runtime *runtime, const char *reason);

/* The function at [address], or null. O(1), no lock. */
grt_ppc_function *grt_runtime_function(const grt_runtime *runtime, grt_addr address);

/* "main+0x24" for a code address, "sub_82001234+0x8" without a symbol, "" when it is not code:
 * false then. Of a name that is too long the end is left out: "long_na...+0x24". */
bool grt_runtime_symbol(const grt_runtime *runtime, grt_addr address, char *text, size_t size);

#ifdef __cplusplus
}
#endif

#endif
