/* x_queue.c - exports about completion ports: queues of packets. */
#include "kernel/act.h"
#include "kernel/create.h"
#include "kernel/state.h"
#include "kernel/waiting.h"

#include <string.h>

uint32_t grt_export_NtCreateIoCompletion(grt_call *call, grt_addr handle_out, uint32_t access,
                                         grt_addr attributes, uint32_t threads)
{
    (void)access;
    (void)threads; /* how many run at a time is the host's business */
    grt_object model = {.kind = GRT_OBJECT_QUEUE};
    return grt_call_create(call, &model, attributes, handle_out);
}

static void append(grt_dispatch *dispatch, grt_object *queue, grt_packet *packet)
{
    *(queue->packets ? &queue->last_packet->next : &queue->packets) = packet;
    queue->last_packet = packet;
    queue->state++;
    grt_object_signalled(dispatch, queue);
}

uint32_t grt_export_NtSetIoCompletion(grt_call *call, uint32_t handle, uint32_t key,
                                      uint32_t context, uint32_t status, uint32_t information)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_handle_trouble trouble;
    grt_packet *packet = os_alloc(sizeof *packet);
    if (!packet)
        return GRT_NT_INSUFFICIENT_RESOURCES;
    packet->words[0] = (uint64_t)key << 32 | context;
    packet->words[1] = (uint64_t)status << 32 | information;
    grt_dispatch_lock(dispatch);
    grt_object *queue =
        grt_handle_object(dispatch, call->thread, handle, GRT_OBJECT_QUEUE, &trouble);
    if (queue) {
        append(dispatch, queue, packet);
        grt_object_release(dispatch, queue);
    }
    grt_dispatch_unlock(dispatch);
    if (queue)
        return GRT_NT_SUCCESS;
    os_free(packet);
    return grt_call_handle_trouble(call, &trouble);
}

/* Waits for a packet; returns a status. */
static uint32_t take_packet(grt_call *call, uint32_t handle, uint64_t deadline, uint64_t *words)
{
    grt_wait wait;
    grt_wait_init(&wait, call->thread, false, deadline);
    wait.takes_packet = true;
    uint32_t status = grt_call_wait_handle(call, handle, GRT_OBJECT_QUEUE, &wait);
    if (status == GRT_NT_SUCCESS)
        memcpy(words, wait.packet, sizeof wait.packet);
    return status;
}

uint32_t grt_export_NtRemoveIoCompletion(grt_call *call, uint32_t handle, grt_addr key_out,
                                         grt_addr context_out, grt_addr result_out,
                                         grt_addr timeout)
{
    uint64_t deadline, words[2];
    if (!grt_call_write_u32(call, key_out, 0, "key_out") ||
        !grt_call_write_u32(call, context_out, 0, "context_out") ||
        !grt_call_write_u64(call, result_out, 0, "result_out") ||
        !grt_call_deadline(call, timeout, &deadline))
        return GRT_NT_ACCESS_VIOLATION;
    uint32_t status = take_packet(call, handle, deadline, words);
    if (status != GRT_NT_SUCCESS)
        return status;
    bool written = grt_call_write_u32(call, key_out, (uint32_t)(words[0] >> 32), "key_out") &&
                   grt_call_write_u32(call, context_out, (uint32_t)words[0], "context_out") &&
                   grt_call_write_u64(call, result_out, words[1], "result_out");
    return written ? GRT_NT_SUCCESS : GRT_NT_ACCESS_VIOLATION;
}

static void query_queue(grt_call *call, grt_object *queue, uint8_t *bytes)
{
    (void)call;
    grt_store32(bytes, (uint32_t)queue->state);
}

uint32_t grt_export_NtQueryIoCompletion(grt_call *call, uint32_t handle, grt_addr depth_out)
{
    return grt_call_query(call, handle, GRT_OBJECT_QUEUE, query_queue, depth_out, 4);
}
