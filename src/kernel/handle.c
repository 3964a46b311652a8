/*
 * handle.c - the handle table: GRT_HANDLE_BASE + slot * 4, in host memory.
 *
 * Closed slots are used again in the order in which they were closed, and only after a quarantine,
 * so that a handle used after its NtClose is answered with who closed it instead of with somebody
 * else's object.
 */
#include "kernel/object.h"

#include <string.h>

static bool grow(grt_dispatch *dispatch)
{
    uint32_t capacity = dispatch->slot_capacity ? dispatch->slot_capacity * 2 : 64;
    if (capacity > GRT_HANDLE_SLOTS_MAX)
        return false;
    grt_handle_slot *slots = os_alloc((size_t)capacity * sizeof *slots);
    if (!slots)
        return false;
    if (dispatch->slots)
        memcpy(slots, dispatch->slots, (size_t)dispatch->slot_capacity * sizeof *slots);
    else
        dispatch->slot_next = 1;
    os_free(dispatch->slots);
    dispatch->slots = slots;
    dispatch->slot_capacity = capacity;
    return true;
}

static uint32_t take_closed(grt_dispatch *dispatch)
{
    uint32_t slot = dispatch->closed_first;
    if (slot) {
        dispatch->closed_first = dispatch->slots[slot].next;
        if (!dispatch->closed_first)
            dispatch->closed_last = 0;
        dispatch->closed_count--;
    }
    return slot;
}

static uint32_t take_slot(grt_dispatch *dispatch)
{
    if (dispatch->closed_count > GRT_HANDLE_QUARANTINE)
        return take_closed(dispatch);
    if (dispatch->slot_next < dispatch->slot_capacity || grow(dispatch))
        return dispatch->slot_next++;
    return take_closed(dispatch);
}

uint32_t grt_handle_open(grt_dispatch *dispatch, grt_object *object)
{
    uint32_t slot = take_slot(dispatch);
    if (!slot)
        return 0;
    dispatch->slots[slot].object = object;
    dispatch->slots[slot].next = 0;
    object->handles++;
    grt_object_show_counts(dispatch, object);
    if (++dispatch->handles > dispatch->handles_peak)
        dispatch->handles_peak = dispatch->handles;
    return GRT_HANDLE_BASE + slot * 4;
}

/* The slot of an open handle, or 0 with the reason. The low two bits are ignored, as the console
 * does: programs use them for marks of their own. */
static uint32_t open_slot(grt_dispatch *dispatch, uint32_t handle, grt_handle_trouble *trouble)
{
    memset(trouble, 0, sizeof *trouble);
    trouble->handle = handle;
    trouble->why = GRT_TROUBLE_NEVER_OPENED;
    trouble->status = GRT_NT_INVALID_HANDLE;
    uint32_t slot = (handle - GRT_HANDLE_BASE) >> 2;
    if (handle < GRT_HANDLE_BASE || slot == 0 || slot >= dispatch->slot_next)
        return 0;
    const grt_handle_slot *record = &dispatch->slots[slot];
    if (record->object)
        return slot;
    trouble->why = GRT_TROUBLE_CLOSED;
    trouble->closed_ago = grt_dispatch_clock(dispatch) - record->closed_when;
    trouble->closed_by = record->closed_by;
    trouble->closed_at = record->closed_at;
    return 0;
}

grt_object *grt_handle_object(grt_dispatch *dispatch, grt_thread *thread, uint32_t handle,
                              uint32_t kinds, grt_handle_trouble *trouble)
{
    grt_object *object;
    if (handle == GRT_HANDLE_THREAD) {
        *trouble = (grt_handle_trouble){.why = GRT_TROUBLE_NO_MEMORY,
                                        .handle = handle,
                                        .status = GRT_NT_INSUFFICIENT_RESOURCES};
        object = grt_object_of_thread(dispatch, thread);
        if (!object)
            return NULL;
    } else {
        uint32_t slot = open_slot(dispatch, handle, trouble);
        if (!slot)
            return NULL;
        object = dispatch->slots[slot].object;
        object->references++;
    }
    if (object->kind & kinds)
        return object;
    trouble->why = GRT_TROUBLE_WRONG_KIND;
    trouble->status = GRT_NT_OBJECT_TYPE_MISMATCH;
    trouble->found = object->kind;
    grt_object_release(dispatch, object);
    return NULL;
}

static void give_up(grt_dispatch *dispatch, grt_object *object)
{
    dispatch->handles--;
    if (--object->handles == 0 && !object->permanent)
        grt_name_forget(dispatch, object);
    grt_object_show_counts(dispatch, object);
    grt_object_release(dispatch, object);
}

bool grt_handle_close(grt_dispatch *dispatch, uint32_t handle, uint32_t thread_id,
                      grt_addr call_site, grt_handle_trouble *trouble)
{
    uint32_t slot = open_slot(dispatch, handle, trouble);
    if (!slot)
        return false;
    grt_handle_slot *record = &dispatch->slots[slot];
    grt_object *object = record->object;
    record->object = NULL;
    record->closed_by = thread_id;
    record->closed_at = call_site;
    record->closed_when = grt_dispatch_clock(dispatch);
    record->next = 0;
    if (dispatch->closed_last)
        dispatch->slots[dispatch->closed_last].next = slot;
    else
        dispatch->closed_first = slot;
    dispatch->closed_last = slot;
    dispatch->closed_count++;
    give_up(dispatch, object);
    return true;
}

void grt_handle_close_all(grt_dispatch *dispatch)
{
    for (uint32_t slot = 1; slot < dispatch->slot_next; slot++) {
        grt_object *object = dispatch->slots[slot].object;
        dispatch->slots[slot].object = NULL;
        if (object)
            give_up(dispatch, object);
    }
}
