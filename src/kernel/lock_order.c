/* lock_order.c - pairs of critical sections that threads took in both orders. */
#include "kernel/held.h"
#include "kernel/state.h"

static grt_lock_pair **bucket_of(grt_lock_order *order, grt_addr held, grt_addr taken)
{
    uint32_t hash = (held ^ taken * 31u) * 2654435761u;
    return &order->buckets[hash % GRT_LOCK_ORDER_BUCKETS];
}

static grt_lock_pair *find(grt_lock_order *order, grt_addr held, grt_addr taken)
{
    grt_lock_pair *pair = *bucket_of(order, held, taken);
    while (pair && (pair->held != held || pair->taken != taken))
        pair = pair->next;
    return pair;
}

/* Null: the pair is known, or there is no room for another. */
static grt_lock_pair *add(grt_lock_order *order, const grt_lock_pair *wanted)
{
    if (find(order, wanted->held, wanted->taken) || order->count >= GRT_LOCK_ORDER_PAIRS)
        return NULL;
    grt_lock_pair *pair = os_alloc(sizeof *pair);
    if (!pair)
        return NULL;
    grt_lock_pair **bucket = bucket_of(order, wanted->held, wanted->taken);
    *pair = *wanted;
    pair->next = *bucket;
    *bucket = pair;
    order->count++;
    return pair;
}

/* True when [other] is the opposite order that is to be reported; [*full] the moment the room ends.
 */
static bool note(grt_lock_order *order, const grt_lock_pair *wanted, grt_lock_pair *other,
                 bool *full)
{
    os_mutex_lock(&order->lock);
    uint32_t before = order->count;
    add(order, wanted);
    *full = order->count > before && order->count == GRT_LOCK_ORDER_PAIRS;
    grt_lock_pair *opposite = find(order, wanted->taken, wanted->held);
    bool news = opposite && !opposite->reported;
    if (news) {
        opposite->reported = true;
        *other = *opposite;
        grt_lock_pair *same = find(order, wanted->held, wanted->taken);
        if (same)
            same->reported = true;
    }
    os_mutex_unlock(&order->lock);
    return news;
}

static void note_pair(grt_call *call, grt_addr held, grt_addr taken)
{
    grt_lock_pair other, pair = {.held = held,
                                 .taken = taken,
                                 .thread_id = call->thread->id,
                                 .call_site = call->call_site};
    bool full;
    char place[96];
    if (note(&call->kernel->lock_order, &pair, &other, &full)) {
        grt_call_place(call->runtime, other.call_site, place, sizeof place);
        grt_call_complain(call,
                          "lock order: section 0x%08X is entered inside of 0x%08X; thread %u "
                          "entered them the other way round, the second at %s",
                          (unsigned)taken, (unsigned)held, (unsigned)other.thread_id, place);
    }
    if (full)
        grt_call_complain(call, "lock order: %u pairs are known, no more are kept",
                          GRT_LOCK_ORDER_PAIRS);
}

void grt_lock_order_note(grt_call *call, grt_addr taken)
{
    const grt_held *held = &call->thread->held;
    for (uint32_t i = 0; i < grt_held_listed(held); i++) {
        if (grt_held_at(held, i) != taken)
            note_pair(call, grt_held_at(held, i), taken);
    }
}

void grt_lock_order_forget(grt_lock_order *order, grt_addr section)
{
    os_mutex_lock(&order->lock);
    for (uint32_t i = 0; i < GRT_LOCK_ORDER_BUCKETS && order->count > 0; i++) {
        for (grt_lock_pair **link = &order->buckets[i]; *link;) {
            grt_lock_pair *pair = *link;
            if (pair->held != section && pair->taken != section) {
                link = &pair->next;
                continue;
            }
            *link = pair->next;
            os_free(pair);
            order->count--;
        }
    }
    os_mutex_unlock(&order->lock);
}

void grt_lock_order_destroy(grt_lock_order *order)
{
    for (uint32_t i = 0; i < GRT_LOCK_ORDER_BUCKETS; i++) {
        while (order->buckets[i]) {
            grt_lock_pair *next = order->buckets[i]->next;
            os_free(order->buckets[i]);
            order->buckets[i] = next;
        }
    }
}
