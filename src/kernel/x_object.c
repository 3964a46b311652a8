/* x_object.c - exports about handles. */
#include "kernel/create.h"
#include "kernel/state.h"

#define DUPLICATE_CLOSE_SOURCE 0x1u

uint32_t grt_export_NtClose(grt_call *call, uint32_t handle)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_handle_trouble trouble;
    grt_dispatch_lock(dispatch);
    bool closed = grt_handle_close(dispatch, handle, call->thread->id, call->call_site, &trouble);
    grt_dispatch_unlock(dispatch);
    return closed ? GRT_NT_SUCCESS : grt_call_handle_trouble(call, &trouble);
}

/* ---- handing out ----------------------------------------------------------------------------- */

uint32_t grt_call_store_handle(grt_call *call, uint32_t handle, grt_addr handle_out)
{
    if (!handle) {
        grt_call_complain(call, "no handle is left: all %u are open, or the host has no memory",
                          (unsigned)GRT_HANDLE_SLOTS_MAX - 1);
        return GRT_NT_INSUFFICIENT_RESOURCES;
    }
    if (grt_call_write_u32(call, handle_out, handle, "handle_out"))
        return GRT_NT_SUCCESS;
    grt_export_NtClose(call, handle);
    return GRT_NT_ACCESS_VIOLATION;
}

uint32_t grt_call_hand_out(grt_call *call, grt_object *object, grt_addr handle_out)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_dispatch_lock(dispatch);
    uint32_t handle = grt_handle_open(dispatch, object);
    if (!handle)
        grt_object_release(dispatch, object);
    grt_dispatch_unlock(dispatch);
    return grt_call_store_handle(call, handle, handle_out);
}

/* ---- duplicates ------------------------------------------------------------------------------ */

/* Another handle of the object of [source], or only the question whether there is one. Both under
 * one lock, so that the source's closing meanwhile takes no name along. */
static bool duplicate(grt_call *call, uint32_t source, bool wanted, uint32_t *handle,
                      grt_handle_trouble *trouble)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    *handle = 0;
    grt_dispatch_lock(dispatch);
    grt_object *object = grt_handle_object(dispatch, call->thread, source, GRT_OBJECT_ANY, trouble);
    if (object && wanted)
        *handle = grt_handle_open(dispatch, object);
    if (object && !*handle)
        grt_object_release(dispatch, object);
    grt_dispatch_unlock(dispatch);
    return object != NULL;
}

uint32_t grt_export_NtDuplicateObject(grt_call *call, uint32_t source, grt_addr handle_out,
                                      uint32_t options)
{
    grt_handle_trouble trouble;
    uint32_t handle, status = GRT_NT_SUCCESS;
    if (!grt_call_probe(call, handle_out, "handle_out"))
        return GRT_NT_ACCESS_VIOLATION;
    if (!duplicate(call, source, handle_out != 0, &handle, &trouble))
        return grt_call_handle_trouble(call, &trouble);
    if (handle_out)
        status = grt_call_store_handle(call, handle, handle_out);
    /* The calling thread's own handle is always open. */
    if (status == GRT_NT_SUCCESS && (options & DUPLICATE_CLOSE_SOURCE) &&
        source != GRT_HANDLE_THREAD)
        status = grt_export_NtClose(call, source);
    return status;
}
