/* object.c - dispatcher objects: their life, names and the objects of threads. */
#include "kernel/object.h"

#include "os/assert.h"
#include <string.h>

/* What thread->kernel_object points to when the thread ended while it had no object: whoever makes
 * one later must make it signalled. Its address is all that counts. */
static const char thread_has_ended;

void grt_dispatch_lock(grt_dispatch *dispatch)
{
    os_mutex_lock(&dispatch->lock);
}

void grt_dispatch_unlock(grt_dispatch *dispatch)
{
    grt_object *dead = dispatch->dead;
    dispatch->dead = NULL;
    os_mutex_unlock(&dispatch->lock);
    while (dead) {
        grt_object *next = dead->next_dead;
        if (dead->thread)
            grt_thread_release(dead->thread);
        os_free(dead);
        dead = next;
    }
}

void grt_dispatch_destroy(grt_dispatch *dispatch)
{
    grt_dispatch_lock(dispatch);
    for (uint32_t slot = 1; slot < dispatch->slot_next; slot++) {
        grt_object *object = dispatch->slots[slot].object;
        if (object)
            grt_object_release(dispatch, object);
    }
    GRT_ASSERT(dispatch->objects == 0);
    grt_dispatch_unlock(dispatch);
    os_free(dispatch->slots);
    dispatch->slots = NULL;
}

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
    case GRT_OBJECT_NONE:
    case GRT_OBJECT_ANY:
        break;
    }
    return "object";
}

grt_object *grt_object_create(grt_dispatch *dispatch, grt_object_kind kind, const char *name)
{
    grt_object *object = os_alloc(sizeof *object);
    if (!object)
        return NULL;
    object->kind = kind;
    object->references = 1;
    dispatch->objects++;
    if (name && *name) {
        size_t length = strlen(name);
        GRT_ASSERT(length <= GRT_OBJECT_NAME_MAX);
        memcpy(object->name, name, length + 1);
        object->next_named = dispatch->named;
        dispatch->named = object;
    }
    return object;
}

static void unlink_named(grt_dispatch *dispatch, grt_object *object)
{
    grt_object **link = &dispatch->named;
    while (*link != object)
        link = &(*link)->next_named;
    *link = object->next_named;
}

static void unlink_owned(grt_dispatch *dispatch, grt_object *object)
{
    grt_object **link = &dispatch->owned;
    while (*link != object)
        link = &(*link)->next_owned;
    *link = object->next_owned;
}

void grt_object_release(grt_dispatch *dispatch, grt_object *object)
{
    GRT_ASSERT(object->references > 0);
    if (--object->references > 0)
        return;
    GRT_ASSERT(!object->first); /* a waiter holds a reference */
    if (object->name[0])
        unlink_named(dispatch, object);
    if (object->owner)
        unlink_owned(dispatch, object);
    if (object->thread)
        object->thread->kernel_object =
            object->state > 0 ? (void *)(uintptr_t)&thread_has_ended : NULL;
    dispatch->objects--;
    object->next_dead = dispatch->dead;
    dispatch->dead = object;
}

grt_object *grt_object_find_named(grt_dispatch *dispatch, const char *name)
{
    for (grt_object *object = dispatch->named; object; object = object->next_named) {
        if (strcmp(object->name, name) == 0) {
            object->references++;
            return object;
        }
    }
    return NULL;
}

grt_object *grt_object_of_thread(grt_dispatch *dispatch, grt_thread *thread)
{
    void *known = thread->kernel_object;
    bool ended = known == &thread_has_ended;
    if (known && !ended) {
        grt_object *object = known;
        object->references++;
        return object;
    }
    grt_object *object = grt_object_create(dispatch, GRT_OBJECT_THREAD, NULL);
    if (!object)
        return NULL;
    grt_thread_acquire(thread);
    object->thread = thread;
    object->state = ended;
    thread->kernel_object = object;
    return object;
}

void grt_mutant_take(grt_dispatch *dispatch, grt_object *mutant, uint32_t thread_id)
{
    if (!mutant->owner) {
        mutant->owner = thread_id;
        mutant->state = 0;
        mutant->next_owned = dispatch->owned;
        dispatch->owned = mutant;
    }
    mutant->depth++;
}

static void set_free(grt_dispatch *dispatch, grt_object *mutant)
{
    unlink_owned(dispatch, mutant);
    mutant->owner = 0;
    mutant->depth = 0;
    mutant->state = 1;
    grt_object_signalled(dispatch, mutant);
}

void grt_mutant_release(grt_dispatch *dispatch, grt_object *mutant)
{
    if (--mutant->depth == 0)
        set_free(dispatch, mutant);
}

static void abandon_mutants(grt_dispatch *dispatch, uint32_t thread_id)
{
    grt_object *mutant = dispatch->owned;
    while (mutant) {
        if (mutant->owner != thread_id) {
            mutant = mutant->next_owned;
            continue;
        }
        mutant->abandoned = true;
        set_free(dispatch, mutant);
        mutant = dispatch->owned; /* a waiter may be the owner now: the list has changed */
    }
}

void grt_object_thread_ended(grt_dispatch *dispatch, grt_thread *thread)
{
    grt_object *object = thread->kernel_object;
    if (object) {
        object->state = 1;
        grt_object_signalled(dispatch, object);
    } else {
        thread->kernel_object = (void *)(uintptr_t)&thread_has_ended;
    }
    abandon_mutants(dispatch, thread->id);
}
