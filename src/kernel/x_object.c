/* x_object.c - exports about handles, events, semaphores and mutants. */
#include "kernel/state.h"

#include <string.h>

#define DUPLICATE_CLOSE_SOURCE 0x1u
#define EVENT_AUTO_RESET       1u

/* ---- handles ------------------------------------------------------------------------------- */

uint32_t grt_export_NtClose(grt_call *call, uint32_t handle)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_handle_trouble trouble;
    grt_dispatch_lock(dispatch);
    bool closed = grt_handle_close(dispatch, handle, call->thread->id, call->call_site, &trouble);
    grt_dispatch_unlock(dispatch);
    return closed ? GRT_NT_SUCCESS : grt_call_handle_trouble(call, &trouble);
}

/* Opens a handle for [object], whose reference it takes, and stores it. */
static uint32_t hand_out(grt_call *call, grt_object *object, grt_addr handle_out)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_dispatch_lock(dispatch);
    uint32_t handle = grt_handle_open(dispatch, object);
    if (!handle)
        grt_object_release(dispatch, object);
    grt_dispatch_unlock(dispatch);
    if (!handle) {
        grt_call_complain(call, "no handle is left: all %u are open",
                          (unsigned)GRT_HANDLE_SLOTS_MAX - 1);
        return GRT_NT_INSUFFICIENT_RESOURCES;
    }
    if (!handle_out || grt_call_write_u32(call, handle_out, handle, "handle_out"))
        return GRT_NT_SUCCESS;
    grt_export_NtClose(call, handle);
    return GRT_NT_ACCESS_VIOLATION;
}

uint32_t grt_export_NtDuplicateObject(grt_call *call, uint32_t source, grt_addr handle_out,
                                      uint32_t options)
{
    if (!grt_call_probe(call, handle_out, "handle_out"))
        return GRT_NT_ACCESS_VIOLATION;
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_handle_trouble trouble;
    grt_dispatch_lock(dispatch);
    grt_object *object =
        grt_handle_object(dispatch, call->thread, source, GRT_OBJECT_ANY, &trouble);
    if (object && !handle_out) { /* only option 1 means anything then */
        grt_object_release(dispatch, object);
    }
    grt_dispatch_unlock(dispatch);
    if (!object)
        return grt_call_handle_trouble(call, &trouble);
    uint32_t status = handle_out ? hand_out(call, object, handle_out) : GRT_NT_SUCCESS;
    if (status == GRT_NT_SUCCESS && (options & DUPLICATE_CLOSE_SOURCE) &&
        source != GRT_HANDLE_THREAD)
        status = grt_export_NtClose(call, source);
    return status;
}

/* ---- creation and names -------------------------------------------------------------------- */

/* Reads the name out of OBJECT_ATTRIBUTES {root, name, flags}; name points to {length, maximum,
 * buffer}. Empty when there is none. */
static uint32_t read_name(grt_call *call, grt_addr attributes, char *name)
{
    uint32_t string = 0;
    uint8_t bytes[8];
    name[0] = '\0';
    if (!attributes)
        return GRT_NT_SUCCESS;
    if (!grt_call_read_u32(call, attributes + 4, &string, "attributes"))
        return GRT_NT_ACCESS_VIOLATION;
    if (!string)
        return GRT_NT_SUCCESS;
    if (!grt_call_read(call, bytes, string, sizeof bytes, "the object's name"))
        return GRT_NT_ACCESS_VIOLATION;
    uint32_t length = grt_load16(bytes);
    if (length > GRT_OBJECT_NAME_MAX)
        return GRT_NT_OBJECT_NAME_INVALID;
    if (!grt_call_read(call, name, grt_load32(bytes + 4), length, "the object's name"))
        return GRT_NT_ACCESS_VIOLATION;
    name[length] = '\0';
    return memchr(name, '\0', length) ? GRT_NT_OBJECT_NAME_INVALID : GRT_NT_SUCCESS;
}

/* Creates an object like [model], or opens the one that has its name. */
static uint32_t create_or_open(grt_call *call, const grt_object *model, grt_addr attributes,
                               grt_addr handle_out)
{
    char name[GRT_OBJECT_NAME_MAX + 1];
    if (!grt_call_write_u32(call, handle_out, 0, "handle_out"))
        return GRT_NT_ACCESS_VIOLATION;
    uint32_t status = read_name(call, attributes, name);
    if (status != GRT_NT_SUCCESS)
        return status;
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_dispatch_lock(dispatch);
    grt_object *object = name[0] ? grt_object_find_named(dispatch, name) : NULL;
    if (!object) {
        object = grt_object_create(dispatch, model->kind, name);
        if (object) {
            object->state = model->state;
            object->auto_reset = model->auto_reset;
            object->limit = model->limit;
        } else {
            status = GRT_NT_NO_MEMORY;
        }
        if (object && model->owner)
            grt_mutant_take(dispatch, object, model->owner);
    } else if (object->kind == model->kind) {
        status = GRT_NT_OBJECT_NAME_EXISTS;
    } else {
        grt_object_release(dispatch, object);
        object = NULL;
        status = GRT_NT_OBJECT_NAME_COLLISION;
    }
    grt_dispatch_unlock(dispatch);
    if (!object)
        return status;
    uint32_t opened = hand_out(call, object, handle_out);
    return opened == GRT_NT_SUCCESS ? status : opened;
}

uint32_t grt_export_NtCreateEvent(grt_call *call, grt_addr handle_out, grt_addr attributes,
                                  uint32_t type, uint32_t state)
{
    if (type > EVENT_AUTO_RESET) {
        grt_call_complain(call, "there is no event type %u", (unsigned)type);
        return GRT_NT_INVALID_PARAMETER;
    }
    grt_object model = {
        .kind = GRT_OBJECT_EVENT, .state = state != 0, .auto_reset = type == EVENT_AUTO_RESET};
    return create_or_open(call, &model, attributes, handle_out);
}

uint32_t grt_export_NtCreateSemaphore(grt_call *call, grt_addr handle_out, grt_addr attributes,
                                      int32_t count, int32_t limit)
{
    if (limit <= 0 || count < 0 || count > limit) {
        grt_call_complain(call, "count %d does not fit limit %d", (int)count, (int)limit);
        return GRT_NT_INVALID_PARAMETER;
    }
    grt_object model = {.kind = GRT_OBJECT_SEMAPHORE, .state = count, .limit = limit};
    return create_or_open(call, &model, attributes, handle_out);
}

uint32_t grt_export_NtCreateMutant(grt_call *call, grt_addr handle_out, grt_addr attributes,
                                   uint32_t owned)
{
    grt_object model = {
        .kind = GRT_OBJECT_MUTANT, .state = 1, .owner = owned ? call->thread->id : 0};
    return create_or_open(call, &model, attributes, handle_out);
}

/* ---- signalling ---------------------------------------------------------------------------- */

/* Does something to the object of [handle] under the lock; returns its status. */
typedef uint32_t object_action(grt_call *call, grt_object *object, int32_t amount,
                               int32_t *previous);

static uint32_t act(grt_call *call, uint32_t handle, grt_object_kind kind, object_action *action,
                    int32_t amount, grt_addr previous_out)
{
    if (!grt_call_probe(call, previous_out, "previous_out"))
        return GRT_NT_ACCESS_VIOLATION;
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_handle_trouble trouble;
    int32_t previous = 0;
    uint32_t status = GRT_NT_SUCCESS;
    grt_dispatch_lock(dispatch);
    grt_object *object =
        grt_handle_object(dispatch, call->thread, handle, (uint32_t)kind, &trouble);
    if (object) {
        status = action(call, object, amount, &previous);
        grt_object_release(dispatch, object);
    }
    grt_dispatch_unlock(dispatch);
    if (!object)
        return grt_call_handle_trouble(call, &trouble);
    if (status == GRT_NT_SUCCESS && previous_out &&
        !grt_call_write_u32(call, previous_out, (uint32_t)previous, "previous_out"))
        return GRT_NT_ACCESS_VIOLATION;
    return status;
}

static uint32_t set_event(grt_call *call, grt_object *event, int32_t amount, int32_t *previous)
{
    (void)amount;
    *previous = event->state;
    event->state = 1;
    grt_object_signalled(grt_call_dispatch(call), event);
    return GRT_NT_SUCCESS;
}

static uint32_t clear_event(grt_call *call, grt_object *event, int32_t amount, int32_t *previous)
{
    (void)call;
    (void)amount;
    *previous = event->state;
    event->state = 0;
    return GRT_NT_SUCCESS;
}

static uint32_t pulse_event(grt_call *call, grt_object *event, int32_t amount, int32_t *previous)
{
    set_event(call, event, amount, previous);
    event->state = 0;
    return GRT_NT_SUCCESS;
}

static uint32_t release_semaphore(grt_call *call, grt_object *semaphore, int32_t amount,
                                  int32_t *previous)
{
    *previous = semaphore->state;
    if (amount <= 0)
        return GRT_NT_INVALID_PARAMETER;
    if (amount > semaphore->limit - semaphore->state)
        return GRT_NT_SEMAPHORE_LIMIT_EXCEEDED;
    semaphore->state += amount;
    grt_object_signalled(grt_call_dispatch(call), semaphore);
    return GRT_NT_SUCCESS;
}

static uint32_t release_mutant(grt_call *call, grt_object *mutant, int32_t amount,
                               int32_t *previous)
{
    (void)amount;
    if (mutant->owner != call->thread->id)
        return GRT_NT_MUTANT_NOT_OWNED;
    *previous = 1 - (int32_t)mutant->depth;
    grt_mutant_release(grt_call_dispatch(call), mutant);
    return GRT_NT_SUCCESS;
}

uint32_t grt_export_NtSetEvent(grt_call *call, uint32_t handle, grt_addr previous_out)
{
    return act(call, handle, GRT_OBJECT_EVENT, set_event, 0, previous_out);
}

uint32_t grt_export_NtClearEvent(grt_call *call, uint32_t handle)
{
    return act(call, handle, GRT_OBJECT_EVENT, clear_event, 0, 0);
}

uint32_t grt_export_NtPulseEvent(grt_call *call, uint32_t handle, grt_addr previous_out)
{
    return act(call, handle, GRT_OBJECT_EVENT, pulse_event, 0, previous_out);
}

uint32_t grt_export_NtReleaseSemaphore(grt_call *call, uint32_t handle, int32_t amount,
                                       grt_addr previous_out)
{
    return act(call, handle, GRT_OBJECT_SEMAPHORE, release_semaphore, amount, previous_out);
}

uint32_t grt_export_NtReleaseMutant(grt_call *call, uint32_t handle, grt_addr previous_out)
{
    return act(call, handle, GRT_OBJECT_MUTANT, release_mutant, 0, previous_out);
}
