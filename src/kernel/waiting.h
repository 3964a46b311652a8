/* waiting.h - waits that other exports than those in x_wait.c make for the guest. */
#ifndef GRT_KERNEL_WAITING_H
#define GRT_KERNEL_WAITING_H

#include "kernel/call.h"

/* Waits for the object of a handle, which is of one of [kinds]; [wait] is initialised. Returns a
 * status as grt_wait_locked(), or that of a refused handle, reported. */
uint32_t grt_call_wait_handle(grt_call *call, uint32_t handle, uint32_t kinds, grt_wait *wait);

#endif
