/* create.c - objects with handles and names: made, or opened when the name exists. */
#include "kernel/create.h"

#include <string.h>

#define ATTRIBUTES_NAME  0x4u
#define ATTRIBUTES_FLAGS 0x8u
#define FLAG_PERMANENT   0x10u

/* ---- names ----------------------------------------------------------------------------------- */

/* The two ways in which programs write the directory of the links. */
static uint32_t prefix_of(const char *text, uint32_t length)
{
    static const char *const prefixes[] = {"\\??\\", "\\System??\\"};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t size = strlen(prefixes[i]);
        if (length >= size && memcmp(text, prefixes[i], size) == 0)
            return (uint32_t)size;
    }
    return 0;
}

static void strip(grt_name *name)
{
    uint32_t prefix = name->space == GRT_NAMES_OF_LINKS ? prefix_of(name->text, name->length) : 0;
    name->length -= prefix;
    memmove(name->text, name->text + prefix, name->length);
}

static uint32_t read_text(grt_call *call, grt_addr buffer, grt_name *name)
{
    if (!grt_call_read(call, name->text, buffer, name->length, "the object's name"))
        return GRT_NT_ACCESS_VIOLATION;
    strip(name);
    grt_name_seal(name);
    bool good = name->length > 0 && !memchr(name->text, '\0', name->length);
    return good ? GRT_NT_SUCCESS : GRT_NT_OBJECT_NAME_INVALID;
}

uint32_t grt_call_read_string(grt_call *call, grt_addr string, grt_name_space space,
                              grt_name **result)
{
    uint8_t bytes[8];
    *result = NULL;
    if (!grt_call_read(call, bytes, string, sizeof bytes, "the object's name"))
        return GRT_NT_ACCESS_VIOLATION;
    uint32_t length = grt_load16(bytes);
    if (length == 0)
        return GRT_NT_SUCCESS;
    grt_name *name = grt_name_create(length, space);
    if (!name)
        return GRT_NT_NO_MEMORY;
    uint32_t status = read_text(call, grt_load32(bytes + 4), name);
    if (status == GRT_NT_SUCCESS)
        *result = name;
    else
        os_free(name);
    return status;
}

uint32_t grt_call_read_name(grt_call *call, grt_addr attributes, grt_name_space space,
                            grt_name **name)
{
    uint32_t string = 0;
    *name = NULL;
    if (!attributes)
        return GRT_NT_SUCCESS;
    if (!grt_call_read_u32(call, attributes + ATTRIBUTES_NAME, &string, "attributes"))
        return GRT_NT_ACCESS_VIOLATION;
    return string ? grt_call_read_string(call, string, space, name) : GRT_NT_SUCCESS;
}

/* ---- creation -------------------------------------------------------------------------------- */

static grt_object *make(grt_dispatch *dispatch, const grt_object *model, grt_name *name)
{
    grt_object *object = grt_object_create(dispatch, model->kind, name);
    if (!object)
        return NULL;
    object->state = model->state;
    object->auto_reset = model->auto_reset;
    object->limit = model->limit;
    if (model->owner)
        grt_mutant_take(dispatch, object, model->owner);
    if (name && model->permanent)
        grt_object_make_permanent(object);
    return object;
}

/* The object that has the name, with a reference, or a new one, which takes the name over and
 * clears [*name]; null with a status. The lock is held. */
static grt_object *open_or_make(grt_dispatch *dispatch, const grt_object *model, grt_name **name,
                                uint32_t *status)
{
    grt_object *object = *name ? grt_name_find(dispatch, *name) : NULL;
    *status = object ? GRT_NT_OBJECT_NAME_EXISTS : GRT_NT_SUCCESS;
    if (object && object->kind != model->kind) {
        *status = GRT_NT_OBJECT_NAME_COLLISION;
        return NULL;
    }
    if (object) {
        object->references++;
        return object;
    }
    object = make(dispatch, model, *name);
    if (object)
        *name = NULL;
    else
        *status = GRT_NT_NO_MEMORY;
    return object;
}

/* Finding and opening are one step, or the last other handle might take the name along. */
uint32_t grt_call_open_handle(grt_call *call, const grt_object *model, grt_name **name,
                              uint32_t *handle)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    uint32_t status;
    grt_dispatch_lock(dispatch);
    grt_object *object = open_or_make(dispatch, model, name, &status);
    *handle = object ? grt_handle_open(dispatch, object) : 0;
    if (object && !*handle) {
        if (status == GRT_NT_SUCCESS) /* nobody will ever hear of it */
            grt_object_make_temporary(dispatch, object);
        grt_object_release(dispatch, object);
    }
    grt_dispatch_unlock(dispatch);
    return status;
}

static bool read_permanence(grt_call *call, grt_addr attributes, bool *permanent)
{
    uint32_t flags = 0;
    if (attributes && !grt_call_read_u32(call, attributes + ATTRIBUTES_FLAGS, &flags, "attributes"))
        return false;
    *permanent = (flags & FLAG_PERMANENT) != 0;
    return true;
}

uint32_t grt_call_create(grt_call *call, const grt_object *wanted, grt_addr attributes,
                         grt_addr handle_out)
{
    grt_object model = *wanted;
    grt_name *name;
    uint32_t handle;
    if (!grt_call_write_u32(call, handle_out, 0, "handle_out") ||
        !read_permanence(call, attributes, &model.permanent))
        return GRT_NT_ACCESS_VIOLATION;
    uint32_t status = grt_call_read_name(call, attributes, GRT_NAMES_OF_OBJECTS, &name);
    if (status != GRT_NT_SUCCESS)
        return status;
    status = grt_call_open_handle(call, &model, &name, &handle);
    os_free(name);
    if (status != GRT_NT_SUCCESS && status != GRT_NT_OBJECT_NAME_EXISTS)
        return status;
    uint32_t stored = grt_call_store_handle(call, handle, handle_out);
    return stored == GRT_NT_SUCCESS ? status : stored;
}
