/* mutant.c - who owns a mutant. The owner is host memory's; the body only shows it. */
#include "kernel/object.h"

#include "os/assert.h"

static void unlink_owned(grt_object *mutant)
{
    grt_object **link = &mutant->owner->kernel.mutants;
    while (*link != mutant)
        link = &(*link)->next_owned;
    *link = mutant->next_owned;
}

/* A mutant in guest memory has no handle to keep its record: the owner does, so that its end is
 * noticed. */
void grt_mutant_take(grt_dispatch *dispatch, grt_object *mutant, grt_thread *thread)
{
    if (!mutant->owner) {
        mutant->owner = thread;
        mutant->next_owned = thread->kernel.mutants;
        thread->kernel.mutants = mutant;
        mutant->held = mutant->body != 0 && !mutant->page;
        mutant->references += mutant->held;
    }
    GRT_ASSERT(mutant->owner == thread);
    mutant->depth++;
    mutant->state = 1 - (int32_t)mutant->depth;
    grt_object_store(dispatch, mutant);
}

static void set_free(grt_dispatch *dispatch, grt_object *mutant)
{
    bool held = mutant->held;
    unlink_owned(mutant);
    mutant->owner = NULL;
    mutant->held = false;
    mutant->depth = 0;
    mutant->state = 1;
    grt_object_store(dispatch, mutant);
    grt_object_signalled(dispatch, mutant);
    if (held)
        grt_object_release(dispatch, mutant);
}

int32_t grt_mutant_release(grt_dispatch *dispatch, grt_object *mutant)
{
    int32_t previous = 1 - (int32_t)mutant->depth;
    if (--mutant->depth == 0) {
        set_free(dispatch, mutant);
    } else {
        mutant->state = previous + 1;
        grt_object_store(dispatch, mutant);
    }
    return previous;
}

void grt_mutant_abandon(grt_dispatch *dispatch, grt_object *mutant)
{
    mutant->abandoned = true;
    set_free(dispatch, mutant);
}
