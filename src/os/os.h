/*
 * os.h - the host, behind one header. Nothing else in the tree names an OS call.
 *
 * Functions return 0 or the host's errno, so that a report can say what the host said.
 */
#ifndef GRT_OS_H
#define GRT_OS_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdnoreturn.h>

/* ---- pages -------------------------------------------------------------------------------- */

typedef enum os_access { OS_NONE, OS_READ, OS_READ_WRITE } os_access;

size_t os_page_size(void);

/* Reserves [size] bytes of address space without memory behind them, at [wish] when that is free
 * (0 = anywhere). All pages are inaccessible. */
int os_reserve(uintptr_t wish, size_t size, void **base);
int os_release(void *base, size_t size);

/* Backs reserved pages with zeroed memory, readable and writable. */
int os_commit(void *page, size_t size);
/* Gives the memory back; the pages stay reserved, inaccessible, and read zero once recommitted. */
int os_decommit(void *page, size_t size);
int os_protect(void *page, size_t size, os_access access);
/* Gives the memory back but keeps the pages accessible: they read zero afterwards. */
int os_discard(void *page, size_t size);

/* Which of the pages have memory behind them: one byte a page in [resident], 1 or 0. A page that
 * the host has swapped out has none. A system call, slower than giving clean pages back. */
int os_resident(const void *page, size_t size, uint8_t *resident);

/* Copies bytes of this process without ever faulting: EFAULT when some of them cannot be read, and
 * whatever the host says when it does not offer that. A system call. */
int os_read_memory(void *to, const void *from, size_t size);

/* Memory that can be mapped at several addresses at once (physical mirrors). */
typedef struct os_shared os_shared;
int os_shared_create(size_t size, os_shared **shared);
void os_shared_destroy(os_shared *shared);
/* Maps [size] bytes from [offset] over reserved pages at [page]; replaces what is there. */
int os_shared_map(os_shared *shared, size_t offset, void *page, size_t size, os_access access);
/* Gives the memory of the range back; every mapping of it reads zero afterwards. */
int os_shared_discard(os_shared *shared, size_t offset, size_t size);

/* A sentence about the limit that most likely made the host refuse memory ("RLIMIT_AS is 2.0 GiB",
 * "vm.overcommit_memory is 2"); empty when none is visible. */
void os_memory_limit_text(char *text, size_t size);

/* ---- words for people ---------------------------------------------------------------------- */

/* The host's sentence for one of its errno values, with the number: "Cannot allocate memory (errno
 * 12)". */
void os_error_text(int error, char *text, size_t size);
/* Writes the bytes to stderr with one call, so that lines of two threads do not mix.
 * Async-signal-safe. */
void os_stderr_write(const char *text, size_t size);

/* ---- host memory for the runtime's own records (replaceable, so that tests can make it fail) --
 */

void *os_alloc(size_t size); /* zeroed; null on failure */
void os_free(void *block);

/* ---- threads ------------------------------------------------------------------------------ */

typedef struct os_thread os_thread;
/* Runs [entry](arg) on a new host thread with at least [stack_size] bytes of stack and a guard
 * below it. os_thread_join() ends and frees the handle and must be called once. */
int os_thread_create(size_t stack_size, void (*entry)(void *arg), void *arg, os_thread **thread);
void os_thread_join(os_thread *thread);
void os_thread_set_name(const char *name); /* of the calling thread; cut to what the host allows */
uint64_t os_thread_id(void);               /* the host's id of the calling thread */
/* Makes [thread] run the interrupt handler given to os_fault_install(), soon. The second form takes
 * an os_thread_id() and serves threads that the host program created; the caller knows that the
 * thread still exists. */
int os_thread_interrupt(os_thread *thread);
int os_thread_interrupt_id(uint64_t id);
void os_thread_yield(void);
/* How the host schedules a thread, given its os_thread_id(): 0 is usual, 19 the least urgent, -20
 * the most; and on which of the host's processors it may run, a bit each (0: on all). */
int os_thread_set_nice(uint64_t id, int nice);
int os_thread_set_processors(uint64_t id, uint64_t mask);
uint32_t os_processor_count(void); /* that this process may use, at least 1 */
/* The calling thread's host stack: lowest usable address and size. */
void os_thread_stack(uintptr_t *low, size_t *size);

/* ---- data of a thread, and order between threads ----------------------------------------------
 */

/* A slot that every thread fills for itself. [leave] gets what a thread left in it when that thread
 * ends, never null; it may fill the slot again, and is then called again, a few times. */
typedef struct os_thread_slot {
    uint32_t number;
} os_thread_slot;
int os_thread_slot_create(void (*leave)(void *value), os_thread_slot *slot);
/* Threads that end later no longer call [leave]. */
void os_thread_slot_destroy(os_thread_slot slot);
int os_thread_slot_set(os_thread_slot slot, void *value);

/* Living threads have small numbers: from 1 to OS_THREADS, and 0 for one that has none. A number is
 * given to another thread only when the one that had it has ended and all [leave] functions of its
 * slots have run. */
#define OS_THREADS 1023u
/* The calling thread's, 0 until it asked os_thread_number() once. */
extern _Thread_local uint32_t os_known_thread_number
    __attribute__((tls_model("initial-exec"), visibility("hidden")));
/* The calling thread's; 0 when there are too many threads, when the host refuses, or when the
 * thread is ending and has begun to leave its slots. */
uint32_t os_thread_number(void);

/* True iff os_barrier() works on this host. */
bool os_barrier_available(void);
/* Every other running thread of the process passes a full memory barrier before this returns, as if
 * it had executed one itself between two of its instructions. About a microsecond. Calls for
 * os_barrier_available(). */
void os_barrier(void);

/* ---- waiting ------------------------------------------------------------------------------- */

/* Sleeps while *word == expected; wakes by os_wake, timeout (absolute os_clock_ns(); UINT64_MAX =
 * never) or spuriously. Returns false on timeout. */
bool os_wait(const uint32_t *word, uint32_t expected, uint64_t deadline_ns);
/* The word itself is not touched: it may be gone, if whoever slept on it let that happen. */
void os_wake_one(const uint32_t *word);
void os_wake_all(const uint32_t *word);

/* A plain mutex built on os_wait: 4 bytes, no set-up, not recursive. */
typedef struct os_mutex {
    uint32_t word;
} os_mutex;
void os_mutex_lock(os_mutex *mutex);
bool os_mutex_try_lock(os_mutex *mutex);
void os_mutex_unlock(os_mutex *mutex);

/* ---- clock ---------------------------------------------------------------------------------- */

uint64_t os_clock_ns(void);      /* monotonic */
uint64_t os_wall_clock_ns(void); /* since 1970-01-01 UTC */
void os_sleep_ns(uint64_t ns);

/* ---- faults --------------------------------------------------------------------------------- */

typedef enum os_fault_kind { OS_FAULT_ACCESS, OS_FAULT_ILLEGAL, OS_FAULT_ARITHMETIC } os_fault_kind;
typedef enum os_fault_access {
    OS_FAULT_UNKNOWN,
    OS_FAULT_READ,
    OS_FAULT_WRITE,
    OS_FAULT_EXECUTE
} os_fault_access;

typedef struct os_fault {
    os_fault_kind kind;
    os_fault_access access;
    uintptr_t address; /* of the datum; 0 when the host does not tell (non-canonical address) */
    uintptr_t pc;      /* of the host instruction; 0 on a machine type this layer does not know */
    uintptr_t sp;      /* the host stack pointer then; 0 likewise */
    unsigned depth;    /* 0 for a fault of ordinary code, 1 for a fault inside [on_fault], ... */
} os_fault;

/* Faults deeper than this are not offered to [on_fault] but go straight to the previous handler, so
 * that a broken handler ends the process instead of hanging it. */
#define OS_FAULT_DEPTH_MAX 3u

/* Process-wide and reference-counted: the first install hooks the host's fault signals and chains
 * to what was there. [on_fault] runs on the faulting thread, on its alternate stack; it returns
 * false to pass the fault on to the previous handler, true to run the instruction again (after
 * having repaired what made it fault), or leaves by os_jump(). A handler that probes memory may set
 * an os_mark() of its own and will be entered again for the fault, with a greater depth.
 * [on_interrupt] runs on a thread hit by os_thread_interrupt(), also on its alternate stack; it may
 * leave by os_jump(), and may be entered again while it runs. Both must be async-signal-safe.
 * EBUSY when another pair of functions is installed already. */
int os_fault_install(bool (*on_fault)(const os_fault *fault), void (*on_interrupt)(void));
void os_fault_uninstall(void);
/* Gives the calling thread its alternate signal stack (needed to survive a host stack overflow) and
 * unblocks the signals used here. Calls nest; the last leave restores what the thread had. */
int os_fault_thread_enter(void);
void os_fault_thread_leave(void);
/* For a thread that has entered: puts back the alternate stack and the signal mask that
 * os_fault_thread_enter() left, whatever has run meanwhile. */
void os_fault_thread_renew(void);

/* A jump out of a fault handler or of guest code. os_mark() must be expanded in the frame that
 * stays alive; it is 0 first and the value given to os_jump() later. The signal mask is not saved:
 * the handlers above never change it, and saving it would cost a system call for every mark. */
typedef struct os_jump_buffer {
    jmp_buf state;
    unsigned depth;
} os_jump_buffer;
os_jump_buffer *os_mark_prepare(os_jump_buffer *buffer); /* for os_mark() only */
#define os_mark(buffer) setjmp(os_mark_prepare(buffer)->state)
noreturn void os_jump(os_jump_buffer *buffer, int value);

#endif
