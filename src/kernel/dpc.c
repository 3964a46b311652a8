/*
 * dpc.c - deferred procedure calls: run at DISPATCH level by the thread that queued them and nobody
 * else, on its way back to the guest below that level; those of timers by the clock thread, or by
 * any thread in seeded runs, which have none.
 */
#include "kernel/object.h"

#include "diag/log.h"
#include "kernel/irql.h"

#define KDPC_ROUTINE 0x0Cu
#define KDPC_CONTEXT 0x10u

/* ---- queues -------------------------------------------------------------------------------- */

static grt_dpc **bucket_of(grt_dispatch *dispatch, grt_addr kdpc)
{
    uint32_t hash = kdpc * 2654435761u;
    return &dispatch->dpc_buckets[hash >> 24];
}

/* The link to the DPC of this KDPC in its bucket; to null when it is not queued. */
static grt_dpc **find(grt_dispatch *dispatch, grt_addr kdpc)
{
    grt_dpc **link = bucket_of(dispatch, kdpc);
    while (*link && (*link)->kdpc != kdpc) {
        dispatch->steps++;
        link = &(*link)->next_in_bucket;
    }
    return link;
}

static void append(grt_dispatch *dispatch, grt_dpc *dpc)
{
    grt_dpc **first = dpc->thread ? &dpc->thread->kernel.dpcs : &dispatch->dpcs;
    grt_dpc **last = dpc->thread ? &dpc->thread->kernel.last_dpc : &dispatch->last_dpc;
    dpc->previous = *first ? *last : NULL;
    *(*first ? &(*last)->next : first) = dpc;
    *last = dpc;
}

static void drop(grt_dispatch *dispatch, grt_dpc **bucket)
{
    grt_dpc *dpc = *bucket;
    grt_dpc **first = dpc->thread ? &dpc->thread->kernel.dpcs : &dispatch->dpcs;
    grt_dpc **last = dpc->thread ? &dpc->thread->kernel.last_dpc : &dispatch->last_dpc;
    *bucket = dpc->next_in_bucket;
    *(dpc->previous ? &dpc->previous->next : first) = dpc->next;
    *(dpc->next ? &dpc->next->previous : last) = dpc->previous;
    os_free(dpc);
}

bool grt_dpc_queue(grt_dispatch *dispatch, grt_thread *thread, grt_addr kdpc, uint32_t argument1,
                   uint32_t argument2, bool *no_memory)
{
    uint8_t words[8];
    *no_memory = false;
    grt_dpc **link = find(dispatch, kdpc);
    if (*link || !grt_guest_read(dispatch->runtime, words, kdpc + KDPC_ROUTINE, sizeof words))
        return false;
    grt_dpc *dpc = os_alloc(sizeof *dpc);
    *no_memory = dpc == NULL;
    if (!dpc)
        return false;
    *dpc = (grt_dpc){.thread = thread,
                     .order = ++dispatch->dpc_order,
                     .kdpc = kdpc,
                     .routine = grt_load32(words),
                     .context = grt_load32(words + KDPC_CONTEXT - KDPC_ROUTINE),
                     .arguments = {argument1, argument2}};
    *link = dpc;
    append(dispatch, dpc);
    return true;
}

bool grt_dpc_remove(grt_dispatch *dispatch, grt_addr kdpc)
{
    grt_dpc **link = find(dispatch, kdpc);
    bool found = *link != NULL;
    if (found)
        drop(dispatch, link);
    return found;
}

/* [thread] is null for the clock. */
static grt_dpc *first_for(const grt_dispatch *dispatch, const grt_thread *thread)
{
    grt_dpc *own = thread ? thread->kernel.dpcs : NULL;
    grt_dpc *timers = !thread || thread->scheduled ? dispatch->dpcs : NULL;
    return own && (!timers || own->order < timers->order) ? own : timers;
}

bool grt_dpc_any(const grt_dispatch *dispatch, const grt_thread *thread)
{
    return first_for(dispatch, thread) != NULL;
}

bool grt_dpc_due(const grt_dispatch *dispatch, const grt_thread *thread)
{
    return thread->irql < GRT_IRQL_DISPATCH && grt_dpc_any(dispatch, thread);
}

void grt_dpc_forget(grt_dispatch *dispatch, grt_thread *thread)
{
    while (thread->kernel.dpcs)
        drop(dispatch, find(dispatch, thread->kernel.dpcs->kdpc));
}

void grt_dpc_forget_all(grt_dispatch *dispatch)
{
    while (dispatch->dpcs)
        drop(dispatch, find(dispatch, dispatch->dpcs->kdpc));
}

/* ---- running ------------------------------------------------------------------------------- */

void grt_dpc_offer(grt_dispatch *dispatch)
{
    grt_runtime *runtime = dispatch->runtime;
    if (!dispatch->dpcs)
        return;
    os_mutex_lock(&runtime->threads_lock);
    for (grt_thread *thread = runtime->threads; thread; thread = thread->next) {
        /* Whoever comes along by itself before the others, also out of its wait. */
        atomic_fetch_or(&thread->attention, GRT_ATTEND_APC);
        if (!thread->kernel.wait || !grt_dpc_due(dispatch, thread))
            continue;
        atomic_store(&thread->kernel.wait->interrupted, true);
        grt_dispatch_wake(dispatch, thread);
        break;
    }
    os_mutex_unlock(&runtime->threads_lock);
}

static bool take(grt_dispatch *dispatch, const grt_thread *thread, grt_dpc *dpc)
{
    grt_dispatch_lock(dispatch);
    const grt_dpc *found = first_for(dispatch, thread);
    if (found) {
        *dpc = *found;
        drop(dispatch, find(dispatch, dpc->kdpc));
    }
    grt_dispatch_unlock(dispatch);
    return found != NULL;
}

static void raise_level(grt_thread *thread)
{
    grt_kernel_set_irql(thread, GRT_IRQL_DISPATCH);
}

/* A fault has its own report, and at a stop nothing runs any more. */
static void run(grt_dispatch *dispatch, const grt_dpc *dpc)
{
    const uint64_t arguments[] = {dpc->kdpc, dpc->context, dpc->arguments[0], dpc->arguments[1]};
    grt_status status =
        grt_thread_call_prepared(dispatch->runtime, dpc->routine, arguments, 4, raise_level);
    if (status != GRT_OK && status != GRT_GUEST_FAULT && status != GRT_STOPPED)
        grt_log_line(&dispatch->runtime->config.log, GRT_LOG_WARN, "EXPORT",
                     "the routine 0x%08X of the DPC at 0x%08X was not called: %s",
                     (unsigned)dpc->routine, (unsigned)dpc->kdpc, grt_status_sentence(status));
}

void grt_dpc_run(grt_dispatch *dispatch)
{
    grt_thread *thread = grt_thread_current();
    grt_dpc dpc;
    while (take(dispatch, thread, &dpc)) {
        uint8_t level = thread ? thread->irql : 0;
        if (thread)
            grt_kernel_set_irql(thread, GRT_IRQL_DISPATCH);
        run(dispatch, &dpc);
        if (thread)
            grt_kernel_set_irql(thread, level);
    }
}
