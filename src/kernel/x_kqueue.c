/* x_kqueue.c - exports about queues in guest memory. */
#include "kernel/act.h"
#include "kernel/queue.h"
#include "kernel/state.h"

/* ---- putting in ------------------------------------------------------------------------------ */

/* [amount] is the entry. Returns a grt_queue_answer, which is none of the statuses of objects that
 * are refused. */
static uint32_t insert(grt_call *call, grt_object *queue, int32_t amount, int32_t *previous,
                       bool in_front)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    if (!grt_queue_is(queue))
        return GRT_QUEUE_NONE;
    *previous = queue->state;
    grt_queue_answer answer = grt_queue_put(dispatch, queue, (grt_addr)amount, in_front);
    if (answer != GRT_QUEUE_OK && answer != GRT_QUEUE_DAMAGED)
        return answer;
    bool counts = answer == GRT_QUEUE_OK && queue->state > 0 && queue->state < INT32_MAX;
    queue->state = counts ? queue->state + 1 : 1;
    grt_object_store(dispatch, queue);
    grt_object_signalled(dispatch, queue);
    return answer;
}

static uint32_t insert_last(grt_call *call, grt_object *queue, int32_t amount, int32_t *previous)
{
    return insert(call, queue, amount, previous, false);
}

static uint32_t insert_first(grt_call *call, grt_object *queue, int32_t amount, int32_t *previous)
{
    return insert(call, queue, amount, previous, true);
}

/* What went wrong with a queue, if something did. */
static void say(grt_call *call, grt_addr queue, uint32_t answer)
{
    if (answer == GRT_QUEUE_DAMAGED)
        grt_call_complain(call,
                          "the list of queue %08X was overwritten, or an entry of it was put in "
                          "once more: what it held is lost",
                          (unsigned)queue);
    else if (answer == GRT_QUEUE_NO_ACCESS)
        grt_call_complain(call,
                          "queue %08X or an entry of it is in memory that cannot be written: "
                          "nothing changed",
                          (unsigned)queue);
    else if (answer == GRT_QUEUE_NONE)
        grt_call_complain(call, "object %08X is a completion port", (unsigned)queue);
}

static int32_t insert_at(grt_call *call, grt_addr queue, grt_addr entry, grt_object_action *action)
{
    int32_t previous;
    uint32_t answer =
        grt_call_act_at(call, queue, GRT_OBJECT_QUEUE, action, (int32_t)entry, &previous);
    if (answer == GRT_QUEUE_TWICE)
        grt_call_complain(call, "entry %08X is in queue %08X already", (unsigned)entry,
                          (unsigned)queue);
    else if (answer == GRT_QUEUE_NO_ACCESS)
        grt_call_complain(call,
                          "entry %08X is not put into queue %08X: it, the queue or the entry "
                          "beside it cannot be written",
                          (unsigned)entry, (unsigned)queue);
    else
        say(call, queue, answer);
    return previous;
}

int32_t grt_export_KeInsertQueue(grt_call *call, grt_addr queue, grt_addr entry)
{
    return insert_at(call, queue, entry, insert_last);
}

int32_t grt_export_KeInsertHeadQueue(grt_call *call, grt_addr queue, grt_addr entry)
{
    return insert_at(call, queue, entry, insert_first);
}

/* ---- taking out ------------------------------------------------------------------------------ */

/* A reference to the queue with the lock held, or null, reported, with the lock free. */
static grt_object *queue_at(grt_call *call, grt_addr address)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_handle_trouble trouble;
    grt_object *queue = grt_object_at(dispatch, address, GRT_OBJECT_QUEUE, &trouble);
    bool port = queue && !grt_queue_is(queue);
    if (queue && !port)
        return queue;
    if (port)
        grt_object_release(dispatch, queue);
    grt_dispatch_unlock(dispatch);
    if (port)
        say(call, address, GRT_QUEUE_NONE);
    else
        grt_call_handle_trouble(call, &trouble);
    return NULL;
}

/* SUCCESS with an entry, or with 0 for a list that was lost; or a status, reported. */
static uint32_t take(grt_call *call, grt_addr address, uint64_t deadline, grt_addr *entry)
{
    grt_wait wait;
    grt_object *queue = queue_at(call, address);
    if (!queue)
        return GRT_NT_TIMEOUT;
    grt_wait_init(&wait, call->thread, false, deadline);
    wait.takes_packet = true;
    wait.count = 1;
    wait.links[0].object = queue;
    uint32_t status = grt_wait_locked(grt_call_dispatch(call), &wait);
    if (status != GRT_NT_SUCCESS)
        return status;
    *entry = (grt_addr)wait.packet[0];
    say(call, address, (uint32_t)wait.packet[1]);
    return wait.packet[1] == GRT_QUEUE_NO_ACCESS ? GRT_NT_TIMEOUT : GRT_NT_SUCCESS;
}

/* Callers take small values for statuses and all others for entries, so whatever fails has to look
 * like a time that ran out. */
grt_addr grt_export_KeRemoveQueue(grt_call *call, grt_addr queue, uint8_t mode, grt_addr timeout)
{
    (void)mode;
    uint64_t deadline;
    grt_addr entry;
    if (!grt_call_deadline(call, timeout, &deadline))
        return GRT_NT_TIMEOUT;
    for (;;) {
        uint32_t status = take(call, queue, deadline, &entry);
        if (status != GRT_NT_SUCCESS)
            return status;
        if (entry != 0)
            return entry;
    }
}

grt_addr grt_export_KeRundownQueue(grt_call *call, grt_addr address)
{
    grt_dispatch *dispatch = grt_call_dispatch(call);
    grt_addr first;
    grt_object *queue = queue_at(call, address);
    if (!queue)
        return 0;
    uint32_t waiting = grt_object_count_waiters(queue);
    grt_queue_answer answer = grt_queue_take_all(dispatch, queue, &first);
    if (answer != GRT_QUEUE_NO_ACCESS) {
        queue->state = 0;
        grt_object_store(dispatch, queue);
    }
    grt_object_release(dispatch, queue);
    grt_dispatch_unlock(dispatch);
    if (waiting > 0)
        grt_call_complain(call, "queue %08X ends while threads wait for it: they wait on",
                          (unsigned)address);
    say(call, address, answer);
    return first;
}

/* ---- initialising ---------------------------------------------------------------------------- */

static void empty_list(uint8_t *bytes, grt_addr body, uint32_t offset)
{
    grt_store32(bytes + offset, body + offset);
    grt_store32(bytes + offset + 4, body + offset);
}

void grt_export_KeInitializeQueue(grt_call *call, grt_addr queue, uint32_t count)
{
    uint8_t bytes[GRT_QUEUE_SIZE] = {0};
    grt_body_fill_header(bytes, queue, GRT_TYPE_BYTE_QUEUE);
    empty_list(bytes, queue, GRT_QUEUE_ENTRIES);
    empty_list(bytes, queue, GRT_QUEUE_THREADS);
    grt_store32(bytes + GRT_QUEUE_MAXIMUM, count ? count : GRT_CPU_COUNT);
    grt_call_initialise(call, queue, bytes, sizeof bytes);
}
