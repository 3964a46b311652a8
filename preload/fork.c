/*
 * fork.c - the heap is at rest while the process is copied, so that the child finds it whole.
 */
#include "preload.h"

#include <pthread.h>

#include "heap/fork.h"

static grt_heap *forking;

/* The heap asks the arena while it is locked, never the other way round. */
static void prepare(void)
{
    grt_heap_fork_prepare(forking);
    preload_arena_lock();
}

static void in_parent(void)
{
    preload_arena_unlock();
    grt_heap_fork_parent(forking);
}

static void in_child(void)
{
    preload_arena_unlock();
    grt_heap_fork_child(forking);
    preload_record_forget();
}

void preload_fork_start(grt_heap *heap)
{
    forking = heap;
    if (pthread_atfork(prepare, in_parent, in_child) != 0) {
        preload_say("PRELOAD", "a fork while another thread allocates may hang: no memory");
    }
}
