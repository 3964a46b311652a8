/*
 * heap_barrier.h - lets a few threads go on at the same moment, many times over.
 *
 * Waiting threads spin, so that they set off within a few nanoseconds of each other; on a machine
 * with fewer cores than threads they yield after a while.
 */
#ifndef HEAP_BARRIER_H
#define HEAP_BARRIER_H

#include <stdatomic.h>

#include "os/os.h"

typedef struct spin_barrier {
    unsigned threads;
    atomic_uint arrived;
    atomic_uint generation;
} spin_barrier;

static inline void barrier_init(spin_barrier *barrier, unsigned threads)
{
    barrier->threads = threads;
    atomic_store(&barrier->arrived, 0);
    atomic_store(&barrier->generation, 0);
}

static inline void barrier_wait(spin_barrier *barrier)
{
    unsigned generation = atomic_load(&barrier->generation);
    if (atomic_fetch_add(&barrier->arrived, 1) + 1 == barrier->threads) {
        atomic_store(&barrier->arrived, 0);
        atomic_fetch_add(&barrier->generation, 1);
        return;
    }
    for (unsigned spins = 0; atomic_load(&barrier->generation) == generation; spins++) {
        if (spins > 500) {
            os_thread_yield();
        }
    }
}

#endif
