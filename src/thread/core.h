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
    /* The thread runs for the first time, before its entry: may run guest code. On the thread, in
     * host. */
    void (*thread_starting)(grt_thread *thread);
    /* The guest code has come to its end: the last chance to run some. On the thread, in host. */
    void (*thread_leaving)(grt_thread *thread);
    /* The thread has ended: signal its object. Runs on the ending thread, outside all locks. */
    void (*thread_ended)(grt_runtime *runtime, grt_thread *thread);
    /* The thread goes back to guest code and GRT_ATTEND_APC is set: deliver what is due. Runs on
     * that thread, in host, without locks; may run guest code. */
    void (*attend)(grt_thread *thread);
    /* With a seeded scheduler nobody's host thread waits for the kernel's timers. When the earliest
     * is due (grt_thread_clock_ns; UINT64_MAX = none), and: fire all that are due at [now], so that
     * the next one is later. Both null or both set; called in host, without locks; neither parks
     * nor runs guest code. */
    uint64_t (*next_deadline)(grt_runtime *runtime);
    void (*run_due)(grt_runtime *runtime, uint64_t now);
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
    struct grt_context_block *next; /* in the cache, where stacks are clean */
    grt_addr block;                 /* heap block */
    grt_addr pcr, tls, kthread;     /* parts; kthread is the TEB in the unleashed layout */
    grt_addr stack_limit;           /* lowest usable stack byte */
    grt_addr stack_base;            /* one past the highest */
    uint32_t stack_size;
    uint32_t cleaned; /* how often the stack was */
    uint32_t kept;    /* bytes at its top that are cleared by hand, so that they stay resident */
} grt_context_block;

/* The console's processors, and a mask of all. */
#define GRT_CPU_COUNT 6u
#define GRT_CPU_ALL   ((1u << GRT_CPU_COUNT) - 1)

/* Slots of a TLS block; the console's process has a bit for each. */
#define GRT_TLS_SLOTS_MAX 256u

/* What every thread's TLS block is made from: see grt_runtime_set_tls_template(). */
typedef struct grt_tls_layout {
    grt_addr raw;        /* the initial values */
    uint32_t raw_size;   /* bytes of them */
    uint32_t data_size;  /* bytes of the static part, whole slots; 0: there is none */
    uint32_t slot_count; /* dynamic slots, behind the static part */
    uint32_t extra;      /* bytes behind the thread block; 0: it fits between the other parts */
} grt_tls_layout;

/* Processes of the console, as far as threads show them: KPROCESS blocks in guest memory. */
typedef enum grt_process_type {
    GRT_PROCESS_IDLE = 0, /* has no threads here */
    GRT_PROCESS_TITLE = 1,
    GRT_PROCESS_SYSTEM = 2,
    GRT_PROCESS_TYPES = 3,
} grt_process_type;

/* The links of the thread list that the guest sees are written from these; never read back. */
typedef struct grt_process {
    grt_addr block; /* the KPROCESS */
    grt_thread *first, *last;
    uint32_t thread_count;
} grt_process;

/* The host threads of a runtime that are between two guest threads (pool.c). */
typedef struct grt_pool {
    struct grt_worker *idle; /* the one that was used last comes first */
    struct grt_worker *gone; /* have ended or are about to, to be joined */
    uint32_t left;           /* host threads that have not been joined */
    uint32_t gone_word;      /* changes with each one that goes */
} grt_pool;

/* Threads by what others know of them (find.c). A thread whose context was taken over is no longer
 * found by its block. All under threads_lock. */
#define GRT_THREAD_BUCKETS       1024u
#define GRT_THREAD_BUCKETS_SHIFT 22u /* of a hash of 32 bits */
typedef struct grt_thread_index {
    grt_thread *by_id[GRT_THREAD_BUCKETS];
    grt_thread *by_kthread[GRT_THREAD_BUCKETS];
    uint64_t steps; /* records that were looked at */
} grt_thread_index;

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
    /* Never cleared: every call is traced, or scheduled by a seed, or its lock order is kept. */
    GRT_ATTEND_ALWAYS = 8,
};

/*
 * The critical sections that a thread has entered and not left, outermost first. It is kept because
 * the owner words are the guest's: what a thread really entered is known here. Changed by the
 * thread itself, or for it while it waits (kernel/held.h); others may look.
 */
#define GRT_HELD_LISTED 16u
typedef struct grt_held {
    atomic_uint listed;   /* entries of [section] */
    atomic_uint unlisted; /* sections that found no room there */
    atomic_uint section[GRT_HELD_LISTED];
} grt_held;

/* A thread's place in the seeded scheduler (schedule.h). */
typedef enum grt_seat_state {
    GRT_SEAT_NONE,
    GRT_SEAT_READY,
    GRT_SEAT_RUNNING,
    GRT_SEAT_BLOCKED,
} grt_seat_state;

typedef struct grt_seat {
    grt_seat_state state;
    bool timed_out;
    uint32_t host_waiting; /* host threads that wait for its end, a borrowed one's own included */
    uint32_t turn;         /* 1: it is the thread's turn; the thread sleeps on it */
    uint64_t deadline_ns;
    /* For tests: when it last handed the baton on, and when it first blocked since the test set
     * that to 0, as numbers of grt_schedule.handed. The clock when the turns began in which it did
     * the one and the other: what was due then had fired. */
    uint64_t handed_at, blocked_at;
    uint64_t turn_ns, handed_turn_ns, blocked_turn_ns;
    struct grt_thread *next, *previous; /* in the order in which they were created */
} grt_seat;

/* A guest thread that waits for another one's end; lives on its host stack. */
typedef struct grt_joiner {
    struct grt_thread *thread;
    struct grt_joiner *next;
} grt_joiner;

/* A guest status: what a thread that was stopped from outside has as its exit code. */
#define GRT_EXIT_STOPPED 0xC000010Au

/* What the kernel knows about a thread; all under its dispatcher lock. */
typedef struct grt_thread_kernel {
    struct grt_object *object;  /* made when somebody first asks for it */
    bool ended;                 /* an object made from now on is signalled */
    bool end_told;              /* functions of the guest know that it ends */
    bool in_kernel_apc;         /* a normal kernel APC runs: no other one may interrupt it */
    bool alerted[2];            /* by mode: kernel, user */
    struct grt_wait *wait;      /* in progress */
    struct grt_object *mutants; /* that it owns */
    struct grt_object *timers;  /* whose APC it gets */
    struct grt_apc *apcs[2];    /* by mode, first come first */
    struct grt_apc *last_apcs[2];
    struct grt_apc *last_special;    /* of those without a normal routine, which come first */
    struct grt_dpc *dpcs, *last_dpc; /* that it has queued, first come first */
    struct grt_wait_kept *kept;      /* objects of waits that an APC interrupts */
} grt_thread_kernel;

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
    /* Where r1 belongs: in the context's stack, or in another that the guest switched to. */
    grt_addr stack_limit, stack_base;
    os_thread *host;       /* null for a borrowed host thread */
    uint64_t host_id;      /* os_thread_id(); 0 until it runs */
    bool foreign;          /* a host thread that borrowed a context for one call */
    os_jump_buffer unwind; /* the thread's outermost frame */
    uintptr_t host_stack_low;
    uintptr_t host_stack_reserve; /* exports are not entered below */
    uint32_t call_depth;          /* host-to-guest calls in progress; setjmp must not cross one */
    os_fault host_fault;          /* for GRT_UNWIND_FAULT */

    /* True while generated code runs, false inside the library. Read by the fault and interrupt
     * handlers of the same thread only. */
    atomic_bool in_guest;
    atomic_bool stop_requested;
    atomic_uint attention; /* GRT_ATTEND_... */
    uint8_t irql;          /* the interrupt level it runs at; its own business, shown in the PCR */
    int32_t apc_disable;   /* KeEnterCriticalRegion: below 0 normal kernel APCs have to wait */
    grt_held held;         /* critical sections */
    grt_addr call_site;    /* guest return address of the export call in progress */
    grt_addr sleep_site;   /* where it last slept */
    uint32_t sleeps;       /* how often in a row there, without another kernel call */
    bool scheduled;        /* the runtime has a seeded scheduler; never changes once it runs */

    /* Parking: a parked thread sleeps while park_word keeps the value it read before it decided
     * to sleep; grt_thread_unpark() changes it. */
    uint32_t park_word;
    atomic_bool parked;
    uint32_t ended_word; /* 1 once the thread has ended; joiners sleep on it */

    grt_seat seat; /* the schedule's lock; [turn] is the baton's */

    os_mutex lock; /* state, host, exit_code, joiners, changes of suspend_count */
    grt_joiner *joiners;
    grt_thread_state state;
    atomic_uint suspend_count;
    uint32_t exit_code;
    bool faulted;

    /* Genealogy: who created it, and where. 0: the host. */
    uint32_t creator_id;
    grt_addr creation_site;

    /* Scheduling, as the guest asked for it; under [lock]. */
    int32_t base_increment; /* -16 to 16 */
    uint8_t priority;
    uint8_t affinity; /* one bit a processor */
    bool boost_disabled;
    atomic_uchar process_type;     /* a grt_process_type */
    bool announced;                /* the embedder was told that it started */
    bool host_named, host_retuned; /* the host thread's name or scheduling is this thread's */
    uint32_t stack_used;           /* bytes, measured when the context was taken over */

    struct grt_setjmp_table *setjmps; /* null until the guest calls setjmp */
    grt_thread_kernel kernel;
    atomic_bool pointed_at; /* the guest holds pointers to the thread block: the context stays */
    struct grt_thread *next, *previous;              /* in runtime->threads */
    struct grt_thread *next_by_id, *next_by_kthread; /* in runtime->index */
    struct grt_thread *ended_next, *ended_previous;  /* in runtime->ended_first/last */
    grt_process *process;                            /* in whose list it is; null: in none */
    struct grt_thread *process_next, *process_previous;
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
    grt_thread_index index;
    grt_pool pool;
    grt_process processes[GRT_PROCESS_TYPES];
    grt_context_block *context_cache;
    uint32_t contexts_cleaning; /* on their way into the cache, in nobody's list */
    /* Ended threads whose record is still referenced: the guest may look at their thread block. The
     * oldest that is not pointed at loses its context when there are too many or memory is short.
     */
    grt_thread *ended_first, *ended_last;
    grt_thread_stats thread_stats;
    uint32_t next_thread_id;
    _Atomic uint64_t
        tls_used[GRT_TLS_SLOTS_MAX / 64]; /* bit per slot; changed under threads_lock */
    grt_tls_layout tls;                   /* does not change once there are threads */
    struct grt_stack *stacks;             /* what grt_stack_create() gave out */
    atomic_bool scheduling_refused;       /* said already */

    uint32_t host_calls; /* host threads inside grt_runtime_run() and grt_runtime_call() */
    atomic_bool stopping;
    char stop_reason[128];
    atomic_int first_fault; /* a grt_fault_id */
    os_mutex report_lock;   /* one report at a time */

    struct grt_schedule *schedule; /* null: threads run freely */
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
/* Sleeps until unparked, deadline (grt_thread_clock_ns; UINT64_MAX = never) or a stop request.
 * Returns false on timeout. May wake spuriously; returns at once when a stop is requested, so a
 * loop around it calls grt_thread_check_stop(). The caller is [thread] and holds no lock. */
bool grt_thread_park(grt_thread *thread, uint32_t token, uint64_t deadline_ns);
void grt_thread_unpark(grt_thread *thread); /* any thread */
/* Lets others run: what a loop that waits for another guest thread without parking calls in every
 * round, since with a seeded scheduler nobody else runs meanwhile. The caller is [thread], in host,
 * and holds no lock. */
void grt_thread_yield(grt_thread *thread);

/* The guest's clocks: monotonic, and since 1970-01-01 UTC. Those of the host, or with a seeded
 * scheduler virtual ones. Every time that the guest sees and every deadline comes from them. */
uint64_t grt_thread_clock_ns(const grt_runtime *runtime);
uint64_t grt_thread_wall_clock_ns(const grt_runtime *runtime);
/* The virtual clock moves on a little; on the host's nothing happens. */
void grt_thread_clock_tick(grt_runtime *runtime);

/* Ends the calling guest thread with [exit_code]. The caller holds no lock. */
noreturn void grt_thread_exit(grt_thread *thread, uint32_t exit_code);
/* Ends the calling thread if a stop was requested. The caller holds no lock. */
void grt_thread_check_stop(grt_thread *thread);

/* As grt_runtime_symbol(), of a return address: names the function that made the call, also when
 * the call is its last instruction. */
bool grt_symbol_of_return(const grt_runtime *runtime, grt_addr address, char *text, size_t size);

/* True iff both addresses are in the code of the same function. */
bool grt_symbol_same_function(const grt_runtime *runtime, grt_addr a, grt_addr b);

/* Copies between host and guest memory; false (nothing harmed, some bytes may be copied) when the
 * guest range is not accessible. Never faults. Any host thread. */
bool grt_guest_read(grt_runtime *runtime, void *to, grt_addr from, uint32_t size);
bool grt_guest_write(grt_runtime *runtime, grt_addr to, const void *from, uint32_t size);
bool grt_guest_write32(grt_runtime *runtime, grt_addr to, uint32_t value); /* big-endian */
/* One aligned store of eight bytes, big-endian: no other thread sees half of it. */
bool grt_guest_store64(grt_runtime *runtime, grt_addr to, uint64_t value);
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
 * null if there is none. O(1). */
grt_thread *grt_thread_find_kthread(grt_runtime *runtime, grt_addr kthread);
/* Takes the thread's lock. Any thread. */
bool grt_thread_has_ended(grt_thread *thread);

/* The thread of this id, with a reference for the caller; null if there is none. O(1). */
grt_thread *grt_thread_find_id(grt_runtime *runtime, uint32_t id);

/* grt_thread_create() in two steps, for who must know the thread before it first runs: everything
 * but the host thread; then that. What was prepared is launched or abandoned, once; a launch that
 * failed is followed by abandoning. The caller's reference stays the caller's. */
grt_status grt_thread_prepare(grt_runtime *runtime, const grt_thread_config *config,
                              grt_thread **thread);
grt_status grt_thread_launch(grt_thread *thread);
void grt_thread_abandon(grt_thread *thread);

/* grt_runtime_call() for the kernel: on a host thread that borrows a context, [prepare] sees that
 * context first. */
grt_status grt_thread_call_prepared(grt_runtime *runtime, grt_addr function,
                                    const uint64_t *arguments, uint32_t count,
                                    void (*prepare)(grt_thread *thread));

/* A stack of [size] bytes (whole pages, at least 16 KiB) with guards, all zero: its high end, or 0
 * when there is no memory. The runtime frees what is left. Any thread. */
grt_addr grt_stack_create(grt_runtime *runtime, uint32_t size);
/* The calling thread goes on between [limit] and [base], which the guest says are its stack. */
void grt_thread_switch_stack(grt_thread *thread, grt_addr limit, grt_addr base);
/* False when there is no such stack, or a thread switched to it. */
bool grt_stack_destroy(grt_runtime *runtime, grt_addr base, grt_addr limit);

/* Writes one field of the thread's block for the guest to see; harmless when it cannot. */
void grt_thread_show_byte(const grt_thread *thread, uint32_t offset, uint8_t value);
void grt_thread_show_word(const grt_thread *thread, uint32_t offset, uint32_t value);

/* True iff [block] is the heap block of a thread's context or of another stack, which the guest
 * must not free. O(1) for addresses that are not whole pages, else O(threads). */
bool grt_thread_owns_block(grt_runtime *runtime, grt_addr block);

/* A host thread is busy with the runtime until it says that it is through, and the runtime is not
 * taken apart meanwhile. Not for guest threads of this runtime, which are joined. */
void grt_threads_host_begin(grt_runtime *runtime);
void grt_threads_host_end(grt_runtime *runtime);

/* How much host stack a thread gets whose guest stack has [guest_stack] bytes. */
size_t grt_host_stack_size(uint32_t guest_stack);

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
/* The guest address of a variable, 0 when there is none. */
typedef grt_status grt_variable_finder(grt_runtime *runtime, uint16_t library, uint16_t ordinal,
                                       grt_addr *address);
typedef struct grt_binder {
    grt_export_finder *function;
    grt_variable_finder *variable;
    grt_ppc_function *missing; /* for functions that there are none for */
} grt_binder;
grt_status grt_load_module(grt_runtime *runtime, const grt_ppc_module *module,
                           const grt_binder *binder);

#endif
