/*
 * park.c - sleeping and waking of guest threads, and the border between guest and host mode.
 */
#include "diag/fault.h"
#include "heap/call_site.h"
#include "os/assert.h"
#include "thread/internal.h"
#include "thread/schedule.h"

#include <stdio.h>

/* ---- parking ----------------------------------------------------------------------------- */

uint32_t grt_thread_park_begin(grt_thread *thread)
{
    return __atomic_load_n(&thread->park_word, __ATOMIC_ACQUIRE);
}

/* Who wakes looks at the flag only after it has changed the word, and we at the word only after the
 * flag, all four in one order: one of the two sees it. */
static bool is_changed(const grt_thread *thread, uint32_t token)
{
    return __atomic_load_n(&thread->park_word, __ATOMIC_SEQ_CST) != token;
}

static bool sleep_while(grt_thread *thread, uint32_t token, uint64_t deadline_ns)
{
    return thread->scheduled ? grt_schedule_park(thread, token, deadline_ns)
                             : os_wait(&thread->park_word, token, deadline_ns);
}

/* A sleep costs so much more that the guest may as well see it. */
static void show_parked(grt_thread *thread, bool parked)
{
    atomic_store(&thread->parked, parked);
    grt_thread_show_byte(thread, GRT_KTHREAD_STATE,
                         parked ? GRT_KTHREAD_WAITING : GRT_KTHREAD_RUNNING);
}

bool grt_thread_park(grt_thread *thread, uint32_t token, uint64_t deadline_ns)
{
    GRT_ASSERT(!atomic_load_explicit(&thread->in_guest, memory_order_relaxed));
    /* A stop request changes the word after it has set the flag, so one of the two is seen. */
    if (atomic_load(&thread->stop_requested))
        return true;
    show_parked(thread, true);
    bool woken = is_changed(thread, token) || sleep_while(thread, token, deadline_ns);
    show_parked(thread, false);
    return woken || is_changed(thread, token);
}

void grt_thread_unpark(grt_thread *thread)
{
    __atomic_fetch_add(&thread->park_word, 1, __ATOMIC_SEQ_CST);
    if (thread->scheduled)
        grt_schedule_wake(thread);
    else if (atomic_load(&thread->parked)) /* else it will see the word: no call to the host */
        os_wake_all(&thread->park_word);
}

void grt_thread_yield(grt_thread *thread)
{
    if (thread->scheduled)
        grt_schedule_point(thread);
    else
        os_thread_yield();
}

/* ---- safe points ------------------------------------------------------------------------- */

void grt_thread_check_stop(grt_thread *thread)
{
    if (atomic_load_explicit(&thread->stop_requested, memory_order_acquire)) {
        atomic_store_explicit(&thread->in_guest, false, memory_order_relaxed);
        os_jump(&thread->unwind, GRT_UNWIND_STOP);
    }
}

void grt_thread_wait_resumed(grt_thread *thread)
{
    for (;;) {
        uint32_t token = grt_thread_park_begin(thread);
        grt_thread_check_stop(thread);
        if (atomic_load(&thread->suspend_count) == 0)
            return;
        grt_thread_park(thread, token, UINT64_MAX);
    }
}

void grt_thread_exit(grt_thread *thread, uint32_t exit_code)
{
    GRT_ASSERT(thread == grt_thread_current());
    thread->exit_code = exit_code;
    atomic_store_explicit(&thread->in_guest, false, memory_order_relaxed);
    os_jump(&thread->unwind, GRT_UNWIND_EXIT);
}

/* ---- the border -------------------------------------------------------------------------- */

void grt_thread_enter_guest(grt_thread *thread)
{
    if (atomic_load_explicit(&thread->suspend_count, memory_order_relaxed) != 0)
        grt_thread_wait_resumed(thread);
    /* First the mode, then the question: a stop requested after the question interrupts. */
    atomic_store_explicit(&thread->in_guest, true, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
    grt_thread_check_stop(thread);
}

void grt_thread_leave_guest(grt_thread *thread)
{
    atomic_store_explicit(&thread->in_guest, false, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
}

bool grt_host_begin(void)
{
    grt_thread *thread = grt_thread_current();
    if (thread == NULL || !atomic_load_explicit(&thread->in_guest, memory_order_relaxed))
        return false;
    grt_thread_leave_guest(thread);
    return true;
}

void grt_host_end(bool begun)
{
    if (begun)
        grt_thread_enter_guest(grt_thread_current());
}

/* Recursion that calls exports could use up the host's stack inside of one, where nobody can
 * unwind: it ends here, while there is room for an export and for the report. */
static void check_host_stack(grt_thread *thread)
{
    if ((uintptr_t)__builtin_frame_address(0) >= thread->host_stack_reserve)
        return;
    grt_fault_facts facts = {.id = GRT_FAULT_HOST_STACK_OVERFLOW};
    snprintf(facts.text, sizeof facts.text, "an export was called with less than %u bytes left",
             (unsigned)(thread->host_stack_reserve - thread->host_stack_low));
    grt_thread_fault(thread, &facts);
}

void grt_thread_enter_host(grt_thread *thread, grt_addr call_site)
{
    grt_thread_leave_guest(thread);
    check_host_stack(thread);
    __atomic_store_n(&thread->call_site, call_site, __ATOMIC_RELAXED);
    grt_set_call_site(call_site);
    if (__builtin_expect(thread->scheduled, 0))
        grt_schedule_point(thread);
}

void grt_thread_leave_host(grt_thread *thread)
{
    if (__builtin_expect(thread->scheduled, 0))
        grt_schedule_point(thread);
    if (atomic_load_explicit(&thread->attention, memory_order_acquire) & GRT_ATTEND_APC)
        thread->runtime->hooks.attend(thread);
    grt_set_call_site(0);
    grt_thread_enter_guest(thread);
}
