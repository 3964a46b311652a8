/*
 * fork.h - a heap in a process that forks.
 *
 * A child has only the thread that forked, and memory as it was at that moment. So that no other
 * thread is in the middle of something then, the heap is stopped around the fork. The functions are
 * made for the host's fork hooks, and are called by the forking thread in this order.
 */
#ifndef GRT_HEAP_FORK_H
#define GRT_HEAP_FORK_H

#include "guestrt/heap.h"

/* Takes the heap's lock and stops all caches. */
void grt_heap_fork_prepare(grt_heap *heap);

/* Undoes it in the parent. */
void grt_heap_fork_parent(grt_heap *heap);

/* Undoes it in the child, and takes back what the caches of the threads held that are not there any
 * more. */
void grt_heap_fork_child(grt_heap *heap);

#endif
