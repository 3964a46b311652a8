/*
 * kernel_model.h - what events, semaphores, mutants, timers, threads, handles and waits do, as
 * plainly as it can be said: one operation at a time, in the order in which they happened.
 *
 * Waiters stand in one line, first come first. Whoever makes an object signalled walks along the
 * line and lets through who can go, taking for them what they asked for. A time-out takes effect
 * when the thread runs again: until then it may still be let through.
 */
#ifndef KERNEL_MODEL_H
#define KERNEL_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "guestrt/ntstatus.h"

#define MODEL_OBJECTS 4096u
#define MODEL_HANDLES 8192u
#define MODEL_THREADS 16u
#define MODEL_WAITED  8u
#define MODEL_WAITS   0xFFFFFFFFu /* no status: the caller waits */

typedef enum model_kind {
    MODEL_EVENT = 1,
    MODEL_SEMAPHORE = 2,
    MODEL_MUTANT = 4,
    MODEL_THREAD = 8,
    MODEL_TIMER = 16,
    MODEL_ANY = 31,
} model_kind;

typedef struct model_object {
    model_kind kind;
    uint32_t references; /* handles and waiters */
    uint32_t handles;
    uint32_t name; /* 0: none; it goes with the last handle */
    int32_t state, limit;
    bool auto_reset, abandoned;
    uint32_t owner, depth; /* mutant: thread + 1 */
    uint64_t taken;        /* mutant: when its owner got it */
    bool armed;            /* timer */
    uint64_t due, period;  /* ns; period 0: once */
} model_object;

typedef struct model_wait {
    bool waiting, done, all;
    uint64_t since;
    uint32_t count, result;
    model_object *objects[MODEL_WAITED];
} model_wait;

typedef struct model {
    model_object objects[MODEL_OBJECTS];
    uint32_t object_count;
    struct {
        uint32_t value;
        model_object *object; /* null: closed */
    } handles[MODEL_HANDLES];
    uint32_t handle_count;
    model_wait waits[MODEL_THREADS];
    uint64_t clock;
    bool wrong_handle; /* a new handle's value is one that is open */
} model;

/* ---- objects and handles ------------------------------------------------------------------- */

static inline model_object *model_new(model *m, model_kind kind, uint32_t name, int32_t state)
{
    model_object *object = &m->objects[m->object_count++];
    *object = (model_object){.kind = kind, .name = name, .state = state};
    return object;
}

static inline model_object *model_named(model *m, uint32_t name)
{
    for (uint32_t i = 0; i < m->object_count; i++) {
        if (name != 0 && m->objects[i].name == name && m->objects[i].handles > 0)
            return &m->objects[i];
    }
    return NULL;
}

static inline uint32_t model_find(const model *m, uint32_t value)
{
    uint32_t i = m->handle_count;
    while (i > 0 && m->handles[i - 1].value != value)
        i--;
    return i; /* the place after it; 0: never opened */
}

static inline model_object *model_of(model *m, uint32_t value, uint32_t kinds, uint32_t *status)
{
    uint32_t at = model_find(m, value);
    model_object *object = at > 0 ? m->handles[at - 1].object : NULL;
    *status = object == NULL            ? GRT_NT_INVALID_HANDLE
              : !(object->kind & kinds) ? GRT_NT_OBJECT_TYPE_MISMATCH
                                        : GRT_NT_SUCCESS;
    return *status == GRT_NT_SUCCESS ? object : NULL;
}

/* [value] is what the runtime gave: any number that is not in use will do. */
static inline void model_open(model *m, model_object *object, uint32_t value)
{
    uint32_t at = model_find(m, value);
    m->wrong_handle |= value == 0 || (at > 0 && m->handles[at - 1].object != NULL);
    m->handles[m->handle_count].value = value;
    m->handles[m->handle_count++].object = object;
    object->references++;
    object->handles++;
}

static inline uint32_t model_close(model *m, uint32_t value)
{
    uint32_t status;
    model_object *object = model_of(m, value, MODEL_ANY, &status);
    if (object == NULL)
        return status;
    object->references--;
    if (--object->handles == 0)
        object->name = 0;
    m->handles[model_find(m, value) - 1].object = NULL;
    return GRT_NT_SUCCESS;
}

/* ---- waits --------------------------------------------------------------------------------- */

static inline bool model_ready(const model_object *object, uint32_t thread)
{
    return object->state > 0 || (object->kind == MODEL_MUTANT && object->owner == thread + 1);
}

static inline void model_own(model *m, model_object *mutant, uint32_t thread)
{
    if (mutant->owner == 0)
        mutant->taken = ++m->clock;
    mutant->owner = thread + 1;
    mutant->state = 0;
    mutant->depth++;
}

static inline uint32_t model_take(model *m, model_object *object, uint32_t thread)
{
    bool abandoned = object->abandoned;
    if (object->kind == MODEL_SEMAPHORE)
        object->state--;
    else if (object->auto_reset)
        object->state = 0;
    else if (object->kind == MODEL_MUTANT)
        model_own(m, object, thread);
    object->abandoned = false;
    return abandoned ? GRT_NT_ABANDONED_WAIT_0 : GRT_NT_SUCCESS;
}

static inline bool model_try(model *m, model_wait *wait, uint32_t thread)
{
    uint32_t ready = 0, first = 0;
    for (uint32_t i = wait->count; i-- > 0;) {
        if (model_ready(wait->objects[i], thread)) {
            ready++;
            first = i;
        }
    }
    if (ready < (wait->all ? wait->count : 1))
        return false;
    wait->result = GRT_NT_SUCCESS;
    for (uint32_t i = 0; wait->all && i < wait->count; i++)
        wait->result |= model_take(m, wait->objects[i], thread);
    if (!wait->all)
        wait->result = model_take(m, wait->objects[first], thread) + first;
    return true;
}

static inline void model_leave(model_wait *wait)
{
    wait->waiting = false;
    for (uint32_t i = 0; i < wait->count; i++)
        wait->objects[i]->references--;
}

/* The thread that has waited longest among those that wait for [object] and came after [since]. */
static inline uint32_t model_next_waiter(const model *m, const model_object *object, uint64_t since)
{
    uint32_t next = MODEL_THREADS;
    for (uint32_t thread = 0; thread < MODEL_THREADS; thread++) {
        const model_wait *wait = &m->waits[thread];
        bool here = false;
        for (uint32_t i = 0; wait->waiting && i < wait->count; i++)
            here |= wait->objects[i] == object;
        if (here && wait->since > since &&
            (next == MODEL_THREADS || wait->since < m->waits[next].since))
            next = thread;
    }
    return next;
}

static inline void model_signalled(model *m, model_object *object)
{
    uint64_t since = 0;
    while (object->state > 0) {
        uint32_t thread = model_next_waiter(m, object, since);
        if (thread == MODEL_THREADS)
            return;
        model_wait *wait = &m->waits[thread];
        since = wait->since;
        if (model_try(m, wait, thread)) {
            wait->done = true;
            model_leave(wait);
        }
    }
}

/* ---- timers -------------------------------------------------------------------------------- */

/* The armed timer that is due first; null when none is by [now]. */
static inline model_object *model_due(model *m, uint64_t now)
{
    model_object *first = NULL;
    for (uint32_t i = 0; i < m->object_count; i++) {
        model_object *timer = &m->objects[i];
        if (timer->armed && timer->due <= now && (first == NULL || timer->due < first->due))
            first = timer;
    }
    return first;
}

static inline void model_fire(model *m, model_object *timer)
{
    timer->state = 1;
    timer->armed = timer->period != 0;
    timer->due += timer->period;
    model_signalled(m, timer);
}

/* Time goes on to [now]. */
static inline void model_time(model *m, uint64_t now)
{
    model_object *timer;
    while ((timer = model_due(m, now)) != NULL)
        model_fire(m, timer);
}

/* ---- waits that begin and end --------------------------------------------------------------- */

/* Returns the status, or MODEL_WAITS. */
static inline uint32_t model_wait_begin(model *m, uint32_t thread, const uint32_t *handles,
                                        uint32_t count, bool all, bool look_only)
{
    uint32_t status;
    model_wait *wait = &m->waits[thread];
    *wait = (model_wait){.all = all, .count = count, .since = ++m->clock};
    for (uint32_t i = 0; i < count; i++) {
        wait->objects[i] = model_of(m, handles[i], MODEL_ANY, &status);
        if (wait->objects[i] == NULL)
            return status;
    }
    for (uint32_t i = 0; all && i < count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (wait->objects[i] == wait->objects[j])
                return GRT_NT_INVALID_PARAMETER_MIX;
        }
    }
    if (model_try(m, wait, thread))
        return wait->result;
    if (look_only)
        return GRT_NT_TIMEOUT;
    wait->waiting = true;
    for (uint32_t i = 0; i < count; i++)
        wait->objects[i]->references++;
    return MODEL_WAITS;
}

/* The waiting thread runs again. */
static inline uint32_t model_wait_end(model *m, uint32_t thread)
{
    model_wait *wait = &m->waits[thread];
    if (wait->done)
        return wait->result;
    model_leave(wait);
    return GRT_NT_TIMEOUT;
}

/* ---- mutants and the end of threads -------------------------------------------------------- */

static inline void model_free_mutant(model *m, model_object *mutant)
{
    mutant->owner = mutant->depth = 0;
    mutant->state = 1;
    model_signalled(m, mutant);
}

/* Its mutants are abandoned, the one it got last first; then its object, if anybody has it, is
 * signalled. */
static inline void model_thread_ended(model *m, uint32_t thread, model_object *object)
{
    model_object *last;
    do {
        last = NULL;
        for (uint32_t i = 0; i < m->object_count; i++) {
            model_object *mutant = &m->objects[i];
            if (mutant->references > 0 && mutant->owner == thread + 1 &&
                (last == NULL || mutant->taken > last->taken))
                last = mutant;
        }
        if (last != NULL) {
            last->abandoned = true;
            model_free_mutant(m, last);
        }
    } while (last != NULL);
    if (object != NULL) {
        object->state = 1;
        model_signalled(m, object);
    }
}

#endif
