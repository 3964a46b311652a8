/* queue.c - the list of a queue in guest memory, every link of which may be anything. */
#include "kernel/queue.h"

#define BACKWARD   4u /* of a link, in the two */
#define STORES_MAX 5u

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

/* ---- stores -------------------------------------------------------------------------------- */

typedef struct store {
    grt_addr at;
    uint32_t value;
} store;

static bool exchange(const grt_dispatch *dispatch, const store *wanted, uint32_t *before)
{
    uint8_t bytes[4];
    if (!grt_guest_read(dispatch->runtime, bytes, wanted->at, sizeof bytes))
        return false;
    *before = grt_load32(bytes);
    return grt_guest_write32(dispatch->runtime, wanted->at, wanted->value);
}

/* All of them, or none: each may be to a page of its own that can be read only. */
static grt_queue_answer store_all(const grt_dispatch *dispatch, const store *stores, uint32_t count)
{
    uint32_t before[STORES_MAX], done = 0;
    while (done < count && exchange(dispatch, &stores[done], &before[done]))
        done++;
    if (done == count)
        return GRT_QUEUE_OK;
    while (done-- > 0)
        grt_guest_write32(dispatch->runtime, stores[done].at, before[done]);
    return GRT_QUEUE_NO_ACCESS;
}

/* The caller is about to store a new state, which must not fail when the list has changed. */
static store same_state(const grt_object *queue)
{
    return (store){queue->body + GRT_BODY_STATE, (uint32_t)queue->state};
}

/* ---- the list ------------------------------------------------------------------------------ */

/* The links of the list's head, if its first and its last entry know it. */
static bool read_head(const grt_dispatch *dispatch, grt_addr head, links *found)
{
    links first, last;
    return read_links(dispatch, head, found) && read_links(dispatch, found->forward, &first) &&
           read_links(dispatch, found->backward, &last) && first.backward == head &&
           last.forward == head;
}

/* Whether whole links lead from [entry] to the list's head: then they lead back as well, and it is
 * an entry of the list. */
static bool leads_to(const grt_dispatch *dispatch, grt_addr entry, grt_addr head, bool forward)
{
    links here, there;
    if (!read_links(dispatch, entry, &here))
        return false;
    for (uint32_t i = 0; i < GRT_QUEUE_NEAR; i++) {
        grt_addr next = forward ? here.forward : here.backward;
        if (next == 0 || !read_links(dispatch, next, &there) ||
            (forward ? there.backward : there.forward) != entry)
            return false;
        if (next == head)
            return true;
        entry = next;
        here = there;
    }
    return false;
}

static grt_queue_answer make_empty(const grt_dispatch *dispatch, const grt_object *queue)
{
    grt_addr head = queue->body + GRT_QUEUE_ENTRIES;
    const store stores[] = {same_state(queue), {head, head}, {head + BACKWARD, head}};
    grt_queue_answer answer = store_all(dispatch, stores, 3);
    return answer == GRT_QUEUE_OK ? GRT_QUEUE_DAMAGED : answer;
}

/* ---- in and out ---------------------------------------------------------------------------- */

grt_queue_answer grt_queue_put(grt_dispatch *dispatch, const grt_object *queue, grt_addr entry,
                               bool in_front)
{
    grt_addr head = queue->body + GRT_QUEUE_ENTRIES;
    links ends;
    bool whole = read_head(dispatch, head, &ends);
    if (!whole)
        ends = (links){head, head};
    else if (leads_to(dispatch, entry, head, true) || leads_to(dispatch, entry, head, false))
        return GRT_QUEUE_TWICE;
    grt_addr before = in_front ? head : ends.backward, after = in_front ? ends.forward : head;
    const store stores[] = {same_state(queue),
                            {entry, after},
                            {entry + BACKWARD, before},
                            {before, entry},
                            {after + BACKWARD, entry}};
    grt_queue_answer answer = store_all(dispatch, stores, 5);
    return answer == GRT_QUEUE_OK && !whole ? GRT_QUEUE_DAMAGED : answer;
}

grt_queue_answer grt_queue_take(grt_dispatch *dispatch, const grt_object *queue, grt_addr *entry)
{
    grt_addr head = queue->body + GRT_QUEUE_ENTRIES;
    links ends, first, second;
    *entry = 0;
    if (!read_head(dispatch, head, &ends) || ends.forward == head ||
        !read_links(dispatch, ends.forward, &first) ||
        !read_links(dispatch, first.forward, &second) || second.backward != ends.forward)
        return make_empty(dispatch, queue);
    const store stores[] = {
        same_state(queue), {head, first.forward}, {first.forward + BACKWARD, head}};
    grt_queue_answer answer = store_all(dispatch, stores, 3);
    if (answer != GRT_QUEUE_OK)
        return answer;
    *entry = ends.forward;
    grt_guest_write32(dispatch->runtime, *entry, 0);
    return answer;
}

grt_queue_answer grt_queue_take_all(grt_dispatch *dispatch, const grt_object *queue,
                                    grt_addr *first)
{
    grt_addr head = queue->body + GRT_QUEUE_ENTRIES;
    links ends;
    *first = 0;
    if (!read_head(dispatch, head, &ends))
        return make_empty(dispatch, queue);
    bool any = ends.forward != head;
    const store stores[] = {same_state(queue),
                            {head, head},
                            {head + BACKWARD, head},
                            {ends.forward + BACKWARD, ends.backward},
                            {ends.backward, ends.forward}};
    grt_queue_answer answer = store_all(dispatch, stores, any ? 5 : 3);
    if (answer == GRT_QUEUE_OK && any)
        *first = ends.forward;
    return answer;
}
