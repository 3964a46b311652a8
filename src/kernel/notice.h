/*
 * notice.h - guest functions that want to know of threads that begin and end.
 *
 * They run on the thread itself: before its entry, and after its guest code has come to its end. A
 * thread that a fault or a stop ends calls none.
 */
#ifndef GRT_KERNEL_NOTICE_H
#define GRT_KERNEL_NOTICE_H

#include "kernel/call.h"

/* More registrations than this are refused. */
#define GRT_NOTICES_MAX 256u

typedef struct grt_notice {
    struct grt_notice *next;
    grt_addr record; /* the guest's, by which it takes the registration back */
    grt_addr routine;
    bool plain;        /* routine(creating), else routine(record, KTHREAD, creating) */
    uint32_t priority; /* higher ones come first */
    uint64_t order;    /* of registration, among the same priority */
} grt_notice;

/* One a runtime. */
typedef struct grt_notices {
    os_mutex lock;
    grt_notice *first; /* in the order in which they are to be called */
    atomic_uint count;
    uint64_t order;
} grt_notices;

typedef enum grt_notice_answer {
    GRT_NOTICE_OK,
    GRT_NOTICE_TOO_MANY,
    GRT_NOTICE_NO_MEMORY,
    GRT_NOTICE_UNKNOWN,
} grt_notice_answer;

/* [model] says record, routine, plain and priority. A record that is registered already is
 * registered anew. */
grt_notice_answer grt_notice_add(grt_notices *notices, const grt_notice *model);
grt_notice_answer grt_notice_remove(grt_notices *notices, grt_addr record);

/* Calls all that are registered, each at most once, on the calling thread, in host, which holds no
 * lock. Who is registered meanwhile, also anew, is not called this time. A thread's end is told
 * once. Each call costs O(registrations). */
void grt_notice_tell(grt_thread *thread, bool creating);

void grt_notices_destroy(grt_notices *notices);

#endif
