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
/* Frees what the cache holds. */
void grt_context_cache_clear(grt_runtime *runtime);
/* Says on the log why a thread gets no context. */
void grt_context_report_failure(grt_runtime *runtime, uint32_t stack_size, uint32_t thread_id,
                                grt_status status);

/* Writes the thread's guest-visible blocks and its first register context. False when the guest
 * made the memory inaccessible meanwhile. */
bool grt_context_init(grt_thread *thread);
/* The words of a new thread's TLS block. threads_lock is held. */
void grt_tls_init(grt_runtime *runtime, uint8_t *tls);

/* Host stack that is kept for exports and reports. */
#define GRT_HOST_STACK_RESERVE 0x20000u

/* ---- thread.c ---------------------------------------------------------------------------- */

/* A record with one reference for the caller, a context and an initialised register context, listed
 * in the runtime. */
grt_status grt_thread_record_create(grt_runtime *runtime, const grt_thread_config *config,
                                    bool foreign, grt_thread **thread);
/* A reference unless the last one is just going away. threads_lock is held. */
bool grt_thread_try_acquire(grt_thread *thread);

/* After the guest code has come back with [unwind]: reports, tells the kernel. */
void grt_thread_finish(grt_thread *thread, grt_unwind unwind);
/* The last step of a thread: wakes those who joined it, and lets the next one run. */
void grt_thread_end_turn(grt_thread *thread);

/* Joins the host threads of ended guest threads. No lock is held. */
void grt_threads_reap(grt_runtime *runtime);

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
