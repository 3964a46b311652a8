/*
 * wait.c - waiting for one, any or all of several objects.
 *
 * A waiter is let through by whoever signals: that thread takes what the waiter asked for on its
 * behalf, under the lock, and marks the wait done. So an auto-reset event set once lets exactly one
 * thread through, a wait for all takes either everything or nothing, and no wake-up can be lost:
 * a waiter is either linked when the signal comes or sees the state before it links itself.
 *
 * A wait for any is linked to all of its objects. A wait for all is linked to one that is not
 * signalled: nothing can let it through before that one is. When it is, the wait is either done or
 * moves on to another object that is not signalled. So what a signal costs does not grow with the
 * waits that it does not let through, but for those that move, and those leave the object for good.
 * Waiters of an object are kept in the order in which they came, also when they move.
 */
#include "kernel/mutant.h"
#include "kernel/queue.h"

#include "os/assert.h"
#include <string.h>

#define ALREADY_MANY 0x7FFFFFFFu

static bool is_done(const grt_wait *wait)
{
    return atomic_load_explicit(&wait->done, memory_order_acquire);
}

/* ---- taking ---------------------------------------------------------------------------------- */

static bool is_signalled(grt_dispatch *dispatch, grt_object *object, const grt_thread *thread)
{
    grt_object_load(dispatch, object);
    if (object->kind == GRT_OBJECT_MUTANT && object->owner == thread)
        return object->depth < ALREADY_MANY;
    return object->state > 0;
}

static uint32_t take_mutant(grt_dispatch *dispatch, grt_object *mutant, grt_thread *thread)
{
    bool abandoned = mutant->abandoned;
    mutant->abandoned = false;
    grt_mutant_take(dispatch, mutant, thread);
    return abandoned ? GRT_NT_ABANDONED_WAIT_0 : GRT_NT_SUCCESS;
}

/* Entry and answer. */
static void take_entry(grt_dispatch *dispatch, grt_object *queue, grt_wait *wait)
{
    grt_addr entry;
    grt_queue_answer answer = grt_queue_take(dispatch, queue, &entry);
    wait->packet[0] = entry;
    wait->packet[1] = answer;
    if (answer == GRT_QUEUE_OK)
        queue->state--;
    else if (answer == GRT_QUEUE_DAMAGED)
        queue->state = 0;
}

static void take_packet(grt_dispatch *dispatch, grt_object *queue, grt_wait *wait)
{
    if (grt_queue_is(queue)) {
        take_entry(dispatch, queue, wait);
        return;
    }
    grt_packet *packet = queue->packets;
    GRT_ASSERT(packet);
    queue->packets = packet->next;
    memcpy(wait->packet, packet->words, sizeof wait->packet);
    os_free(packet);
    queue->state--;
}

/* Takes what getting through costs. Returns the status to add to the index. */
static uint32_t consume(grt_dispatch *dispatch, grt_object *object, grt_wait *wait)
{
    if (object->kind == GRT_OBJECT_MUTANT)
        return take_mutant(dispatch, object, wait->thread);
    if (object->kind == GRT_OBJECT_QUEUE && wait->takes_packet)
        take_packet(dispatch, object, wait);
    else if (object->kind == GRT_OBJECT_SEMAPHORE)
        object->state--;
    else if (object->auto_reset)
        object->state = 0;
    else
        return GRT_NT_SUCCESS;
    grt_object_store(dispatch, object);
    return GRT_NT_SUCCESS;
}

/* The index of the first object that keeps a wait for all waiting; [count] if none does. */
static uint32_t first_missing(grt_dispatch *dispatch, const grt_wait *wait)
{
    uint32_t i = 0;
    while (i < wait->count && is_signalled(dispatch, wait->links[i].object, wait->thread))
        i++;
    return i;
}

static void take_all(grt_dispatch *dispatch, grt_wait *wait)
{
    wait->result = GRT_NT_SUCCESS;
    for (uint32_t i = 0; i < wait->count; i++) {
        uint32_t status = consume(dispatch, wait->links[i].object, wait);
        if (status != GRT_NT_SUCCESS)
            wait->result = status;
    }
}

static bool try_any(grt_dispatch *dispatch, grt_wait *wait)
{
    for (uint32_t i = 0; i < wait->count; i++) {
        if (is_signalled(dispatch, wait->links[i].object, wait->thread)) {
            wait->result = consume(dispatch, wait->links[i].object, wait) + i;
            return true;
        }
    }
    return false;
}

static bool try_now(grt_dispatch *dispatch, grt_wait *wait)
{
    if (!wait->all)
        return try_any(dispatch, wait);
    if (first_missing(dispatch, wait) < wait->count)
        return false;
    take_all(dispatch, wait);
    return true;
}

/* ---- being linked ---------------------------------------------------------------------------- */

/* The first link that came after [order]; of a wait that names an object twice, the lower index
 * comes first. Who arrives comes after all others; who moves has mostly been here longer than
 * they. */
static grt_wait_link *first_later(grt_dispatch *dispatch, const grt_object *object, uint64_t order)
{
    if (!object->last || object->last->wait->order <= order)
        return NULL;
    grt_wait_link *link = object->first;
    for (; link->wait->order <= order; link = link->next)
        dispatch->steps++;
    return link;
}

static void link_to(grt_dispatch *dispatch, grt_wait *wait, uint32_t index)
{
    grt_wait_link *link = &wait->links[index];
    grt_object *object = link->object;
    grt_wait_link *after = first_later(dispatch, object, wait->order);
    grt_wait_link *before = after ? after->previous : object->last;
    link->wait = wait;
    link->linked = true;
    link->previous = before;
    link->next = after;
    *(before ? &before->next : &object->first) = link;
    *(after ? &after->previous : &object->last) = link;
    if (!before && !after)
        grt_object_mark_waited(dispatch, object);
}

static void unlink_from(grt_dispatch *dispatch, grt_wait_link *link)
{
    if (!link->linked)
        return;
    grt_object *object = link->object;
    *(link->previous ? &link->previous->next : &object->first) = link->next;
    *(link->next ? &link->next->previous : &object->last) = link->previous;
    link->linked = false;
    if (!object->first)
        grt_object_mark_waited(dispatch, object);
}

/* False when there is nothing to wait for any more: inlined guest code changes bodies without the
 * lock. */
static bool link_waiter(grt_dispatch *dispatch, grt_wait *wait)
{
    uint32_t missing = wait->all ? first_missing(dispatch, wait) : 0;
    if (wait->all && missing == wait->count)
        return false;
    for (uint32_t i = 0; i < wait->count; i++)
        wait->links[i].linked = false;
    dispatch->waits++;
    dispatch->waiting++;
    wait->order = ++dispatch->order;
    wait->thread->kernel.wait = wait;
    for (uint32_t i = 0; i < wait->count; i++) {
        if (!wait->all || i == missing)
            link_to(dispatch, wait, i);
    }
    return true;
}

static void unlink_waiter(grt_dispatch *dispatch, grt_wait *wait)
{
    for (uint32_t i = 0; i < wait->count; i++)
        unlink_from(dispatch, &wait->links[i]);
    wait->thread->kernel.wait = NULL;
    dispatch->waiting--;
}

static void release_objects(grt_dispatch *dispatch, grt_wait *wait)
{
    for (uint32_t i = 0; i < wait->count; i++)
        grt_object_release(dispatch, wait->links[i].object);
}

/* ---- letting through ------------------------------------------------------------------------- */

/* The wait is the waiting thread's again as soon as it is done. */
static void finish(grt_dispatch *dispatch, grt_wait *wait)
{
    grt_thread *thread = wait->thread;
    unlink_waiter(dispatch, wait);
    release_objects(dispatch, wait);
    atomic_store_explicit(&wait->done, true, memory_order_release);
    /* Only now: who is woken looks once. The thread cannot end before the lock is released. */
    grt_dispatch_wake(dispatch, thread);
}

/* A wait for all, of which one more object is signalled. */
static void advance(grt_dispatch *dispatch, grt_wait *wait, grt_wait_link *link)
{
    uint32_t missing = first_missing(dispatch, wait);
    if (missing == wait->count) {
        take_all(dispatch, wait);
        finish(dispatch, wait);
        return;
    }
    if (wait->links[missing].object == link->object)
        return; /* inlined guest code has cleared it meanwhile: its state says so now */
    unlink_from(dispatch, link);
    link_to(dispatch, wait, missing);
}

void grt_object_signalled(grt_dispatch *dispatch, grt_object *object)
{
    /* Every turn takes the first link away from the object, or has seen it cleared: so this ends.
     */
    object->references++; /* the last waiter may take it along */
    while (object->first && object->state > 0) {
        grt_wait_link *link = object->first;
        grt_wait *wait = link->wait;
        dispatch->steps++;
        if (wait->all) {
            advance(dispatch, wait, link);
            continue;
        }
        uint32_t index = (uint32_t)(link - wait->links);
        wait->result = consume(dispatch, object, wait) + index;
        finish(dispatch, wait);
    }
    grt_object_release(dispatch, object);
}

/* ---- waiting --------------------------------------------------------------------------------- */

/* What is known without sleeping, in the console's order: the objects, then alerts, then time. */
static bool settled(grt_dispatch *dispatch, grt_wait *wait)
{
    if (wait->count > 0 && try_now(dispatch, wait))
        return true;
    if (wait->alertable && grt_apc_alerted(wait->thread, &wait->result))
        return true;
    wait->result = GRT_NT_TIMEOUT;
    return wait->deadline == 0 || grt_dispatch_clock(dispatch) >= wait->deadline ||
           atomic_load(&wait->thread->stop_requested);
}

/* Sleeps until the wait is done, interrupted, or late, or the thread is to stop. Spurious wake-ups
 * do no harm. */
static void sleep_until_done(grt_wait *wait)
{
    grt_thread *thread = wait->thread;
    for (bool in_time = true; in_time;) {
        uint32_t token = grt_thread_park_begin(thread);
        if (is_done(wait) || atomic_load(&wait->interrupted) ||
            atomic_load(&thread->stop_requested))
            return;
        in_time = grt_thread_park(thread, token, wait->deadline);
    }
}

/* True when the wait is done; then the lock is free and the objects are given back, else it is held
 * and the wait is no longer linked. */
static bool slept_through(grt_dispatch *dispatch, grt_wait *wait)
{
    grt_blocked blocked;
    atomic_store(&wait->interrupted, false);
    if (!link_waiter(dispatch, wait))
        return false;
    bool by_mutant = grt_mutant_blocks(wait, &blocked);
    grt_dispatch_unlock(dispatch);
    if (by_mutant)
        grt_deadlock_enter(&blocked);
    sleep_until_done(wait);
    if (by_mutant) {
        grt_deadlock_leave(&blocked);
        wait->circle_said = blocked.said;
    }
    if (is_done(wait))
        return true;
    grt_dispatch_lock(dispatch);
    if (is_done(wait)) {
        grt_dispatch_unlock(dispatch);
        return true;
    }
    unlink_waiter(dispatch, wait);
    return false;
}

/* Kernel APCs and DPCs run in the middle of a wait, which then begins again. Guest code may never
 * come back, so meanwhile the thread's record keeps what the wait has. False when none ran. */
static bool run_calls(grt_dispatch *dispatch, grt_wait *wait)
{
    grt_wait_kept *kept = os_alloc(sizeof *kept);
    if (!kept) /* they have to wait as well */
        return false;
    grt_thread *thread = wait->thread;
    for (kept->count = 0; kept->count < wait->count; kept->count++)
        kept->objects[kept->count] = wait->links[kept->count].object;
    kept->next = thread->kernel.kept;
    thread->kernel.kept = kept;
    grt_dispatch_unlock(dispatch);
    grt_apc_deliver_kernel(dispatch, thread);
    grt_dpc_run(dispatch);
    grt_dispatch_lock(dispatch);
    thread->kernel.kept = kept->next;
    os_free(kept);
    return true;
}

static uint32_t conclude(grt_dispatch *dispatch, grt_wait *wait)
{
    grt_thread_check_stop(wait->thread);
    if (wait->result == GRT_NT_USER_APC)
        grt_apc_deliver_user(dispatch, wait->thread);
    return wait->result;
}

/* The links are not touched: they are many. */
void grt_wait_init(grt_wait *wait, grt_thread *thread, bool alertable, uint64_t deadline)
{
    wait->thread = thread;
    wait->count = 0;
    wait->all = false;
    wait->alertable = alertable;
    wait->takes_packet = false;
    wait->circle_said = false;
    wait->deadline = deadline;
}

uint32_t grt_wait_locked(grt_dispatch *dispatch, grt_wait *wait)
{
    GRT_ASSERT(wait->count <= GRT_WAIT_OBJECTS_MAX);
    atomic_init(&wait->done, false);
    atomic_init(&wait->interrupted, false);
    while (!settled(dispatch, wait)) {
        bool due = grt_apc_due(wait->thread) || grt_dpc_due(dispatch, wait->thread);
        if (due && run_calls(dispatch, wait))
            continue;
        if (slept_through(dispatch, wait))
            return conclude(dispatch, wait);
    }
    release_objects(dispatch, wait);
    grt_dispatch_unlock(dispatch);
    return conclude(dispatch, wait);
}

uint32_t grt_wait_sleep(grt_dispatch *dispatch, grt_thread *thread, bool alertable,
                        uint64_t deadline)
{
    grt_wait wait;
    grt_wait_init(&wait, thread, alertable, deadline);
    grt_dispatch_lock(dispatch);
    uint32_t status = grt_wait_locked(dispatch, &wait);
    return status == GRT_NT_TIMEOUT ? GRT_NT_SUCCESS : status;
}
