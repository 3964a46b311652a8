/*
 * x_link.c - exports about symbolic links: names that stand for other names.
 *
 * The runtime keeps them for programs that ask; it has no devices that they could lead to.
 */
#include "kernel/create.h"
#include "kernel/state.h"

#include <string.h>

#define STRING_LENGTH  0x0u
#define STRING_MAXIMUM 0x2u
#define STRING_BUFFER  0x4u

/* ---- making and removing --------------------------------------------------------------------- */

static bool leads_to(const grt_object *link, const grt_name *target)
{
    return link->kind == GRT_OBJECT_LINK && link->target->length == target->length &&
           memcmp(link->target->text, target->text, target->length) == 0;
}

/* Takes both over when it succeeds. The lock is held. */
static uint32_t make(grt_dispatch *dispatch, grt_name **name, grt_name **target)
{
    grt_object *link = grt_name_find(dispatch, *name);
    if (link)
        return leads_to(link, *target) ? GRT_NT_SUCCESS : GRT_NT_UNSUCCESSFUL;
    link = grt_object_create(dispatch, GRT_OBJECT_LINK, *name);
    if (!link)
        return GRT_NT_NO_MEMORY;
    link->target = *target;
    *name = *target = NULL;
    grt_object_make_permanent(link);
    grt_object_release(dispatch, link);
    return GRT_NT_SUCCESS;
}

static uint32_t read_both(grt_call *call, grt_addr link, grt_addr target, grt_name **name,
                          grt_name **text)
{
    *text = NULL;
    uint32_t status = grt_call_read_string(call, link, GRT_NAMES_OF_LINKS, name);
    if (status == GRT_NT_SUCCESS)
        status = grt_call_read_string(call, target, GRT_NAMES_OF_OBJECTS, text);
    if (status == GRT_NT_SUCCESS && (!*name || !*text))
        status = GRT_NT_OBJECT_NAME_INVALID;
    return status;
}

uint32_t grt_export_ObCreateSymbolicLink(grt_call *call, grt_addr link, grt_addr target)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_name *name, *text;
    uint32_t status = read_both(call, link, target, &name, &text);
    if (status == GRT_NT_SUCCESS) {
        grt_dispatch_lock(dispatch);
        status = make(dispatch, &name, &text);
        grt_dispatch_unlock(dispatch);
    }
    os_free(name);
    os_free(text);
    return status;
}

uint32_t grt_export_ObDeleteSymbolicLink(grt_call *call, grt_addr link)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_name *name;
    uint32_t status = grt_call_read_string(call, link, GRT_NAMES_OF_LINKS, &name);
    if (status != GRT_NT_SUCCESS || !name)
        return status != GRT_NT_SUCCESS ? status : GRT_NT_OBJECT_NAME_INVALID;
    grt_dispatch_lock(dispatch);
    grt_object *found = grt_name_find(dispatch, name);
    if (found) {
        grt_name_forget(dispatch, found);
        grt_object_make_temporary(dispatch, found);
    }
    grt_dispatch_unlock(dispatch);
    os_free(name);
    return found ? GRT_NT_SUCCESS : GRT_NT_UNSUCCESSFUL;
}

/* ---- looking at one -------------------------------------------------------------------------- */

uint32_t grt_export_NtOpenSymbolicLinkObject(grt_call *call, grt_addr handle_out,
                                             grt_addr attributes)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_name *name;
    if (!grt_call_write_u32(call, handle_out, 0, "handle_out"))
        return GRT_NT_ACCESS_VIOLATION;
    uint32_t status = grt_call_read_name(call, attributes, GRT_NAMES_OF_LINKS, &name);
    if (status != GRT_NT_SUCCESS || !name)
        return status != GRT_NT_SUCCESS ? status : GRT_NT_OBJECT_NAME_INVALID;
    grt_dispatch_lock(dispatch);
    grt_object *link = grt_name_find(dispatch, name);
    if (link)
        link->references++;
    grt_dispatch_unlock(dispatch);
    os_free(name);
    return link ? grt_call_hand_out(call, link, handle_out) : GRT_NT_OBJECT_NAME_NOT_FOUND;
}

static uint32_t write_target(grt_call *call, const grt_name *target, grt_addr string)
{
    uint8_t words[8], length[2];
    if (!grt_call_read(call, words, string, sizeof words, "target_out"))
        return GRT_NT_ACCESS_VIOLATION;
    if (grt_load16(words + STRING_MAXIMUM) < target->length)
        return GRT_NT_BUFFER_TOO_SMALL;
    grt_store16(length, (uint16_t)target->length);
    bool written =
        grt_call_write(call, grt_load32(words + STRING_BUFFER), target->text, target->length,
                       "target_out's buffer") &&
        grt_call_write(call, string + STRING_LENGTH, length, sizeof length, "target_out");
    return written ? GRT_NT_SUCCESS : GRT_NT_ACCESS_VIOLATION;
}

uint32_t grt_export_NtQuerySymbolicLinkObject(grt_call *call, uint32_t link, grt_addr target_out)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_handle_trouble trouble;
    grt_dispatch_lock(dispatch);
    grt_object *object = grt_handle_object(dispatch, call->thread, link, GRT_OBJECT_LINK, &trouble);
    grt_dispatch_unlock(dispatch);
    if (!object)
        return grt_call_handle_trouble(call, &trouble);
    /* What a link leads to never changes. */
    uint32_t status = write_target(call, object->target, target_out);
    grt_call_release(call, object);
    return status;
}
