/*
 * pair.c - the shortest lives: a block is freed at once ("pair SIZE"), or 64 of them are allocated
 * and then freed in the same order ("batch64 SIZE"). Allocating and freeing are an operation each.
 */
#include "bench.h"
#include <stdlib.h>

enum { PAIRS = 2000000, BATCH = 64, BATCHES = 40000 };

static void pairs(const bench_allocator *allocator, size_t size, size_t count)
{
    void *(*alloc)(size_t) = allocator->alloc;
    void (*release)(void *) = allocator->free;
    for (size_t i = 0; i < count; i++)
        release(bench_use(alloc(size)));
}

static void batches(const bench_allocator *allocator, size_t size, size_t count)
{
    void *(*alloc)(size_t) = allocator->alloc;
    void (*release)(void *) = allocator->free;
    void *blocks[BATCH];
    for (size_t i = 0; i < count; i++) {
        for (unsigned j = 0; j < BATCH; j++)
            blocks[j] = bench_use(alloc(size));
        for (unsigned j = 0; j < BATCH; j++)
            release(blocks[j]);
    }
}

typedef void loop(const bench_allocator *allocator, size_t size, size_t count);

/* A tenth of the loop first, so that caches and the allocator are warm. */
static bool measure(bench_run *run, loop *body, size_t count, unsigned operations_each)
{
    size_t size = strtoul(run->argument, NULL, 10);
    count = (size_t)((double)count * run->scale) + 10;
    bench_start(run);
    body(&run->allocator, size, count / 10);
    uint64_t start = bench_now_ns();
    body(&run->allocator, size, count);
    uint64_t end = bench_now_ns();
    bench_report("ns", (double)(end - start) / (double)(count * operations_each));
    return size != 0;
}

bool bench_pair(bench_run *run)
{
    return measure(run, pairs, PAIRS, 2);
}

bool bench_batch(bench_run *run)
{
    return measure(run, batches, BATCHES, 2 * BATCH);
}
