/* object.c - dispatcher objects: their life, and the objects of threads. */
#include "kernel/object.h"

#include "diag/log.h"
#include "os/assert.h"
#include <string.h>

void grt_dispatch_lock(grt_dispatch *dispatch)
{
    os_mutex_lock(&dispatch->lock);
}

/* ---- what waits for the lock to be free ------------------------------------------------------ */

void grt_dispatch_wake(grt_dispatch *dispatch, grt_thread *thread)
{
    if (dispatch->wake_count == GRT_WAKE_BATCH) { /* too many at once: some are woken early */
        grt_thread_unpark(thread);
        return;
    }
    grt_thread_acquire(thread); /* it may end before we come to it */
    dispatch->wake[dispatch->wake_count++] = thread;
}

static void free_packets(grt_packet *packet)
{
    while (packet) {
        grt_packet *next = packet->next;
        os_free(packet);
        packet = next;
    }
}

static void free_dead(grt_object *dead)
{
    while (dead) {
        grt_object *next = dead->next_dead;
        if (dead->thread)
            grt_thread_release(dead->thread);
        free_packets(dead->packets);
        os_free(dead);
        dead = next;
    }
}

static void report_lost(const grt_dispatch *dispatch, grt_addr timer)
{
    if (timer)
        grt_log_line(&dispatch->runtime->config.log, GRT_LOG_WARN, "EXPORT",
                     "the timer at 0x%08X was armed, but there is no timer any more",
                     (unsigned)timer);
}

void grt_dispatch_unlock(grt_dispatch *dispatch)
{
    grt_thread *wake[GRT_WAKE_BATCH];
    uint32_t count = dispatch->wake_count;
    for (uint32_t i = 0; i < count; i++)
        wake[i] = dispatch->wake[i];
    dispatch->wake_count = 0;
    grt_object *dead = dispatch->dead;
    dispatch->dead = NULL;
    grt_thread *found = dispatch->found;
    dispatch->found = NULL;
    grt_addr lost = dispatch->lost_timer;
    dispatch->lost_timer = 0;
    os_mutex_unlock(&dispatch->lock);
    for (uint32_t i = 0; i < count; i++) {
        grt_thread_unpark(wake[i]);
        grt_thread_release(wake[i]);
    }
    grt_thread_release(found);
    free_dead(dead);
    report_lost(dispatch, lost);
}

/* ---- the end of everything ------------------------------------------------------------------- */

static void free_spares(grt_dispatch *dispatch)
{
    while (dispatch->spare) {
        grt_object *next = dispatch->spare->next_dead;
        os_free(dispatch->spare);
        dispatch->spare = next;
    }
}

/* What the guest still points to, has armed or owns. */
static void drop_bodies(grt_dispatch *dispatch)
{
    for (uint32_t i = 0; i < GRT_BODY_BUCKETS; i++) {
        while (dispatch->bodies[i]) {
            grt_object *object = dispatch->bodies[i];
            object->references++; /* an armed timer may hold the last one */
            grt_timer_cancel(dispatch, object);
            GRT_ASSERT(!object->owner);
            object->references = 1;
            object->pointers = 0;
            grt_object_release(dispatch, object);
        }
    }
}

void grt_dispatch_destroy(grt_dispatch *dispatch)
{
    grt_clock_stop(dispatch);
    grt_dispatch_lock(dispatch);
    grt_handle_close_all(dispatch);
    grt_name_end_permanence(dispatch);
    grt_object_let_go_all(dispatch);
    drop_bodies(dispatch);
    GRT_ASSERT(dispatch->objects == 0);
    grt_dpc_forget_all(dispatch);
    grt_dispatch_unlock(dispatch);
    free_spares(dispatch);
    grt_body_pages_destroy(dispatch);
    os_free(dispatch->slots);
    dispatch->slots = NULL;
}

/* ---- life ------------------------------------------------------------------------------------ */

const char *grt_object_kind_name(grt_object_kind kind)
{
    switch (kind) {
    case GRT_OBJECT_EVENT:
        return "event";
    case GRT_OBJECT_SEMAPHORE:
        return "semaphore";
    case GRT_OBJECT_MUTANT:
        return "mutant";
    case GRT_OBJECT_THREAD:
        return "thread";
    case GRT_OBJECT_TIMER:
        return "timer";
    case GRT_OBJECT_QUEUE:
        return "completion port";
    case GRT_OBJECT_LINK:
        return "symbolic link";
    case GRT_OBJECT_NONE:
    case GRT_OBJECT_WAITABLE:
    case GRT_OBJECT_ANY:
        break;
    }
    return "object";
}

grt_object *grt_object_create(grt_dispatch *dispatch, grt_object_kind kind, grt_name *name)
{
    grt_object *object = dispatch->spare;
    if (object) {
        dispatch->spare = object->next_dead;
        memset(object, 0, sizeof *object);
    } else {
        object = os_alloc(sizeof *object);
    }
    if (!object)
        return NULL;
    object->kind = kind;
    object->references = 1;
    dispatch->objects++;
    if (name)
        grt_name_give(dispatch, object, name);
    return object;
}

/* A body's record costs nothing to keep, and the next call will want one. */
static void put_away(grt_dispatch *dispatch, grt_object *object)
{
    bool plain = !object->thread && !object->packets;
    grt_object **list = plain ? &dispatch->spare : &dispatch->dead;
    object->next_dead = *list;
    *list = object;
}

void grt_object_release(grt_dispatch *dispatch, grt_object *object)
{
    GRT_ASSERT(object->references > 0);
    if (--object->references > 0)
        return;
    GRT_ASSERT(!object->first); /* a waiter holds a reference */
    grt_name_forget(dispatch, object);
    os_free(object->target);
    grt_timer_cancel(dispatch, object);
    if (object->owner) {
        object->references = 1; /* setting it free takes a reference and gives it back */
        grt_mutant_abandon(dispatch, object);
        object->references = 0;
    }
    if (object->thread)
        object->thread->kernel.object = NULL;
    grt_timer_set_apc(dispatch, object, NULL, 0, 0, 0);
    grt_body_page_leave(dispatch, object);
    grt_object_set_body(dispatch, object, 0);
    dispatch->objects--;
    put_away(dispatch, object);
}

/* ---- threads --------------------------------------------------------------------------------- */

grt_object *grt_object_of_thread(grt_dispatch *dispatch, grt_thread *thread)
{
    grt_object *object = thread->kernel.object;
    if (object) {
        object->references++;
        return object;
    }
    object = grt_object_create(dispatch, GRT_OBJECT_THREAD, NULL);
    if (!object)
        return NULL;
    grt_thread_acquire(thread);
    object->thread = thread;
    object->state = thread->kernel.ended;
    thread->kernel.object = object;
    return object;
}

static void release_kept(grt_dispatch *dispatch, grt_thread *thread)
{
    while (thread->kernel.kept) {
        grt_wait_kept *kept = thread->kernel.kept;
        thread->kernel.kept = kept->next;
        for (uint32_t i = 0; i < kept->count; i++)
            grt_object_release(dispatch, kept->objects[i]);
        os_free(kept);
    }
}

void grt_object_thread_ended(grt_dispatch *dispatch, grt_thread *thread)
{
    thread->kernel.ended = true;
    while (thread->kernel.mutants)
        grt_mutant_abandon(dispatch, thread->kernel.mutants);
    while (thread->kernel.timers) {
        grt_object *timer = thread->kernel.timers;
        grt_timer_set_apc(dispatch, timer, NULL, 0, 0, 0);
        grt_timer_cancel(dispatch, timer); /* a timer with an APC is its thread's */
    }
    grt_apc_forget(dispatch, thread);
    grt_dpc_forget(dispatch, thread);
    release_kept(dispatch, thread);
    grt_object *object = thread->kernel.object;
    if (object) {
        object->state = 1;
        grt_object_signalled(dispatch, object);
    }
}
