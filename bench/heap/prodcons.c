/*
 * prodcons.c - one side allocates, the other frees: "prodcons x2" is one pair of threads, "x4" two.
 * Blocks go through a ring, a batch at a time so that the ring itself costs little.
 */
#include "bench.h"
#include <sched.h>
#include <stdatomic.h>

enum { RING = 2048, PASSED_AT_ONCE = 32, BLOCKS = 500000 };

typedef struct ring {
    _Alignas(128) atomic_size_t made;
    _Alignas(128) atomic_size_t taken;
    _Alignas(128) void *blocks[RING];
    bench_op *ops;
    size_t count;
} ring;

typedef struct side {
    ring *ring;
    bool makes;
} side;

/* Waits until [counter] has come to [wanted]. With more threads than processors the other side may
 * not be running, so the processor is given away. */
static void wait_for(atomic_size_t *counter, size_t wanted)
{
    for (unsigned tries = 1; atomic_load_explicit(counter, memory_order_acquire) < wanted;
         tries++) {
        if (tries % 64 == 0)
            sched_yield();
    }
}

static void make(const bench_allocator *allocator, ring *self)
{
    void *(*alloc)(size_t) = allocator->alloc;
    for (size_t i = 0; i < self->count; i++) {
        if (i % PASSED_AT_ONCE == 0) {
            atomic_store_explicit(&self->made, i, memory_order_release);
            wait_for(&self->taken, i + PASSED_AT_ONCE > RING ? i + PASSED_AT_ONCE - RING : 0);
        }
        self->blocks[i % RING] = bench_use(alloc(self->ops[i].size));
    }
    atomic_store_explicit(&self->made, self->count, memory_order_release);
}

static void take(const bench_allocator *allocator, ring *self)
{
    void (*release)(void *) = allocator->free;
    for (size_t i = 0; i < self->count; i++) {
        if (i % PASSED_AT_ONCE == 0) {
            atomic_store_explicit(&self->taken, i, memory_order_release);
            wait_for(&self->made, i + PASSED_AT_ONCE);
        }
        release(self->blocks[i % RING]);
    }
}

static void warm_up(bench_run *run, void *argument)
{
    (void)argument;
    run->allocator.free(bench_use(run->allocator.alloc(64)));
}

static void pass(bench_run *run, void *argument)
{
    const side *self = argument;
    if (self->makes)
        make(&run->allocator, self->ring);
    else
        take(&run->allocator, self->ring);
}

bool bench_prodcons(bench_run *run)
{
    static const bench_task task = {warm_up, pass};
    static ring rings[MAX_THREADS / 2];
    side sides[MAX_THREADS];
    unsigned threads = bench_thread_count(run);
    size_t count = ((size_t)(BLOCKS * run->scale) / PASSED_AT_ONCE + 1) * PASSED_AT_ONCE;
    for (unsigned i = 0; i < threads; i++) {
        sides[i] = (side){&rings[i / 2], i % 2 == 0};
        if (i % 2 == 0)
            rings[i / 2].ops = bench_ops(count, 1, 300 + i);
        rings[i / 2].count = count;
    }
    bench_start(run);
    uint64_t ns = bench_threads(run, threads, &task, sides, sizeof sides[0]);
    bench_report("ns", (double)ns / (double)(count * threads));
    return threads % 2 == 0;
}
