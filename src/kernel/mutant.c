/* mutant.c - who owns a mutant. The owner is host memory's; the body only shows it. */
#include "kernel/mutant.h"

#include "kernel/state.h"

#include "os/assert.h"

static void unlink_owned(grt_object *mutant)
{
    grt_object *next = mutant->next_owned, *previous = mutant->previous_owned;
    *(previous ? &previous->next_owned : &mutant->owner->kernel.mutants) = next;
    if (next)
        next->previous_owned = previous;
}

/* A mutant in guest memory has no handle to keep its record: the owner does, so that its end is
 * noticed. */
void grt_mutant_take(grt_dispatch *dispatch, grt_object *mutant, grt_thread *thread)
{
    if (!mutant->owner) {
        mutant->owner = thread;
        mutant->next_owned = thread->kernel.mutants;
        mutant->previous_owned = NULL;
        if (mutant->next_owned)
            mutant->next_owned->previous_owned = mutant;
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

/* ---- waits that only an owner can end -------------------------------------------------------- */

static const grt_object *others_mutant(const grt_wait *wait, uint32_t *next)
{
    while (*next < wait->count) {
        const grt_object *object = wait->links[(*next)++].object;
        if (object->kind == GRT_OBJECT_MUTANT && object->owner && object->owner != wait->thread)
            return object;
    }
    return NULL;
}

static void holders(grt_runtime *runtime, const grt_blocked *blocked, grt_holders *holders)
{
    grt_dispatch *dispatch = &runtime->kernel->dispatch;
    const grt_object *mutant;
    uint32_t next = 0;
    grt_dispatch_lock(dispatch);
    const grt_wait *wait = blocked->thread->kernel.wait; /* null once it is let through */
    while (wait == blocked->waiter && (mutant = others_mutant(wait, &next)) != NULL)
        grt_holders_add(holders, mutant->owner->id, mutant->owner->kthread);
    grt_dispatch_unlock(dispatch);
}

static const grt_lock_kind by_address = {holders, NULL, "for mutant", "owns"};
static const grt_lock_kind by_handle = {holders, NULL, "for a mutant", "owns"};

bool grt_mutant_blocks(const grt_wait *wait, grt_blocked *blocked)
{
    uint32_t next = 0;
    if (wait->deadline != UINT64_MAX || wait->alertable || (wait->count > 1 && !wait->all))
        return false;
    const grt_object *mutant = others_mutant(wait, &next);
    if (!mutant)
        return false;
    bool only = !others_mutant(wait, &next);
    grt_addr body = only && !mutant->page ? mutant->body : 0;
    *blocked = (grt_blocked){.thread = wait->thread,
                             .kind = body ? &by_address : &by_handle,
                             .waiter = wait,
                             .lock = body,
                             .call_site = wait->thread->call_site,
                             .said = wait->circle_said};
    return true;
}
