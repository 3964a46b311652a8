/*
 * queue.h - queues of list entries in guest memory (KQUEUE).
 *
 * All of such a queue is in its body: the list, whose entries are the program's, and how many they
 * are, which is the signal state. So it needs no record between calls, and what the program stores
 * there harms the program only: every link is looked at before it is followed, by copies that
 * survive inaccessible pages. A list that is not one any more is made empty; what it held is lost.
 */
#ifndef GRT_KERNEL_QUEUE_H
#define GRT_KERNEL_QUEUE_H

#include "kernel/object.h"

/* Offsets in KQUEUE. */
enum {
    GRT_QUEUE_ENTRIES = 0x10, /* list head */
    GRT_QUEUE_CURRENT = 0x18,
    GRT_QUEUE_MAXIMUM = 0x1C,
    GRT_QUEUE_THREADS = 0x20, /* list head */
    GRT_QUEUE_SIZE = 0x28,
};

typedef enum grt_queue_answer {
    GRT_QUEUE_OK,
    GRT_QUEUE_NO_ACCESS, /* the queue or an entry cannot be written; nothing has changed */
    GRT_QUEUE_DAMAGED,   /* made empty; a new entry is in nevertheless */
    GRT_QUEUE_TWICE,     /* the entry is in already; nothing has changed */
    GRT_QUEUE_NONE,      /* of the exports: the object is no such queue */
} grt_queue_answer;

/* True iff [object] is such a queue, and not a completion port. */
static inline bool grt_queue_is(const grt_object *object)
{
    return object->kind == GRT_OBJECT_QUEUE && object->body != 0 && !object->page;
}

/* An entry that is put in once more is recognised when it is among so many at either end. */
#define GRT_QUEUE_NEAR 256u

/* All of these: the dispatcher's lock is held; the state is not touched, but can be stored when
 * they do not return NO_ACCESS. */

/* Links [entry] in, in front or at the end. O(1), unless it is in a ring of links already:
 * O(GRT_QUEUE_NEAR). */
grt_queue_answer grt_queue_put(grt_dispatch *dispatch, const grt_object *queue, grt_addr entry,
                               bool in_front);
/* Unlinks the first entry, whose forward link becomes 0 if it can be written; [*entry] is 0 on
 * failure. */
grt_queue_answer grt_queue_take(grt_dispatch *dispatch, const grt_object *queue, grt_addr *entry);
/* Unlinks all entries, which stay linked to each other in a ring; [*first] is 0 when there are
 * none, and on failure. */
grt_queue_answer grt_queue_take_all(grt_dispatch *dispatch, const grt_object *queue,
                                    grt_addr *first);

#endif
