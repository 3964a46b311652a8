/*
 * current.c - which guest thread the calling host thread is, and what the host's fault and
 * interrupt handlers do with that.
 *
 * The handlers only note what happened and jump to the thread's outermost frame: the report is
 * written there, on an ordinary stack and outside the handler, where locks and the host's libraries
 * may be used.
 */
#include "diag/fault.h"
#include "diag/log.h"
#include "heap/call_site.h"
#include "thread/internal.h"

#include <stdio.h>

/* A handler must not allocate: this storage model never does. */
#define GRT_THREAD_LOCAL _Thread_local __attribute__((tls_model("initial-exec")))

static GRT_THREAD_LOCAL grt_thread *current;
static GRT_THREAD_LOCAL grt_copy_guard *copy_guard;
static GRT_THREAD_LOCAL uintptr_t stack_low;

/* How far below the lowest stack address a fault still counts as an overflow: a frame larger than
 * this would have to skip the guard without touching it. */
#define STACK_FAULT_REACH 0x100000u

grt_thread *grt_thread_current(void)
{
    return current;
}

grt_ppc *grt_ppc_current(void)
{
    return current != NULL ? &current->ppc : NULL;
}

void grt_thread_set_current(grt_thread *thread)
{
    current = thread;
    grt_set_calling_thread(thread != NULL ? thread->id : 0);
}

void grt_copy_guard_set(grt_copy_guard *guard)
{
    atomic_signal_fence(memory_order_seq_cst);
    copy_guard = guard;
    atomic_signal_fence(memory_order_seq_cst);
}

uintptr_t grt_host_stack_low(void)
{
    if (stack_low == 0) {
        size_t size;
        os_thread_stack(&stack_low, &size);
    }
    return stack_low;
}

bool grt_in_window(const grt_runtime *runtime, uintptr_t address)
{
    uintptr_t base = (uintptr_t)runtime->base;
    return address >= base && address - base < GRT_WINDOW_SIZE + GRT_PAGE_SIZE;
}

static bool is_stack_overflow(const grt_thread *thread, uintptr_t address)
{
    uintptr_t low = thread->host_stack_low;
    return low != 0 && address < low + GRT_PAGE_SIZE && address >= low - STACK_FAULT_REACH;
}

/* Guest code can raise these; anything else in guest mode is host code that the guest called. */
static bool is_guest_fault(const grt_thread *thread, const os_fault *fault)
{
    if (fault->kind != OS_FAULT_ACCESS)
        return true;
    return grt_in_window(thread->runtime, fault->address) ||
           is_stack_overflow(thread, fault->address);
}

/* Host code faulted on a guest thread: it may hold locks, so nobody can unwind it. One line says
 * what the guest was doing, then the process's own handling takes its course. */
static void note_host_fault(const grt_thread *thread, const os_fault *fault)
{
    const grt_runtime *runtime = thread->runtime;
    char where[64] = "";
    if (fault->kind == OS_FAULT_ACCESS && grt_in_window(runtime, fault->address))
        snprintf(where, sizeof where, ", guest address %08X",
                 (grt_addr)(fault->address - (uintptr_t)runtime->base));
    char symbol[96];
    grt_runtime_symbol(runtime, thread->call_site, symbol, sizeof symbol);
    grt_log_line(&runtime->config.log, GRT_LOG_ERROR, "FAULT",
                 "SUMMARY GRT-F%03u %s: thread " GRT_THREAD_FORMAT
                 ": %s: host address %p%s, host pc %p, last called from %08X %s; %s",
                 (unsigned)GRT_FAULT_HOST_CODE, grt_fault_name(GRT_FAULT_HOST_CODE),
                 GRT_THREAD_ARGUMENTS(thread), grt_fault_sentence(GRT_FAULT_HOST_CODE),
                 (void *)fault->address, where, (void *)fault->pc, thread->call_site, symbol,
                 grt_fault_remedy(GRT_FAULT_HOST_CODE));
}

bool grt_on_fault(const os_fault *fault)
{
    grt_copy_guard *guard = copy_guard;
    if (guard != NULL && fault->kind == OS_FAULT_ACCESS && fault->address >= guard->low &&
        fault->address < guard->high) {
        copy_guard = NULL;
        os_jump(&guard->jump, 1);
    }
    grt_thread *thread = current;
    if (thread == NULL)
        return false;
    if (!atomic_load_explicit(&thread->in_guest, memory_order_relaxed) ||
        !is_guest_fault(thread, fault)) {
        if (fault->depth == 0)
            note_host_fault(thread, fault);
        return false;
    }
    thread->host_fault = *fault;
    atomic_store_explicit(&thread->in_guest, false, memory_order_relaxed);
    os_jump(&thread->unwind, GRT_UNWIND_FAULT);
}

void grt_on_interrupt(void)
{
    grt_thread *thread = current;
    if (thread == NULL || !atomic_load_explicit(&thread->in_guest, memory_order_relaxed) ||
        !atomic_load_explicit(&thread->stop_requested, memory_order_relaxed))
        return;
    atomic_store_explicit(&thread->in_guest, false, memory_order_relaxed);
    os_jump(&thread->unwind, GRT_UNWIND_STOP);
}
