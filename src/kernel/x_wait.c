/* x_wait.c - exports that wait for objects. */
#include "kernel/irql.h"
#include "kernel/state.h"
#include "kernel/waiting.h"

/* The console's numbers; taking one for the other is a classic. */
#define WAIT_ALL 0u
#define WAIT_ANY 1u

static bool has_twins(const grt_wait *wait)
{
    for (uint32_t i = 1; i < wait->count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (wait->links[i].object == wait->links[j].object)
                return true;
        }
    }
    return false;
}

/* A reference to the object that a wait names, or null; the lock is held on return. */
typedef grt_object *object_finder(grt_call *call, uint32_t name, grt_handle_trouble *trouble);

static grt_object *by_handle(grt_call *call, uint32_t handle, grt_handle_trouble *trouble)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_dispatch_lock(dispatch);
    return grt_handle_object(dispatch, call->thread, handle, GRT_OBJECT_WAITABLE, trouble);
}

static grt_object *by_body(grt_call *call, uint32_t body, grt_handle_trouble *trouble)
{
    return grt_object_at(grt_call_dispatch(call), body, GRT_OBJECT_WAITABLE, trouble);
}

static void give_back(grt_dispatch *dispatch, grt_wait *wait)
{
    for (uint32_t i = 0; i < wait->count; i++)
        grt_object_release(dispatch, wait->links[i].object);
}

/* Fills in the objects of a wait, each with a reference, and leaves the lock held; on failure there
 * is none left and the lock is free. */
static uint32_t collect(grt_call *call, object_finder *find, const uint32_t *names, uint32_t count,
                        grt_wait *wait)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_handle_trouble trouble = {.status = GRT_NT_SUCCESS};
    for (wait->count = 0; wait->count < count; wait->count++) {
        grt_object *object = find(call, names[wait->count], &trouble);
        if (!object)
            break;
        wait->links[wait->count].object = object;
        if (wait->count + 1 < count)
            grt_dispatch_unlock(dispatch);
    }
    bool found = wait->count == count;
    if (found && !(wait->all && has_twins(wait)))
        return GRT_NT_SUCCESS;
    give_back(dispatch, wait);
    grt_dispatch_unlock(dispatch);
    if (!found)
        return grt_call_handle_trouble(call, &trouble);
    grt_call_complain(call, "a wait for all of %u objects, two of which are the same",
                      (unsigned)count);
    return GRT_NT_INVALID_PARAMETER_MIX;
}

uint32_t grt_call_wait_handle(grt_call *call, uint32_t handle, uint32_t kinds, grt_wait *wait)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_handle_trouble trouble;
    grt_dispatch_lock(dispatch);
    grt_object *object = grt_handle_object(dispatch, call->thread, handle, kinds, &trouble);
    if (object) {
        wait->count = 1;
        wait->links[0].object = object;
        return grt_wait_locked(dispatch, wait);
    }
    grt_dispatch_unlock(dispatch);
    return grt_call_handle_trouble(call, &trouble);
}

/* What a call says about its wait, besides the objects. */
typedef struct wait_terms {
    bool alertable;
    grt_addr timeout;
    bool all;
} wait_terms;

static uint32_t wait_for(grt_call *call, object_finder *find, const uint32_t *names, uint32_t count,
                         wait_terms terms)
{
    grt_wait wait;
    uint64_t deadline;
    if (!grt_call_deadline(call, terms.timeout, &deadline))
        return GRT_NT_ACCESS_VIOLATION;
    if (call->thread->irql >= GRT_IRQL_DISPATCH && deadline != 0)
        grt_call_complain(call, "waits at IRQL %u, where only looking is allowed",
                          (unsigned)call->thread->irql);
    grt_wait_init(&wait, call->thread, terms.alertable, deadline);
    wait.all = terms.all;
    uint32_t status = collect(call, find, names, count, &wait);
    return status == GRT_NT_SUCCESS ? grt_wait_locked(grt_call_dispatch(call), &wait) : status;
}

static uint32_t wait_for_many(grt_call *call, object_finder *find, uint32_t count, grt_addr names,
                              uint32_t wait_type, wait_terms terms)
{
    uint32_t values[GRT_WAIT_OBJECTS_MAX];
    uint8_t bytes[sizeof values];
    if (count == 0 || count > GRT_WAIT_OBJECTS_MAX || wait_type > WAIT_ANY) {
        grt_call_complain(call, "count %u with wait type %u", (unsigned)count, (unsigned)wait_type);
        return GRT_NT_INVALID_PARAMETER;
    }
    if (!grt_call_read(call, bytes, names, count * 4, call->row->parameters[1].name))
        return GRT_NT_ACCESS_VIOLATION;
    for (uint32_t i = 0; i < count; i++)
        values[i] = grt_load32(bytes + 4 * i);
    terms.all = wait_type == WAIT_ALL;
    return wait_for(call, find, values, count, terms);
}

uint32_t grt_export_NtWaitForSingleObjectEx(grt_call *call, uint32_t handle, uint8_t mode,
                                            bool alertable, grt_addr timeout)
{
    (void)mode;
    return wait_for(call, by_handle, &handle, 1, (wait_terms){alertable, timeout, false});
}

uint32_t grt_export_NtWaitForMultipleObjectsEx(grt_call *call, uint32_t count, grt_addr handles,
                                               uint32_t wait_type, uint8_t mode, bool alertable,
                                               grt_addr timeout)
{
    (void)mode;
    return wait_for_many(call, by_handle, count, handles, wait_type,
                         (wait_terms){alertable, timeout, false});
}

uint32_t grt_export_KeWaitForSingleObject(grt_call *call, grt_addr object, uint32_t reason,
                                          uint8_t mode, bool alertable, grt_addr timeout)
{
    (void)reason;
    (void)mode;
    return wait_for(call, by_body, &object, 1, (wait_terms){alertable, timeout, false});
}

uint32_t grt_export_KeWaitForMultipleObjects(grt_call *call, uint32_t count, grt_addr objects,
                                             uint32_t wait_type, uint32_t reason, uint8_t mode,
                                             bool alertable, grt_addr timeout, grt_addr blocks)
{
    (void)reason;
    (void)mode;
    (void)blocks; /* the runtime keeps its own */
    return wait_for_many(call, by_body, count, objects, wait_type,
                         (wait_terms){alertable, timeout, false});
}

/* ---- signal and wait ------------------------------------------------------------------------- */

static uint32_t signal_object(grt_call *call, grt_object *object)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    int32_t previous;
    switch (object->kind) {
    case GRT_OBJECT_EVENT:
        grt_event_set(dispatch, object);
        return GRT_NT_SUCCESS;
    case GRT_OBJECT_SEMAPHORE:
        return grt_semaphore_release(dispatch, object, 1, &previous)
                   ? GRT_NT_SUCCESS
                   : GRT_NT_SEMAPHORE_LIMIT_EXCEEDED;
    default: /* a mutant */
        if (object->owner != call->thread)
            return GRT_NT_MUTANT_NOT_OWNED;
        grt_mutant_release(dispatch, object);
        return GRT_NT_SUCCESS;
    }
}

/* Finds both objects, signals the one and leaves the lock held, or reports and leaves it free. */
static uint32_t signal_first(grt_call *call, uint32_t signal, uint32_t object, grt_wait *wait)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    uint32_t kinds = GRT_OBJECT_EVENT | GRT_OBJECT_SEMAPHORE | GRT_OBJECT_MUTANT;
    grt_handle_trouble trouble = {0};
    uint32_t status = GRT_NT_SUCCESS;
    grt_dispatch_lock(dispatch);
    grt_object *signalled = grt_handle_object(dispatch, call->thread, signal, kinds, &trouble);
    grt_object *awaited =
        signalled ? grt_handle_object(dispatch, call->thread, object, GRT_OBJECT_WAITABLE, &trouble)
                  : NULL;
    if (awaited)
        status = signal_object(call, signalled);
    if (signalled)
        grt_object_release(dispatch, signalled);
    wait->count = 1;
    wait->links[0].object = awaited;
    if (awaited && status == GRT_NT_SUCCESS)
        return status;
    if (awaited)
        grt_object_release(dispatch, awaited);
    grt_dispatch_unlock(dispatch);
    if (!awaited)
        return grt_call_handle_trouble(call, &trouble);
    grt_call_complain(call, "object %08X is not signalled: %s", (unsigned)signal,
                      grt_nt_sentence(status));
    return status;
}

uint32_t grt_export_NtSignalAndWaitForSingleObjectEx(grt_call *call, uint32_t signal,
                                                     uint32_t object, uint8_t mode, bool alertable,
                                                     grt_addr timeout)
{
    (void)mode;
    grt_wait wait;
    uint64_t deadline;
    if (!grt_call_deadline(call, timeout, &deadline))
        return GRT_NT_ACCESS_VIOLATION;
    grt_wait_init(&wait, call->thread, alertable, deadline);
    uint32_t status = signal_first(call, signal, object, &wait);
    return status == GRT_NT_SUCCESS ? grt_wait_locked(grt_call_dispatch(call), &wait) : status;
}
