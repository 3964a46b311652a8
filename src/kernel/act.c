/* act.c - doing one thing to one object that the guest names, by handle or by address. */
#include "kernel/act.h"

#include "os/assert.h"

uint32_t grt_call_act(grt_call *call, uint32_t handle, uint32_t kinds, grt_object_action *action,
                      int32_t amount, grt_addr previous_out)
{
    int32_t previous;
    return grt_call_act_and_tell(call, handle, kinds, action, amount, previous_out, &previous);
}

uint32_t grt_call_act_and_tell(grt_call *call, uint32_t handle, uint32_t kinds,
                               grt_object_action *action, int32_t amount, grt_addr previous_out,
                               int32_t *previous)
{
    *previous = 0;
    if (!grt_call_probe(call, previous_out, "previous_out"))
        return GRT_NT_ACCESS_VIOLATION;
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_handle_trouble trouble;
    uint32_t status = GRT_NT_SUCCESS;
    grt_dispatch_lock(dispatch);
    grt_object *object = grt_handle_object(dispatch, call->thread, handle, kinds, &trouble);
    if (object) {
        status = action(call, object, amount, previous);
        grt_object_release(dispatch, object);
    }
    grt_dispatch_unlock(dispatch);
    if (!object)
        return grt_call_handle_trouble(call, &trouble);
    if (status == GRT_NT_SUCCESS && previous_out &&
        !grt_call_write_u32(call, previous_out, (uint32_t)*previous, "previous_out"))
        return GRT_NT_ACCESS_VIOLATION;
    return status;
}

uint32_t grt_call_query(grt_call *call, uint32_t handle, uint32_t kinds, grt_object_query *query,
                        grt_addr record_out, uint32_t size)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_handle_trouble trouble;
    uint8_t bytes[GRT_QUERY_SIZE_MAX] = {0};
    GRT_ASSERT(size <= sizeof bytes);
    grt_dispatch_lock(dispatch);
    grt_object *object = grt_handle_object(dispatch, call->thread, handle, kinds, &trouble);
    if (object) {
        grt_object_load(dispatch, object);
        query(call, object, bytes);
        grt_object_release(dispatch, object);
    }
    grt_dispatch_unlock(dispatch);
    if (!object)
        return grt_call_handle_trouble(call, &trouble);
    return grt_call_write(call, record_out, bytes, size, call->row->parameters[1].name)
               ? GRT_NT_SUCCESS
               : GRT_NT_ACCESS_VIOLATION;
}

static void complain_reused(grt_call *call, grt_addr body, uint32_t waiting)
{
    grt_call_complain(call,
                      "object %08X is initialised while %u thread%s for what was there before",
                      (unsigned)body, (unsigned)waiting, waiting == 1 ? " waits" : "s wait");
}

uint32_t grt_call_act_at(grt_call *call, grt_addr body, uint32_t kinds, grt_object_action *action,
                         int32_t amount, int32_t *previous)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_handle_trouble trouble;
    uint32_t status = GRT_NT_SUCCESS, waiting = 0;
    bool stuck = false;
    *previous = 0;
    grt_object *object = grt_object_at(dispatch, body, kinds, &trouble);
    if (object) {
        if (object->reused) {
            object->reused = false;
            waiting = grt_object_count_waiters(object);
        }
        object->stuck = false;
        status = action(call, object, amount, previous);
        stuck = object->stuck;
        grt_object_release(dispatch, object);
    }
    grt_dispatch_unlock(dispatch);
    if (stuck)
        grt_call_complain(call, "object %08X is in memory that cannot be written: nothing changed",
                          (unsigned)body);
    if (waiting > 0)
        complain_reused(call, body, waiting);
    return object ? status : grt_call_handle_trouble(call, &trouble);
}

bool grt_call_initialise(grt_call *call, grt_addr body, const uint8_t *bytes, uint32_t size)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    uint32_t waiting;
    grt_dispatch_lock(dispatch);
    bool written = grt_object_initialise(dispatch, body, bytes, size, &waiting);
    grt_dispatch_unlock(dispatch);
    if (waiting > 0)
        complain_reused(call, body, waiting);
    if (!written)
        grt_call_complain(call, "%s leads to 0x%08X, which cannot be written",
                          call->row->parameters[0].name, (unsigned)body);
    return written;
}
