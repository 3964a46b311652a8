/*
 * lock_order.h - in which order threads take critical sections, kept when the configuration's
 * lock_order is true. Two sections that are taken in both orders can deadlock, on some day.
 */
#ifndef GRT_KERNEL_LOCK_ORDER_H
#define GRT_KERNEL_LOCK_ORDER_H

#include "kernel/call.h"

#define GRT_LOCK_ORDER_BUCKETS 1024u
#define GRT_LOCK_ORDER_PAIRS   65536u /* no more are kept, which is said once */

/* [taken] was entered by a thread that was inside of [held]. */
typedef struct grt_lock_pair {
    struct grt_lock_pair *next; /* in its bucket */
    grt_addr held, taken;
    uint32_t thread_id; /* the first that did */
    grt_addr call_site; /* where it entered [taken] */
    bool reported;      /* with the opposite order */
} grt_lock_pair;

typedef struct grt_lock_order {
    os_mutex lock;
    grt_lock_pair *buckets[GRT_LOCK_ORDER_BUCKETS];
    uint32_t count;
} grt_lock_order;

/* The call's thread has just entered [taken], after those that it holds: reports each pair that was
 * taken in the opposite order before, once. In host, no lock held. O(held sections). */
void grt_lock_order_note(grt_call *call, grt_addr taken);
/* [section] is another one from now on. O(pairs). */
void grt_lock_order_forget(grt_lock_order *order, grt_addr section);
void grt_lock_order_destroy(grt_lock_order *order);

#endif
