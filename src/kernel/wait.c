/*
 * wait.c - waiting for one, any or all of several objects.
 *
 * A waiter is let through by whoever signals: that thread takes what the waiter asked for on its
 * behalf, under the lock, and marks the wait done. So an auto-reset event set once lets exactly one
 * thread through, a wait for all takes either everything or nothing, and no wake-up can be lost:
 * a waiter is either linked when the signal comes or sees the state before it links itself.
 */
#include "kernel/object.h"

#include "os/assert.h"

static bool is_signalled(const grt_object *object, const grt_thread *thread)
{
    if (object->kind == GRT_OBJECT_MUTANT && object->owner == thread->id)
        return true;
    return object->state > 0;
}

/* Takes what getting through costs. Returns the status to add to the index. */
static uint32_t consume(grt_dispatch *dispatch, grt_object *object, const grt_thread *thread)
{
    switch (object->kind) {
    case GRT_OBJECT_EVENT:
        if (object->auto_reset)
            object->state = 0;
        break;
    case GRT_OBJECT_SEMAPHORE:
        object->state--;
        break;
    case GRT_OBJECT_MUTANT:
        grt_mutant_take(dispatch, object, thread->id);
        if (object->abandoned) {
            object->abandoned = false;
            return GRT_NT_ABANDONED_WAIT_0;
        }
        break;
    case GRT_OBJECT_THREAD:
    case GRT_OBJECT_NONE:
    case GRT_OBJECT_ANY:
        break;
    }
    return GRT_NT_SUCCESS;
}

/* Takes everything a wait for all asked for, if all of it is there. */
static bool try_all(grt_dispatch *dispatch, grt_wait *wait)
{
    for (uint32_t i = 0; i < wait->count; i++) {
        if (!is_signalled(wait->links[i].object, wait->thread))
            return false;
    }
    wait->result = GRT_NT_SUCCESS;
    for (uint32_t i = 0; i < wait->count; i++) {
        uint32_t status = consume(dispatch, wait->links[i].object, wait->thread);
        if (status != GRT_NT_SUCCESS)
            wait->result = status;
    }
    return true;
}

static bool try_any(grt_dispatch *dispatch, grt_wait *wait)
{
    for (uint32_t i = 0; i < wait->count; i++) {
        if (is_signalled(wait->links[i].object, wait->thread)) {
            wait->result = consume(dispatch, wait->links[i].object, wait->thread) + i;
            return true;
        }
    }
    return false;
}

static bool try_now(grt_dispatch *dispatch, grt_wait *wait)
{
    return wait->all ? try_all(dispatch, wait) : try_any(dispatch, wait);
}

static void link_waiter(grt_dispatch *dispatch, grt_wait *wait)
{
    for (uint32_t i = 0; i < wait->count; i++) {
        grt_wait_link *link = &wait->links[i];
        grt_object *object = link->object;
        link->wait = wait;
        link->next = NULL;
        link->previous = object->last;
        if (object->last)
            object->last->next = link;
        else
            object->first = link;
        object->last = link;
    }
    dispatch->waiting++;
    dispatch->waits++;
}

static void unlink_waiter(grt_dispatch *dispatch, grt_wait *wait)
{
    for (uint32_t i = 0; i < wait->count; i++) {
        grt_wait_link *link = &wait->links[i];
        grt_object *object = link->object;
        if (link->previous)
            link->previous->next = link->next;
        else
            object->first = link->next;
        if (link->next)
            link->next->previous = link->previous;
        else
            object->last = link->previous;
    }
    dispatch->waiting--;
}

void grt_object_signalled(grt_dispatch *dispatch, grt_object *object)
{
    grt_wait_link *link = object->first;
    while (link && object->state > 0) {
        grt_wait *wait = link->wait;
        if (!try_now(dispatch, wait)) {
            link = link->next;
            continue;
        }
        wait->done = true;
        unlink_waiter(dispatch, wait);
        grt_thread_unpark(wait->thread);
        /* The wait may have had several links here, the next one among them: start over. Those
         * that stay cannot get through more than once, so this ends. */
        link = object->first;
    }
}

static void release_objects(grt_dispatch *dispatch, grt_wait *wait)
{
    for (uint32_t i = 0; i < wait->count; i++)
        grt_object_release(dispatch, wait->links[i].object);
}

/* Sleeps until the wait is done, the deadline or a stop request. The lock is held on entry and on
 * return. */
static void sleep_until_done(grt_dispatch *dispatch, grt_wait *wait, uint64_t deadline)
{
    bool in_time = true;
    while (!wait->done && in_time && !atomic_load(&wait->thread->stop_requested)) {
        uint32_t token = grt_thread_park_begin(wait->thread);
        os_mutex_unlock(&dispatch->lock);
        in_time = grt_thread_park(wait->thread, token, deadline);
        os_mutex_lock(&dispatch->lock);
    }
}

uint32_t grt_wait_for(grt_dispatch *dispatch, grt_wait *wait, uint64_t deadline)
{
    GRT_ASSERT(wait->count >= 1 && wait->count <= GRT_WAIT_OBJECTS_MAX);
    grt_dispatch_lock(dispatch);
    wait->done = try_now(dispatch, wait);
    if (!wait->done && deadline != 0) {
        link_waiter(dispatch, wait);
        sleep_until_done(dispatch, wait, deadline);
        if (!wait->done)
            unlink_waiter(dispatch, wait);
    }
    bool done = wait->done;
    release_objects(dispatch, wait);
    grt_dispatch_unlock(dispatch);
    grt_thread_check_stop(wait->thread);
    return done ? wait->result : GRT_NT_TIMEOUT;
}
