/* x_name.c - exports that find objects by their names, or take those away. */
#include "kernel/act.h"
#include "kernel/create.h"
#include "kernel/state.h"

/* ---- finding --------------------------------------------------------------------------------- */

/* A reference to the object called [name], which is freed; null with a status. With [handle], one
 * is opened for it in the same step: 0 when none is left. */
static grt_object *find(grt_call *call, grt_name *name, grt_addr type, uint32_t *handle,
                        uint32_t *status)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_dispatch_lock(dispatch);
    grt_object *object = grt_name_find(dispatch, name);
    *status = object ? GRT_NT_SUCCESS : GRT_NT_OBJECT_NAME_NOT_FOUND;
    if (object && !grt_call_is_of_type(call, object, type)) {
        *status = GRT_NT_OBJECT_TYPE_MISMATCH;
        object = NULL;
    }
    if (object)
        object->references++;
    if (object && handle && !(*handle = grt_handle_open(dispatch, object)))
        grt_object_release(dispatch, object);
    grt_dispatch_unlock(dispatch);
    os_free(name);
    return object;
}

uint32_t grt_export_ObOpenObjectByName(grt_call *call, grt_addr attributes, grt_addr type,
                                       uint32_t unknown, grt_addr handle_out)
{
    (void)unknown; /* always 0 where it was seen */
    grt_name *name;
    uint32_t handle = 0;
    if (!grt_call_write_u32(call, handle_out, 0, "handle_out"))
        return GRT_NT_ACCESS_VIOLATION;
    uint32_t status = grt_call_read_name(call, attributes, GRT_NAMES_OF_OBJECTS, &name);
    if (status != GRT_NT_SUCCESS)
        return status;
    if (!name)
        return GRT_NT_INVALID_PARAMETER;
    find(call, name, type, &handle, &status);
    return status == GRT_NT_SUCCESS ? grt_call_store_handle(call, handle, handle_out) : status;
}

uint32_t grt_export_ObReferenceObjectByName(grt_call *call, grt_addr string, uint32_t attributes,
                                            grt_addr type, grt_addr context, grt_addr object_out)
{
    (void)attributes;
    (void)context; /* for objects that look into a path themselves; there are none */
    grt_name *name;
    if (!grt_call_write_u32(call, object_out, 0, "object_out"))
        return GRT_NT_ACCESS_VIOLATION;
    uint32_t status = grt_call_read_string(call, string, GRT_NAMES_OF_OBJECTS, &name);
    if (status != GRT_NT_SUCCESS)
        return status;
    if (!name)
        return GRT_NT_OBJECT_NAME_INVALID;
    grt_object *object = find(call, name, type, NULL, &status);
    return object ? grt_call_point_out(call, object, 0, object_out) : status;
}

/* ---- the end of permanence ------------------------------------------------------------------- */

static uint32_t make_temporary(grt_call *call, grt_object *object, int32_t amount,
                               int32_t *previous)
{
    (void)amount;
    (void)previous;
    grt_object_make_temporary(grt_call_dispatch(call), object);
    return GRT_NT_SUCCESS;
}

uint32_t grt_export_NtMakeTemporaryObject(grt_call *call, uint32_t handle)
{
    return grt_call_act(call, handle, GRT_OBJECT_ANY, make_temporary, 0, 0);
}

void grt_export_ObMakeTemporaryObject(grt_call *call, grt_addr object)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_object *found = grt_call_pointed_at(call, object);
    if (!found)
        return;
    grt_dispatch_lock(dispatch);
    grt_object_make_temporary(dispatch, found);
    grt_object_release(dispatch, found);
    grt_dispatch_unlock(dispatch);
}
