/* internal.h - what the files of the thread room share with each other only. */
#ifndef GRT_THREAD_INTERNAL_H
#define GRT_THREAD_INTERNAL_H

#include "thread/core.h"
#include "thread/layout.h"

/* ---- current.c --------------------------------------------------------------------------- */

void grt_thread_set_current(grt_thread *thread);

/* While the calling thread copies to or from [low, high), a fault there jumps to [jump]. */
typedef struct grt_copy_guard {
    os_jump_buffer jump;
    uintptr_t low, high;
} grt_copy_guard;
void grt_copy_guard_set(grt_copy_guard *guard);

/* True iff the host address is the guest's, or so close behind its end that a wide access to its
 * last byte led there. */
bool grt_in_window(const grt_runtime *runtime, uintptr_t address);

/* The handlers for os_fault_install(). */
bool grt_on_fault(const os_fault *fault);
void grt_on_interrupt(void);

/* ---- context.c, context_init.c ----------------------------------------------------------- */

/* Takes a context from the cache, the heap, or the oldest ended thread; null when there is none,
 * then the cause is in [*failure]. */
grt_context_block *grt_context_acquire(grt_runtime *runtime, uint32_t stack_size,
                                       grt_status *failure);
/* Puts a context into the cache or back into the heap. Its thread no longer runs. */
void grt_context_release(grt_runtime *runtime, grt_context_block *context);
/* The thread has ended: its context stays readable for the guest as long as the record is
 * referenced and memory is not short. */
void grt_context_keep_ended(grt_thread *thread);
/* The record of an ended thread goes away, and its context into the cache. */
void grt_context_detach(grt_thread *thread);
/* find.c: a record can be found by id and thread block; by its block no more, since its context is
 * about to be another's; by its id no more either. threads_lock is held. */
void grt_index_add(grt_thread *thread);
void grt_index_lose_kthread(grt_thread *thread);
void grt_index_remove(grt_thread *thread);

/* Frees what the cache holds. */
void grt_context_cache_clear(grt_runtime *runtime);
/* Bytes of guest heap that a context with this stack takes. */
uint32_t grt_context_block_size(const grt_runtime *runtime, uint32_t stack_size);
/* context_report.c: says on the log why a thread gets no context. */
void grt_context_report_failure(grt_runtime *runtime, uint32_t stack_size, uint32_t thread_id,
                                grt_status status);

/* Writes the thread's guest-visible blocks and its first register context. False when the guest
 * made the memory inaccessible meanwhile. */
bool grt_context_init(grt_thread *thread);
/* 100 ns since 1601. */
uint64_t grt_filetime_now(const grt_runtime *runtime);

/* ---- tls.c ------------------------------------------------------------------------------- */

/* The bytes, zero so far, of a new thread's TLS block between the other parts. threads_lock is
 * held.
 */
void grt_tls_init(grt_runtime *runtime, uint8_t *tls);
/* Fills a TLS block of its own, when there is one. False when the guest made the memory
 * inaccessible. threads_lock is held. */
bool grt_tls_init_extra(grt_runtime *runtime, const grt_context_block *context);

/* ---- stack.c ----------------------------------------------------------------------------- */

/* What a stack of [size] bytes, at most GRT_MAX_STACK_SIZE, really gets: whole pages. */
uint32_t grt_stack_round(uint32_t size);
/* Sets the access to both guards of a stack: the one that starts at [below], and the one at
 * [above], its base. */
grt_status grt_stack_guard(grt_runtime *runtime, grt_addr below, grt_addr above, grt_access access);

/* Zeroes a context's stack, where what was not touched is not touched now either, and its blocks.
 * False when the host refuses. No lock is needed: the context is the caller's. */
bool grt_stack_clean(grt_runtime *runtime, grt_context_block *context);
/* Bytes from the stack's base down to the lowest one that is not zero. One system call, and a look
 * at the pages that are resident. Under threads_lock, or on the thread itself. */
uint32_t grt_stack_used(grt_runtime *runtime, const grt_context_block *context);

/* ---- kernel_stack.c ---------------------------------------------------------------------- */

/* True iff [block] is a stack that grt_stack_create() gave out. threads_lock is held. */
bool grt_stack_is(const grt_runtime *runtime, grt_addr block);
/* Frees those that are left. */
void grt_stacks_free(grt_runtime *runtime);

/* ---- process.c ----------------------------------------------------------------------------- */

/* The KPROCESS blocks. */
grt_status grt_processes_create(grt_runtime *runtime);
/* Both: threads_lock is held. A thread enters and leaves the list that the guest sees. */
void grt_process_link(grt_thread *thread);
void grt_process_unlink(grt_thread *thread);
/* Shows the guest what the TLS blocks are made of and which slots are free. threads_lock is held.
 */
void grt_process_show_tls(grt_runtime *runtime);

/* ---- pool.c -------------------------------------------------------------------------------- */

/* Runs grt_thread_main([thread]) on a host thread, one that is idle or a new one; it takes over a
 * reference if that succeeds. 0 or the host's errno. No lock is held. */
int grt_pool_start(grt_thread *thread);
/* The worker's guest thread has ended: it waits for another one, or goes. Returns one that is to be
 * dismissed in its place, without the lock; or null. threads_lock is held. */
struct grt_worker *grt_pool_settle(struct grt_worker *worker);
void grt_pool_dismiss(struct grt_worker *worker);
/* Joins host threads that have gone. No lock is held. */
void grt_pool_reap(grt_runtime *runtime);
/* Ends and joins all host threads; every guest thread has ended or will. */
void grt_pool_drain(grt_runtime *runtime);

/* Host stack that is kept for exports and reports. */
#define GRT_HOST_STACK_RESERVE 0x20000u

/* ---- record.c, thread.c, park.c and the rest ----------------------------------------------- */

/* A record with one reference for the caller, a context and an initialised register context, listed
 * in the runtime. */
grt_status grt_thread_record_create(grt_runtime *runtime, const grt_thread_config *config,
                                    bool foreign, grt_thread **thread);
/* A reference unless the last one is just going away. threads_lock is held. */
bool grt_thread_try_acquire(grt_thread *thread);

/* A guest thread from its start to its end, on the calling host thread; [able] says that the host
 * thread can handle faults. */
void grt_thread_main(grt_thread *thread, bool able);
/* announce.c: the embedder's functions of the configuration; outside all locks. */
void grt_thread_announce_start(grt_thread *thread);
void grt_thread_announce_end(grt_thread *thread);
/* priority.c: asks the host to schedule the thread as the guest wants it, if the configuration says
 * so. thread->lock is held. */
void grt_thread_retune(grt_thread *thread);
/* The priority that a base increment gives; the processor that a mask, not 0, puts a thread on. */
uint8_t grt_priority_of(int32_t increment);
uint32_t grt_cpu_of(uint32_t mask);
/* The last reference is gone. No lock is held. */
void grt_thread_free(grt_thread *thread);

/* After the guest code has come back with [unwind]: reports, tells the kernel. */
void grt_thread_finish(grt_thread *thread, grt_unwind unwind);
/* The last step of a thread: whoever joins it goes on, the next one runs, and the caller's
 * reference is given back. [worker] is the host thread that it ran on, which takes the next; null:
 * borrowed.
 */
void grt_thread_end(grt_thread *thread, struct grt_worker *worker);

/* Enters and leaves generated code on the current thread. Entering is a safe point. */
void grt_thread_enter_guest(grt_thread *thread);
void grt_thread_leave_guest(grt_thread *thread);

/* Parks while the suspend count is not 0. A stop request unwinds. */
void grt_thread_wait_resumed(grt_thread *thread);
/* Asks one thread to end. threads_lock is held. */
void grt_thread_request_stop(grt_thread *thread);

/* After GRT_UNWIND_FAULT: turns thread->host_fault into a report and applies the policy. */
void grt_thread_report_host_fault(grt_thread *thread);

void grt_setjmp_free(grt_thread *thread);

/* The calling host thread's lowest stack address; remembered, since asking the host is slow. */
uintptr_t grt_host_stack_low(void);

#endif
