/* create.c - objects with handles and names: made, or opened when the name exists. */
#include "kernel/create.h"

#include <string.h>

uint32_t grt_call_read_name(grt_call *call, grt_addr attributes, char *name)
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

/* The object that has the model's name, with a reference, or a new one; null with a status. The
 * lock is held. */
static grt_object *open_or_make(grt_dispatch *dispatch, const grt_object *model, const char *name,
                                uint32_t *status)
{
    grt_object *object = name[0] ? grt_object_find_named(dispatch, name) : NULL;
    *status = object ? GRT_NT_OBJECT_NAME_EXISTS : GRT_NT_SUCCESS;
    if (object && object->kind != model->kind) {
        *status = GRT_NT_OBJECT_NAME_COLLISION;
        grt_object_release(dispatch, object);
        return NULL;
    }
    if (object)
        return object;
    object = grt_object_create(dispatch, model->kind, name);
    if (!object) {
        *status = GRT_NT_NO_MEMORY;
        return NULL;
    }
    object->state = model->state;
    object->auto_reset = model->auto_reset;
    object->limit = model->limit;
    if (model->owner)
        grt_mutant_take(dispatch, object, model->owner);
    return object;
}

uint32_t grt_call_create(grt_call *call, const grt_object *model, grt_addr attributes,
                         grt_addr handle_out)
{
    char name[GRT_OBJECT_NAME_MAX + 1];
    if (!grt_call_write_u32(call, handle_out, 0, "handle_out"))
        return GRT_NT_ACCESS_VIOLATION;
    uint32_t status = grt_call_read_name(call, attributes, name);
    if (status != GRT_NT_SUCCESS)
        return status;
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_dispatch_lock(dispatch);
    grt_object *object = open_or_make(dispatch, model, name, &status);
    grt_dispatch_unlock(dispatch);
    if (!object)
        return status;
    uint32_t opened = grt_call_hand_out(call, object, handle_out);
    return opened == GRT_NT_SUCCESS ? status : opened;
}
