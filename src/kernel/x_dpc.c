/* x_dpc.c - exports about deferred procedure calls. */
#include "kernel/state.h"

enum {
    KDPC_TYPE = 0x00, /* two bytes */
    KDPC_ROUTINE = 0x0C,
    KDPC_CONTEXT = 0x10,
    KDPC_ARGUMENTS = 0x14,
    KDPC_SIZE = 0x1C,
};

#define TYPE_DPC 19u

void grt_export_KeInitializeDpc(grt_call *call, grt_addr dpc, grt_addr routine, uint32_t context)
{
    uint8_t bytes[KDPC_SIZE] = {0};
    grt_store16(bytes + KDPC_TYPE, TYPE_DPC);
    grt_store32(bytes + KDPC_ROUTINE, routine);
    grt_store32(bytes + KDPC_CONTEXT, context);
    grt_call_write(call, dpc, bytes, sizeof bytes, "dpc");
}

/* It runs when this call returns, or once the caller's level has sunk below DISPATCH. */
uint32_t grt_export_KeInsertQueueDpc(grt_call *call, grt_addr dpc, uint32_t argument1,
                                     uint32_t argument2)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    uint8_t words[8];
    bool no_memory;
    grt_store32(words, argument1);
    grt_store32(words + 4, argument2);
    if (!grt_call_read(call, (uint8_t[KDPC_SIZE]){0}, dpc, KDPC_SIZE, "dpc"))
        return 0;
    grt_dispatch_lock(dispatch);
    bool inserted = grt_dpc_queue(dispatch, call->thread, dpc, argument1, argument2, &no_memory);
    if (inserted)
        grt_guest_write(call->runtime, dpc + KDPC_ARGUMENTS, words, sizeof words);
    grt_dispatch_unlock(dispatch);
    atomic_fetch_or(&call->thread->attention, GRT_ATTEND_APC);
    if (no_memory)
        grt_call_complain(call, "no host memory for the DPC at %08X", (unsigned)dpc);
    return inserted;
}

uint32_t grt_export_KeRemoveQueueDpc(grt_call *call, grt_addr dpc)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_dispatch_lock(dispatch);
    bool removed = grt_dpc_remove(dispatch, dpc);
    grt_dispatch_unlock(dispatch);
    return removed;
}

void grt_export_KeRetireDpcList(grt_call *call)
{
    grt_dpc_run(grt_call_dispatch(call));
}
