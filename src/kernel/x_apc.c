/*
 * x_apc.c - exports about asynchronous procedure calls.
 *
 * What a KAPC in guest memory says is read when it is queued, and then no more.
 */
#include "kernel/state.h"

enum {
    KAPC_TYPE = 0x00, /* two bytes */
    KAPC_MODE = 0x02, /* one byte */
    KAPC_THREAD = 0x04,
    KAPC_KERNEL_ROUTINE = 0x10,
    KAPC_RUNDOWN_ROUTINE = 0x14,
    KAPC_NORMAL_ROUTINE = 0x18,
    KAPC_CONTEXT = 0x1C,
    KAPC_ARGUMENTS = 0x20,
    KAPC_SIZE = 0x28,
};

#define TYPE_APC  18u
#define MODE_USER 1u

/* ---- by handle ------------------------------------------------------------------------------- */

static uint32_t queue_user(grt_call *call, grt_object *object, const grt_apc *apc)
{
    bool no_memory;
    if (grt_apc_queue(grt_call_dispatch(call), object->thread, apc, &no_memory))
        return GRT_NT_SUCCESS;
    return no_memory ? GRT_NT_NO_MEMORY : GRT_NT_UNSUCCESSFUL;
}

uint32_t grt_export_NtQueueApcThread(grt_call *call, uint32_t thread, grt_addr routine,
                                     uint32_t context, uint32_t argument1, uint32_t argument2)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_handle_trouble trouble;
    uint32_t status = GRT_NT_SUCCESS;
    const grt_apc apc = {.normal_routine = routine,
                         .context = context,
                         .arguments = {argument1, argument2},
                         .mode = MODE_USER};
    grt_dispatch_lock(dispatch);
    grt_object *object =
        grt_handle_object(dispatch, call->thread, thread, GRT_OBJECT_THREAD, &trouble);
    if (object) {
        status = queue_user(call, object, &apc);
        grt_object_release(dispatch, object);
    }
    grt_dispatch_unlock(dispatch);
    return object ? status : grt_call_handle_trouble(call, &trouble);
}

/* ---- in guest memory ------------------------------------------------------------------------- */

void grt_export_KeInitializeApc(grt_call *call, grt_addr apc, grt_addr thread,
                                grt_addr kernel_routine, grt_addr rundown_routine,
                                grt_addr normal_routine, uint8_t mode, uint32_t context)
{
    uint8_t bytes[KAPC_SIZE] = {0};
    grt_store16(bytes + KAPC_TYPE, TYPE_APC);
    grt_store32(bytes + KAPC_THREAD, thread);
    grt_store32(bytes + KAPC_KERNEL_ROUTINE, kernel_routine);
    grt_store32(bytes + KAPC_RUNDOWN_ROUTINE, rundown_routine);
    if (normal_routine) { /* without one it is a special kernel APC, which has no context either */
        bytes[KAPC_MODE] = mode != 0 ? MODE_USER : 0;
        grt_store32(bytes + KAPC_NORMAL_ROUTINE, normal_routine);
        grt_store32(bytes + KAPC_CONTEXT, context);
    }
    grt_call_write(call, apc, bytes, sizeof bytes, "apc");
}

/* The thread that a KAPC is for, with a reference, and what else it says; null when that is
 * nothing. */
static grt_thread *read_apc(grt_call *call, grt_addr kapc, grt_apc *apc)
{
    uint8_t bytes[KAPC_SIZE];
    if (!grt_call_read(call, bytes, kapc, sizeof bytes, "apc"))
        return NULL;
    *apc = (grt_apc){.kapc = kapc,
                     .kernel_routine = grt_load32(bytes + KAPC_KERNEL_ROUTINE),
                     .rundown_routine = grt_load32(bytes + KAPC_RUNDOWN_ROUTINE),
                     .normal_routine = grt_load32(bytes + KAPC_NORMAL_ROUTINE),
                     .context = grt_load32(bytes + KAPC_CONTEXT),
                     .mode = bytes[KAPC_MODE] != 0 ? MODE_USER : 0};
    grt_addr kthread = grt_load32(bytes + KAPC_THREAD);
    grt_thread *thread = grt_thread_find_kthread(call->runtime, kthread);
    if (!thread)
        grt_call_complain(call, "the APC at %08X is for %08X, which is no thread", (unsigned)kapc,
                          (unsigned)kthread);
    return thread;
}

uint32_t grt_export_KeInsertQueueApc(grt_call *call, grt_addr apc, uint32_t argument1,
                                     uint32_t argument2, uint32_t increment)
{
    (void)increment; /* priorities are the host's */
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_apc queued;
    uint8_t words[8];
    bool no_memory;
    grt_thread *thread = read_apc(call, apc, &queued);
    if (!thread)
        return 0;
    queued.arguments[0] = argument1;
    queued.arguments[1] = argument2;
    grt_store32(words, argument1);
    grt_store32(words + 4, argument2);
    grt_dispatch_lock(dispatch);
    bool inserted = grt_apc_queue(dispatch, thread, &queued, &no_memory);
    if (inserted)
        grt_guest_write(call->runtime, apc + KAPC_ARGUMENTS, words, sizeof words);
    grt_dispatch_unlock(dispatch);
    grt_thread_release(thread);
    if (no_memory)
        grt_call_complain(call, "no host memory for the APC at %08X", (unsigned)apc);
    return inserted;
}

uint32_t grt_export_KeRemoveQueueApc(grt_call *call, grt_addr apc)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_apc unused;
    grt_thread *thread = read_apc(call, apc, &unused);
    if (!thread)
        return 0;
    grt_dispatch_lock(dispatch);
    bool removed = grt_apc_remove(dispatch, thread, apc);
    grt_dispatch_unlock(dispatch);
    grt_thread_release(thread);
    return removed;
}
