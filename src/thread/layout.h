/*
 * layout.h - what a thread's guest-visible blocks look like: sizes and offsets.
 *
 * The fields and their meaning are the console's; every multi-byte field is big-endian. Both
 * layouts place the same fields at the same offsets within their part: they differ only in how
 * large the parts are, hence in where the thread block starts.
 */
#ifndef GRT_THREAD_LAYOUT_H
#define GRT_THREAD_LAYOUT_H

#include "guestrt/runtime.h"

/* ---- sizes ------------------------------------------------------------------------------- */

#define GRT_TLS_SIZE           0x100u
#define GRT_DEFAULT_STACK_SIZE 0x40000u
#define GRT_MIN_STACK_SIZE     0x4000u
#define GRT_MAX_STACK_SIZE     0x10000000u
#define GRT_GUARD_SIZE         GRT_PAGE_SIZE
#define GRT_TLS_DATA_MAX       0x100000u
#define GRT_TLS_SLOTS          (GRT_TLS_SIZE / 4) /* without a static part */

/* All parts but the stack together, the same in both layouts. */
#define GRT_PARTS_SIZE 0xE90u

/* (name, PCR bytes, thread block bytes, the thread block's name) */
#define GRT_LAYOUT_MAP(X)                                                                          \
    X(UNLEASHED, 0xAB0u, 0x2E0u, "TEB")                                                            \
    X(CONSOLE, 0x2E0u, 0xAB0u, "KTHREAD")

typedef struct grt_layout {
    uint32_t pcr_size;
    uint32_t kthread_size;
    const char *kthread_name;
} grt_layout;

/* ---- the processor control region -------------------------------------------------------- */

enum {
    GRT_PCR_TLS = 0x000,
    GRT_PCR_MSR_MASK = 0x004,
    GRT_PCR_DPC_PROCESS_TYPE = 0x00C, /* one byte; no DPC runs on a thread's PCR */
    GRT_PCR_IRQL = 0x018,             /* one byte */
    GRT_PCR_SELF = 0x030,
    GRT_PCR_USE_ALTERNATIVE = 0x06C, /* not 0: the pair at 0x078 holds */
    GRT_PCR_STACK_BASE = 0x070,
    GRT_PCR_STACK_LIMIT = 0x074,
    GRT_PCR_ALTERNATIVE_BASE = 0x078,
    GRT_PCR_ALTERNATIVE_LIMIT = 0x07C,
    GRT_PCR_INTERRUPTS = 0x080, /* 32 handlers */
    GRT_PCR_KPRCB = 0x100,      /* the embedded KPRCB starts with the current thread */
    GRT_PCR_KTHREAD = 0x100,    /* where ports look for the TEB */
    GRT_PCR_CPU = 0x10C,        /* one byte */
    GRT_PCR_CPU_BIT = 0x110,
    GRT_PCR_DPC_LIST = 0x148,
    GRT_PCR_ERROR_SUPPRESSION = 0x150, /* DPC active */
    GRT_PCR_KPRCB_POINTER = 0x2A8,
    GRT_PCR_USED = 0x2D8,
};

_Static_assert(GRT_PCR_INTERRUPTS + 32 * 4 == GRT_PCR_KPRCB, "32 interrupt handlers");
_Static_assert(GRT_PCR_KPRCB + 0x1A8 == GRT_PCR_KPRCB_POINTER, "the KPRCB ends at its pointer");

/* ---- the thread block -------------------------------------------------------------------- */

enum {
    GRT_KTHREAD_TYPE = 0x000, /* dispatcher header: one byte, 6 */
    GRT_KTHREAD_SIGNAL_STATE = 0x004,
    GRT_KTHREAD_WAIT_LIST = 0x008,
    GRT_KTHREAD_MUTANT_LIST = 0x010,
    GRT_KTHREAD_TIMER = 0x018,
    GRT_KTHREAD_TIMER_WAIT_LIST = 0x020,
    GRT_KTHREAD_TIMER_BLOCK = 0x040,
    GRT_KTHREAD_STACK_BASE = 0x05C,
    GRT_KTHREAD_STACK_LIMIT = 0x060,
    GRT_KTHREAD_KERNEL_STACK = 0x064,
    GRT_KTHREAD_TLS = 0x068,
    GRT_KTHREAD_STATE = 0x06C,    /* one byte: grt_kthread_state */
    GRT_KTHREAD_PRIORITY = 0x070, /* one byte each, from here to 0x073 */
    GRT_KTHREAD_FPU_EXCEPTIONS = 0x071,
    GRT_KTHREAD_PROCESS_TYPE_COPY = 0x072,
    GRT_KTHREAD_PROCESS_TYPE = 0x073,
    GRT_KTHREAD_APC_LIST_KERNEL = 0x074,
    GRT_KTHREAD_APC_LIST_USER = 0x07C,
    GRT_KTHREAD_PROCESS = 0x084,
    GRT_KTHREAD_MAY_QUEUE_APC = 0x08B, /* one byte */
    GRT_KTHREAD_APC_LOCK = 0x08C,
    GRT_KTHREAD_MSR_MASK = 0x09C,
    GRT_KTHREAD_APC_DISABLE = 0x0B0,
    GRT_KTHREAD_BOOST_DISABLED = 0x0BB, /* one byte each, from here to 0x0BF */
    GRT_KTHREAD_SUSPEND_COUNT = 0x0BC,
    GRT_KTHREAD_TERMINATED = 0x0BE,
    GRT_KTHREAD_CPU = 0x0BF,
    GRT_KTHREAD_STACK_ALLOCATION = 0x0D0,
    GRT_KTHREAD_SUSPEND_APC = 0x0D4,
    GRT_KTHREAD_SUSPEND_SEMAPHORE = 0x0FC,
    GRT_KTHREAD_PROCESS_LINK = 0x110,
    GRT_KTHREAD_CREATE_TIME = 0x130, /* 8 bytes: 100 ns since 1601 */
    GRT_KTHREAD_EXIT_TIME = 0x138,
    GRT_KTHREAD_EXIT_STATUS = 0x140,
    GRT_KTHREAD_TIMER_LIST = 0x144,
    GRT_KTHREAD_ID = 0x14C,
    GRT_KTHREAD_START = 0x150,
    GRT_KTHREAD_IRP_LIST = 0x154,
    GRT_KTHREAD_LAST_ERROR = 0x160,
    GRT_KTHREAD_FIBER = 0x164,
    GRT_KTHREAD_FLAGS = 0x16C,
    GRT_KTHREAD_ONE = 0x17C, /* the console keeps a 1 here */
    GRT_KTHREAD_USED = 0x180,
};

_Static_assert(GRT_KTHREAD_TIMER + 0x28 == GRT_KTHREAD_TIMER_BLOCK, "a KTIMER has 0x28 bytes");
_Static_assert(GRT_KTHREAD_TIMER_BLOCK + 0x18 <= GRT_KTHREAD_STACK_BASE, "a wait block has 0x18");
_Static_assert(GRT_KTHREAD_PRIORITY + 3 == GRT_KTHREAD_PROCESS_TYPE, "four bytes in a row");
_Static_assert(GRT_KTHREAD_APC_LIST_USER + 8 == GRT_KTHREAD_PROCESS, "two lists, then the process");
_Static_assert(GRT_KTHREAD_SUSPEND_APC + 0x28 == GRT_KTHREAD_SUSPEND_SEMAPHORE, "a KAPC has 0x28");
_Static_assert(GRT_KTHREAD_SUSPEND_SEMAPHORE + 0x14 == GRT_KTHREAD_PROCESS_LINK,
               "a KSEMAPHORE has 0x14");
_Static_assert(GRT_KTHREAD_EXIT_STATUS + 4 == GRT_KTHREAD_TIMER_LIST, "exit status, then a list");

/* The console's numbers for what a thread does; the others are of its scheduler. */
typedef enum grt_kthread_state {
    GRT_KTHREAD_INITIALISED = 0,
    GRT_KTHREAD_RUNNING = 2,
    GRT_KTHREAD_TERMINATED_STATE = 4,
    GRT_KTHREAD_WAITING = 5,
} grt_kthread_state;

/* ---- KAPC and KSEMAPHORE, as far as they are filled ---------------------------------------- */

enum {
    GRT_KAPC_TYPE = 0x00, /* two bytes, 18 */
    GRT_KAPC_THREAD = 0x04,
    GRT_KAPC_LINK = 0x08,
    GRT_KSEMAPHORE_TYPE = 0x00, /* one byte, 5 */
    GRT_KSEMAPHORE_WAIT_LIST = 0x08,
    GRT_KSEMAPHORE_LIMIT = 0x10,
};

/* ---- the process --------------------------------------------------------------------------- */

enum {
    GRT_KPROCESS_THREADS = 0x04, /* list head of GRT_KTHREAD_PROCESS_LINK */
    GRT_KPROCESS_QUANTUM = 0x0C,
    GRT_KPROCESS_DIRECTORY = 0x10,
    GRT_KPROCESS_THREAD_COUNT = 0x14,
    GRT_KPROCESS_PRIORITIES = 0x18, /* four bytes */
    GRT_KPROCESS_STACK_SIZE = 0x1C,
    GRT_KPROCESS_TLS_RAW = 0x20,
    GRT_KPROCESS_TLS_DATA_SIZE = 0x24,
    GRT_KPROCESS_TLS_RAW_SIZE = 0x28,
    GRT_KPROCESS_TLS_SLOT_BYTES = 0x2C, /* two bytes */
    GRT_KPROCESS_TERMINATING = 0x2E,    /* one byte */
    GRT_KPROCESS_TYPE = 0x2F,           /* one byte */
    GRT_KPROCESS_TLS_BITMAP = 0x30,     /* 256 bits, first slot first; 1: free */
    GRT_KPROCESS_LIST = 0x54,
    GRT_KPROCESS_SIZE = 0x60,
};

_Static_assert(GRT_KPROCESS_TLS_BITMAP + 256 / 8 <= GRT_KPROCESS_LIST, "256 slots");

enum { GRT_DISPATCHER_SEMAPHORE = 5, GRT_DISPATCHER_THREAD = 6, GRT_OBJECT_APC = 18 };

/* Existing ports find -1 in this word of a new thread's TLS block. */
#define GRT_TLS_QUIRK 0x10

#define GRT_LAYOUT_CHECK(name, pcr, kthread, text)                                                 \
    _Static_assert((pcr) + GRT_TLS_SIZE + (kthread) == GRT_PARTS_SIZE, "parts of " #name);         \
    _Static_assert((uint32_t)GRT_PCR_USED <= (pcr), "PCR of " #name);                              \
    _Static_assert((uint32_t)GRT_KTHREAD_USED <= (kthread), "thread block of " #name);
GRT_LAYOUT_MAP(GRT_LAYOUT_CHECK)
#undef GRT_LAYOUT_CHECK

_Static_assert(GRT_PARTS_SIZE + GRT_DEFAULT_STACK_SIZE == 265872, "the original's context size");
_Static_assert(GRT_PARTS_SIZE <= GRT_PAGE_SIZE, "the parts share one page");

/* ---- the start of a stack ---------------------------------------------------------------- */

/* Room that an entry function may write above its own r1: its caller's frame (back chain, saved LR,
 * register save area) and its stack arguments. */
#define GRT_LINKAGE_ROOM (64u + 112u)
/* Where a guest function that was called by the host returns to. */
#define GRT_RETURN_SENTINEL 0xBCBCBCBCu

const grt_layout *grt_layout_of(const grt_runtime *runtime);

#endif
