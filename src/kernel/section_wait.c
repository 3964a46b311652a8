/* section_wait.c - threads that wait for critical sections, and who wakes them. */
#include "kernel/held.h"
#include "kernel/state.h"

static void link_waiter(grt_sections *sections, grt_section_waiter *waiter)
{
    grt_section_bucket *bucket = grt_section_bucket_of(sections, waiter->section);
    waiter->previous = bucket->last;
    *(bucket->last ? &bucket->last->next : &bucket->first) = waiter;
    bucket->last = waiter;
    atomic_fetch_add(&bucket->waiters, 1);
}

static void unlink_waiter(grt_sections *sections, grt_section_waiter *waiter)
{
    grt_section_bucket *bucket = grt_section_bucket_of(sections, waiter->section);
    *(waiter->previous ? &waiter->previous->next : &bucket->first) = waiter->next;
    *(waiter->next ? &waiter->next->previous : &bucket->last) = waiter->previous;
    atomic_fetch_sub(&bucket->waiters, 1);
}

static grt_section_waiter *first_for(grt_sections *sections, grt_addr section)
{
    grt_section_waiter *waiter = grt_section_bucket_of(sections, section)->first;
    while (waiter && waiter->section != section)
        waiter = waiter->next;
    return waiter;
}

/* The waiter's thread, with a reference, if it needs a wake-up: one that was woken and has not
 * tried since needs no other. The wake-up itself comes after the lock, which the thread will want.
 */
static grt_thread *mark_woken(grt_section_waiter *waiter)
{
    if (!waiter || waiter->woken)
        return NULL;
    waiter->woken = true;
    grt_thread_acquire(waiter->thread);
    return waiter->thread;
}

static void wake(grt_thread *thread)
{
    if (!thread)
        return;
    grt_thread_unpark(thread);
    grt_thread_release(thread);
}

void grt_section_wake(grt_sections *sections, grt_addr section)
{
    os_mutex_lock(&sections->lock);
    grt_thread *thread = mark_woken(first_for(sections, section));
    os_mutex_unlock(&sections->lock);
    wake(thread);
}

void grt_section_pass_on(grt_call *call, grt_addr section)
{
    grt_sections *sections = &call->kernel->sections;
    uint32_t self = call->thread->kthread, found = 0;
    os_mutex_lock(&sections->lock);
    grt_section_waiter *waiter = first_for(sections, section);
    bool hand_over = waiter && waiter->lost >= GRT_SECTION_PATIENCE;
    uint32_t owner = hand_over ? waiter->thread->kthread : 0;
    /* The waiter looks at its list only under this lock, or as a guest. */
    bool listed = hand_over && grt_held_push(&waiter->thread->held, section);
    bool done =
        grt_guest_exchange32(call->runtime, section + GRT_SECTION_OWNER, self, owner, &found);
    if (done && found == self && hand_over)
        waiter->granted = true;
    else if (hand_over)
        grt_held_take_back(&waiter->thread->held, listed);
    /* In any case: if the word is not as it should be, the waiter will see that. */
    grt_thread *thread = mark_woken(waiter);
    os_mutex_unlock(&sections->lock);
    wake(thread);
}

/* ---- waiting ------------------------------------------------------------------------------- */

/* The owner, unless the waiter is that itself by now. */
static void holders(grt_runtime *runtime, const grt_blocked *blocked, grt_holders *holders)
{
    grt_sections *sections = &runtime->kernel->sections;
    const grt_section_waiter *waiter = blocked->waiter;
    uint32_t owner = 0;
    os_mutex_lock(&sections->lock);
    if (!waiter->granted)
        grt_guest_load32(runtime, blocked->lock + GRT_SECTION_OWNER, &owner);
    os_mutex_unlock(&sections->lock);
    if (owner != 0 && owner != blocked->thread->kthread)
        grt_holders_add(holders, 0, owner);
}

/* Not just by the word. */
static bool holds(const grt_blocked *blocked, const grt_thread *thread)
{
    return grt_held_has(&thread->held, blocked->lock);
}

static const grt_lock_kind section_kind = {holders, holds, "for section", "owns"};

static void join(grt_sections *sections, grt_section_waiter *waiter)
{
    os_mutex_lock(&sections->lock);
    link_waiter(sections, waiter);
    os_mutex_unlock(&sections->lock);
}

typedef enum turn { MINE, NOT_YET, GONE } turn;

/* One try of a waiter; it is unlinked unless the answer is NOT_YET. [*owner] is the word then. */
static turn try_turn(grt_call *call, grt_section_waiter *waiter, uint32_t *owner)
{
    grt_sections *sections = &call->kernel->sections;
    grt_thread *thread = NULL;
    turn answer = MINE;
    os_mutex_lock(&sections->lock);
    if (waiter->woken) {
        waiter->woken = false;
        waiter->lost++;
    }
    if (!waiter->granted && first_for(sections, waiter->section) != waiter) {
        *owner = 0;
        answer = atomic_load(&call->thread->stop_requested) ? GONE : NOT_YET;
    } else if (!waiter->granted) {
        bool there = grt_section_take(call, waiter->section, owner);
        answer = !there || atomic_load(&call->thread->stop_requested) ? GONE
                 : *owner == 0                                        ? MINE
                                                                      : NOT_YET;
    }
    if (answer != NOT_YET)
        unlink_waiter(sections, waiter);
    /* The wake-up may have been the only one, and the others must see for themselves. */
    if (answer == GONE)
        thread = mark_woken(first_for(sections, waiter->section));
    os_mutex_unlock(&sections->lock);
    wake(thread);
    return answer;
}

grt_section_answer grt_section_wait(grt_call *call, grt_addr section)
{
    grt_section_waiter waiter = {.thread = call->thread, .section = section};
    uint32_t owner = 0, judged = 0;
    grt_blocked blocked = {.thread = call->thread,
                           .kind = &section_kind,
                           .waiter = &waiter,
                           .lock = section,
                           .call_site = call->call_site};
    turn answer;
    join(&call->kernel->sections, &waiter);
    grt_deadlock_enter(&blocked);
    for (;;) {
        uint32_t token = grt_thread_park_begin(call->thread);
        answer = try_turn(call, &waiter, &owner);
        if (answer != NOT_YET)
            break;
        if (owner == judged)
            grt_thread_park(call->thread, token, UINT64_MAX);
        else if (!grt_section_free_if_nobodys(call, section, owner))
            judged = owner;
    }
    grt_deadlock_leave(&blocked);
    grt_thread_check_stop(call->thread);
    return answer == MINE ? grt_section_begin(call, section) : grt_section_refuse(call, section);
}
