/*
 * timer.c - armed timers, in a pairing heap: the earliest is on top, arming and cancelling allocate
 * nothing.
 */
#include "kernel/call.h"

/* ---- the heap -------------------------------------------------------------------------------- */

/* Makes the later of two roots the first child of the earlier one. Equal times keep their order. */
static grt_object *meld(grt_object *a, grt_object *b)
{
    if (!a || !b)
        return a ? a : b;
    if (b->timer.due < a->timer.due) {
        grt_object *swap = a;
        a = b;
        b = swap;
    }
    b->timer.previous = a;
    b->timer.sibling = a->timer.child;
    if (b->timer.sibling)
        b->timer.sibling->timer.previous = b;
    a->timer.child = b;
    return a;
}

/* One heap out of a list of siblings: in pairs from the left, then all of those from the right. */
static grt_object *meld_siblings(grt_object *first)
{
    grt_object *pairs = NULL;
    while (first) {
        grt_object *second = first->timer.sibling;
        grt_object *rest = second ? second->timer.sibling : NULL;
        first->timer.sibling = NULL;
        if (second)
            second->timer.sibling = NULL;
        grt_object *pair = meld(first, second);
        pair->timer.sibling = pairs;
        pairs = pair;
        first = rest;
    }
    grt_object *heap = NULL;
    while (pairs) {
        grt_object *next = pairs->timer.sibling;
        pairs->timer.sibling = NULL;
        heap = meld(pairs, heap);
        pairs = next;
    }
    return heap;
}

static void insert(grt_dispatch *dispatch, grt_object *timer)
{
    timer->timer.child = timer->timer.sibling = timer->timer.previous = NULL;
    dispatch->timers = meld(dispatch->timers, timer);
    timer->timer.armed = true;
}

static void extract(grt_dispatch *dispatch, grt_object *object)
{
    grt_timer *timer = &object->timer;
    grt_object *children = meld_siblings(timer->child);
    timer->child = NULL;
    if (dispatch->timers == object) {
        dispatch->timers = children;
    } else {
        bool eldest = timer->previous->timer.child == object;
        *(eldest ? &timer->previous->timer.child : &timer->previous->timer.sibling) =
            timer->sibling;
        if (timer->sibling)
            timer->sibling->timer.previous = timer->previous;
        dispatch->timers = meld(dispatch->timers, children);
    }
    if (dispatch->timers)
        dispatch->timers->timer.previous = NULL;
    timer->sibling = timer->previous = NULL;
    timer->armed = false;
}

/* ---- firing ---------------------------------------------------------------------------------- */

static void queue_apc(grt_dispatch *dispatch, grt_object *object)
{
    const grt_timer *timer = &object->timer;
    uint64_t now = grt_kernel_time(dispatch->runtime);
    bool no_memory;
    grt_apc apc = {.kapc = 0,
                   .normal_routine = timer->apc_routine,
                   .context = timer->apc_context,
                   .arguments = {(uint32_t)now, (uint32_t)(now >> 32)},
                   .mode = timer->apc_mode,
                   .timer = object};
    if (timer->apc_thread)
        grt_apc_queue(dispatch, timer->apc_thread, &apc, &no_memory);
}

static void queue_dpc(grt_dispatch *dispatch, const grt_timer *timer)
{
    uint64_t now = grt_kernel_time(dispatch->runtime);
    bool no_memory;
    if (timer->dpc)
        grt_dpc_queue(dispatch, NULL, timer->dpc, (uint32_t)now, (uint32_t)(now >> 32), &no_memory);
}

static void show_armed(const grt_dispatch *dispatch, const grt_object *object)
{
    uint8_t armed = object->timer.armed;
    if (object->body)
        grt_guest_write(dispatch->runtime, object->body + GRT_BODY_INSERTED, &armed, 1);
}

static void let_go(grt_dispatch *dispatch, grt_object *object)
{
    if (!object->timer.held)
        return;
    object->timer.held = false;
    grt_object_release(dispatch, object);
}

/* The guest gave the memory of an armed timer back, or uses it for something else: it is left
 * alone. */
static void lose(grt_dispatch *dispatch, grt_object *object)
{
    dispatch->lost_timer = object->body;
    grt_object_set_body(dispatch, object, 0);
    let_go(dispatch, object);
}

/* Signals the timer; a periodic one is armed for the next time that lies ahead. */
static void fire(grt_dispatch *dispatch, grt_object *object, uint64_t now)
{
    grt_timer *timer = &object->timer;
    if (!grt_object_is_there(dispatch, object)) {
        lose(dispatch, object);
        return;
    }
    bool again = timer->period != 0;
    if (again) {
        timer->due += ((now - timer->due) / timer->period + 1) * timer->period;
        insert(dispatch, object);
    }
    show_armed(dispatch, object);
    grt_object_load(dispatch, object);
    object->state = 1;
    grt_object_store(dispatch, object);
    queue_apc(dispatch, object);
    queue_dpc(dispatch, timer);
    object->references++; /* the last waiter may take it along */
    grt_object_signalled(dispatch, object);
    if (!again)
        let_go(dispatch, object);
    grt_object_release(dispatch, object);
}

uint64_t grt_timer_next(const grt_dispatch *dispatch)
{
    return dispatch->timers ? dispatch->timers->timer.due : UINT64_MAX;
}

void grt_timer_run(grt_dispatch *dispatch, uint64_t now)
{
    while (grt_timer_next(dispatch) <= now) {
        grt_object *timer = dispatch->timers;
        extract(dispatch, timer);
        fire(dispatch, timer, now);
    }
}

/* ---- arming ---------------------------------------------------------------------------------- */

static void unlist_of_thread(grt_dispatch *dispatch, grt_object *timer)
{
    grt_apc_remove_timer(dispatch, timer->timer.apc_thread, timer);
    grt_object *next = timer->timer.next_of_thread, *previous = timer->timer.previous_of_thread;
    *(previous ? &previous->timer.next_of_thread : &timer->timer.apc_thread->kernel.timers) = next;
    if (next)
        next->timer.previous_of_thread = previous;
    timer->timer.apc_thread = NULL;
}

void grt_timer_set_apc(grt_dispatch *dispatch, grt_object *timer, grt_thread *thread,
                       grt_addr routine, uint32_t context, uint32_t mode)
{
    if (timer->timer.apc_thread)
        unlist_of_thread(dispatch, timer);
    if (!thread || !routine)
        return;
    timer->timer.apc_thread = thread;
    timer->timer.apc_routine = routine;
    timer->timer.apc_context = context;
    timer->timer.apc_mode = mode;
    timer->timer.next_of_thread = thread->kernel.timers;
    timer->timer.previous_of_thread = NULL;
    if (thread->kernel.timers)
        thread->kernel.timers->timer.previous_of_thread = timer;
    thread->kernel.timers = timer;
}

bool grt_timer_set(grt_dispatch *dispatch, grt_object *object, uint64_t due, uint64_t period)
{
    grt_timer *timer = &object->timer;
    bool was_armed = timer->armed;
    if (was_armed)
        extract(dispatch, object);
    object->state = 0;
    grt_object_store(dispatch, object);
    uint64_t now = grt_dispatch_clock(dispatch);
    timer->due = due > now ? due : now; /* periods count from here */
    timer->period = period;
    if (!timer->held && object->body && !object->page) { /* no handle keeps its record */
        timer->held = true;
        object->references++;
    }
    if (due <= now) {
        fire(dispatch, object, now);
    } else {
        insert(dispatch, object);
        show_armed(dispatch, object);
    }
    grt_clock_look(dispatch);
    return was_armed;
}

bool grt_timer_cancel(grt_dispatch *dispatch, grt_object *object)
{
    grt_timer *timer = &object->timer;
    bool was_armed = timer->armed;
    if (was_armed) {
        extract(dispatch, object);
        if (grt_object_is_there(dispatch, object))
            show_armed(dispatch, object);
    }
    let_go(dispatch, object);
    return was_armed;
}
