/* signal.c - what signals events and semaphores. */
#include "kernel/object.h"

int32_t grt_event_set(grt_dispatch *dispatch, grt_object *event)
{
    grt_object_load(dispatch, event);
    int32_t previous = event->state;
    event->state = 1;
    grt_object_store(dispatch, event);
    grt_object_signalled(dispatch, event);
    return previous;
}

int32_t grt_event_clear(grt_dispatch *dispatch, grt_object *event)
{
    grt_object_load(dispatch, event);
    int32_t previous = event->state;
    event->state = 0;
    grt_object_store(dispatch, event);
    return previous;
}

int32_t grt_event_pulse(grt_dispatch *dispatch, grt_object *event)
{
    int32_t previous = grt_event_set(dispatch, event);
    event->state = 0;
    grt_object_store(dispatch, event);
    return previous;
}

bool grt_semaphore_release(grt_dispatch *dispatch, grt_object *semaphore, int32_t amount,
                           int32_t *previous)
{
    grt_object_load(dispatch, semaphore);
    *previous = semaphore->state;
    /* The guest may have written anything into both. */
    if ((int64_t)semaphore->state + amount > semaphore->limit)
        return false;
    semaphore->state += amount;
    grt_object_store(dispatch, semaphore);
    grt_object_signalled(dispatch, semaphore);
    return true;
}
