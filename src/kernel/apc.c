/*
 * apc.c - asynchronous procedure calls: who has which, and when they run.
 *
 * They run on the thread's own stack, below its frame. Kernel APCs run when the thread is in the
 * kernel anyway, on its way back to the guest and in the middle of a wait; user APCs in alertable
 * waits only. What a KAPC says is read when it is queued.
 */
#include "kernel/object.h"

#include "diag/log.h"
#include "kernel/irql.h"

#define KAPC_INSERTED 0x03u
#define SCRATCH_SIZE  0x40u
#define SCRATCH_WORDS 0x20u /* of it: behind the back chain and what the callee may store there */
#define MODES         2u

/* ---- queues (the lock is held) --------------------------------------------------------------- */

static void show_inserted(grt_dispatch *dispatch, grt_addr kapc, uint8_t inserted)
{
    if (kapc)
        grt_guest_write(dispatch->runtime, kapc + KAPC_INSERTED, &inserted, 1);
}

static grt_apc **bucket_of(grt_dispatch *dispatch, grt_addr kapc, const grt_object *timer)
{
    uint64_t key = kapc ? kapc : (uintptr_t)timer >> 4;
    return &dispatch->apc_buckets[(uint32_t)key * 2654435761u >> 24];
}

/* The link to the APC of [thread] that is this KAPC's or this timer's, in its bucket; to null when
 * there is none. Those that have neither may be queued as often as one likes. */
static grt_apc **find(grt_dispatch *dispatch, const grt_thread *thread, grt_addr kapc,
                      const grt_object *timer)
{
    grt_apc **link = bucket_of(dispatch, kapc, timer);
    while (*link &&
           ((*link)->thread != thread || (*link)->kapc != kapc || (*link)->timer != timer)) {
        dispatch->steps++;
        link = &(*link)->next_in_bucket;
    }
    return link;
}

static bool has_key(const grt_apc *apc)
{
    return apc->kapc != 0 || apc->timer != NULL;
}

static bool is_special(const grt_apc *apc)
{
    return apc->mode == 0 && apc->normal_routine == 0;
}

/* At the end, and one without a normal routine before all that have one. */
static void append(grt_thread *thread, grt_apc *apc)
{
    grt_thread_kernel *kernel = &thread->kernel;
    bool special = is_special(apc);
    grt_apc *before = special ? kernel->last_special : kernel->last_apcs[apc->mode];
    grt_apc *after = before ? before->next : kernel->apcs[apc->mode];
    apc->previous = before;
    apc->next = after;
    *(before ? &before->next : &kernel->apcs[apc->mode]) = apc;
    *(after ? &after->previous : &kernel->last_apcs[apc->mode]) = apc;
    if (special)
        kernel->last_special = apc;
}

static void unlist(grt_thread *thread, grt_apc *apc)
{
    grt_thread_kernel *kernel = &thread->kernel;
    *(apc->previous ? &apc->previous->next : &kernel->apcs[apc->mode]) = apc->next;
    *(apc->next ? &apc->next->previous : &kernel->last_apcs[apc->mode]) = apc->previous;
    if (kernel->last_special == apc)
        kernel->last_special = apc->previous;
}

/* A wait that the new APC concerns comes to look. */
static void interrupt(grt_dispatch *dispatch, grt_thread *thread, uint32_t mode)
{
    if (mode == 0)
        atomic_fetch_or(&thread->attention, GRT_ATTEND_APC);
    grt_wait *wait = thread->kernel.wait;
    if (!wait || (mode != 0 && !wait->alertable))
        return;
    atomic_store(&wait->interrupted, true);
    grt_dispatch_wake(dispatch, thread);
}

bool grt_apc_queue(grt_dispatch *dispatch, grt_thread *thread, const grt_apc *model,
                   bool *no_memory)
{
    *no_memory = false;
    grt_apc **bucket = has_key(model) ? find(dispatch, thread, model->kapc, model->timer) : NULL;
    if (thread->kernel.ended || (bucket && *bucket))
        return false;
    grt_apc *apc = os_alloc(sizeof *apc);
    *no_memory = apc == NULL;
    if (!apc)
        return false;
    *apc = *model;
    apc->thread = thread;
    if (bucket)
        *bucket = apc;
    append(thread, apc);
    show_inserted(dispatch, apc->kapc, 1);
    interrupt(dispatch, thread, apc->mode);
    return true;
}

static void drop(grt_dispatch *dispatch, grt_apc *apc)
{
    if (has_key(apc))
        *find(dispatch, apc->thread, apc->kapc, apc->timer) = apc->next_in_bucket;
    unlist(apc->thread, apc);
    show_inserted(dispatch, apc->kapc, 0);
    os_free(apc);
}

static bool remove_keyed(grt_dispatch *dispatch, const grt_thread *thread, grt_addr kapc,
                         const grt_object *timer)
{
    grt_apc *apc = *find(dispatch, thread, kapc, timer);
    if (apc)
        drop(dispatch, apc);
    return apc != NULL;
}

bool grt_apc_remove(grt_dispatch *dispatch, grt_thread *thread, grt_addr kapc)
{
    return kapc != 0 && remove_keyed(dispatch, thread, kapc, NULL);
}

bool grt_apc_remove_timer(grt_dispatch *dispatch, grt_thread *thread, const grt_object *timer)
{
    return remove_keyed(dispatch, thread, 0, timer);
}

void grt_apc_forget(grt_dispatch *dispatch, grt_thread *thread)
{
    for (uint32_t mode = 0; mode < MODES; mode++) {
        while (thread->kernel.apcs[mode])
            drop(dispatch, thread->kernel.apcs[mode]);
    }
}

bool grt_apc_alerted(grt_thread *thread, uint32_t *status)
{
    for (uint32_t mode = 0; mode < MODES; mode++) {
        if (thread->kernel.alerted[mode]) {
            thread->kernel.alerted[mode] = false;
            *status = GRT_NT_ALERTED;
            return true;
        }
    }
    *status = GRT_NT_USER_APC;
    return thread->kernel.apcs[1] != NULL;
}

void grt_apc_alert(grt_dispatch *dispatch, grt_thread *thread, uint32_t mode)
{
    thread->kernel.alerted[mode] = true;
    interrupt(dispatch, thread, 1);
}

/* ---- what may run now ------------------------------------------------------------------------ */

bool grt_apc_due(const grt_thread *thread)
{
    const grt_apc *first = thread->kernel.apcs[0];
    if (!first || thread->irql >= GRT_IRQL_APC)
        return false;
    return first->normal_routine == 0 ||
           (thread->apc_disable == 0 && !thread->kernel.in_kernel_apc);
}

static bool take(grt_dispatch *dispatch, grt_thread *thread, uint32_t mode, grt_apc *apc)
{
    grt_dispatch_lock(dispatch);
    bool due = mode == 0 ? grt_apc_due(thread) : thread->kernel.apcs[1] != NULL;
    if (due) {
        *apc = *thread->kernel.apcs[mode];
        drop(dispatch, thread->kernel.apcs[mode]);
    }
    if (!thread->kernel.apcs[0] && !grt_dpc_any(dispatch, thread))
        atomic_fetch_and(&thread->attention, ~(unsigned)GRT_ATTEND_APC);
    grt_dispatch_unlock(dispatch);
    return due;
}

/* ---- running (no lock is held) --------------------------------------------------------------- */

static void call_routine(grt_dispatch *dispatch, grt_addr routine, const uint64_t *arguments,
                         uint32_t count)
{
    grt_status status = grt_runtime_call(dispatch->runtime, routine, arguments, count, NULL);
    if (status == GRT_NOT_A_FUNCTION)
        grt_log_line(&dispatch->runtime->config.log, GRT_LOG_WARN, "EXPORT",
                     "an APC's routine 0x%08X is no function: it was not called",
                     (unsigned)routine);
}

/* The kernel routine gets the addresses of what the normal routine will get, and may change it. */
static void call_kernel_routine(grt_dispatch *dispatch, grt_thread *thread, grt_apc *apc)
{
    grt_runtime *runtime = dispatch->runtime;
    uint64_t r1 = thread->ppc.r[1];
    grt_addr frame = (grt_addr)(r1 - SCRATCH_SIZE) & ~15u, words = frame + SCRATCH_WORDS;
    uint8_t bytes[16], chain[4];
    grt_store32(chain, (uint32_t)r1);
    grt_store32(bytes, apc->normal_routine);
    grt_store32(bytes + 4, apc->context);
    grt_store32(bytes + 8, apc->arguments[0]);
    grt_store32(bytes + 12, apc->arguments[1]);
    if (!grt_guest_write(runtime, frame, chain, sizeof chain) ||
        !grt_guest_write(runtime, words, bytes, sizeof bytes))
        return; /* no stack is left: the call would find that out */
    const uint64_t arguments[] = {apc->kapc, words, words + 4, words + 8, words + 12};
    thread->ppc.r[1] = frame;
    call_routine(dispatch, apc->kernel_routine, arguments, 5);
    thread->ppc.r[1] = r1;
    if (!grt_guest_read(runtime, bytes, words, sizeof bytes))
        return;
    apc->normal_routine = grt_load32(bytes);
    apc->context = grt_load32(bytes + 4);
    apc->arguments[0] = grt_load32(bytes + 8);
    apc->arguments[1] = grt_load32(bytes + 12);
}

static void run(grt_dispatch *dispatch, grt_thread *thread, grt_apc *apc)
{
    uint8_t level = thread->irql;
    if (apc->kernel_routine) {
        grt_kernel_set_irql(thread, GRT_IRQL_APC);
        call_kernel_routine(dispatch, thread, apc);
        grt_kernel_set_irql(thread, level);
    }
    if (!apc->normal_routine)
        return;
    const uint64_t arguments[] = {apc->context, apc->arguments[0], apc->arguments[1]};
    bool nested = thread->kernel.in_kernel_apc;
    thread->kernel.in_kernel_apc |= apc->mode == 0;
    if (apc->mode == 0) /* the level has sunk again: special ones first */
        grt_apc_deliver_kernel(dispatch, thread);
    call_routine(dispatch, apc->normal_routine, arguments, 3);
    thread->kernel.in_kernel_apc = nested;
}

void grt_apc_deliver_kernel(grt_dispatch *dispatch, grt_thread *thread)
{
    grt_apc apc;
    while (take(dispatch, thread, 0, &apc))
        run(dispatch, thread, &apc);
}

void grt_apc_deliver_user(grt_dispatch *dispatch, grt_thread *thread)
{
    grt_apc apc;
    while (take(dispatch, thread, 1, &apc))
        run(dispatch, thread, &apc);
}

static bool take_any(grt_dispatch *dispatch, grt_thread *thread, grt_apc *apc)
{
    bool found = false;
    grt_dispatch_lock(dispatch);
    for (uint32_t mode = 0; mode < MODES && !found; mode++) {
        found = thread->kernel.apcs[mode] != NULL;
        if (found) {
            *apc = *thread->kernel.apcs[mode];
            drop(dispatch, thread->kernel.apcs[mode]);
        }
    }
    grt_dispatch_unlock(dispatch);
    return found;
}

void grt_apc_run_down(grt_dispatch *dispatch, grt_thread *thread)
{
    grt_apc apc;
    while (take_any(dispatch, thread, &apc)) {
        const uint64_t arguments[] = {apc.kapc};
        if (apc.rundown_routine)
            call_routine(dispatch, apc.rundown_routine, arguments, 1);
    }
}
