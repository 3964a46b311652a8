/* x_semaphore.c - exports about semaphores. */
#include "kernel/act.h"
#include "kernel/create.h"
#include "kernel/state.h"

static uint32_t release_semaphore(grt_call *call, grt_object *semaphore, int32_t amount,
                                  int32_t *previous)
{
    if (amount <= 0) {
        grt_object_load(grt_call_dispatch(call), semaphore);
        *previous = semaphore->state;
        return GRT_NT_INVALID_PARAMETER;
    }
    return grt_semaphore_release(grt_call_dispatch(call), semaphore, amount, previous)
               ? GRT_NT_SUCCESS
               : GRT_NT_SEMAPHORE_LIMIT_EXCEEDED;
}

/* INVALID_PARAMETER is also the status of an address without an object, which has been reported. */
static bool was_refused(uint32_t status, int32_t amount)
{
    return status == GRT_NT_SEMAPHORE_LIMIT_EXCEEDED ||
           (status == GRT_NT_INVALID_PARAMETER && amount <= 0);
}

static void complain_release(grt_call *call, uint32_t semaphore, int32_t amount, int32_t previous,
                             uint32_t status)
{
    grt_call_complain(call, "semaphore %08X: adding %d to a count of %d is refused: %s",
                      (unsigned)semaphore, (int)amount, (int)previous, grt_nt_sentence(status));
}

static bool is_valid(grt_call *call, int32_t count, int32_t limit)
{
    bool valid = limit > 0 && count >= 0 && count <= limit;
    if (!valid)
        grt_call_complain(call, "count %d does not fit limit %d", (int)count, (int)limit);
    return valid;
}

uint32_t grt_export_NtCreateSemaphore(grt_call *call, grt_addr handle_out, grt_addr attributes,
                                      int32_t count, int32_t limit)
{
    if (!is_valid(call, count, limit))
        return GRT_NT_INVALID_PARAMETER;
    grt_object model = {.kind = GRT_OBJECT_SEMAPHORE, .state = count, .limit = limit};
    return grt_call_create(call, &model, attributes, handle_out);
}

uint32_t grt_export_NtReleaseSemaphore(grt_call *call, uint32_t handle, int32_t amount,
                                       grt_addr previous_out)
{
    int32_t previous;
    uint32_t status = grt_call_act_and_tell(call, handle, GRT_OBJECT_SEMAPHORE, release_semaphore,
                                            amount, previous_out, &previous);
    if (was_refused(status, amount))
        complain_release(call, handle, amount, previous, status);
    return status;
}

static void query_semaphore(grt_call *call, grt_object *semaphore, uint8_t *bytes)
{
    (void)call;
    grt_store32(bytes, (uint32_t)semaphore->state);
    grt_store32(bytes + 4, (uint32_t)semaphore->limit);
}

uint32_t grt_export_NtQuerySemaphore(grt_call *call, uint32_t handle, grt_addr record_out)
{
    return grt_call_query(call, handle, GRT_OBJECT_SEMAPHORE, query_semaphore, record_out, 8);
}

void grt_export_KeInitializeSemaphore(grt_call *call, grt_addr semaphore, int32_t count,
                                      int32_t limit)
{
    uint8_t bytes[GRT_BODY_SEMAPHORE_SIZE] = {0};
    grt_body_fill_header(bytes, semaphore, GRT_TYPE_BYTE_SEMAPHORE);
    is_valid(call, count, limit); /* there is no way to refuse */
    grt_store32(bytes + GRT_BODY_STATE, (uint32_t)count);
    grt_store32(bytes + GRT_BODY_LIMIT, (uint32_t)limit);
    grt_call_initialise(call, semaphore, bytes, sizeof bytes);
}

int32_t grt_export_KeReleaseSemaphore(grt_call *call, grt_addr semaphore, uint32_t increment,
                                      int32_t adjustment, bool wait)
{
    (void)increment;
    (void)wait;
    int32_t previous;
    uint32_t status = grt_call_act_at(call, semaphore, GRT_OBJECT_SEMAPHORE, release_semaphore,
                                      adjustment, &previous);
    if (was_refused(status, adjustment)) /* the console raises it as an exception */
        complain_release(call, semaphore, adjustment, previous, status);
    return previous;
}
