/* x_wait.c - exports that wait for objects. */
#include "kernel/state.h"

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

/* Fills in the objects of a wait, each with a reference; on failure there is none left. */
static uint32_t collect(grt_call *call, const uint32_t *handles, uint32_t count, grt_wait *wait)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_handle_trouble trouble = {.status = GRT_NT_SUCCESS};
    uint32_t status = GRT_NT_SUCCESS;
    wait->count = 0;
    grt_dispatch_lock(dispatch);
    while (wait->count < count) {
        grt_object *object = grt_handle_object(dispatch, call->thread, handles[wait->count],
                                               GRT_OBJECT_ANY, &trouble);
        if (!object)
            break;
        wait->links[wait->count++].object = object;
    }
    bool found = wait->count == count;
    if (found && wait->all && has_twins(wait))
        status = GRT_NT_INVALID_PARAMETER_MIX;
    if (!found || status != GRT_NT_SUCCESS) {
        for (uint32_t i = 0; i < wait->count; i++)
            grt_object_release(dispatch, wait->links[i].object);
    }
    grt_dispatch_unlock(dispatch);
    return found ? status : grt_call_handle_trouble(call, &trouble);
}

static uint32_t wait_for_handles(grt_call *call, const uint32_t *handles, uint32_t count, bool all,
                                 grt_addr timeout)
{
    uint64_t deadline;
    if (!grt_call_deadline(call, timeout, &deadline))
        return GRT_NT_ACCESS_VIOLATION;
    grt_wait wait;
    wait.thread = call->thread;
    wait.all = all;
    uint32_t status = collect(call, handles, count, &wait);
    if (status != GRT_NT_SUCCESS)
        return status;
    return grt_wait_for(grt_call_dispatch(call), &wait, deadline);
}

uint32_t grt_export_NtWaitForSingleObjectEx(grt_call *call, uint32_t handle, uint32_t mode,
                                            uint32_t alertable, grt_addr timeout)
{
    (void)mode;
    (void)alertable; /* nothing queues APCs, so nothing can alert */
    return wait_for_handles(call, &handle, 1, false, timeout);
}

uint32_t grt_export_NtWaitForMultipleObjectsEx(grt_call *call, uint32_t count, grt_addr handles,
                                               uint32_t wait_type, uint32_t mode,
                                               uint32_t alertable, grt_addr timeout)
{
    (void)mode;
    (void)alertable;
    uint32_t values[GRT_WAIT_OBJECTS_MAX];
    uint8_t bytes[sizeof values];
    if (count == 0 || count > GRT_WAIT_OBJECTS_MAX || wait_type > WAIT_ANY) {
        grt_call_complain(call, "count %u with wait type %u", (unsigned)count, (unsigned)wait_type);
        return GRT_NT_INVALID_PARAMETER;
    }
    if (!grt_call_read(call, bytes, handles, count * 4, "handles"))
        return GRT_NT_ACCESS_VIOLATION;
    for (uint32_t i = 0; i < count; i++)
        values[i] = grt_load32(bytes + 4 * i);
    return wait_for_handles(call, values, count, wait_type == WAIT_ALL, timeout);
}
