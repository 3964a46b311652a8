/* x_pointer.c - exports about objects that the guest knows by their address. */
#include "kernel/variables.h"
#include "kernel/create.h"
#include "kernel/state.h"

/* ---- what they share ------------------------------------------------------------------------- */

void grt_call_release(grt_call *call, grt_object *object)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_dispatch_lock(dispatch);
    grt_object_release(dispatch, object);
    grt_dispatch_unlock(dispatch);
}

bool grt_call_is_of_type(const grt_call *call, const grt_object *object, grt_addr type)
{
    grt_addr own = grt_object_type_address(call->runtime, object->kind);
    return type == 0 || own == 0 || type == own;
}

/* An object that has no pointer yet is found as well if it is a thread: programs know the KTHREAD
 * of the calling one from the PCR. */
grt_object *grt_call_pointed_at(grt_call *call, grt_addr address)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_thread *thread = grt_thread_find_kthread(call->runtime, address);
    grt_dispatch_lock(dispatch);
    grt_object *object = thread ? NULL : grt_object_held_at(dispatch, address);
    if (object)
        object->references++;
    else if (thread)
        object = grt_object_of_thread(dispatch, thread);
    grt_dispatch_unlock(dispatch);
    if (!object)
        grt_call_complain(call, "there is no object at %08X whose pointers are counted",
                          (unsigned)address);
    if (thread)
        grt_thread_release(thread);
    return object;
}

static grt_addr address_of(grt_call *call, grt_object *object)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_addr address = 0;
    for (bool room = true; room && !address; room = address || grt_body_page_add(dispatch)) {
        grt_dispatch_lock(dispatch);
        address = grt_object_address(dispatch, object);
        if (address)
            grt_object_hold(dispatch, object);
        grt_dispatch_unlock(dispatch);
    }
    return address;
}

uint32_t grt_call_point_out(grt_call *call, grt_object *object, grt_addr type, grt_addr object_out)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    bool fits = grt_call_is_of_type(call, object, type);
    grt_addr address = fits ? address_of(call, object) : 0;
    if (!address) {
        if (!fits)
            grt_call_complain(call, "the object is of kind %s, not of type %08X",
                              grt_object_kind_name(object->kind), (unsigned)type);
        grt_call_release(call, object);
        return fits ? GRT_NT_INSUFFICIENT_RESOURCES : GRT_NT_OBJECT_TYPE_MISMATCH;
    }
    if (grt_call_write_u32(call, object_out, address, "object_out"))
        return GRT_NT_SUCCESS;
    grt_dispatch_lock(dispatch);
    grt_object_let_go(dispatch, object);
    grt_dispatch_unlock(dispatch);
    return GRT_NT_ACCESS_VIOLATION;
}

/* ---- counting -------------------------------------------------------------------------------- */

void grt_export_ObReferenceObject(grt_call *call, grt_addr object)
{
    grt_object *found = grt_call_pointed_at(call, object);
    if (!found)
        return;
    grt_dispatch_lock(grt_call_dispatch(call));
    grt_object_hold(grt_call_dispatch(call), found);
    grt_dispatch_unlock(grt_call_dispatch(call));
}

void grt_export_ObDereferenceObject(grt_call *call, grt_addr object)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_dispatch_lock(dispatch);
    grt_object *found = grt_object_held_at(dispatch, object);
    bool held = found && found->pointers > 0;
    if (held)
        grt_object_let_go(dispatch, found);
    grt_dispatch_unlock(dispatch);
    if (!held)
        grt_call_complain(call, "the program holds no pointer to an object at %08X",
                          (unsigned)object);
}

uint32_t grt_export_ObReferenceObjectByHandle(grt_call *call, uint32_t handle, grt_addr type,
                                              grt_addr object_out)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_handle_trouble trouble;
    if (!grt_call_write_u32(call, object_out, 0, "object_out"))
        return GRT_NT_ACCESS_VIOLATION;
    grt_dispatch_lock(dispatch);
    grt_object *object =
        grt_handle_object(dispatch, call->thread, handle, GRT_OBJECT_ANY, &trouble);
    grt_dispatch_unlock(dispatch);
    return object ? grt_call_point_out(call, object, type, object_out)
                  : grt_call_handle_trouble(call, &trouble);
}

uint32_t grt_export_ObOpenObjectByPointer(grt_call *call, grt_addr object, grt_addr handle_out)
{
    if (!grt_call_write_u32(call, handle_out, 0, "handle_out"))
        return GRT_NT_ACCESS_VIOLATION;
    grt_object *found = grt_call_pointed_at(call, object);
    return found ? grt_call_hand_out(call, found, handle_out) : GRT_NT_UNSUCCESSFUL;
}

uint32_t grt_export_ObIsTitleObject(grt_call *call, grt_addr object)
{
    grt_object *found = grt_call_pointed_at(call, object);
    if (found)
        grt_call_release(call, found);
    return found != NULL;
}

/* ---- threads by id --------------------------------------------------------------------------- */

static grt_object *thread_by_id(grt_call *call, uint32_t id, uint32_t *status)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_thread *thread = grt_thread_find_id(call->runtime, id);
    *status = GRT_NT_INVALID_CID;
    if (!thread)
        return NULL;
    grt_dispatch_lock(dispatch);
    grt_object *object = thread->kernel.ended ? NULL : grt_object_of_thread(dispatch, thread);
    if (!object && !thread->kernel.ended)
        *status = GRT_NT_INSUFFICIENT_RESOURCES;
    grt_dispatch_unlock(dispatch);
    grt_thread_release(thread);
    return object;
}

uint32_t grt_export_ObLookupThreadByThreadId(grt_call *call, uint32_t id, grt_addr object_out)
{
    uint32_t status;
    if (!grt_call_write_u32(call, object_out, 0, "object_out"))
        return GRT_NT_ACCESS_VIOLATION;
    grt_object *object = thread_by_id(call, id, &status);
    return object ? grt_call_point_out(call, object, 0, object_out) : status;
}

uint32_t grt_export_ObLookupAnyThreadByThreadId(grt_call *call, uint32_t id, grt_addr object_out)
{
    return grt_export_ObLookupThreadByThreadId(call, id, object_out);
}
