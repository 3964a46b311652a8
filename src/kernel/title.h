/*
 * title.h - the end of the title by its own wish, and the guest functions that want to know of it.
 */
#ifndef GRT_KERNEL_TITLE_H
#define GRT_KERNEL_TITLE_H

#include "kernel/call.h"

/* More registrations than this are refused. */
#define GRT_TITLE_NOTICES_MAX 256u

typedef struct grt_title_notice {
    struct grt_title_notice *next;
    grt_addr record; /* the guest's, by which it takes the registration back */
    grt_addr routine;
    uint32_t priority;
} grt_title_notice;

/* One a runtime. */
typedef struct grt_title {
    os_mutex lock;
    grt_title_notice *notices; /* in the order in which they are to be called */
    uint32_t notice_count;
    uint32_t ending_thread; /* id; 0: nobody ends the title */
    atomic_bool ended;      /* by its own wish, not by a fault or from outside */
} grt_title;

typedef enum grt_title_answer {
    GRT_TITLE_OK,
    GRT_TITLE_TOO_MANY,
    GRT_TITLE_NO_MEMORY,
    GRT_TITLE_UNKNOWN,
} grt_title_answer;

/* A record that is registered already is registered anew. */
grt_title_answer grt_title_add(grt_title *title, grt_addr record, grt_addr routine,
                               uint32_t priority);
grt_title_answer grt_title_remove(grt_title *title, grt_addr record);

/* Ends the title from the calling guest thread: its functions are called, then every guest thread
 * ends. A second thread that ends the title waits for its own end. The caller holds no lock. */
noreturn void grt_title_end(grt_thread *thread, const char *reason);

/* The thread has ended. If it was just ending the title, one of the functions has ended it (by a
 * fault, say): then the title ends without the others. */
void grt_title_thread_ended(grt_runtime *runtime, const grt_thread *thread);

void grt_title_destroy(grt_title *title);

#endif
