/* x_thread.h - what the files with exports about threads share. */
#ifndef GRT_KERNEL_X_THREAD_H
#define GRT_KERNEL_X_THREAD_H

#include "kernel/state.h"

/* What the creator of a thread wants to know, and where. */
typedef struct grt_creation {
    grt_addr handle_out, id_out; /* may be 0 */
    bool named;                  /* a handle, or the KTHREAD if the flags say so */
    uint32_t name;
} grt_creation;

/* Creates a thread and starts it unless it is to be suspended; returns the status. After a failure
 * nothing is left behind and the results are 0. */
uint32_t grt_call_create_thread(grt_call *call, const grt_thread_config *config,
                                grt_creation *wanted);

/* The thread behind a handle, with a reference; null with a status, reported. */
grt_thread *grt_call_thread(grt_call *call, uint32_t handle, uint32_t *status);
/* The thread whose KTHREAD is at [kthread], with a reference; null: there is none, reported. */
grt_thread *grt_call_kthread(grt_call *call, grt_addr kthread);

#endif
