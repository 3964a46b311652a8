/* queue.c - the list of a queue in guest memory, every link of which may be anything. */
#include "kernel/queue.h"

typedef struct links {
    grt_addr forward, backward;
} links;

static bool read_links(const grt_dispatch *dispatch, grt_addr at, links *found)
{
    uint8_t bytes[8];
    if (!grt_guest_read(dispatch->runtime, bytes, at, sizeof bytes))
        return false;
    *found = (links){grt_load32(bytes), grt_load32(bytes + 4)};
    return true;
}

static bool write_links(const grt_dispatch *dispatch, grt_addr at, links value)
{
    uint8_t bytes[8];
    grt_store32(bytes, value.forward);
    grt_store32(bytes + 4, value.backward);
    return grt_guest_write(dispatch->runtime, at, bytes, sizeof bytes);
}

static bool write_forward(const grt_dispatch *dispatch, grt_addr at, grt_addr value)
{
    return grt_guest_write32(dispatch->runtime, at, value);
}

static bool write_backward(const grt_dispatch *dispatch, grt_addr at, grt_addr value)
{
    return grt_guest_write32(dispatch->runtime, at + 4, value);
}

/* The links of the list's head, if its first and its last entry know it. */
static bool read_head(const grt_dispatch *dispatch, grt_addr head, links *found)
{
    links first, last;
    return read_links(dispatch, head, found) && read_links(dispatch, found->forward, &first) &&
           read_links(dispatch, found->backward, &last) && first.backward == head &&
           last.forward == head;
}

static grt_queue_answer make_empty(grt_dispatch *dispatch, grt_addr head)
{
    return write_links(dispatch, head, (links){head, head}) ? GRT_QUEUE_DAMAGED
                                                            : GRT_QUEUE_NO_ACCESS;
}

grt_queue_answer grt_queue_put(grt_dispatch *dispatch, grt_object *queue, grt_addr entry,
                               bool in_front)
{
    grt_addr head = queue->body + GRT_QUEUE_ENTRIES;
    links ends;
    grt_queue_answer answer = GRT_QUEUE_OK;
    if (!read_head(dispatch, head, &ends)) {
        answer = make_empty(dispatch, head);
        queue->state = 0;
        ends = (links){head, head};
    }
    grt_addr before = in_front ? head : ends.backward, after = in_front ? ends.forward : head;
    if (answer == GRT_QUEUE_NO_ACCESS || !write_links(dispatch, entry, (links){after, before}) ||
        !write_forward(dispatch, before, entry) || !write_backward(dispatch, after, entry))
        return GRT_QUEUE_NO_ACCESS;
    return answer;
}

grt_queue_answer grt_queue_take(grt_dispatch *dispatch, grt_object *queue, grt_addr *entry)
{
    grt_addr head = queue->body + GRT_QUEUE_ENTRIES;
    links ends, first, second;
    *entry = 0;
    if (!read_head(dispatch, head, &ends) || ends.forward == head ||
        !read_links(dispatch, ends.forward, &first) ||
        !read_links(dispatch, first.forward, &second) || second.backward != ends.forward)
        return make_empty(dispatch, head);
    if (!write_forward(dispatch, head, first.forward) ||
        !write_backward(dispatch, first.forward, head))
        return GRT_QUEUE_NO_ACCESS;
    write_forward(dispatch, ends.forward, 0);
    *entry = ends.forward;
    return GRT_QUEUE_OK;
}

grt_queue_answer grt_queue_take_all(grt_dispatch *dispatch, grt_object *queue, grt_addr *first)
{
    grt_addr head = queue->body + GRT_QUEUE_ENTRIES;
    links ends;
    *first = 0;
    if (!read_head(dispatch, head, &ends))
        return make_empty(dispatch, head);
    if (!write_links(dispatch, head, (links){head, head}))
        return GRT_QUEUE_NO_ACCESS;
    if (ends.forward == head)
        return GRT_QUEUE_OK;
    write_backward(dispatch, ends.forward, ends.backward);
    write_forward(dispatch, ends.backward, ends.forward);
    *first = ends.forward;
    return GRT_QUEUE_OK;
}
