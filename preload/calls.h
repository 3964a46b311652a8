/*
 * calls.h - what the C library's entry points come down to.
 */
#ifndef PRELOAD_CALLS_H
#define PRELOAD_CALLS_H

#include <stddef.h>

#include "guestrt/trace.h"

/* A block, or null with errno ENOMEM. [op] is ALLOC, ZEROED or ALIGNED; [alignment] a power of two
 * for the last. */
void *call_allocate(grt_trace_op op, size_t size, size_t alignment);

/* Null is allowed. Leaves errno alone. */
void call_free(void *block);

/* [block] is not null. Null with errno ENOMEM: the block is untouched. */
void *call_resize(void *block, size_t size);

/* The size that was asked for; 0 for null and for what is no block. */
size_t call_usable_size(void *block);

#endif
