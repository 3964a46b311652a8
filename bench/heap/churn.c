/*
 * churn.c - a live set of N blocks in which random ones are replaced, in one thread or in several
 * that each have their own set: "churn 10000", "churn 10000 x4". A replacement is two operations.
 * Every block is replaced twice on average before the clock runs; no operation is ever repeated, so
 * no allocator can fall into step with the workload.
 */
#include "bench.h"
#include <stdlib.h>

enum { REPLACEMENTS = 500000, WARM_UP_AT_LEAST = 1 << 16 };

typedef struct churn {
    void **slots;
    bench_op *ops;
    size_t live, warm_up, count;
} churn;

static void replace(const bench_allocator *allocator, void **slots, const bench_op *ops,
                    size_t count)
{
    void *(*alloc)(size_t) = allocator->alloc;
    void (*release)(void *) = allocator->free;
    for (size_t i = 0; i < count; i++) {
        void **slot = &slots[ops[i].slot];
        release(*slot);
        *slot = bench_use(alloc(ops[i].size));
    }
}

static void fill(bench_run *run, void *argument)
{
    churn *self = argument;
    uint64_t seed = 1;
    for (size_t i = 0; i < self->live; i++)
        self->slots[i] = bench_use(run->allocator.alloc(bench_size(&seed)));
    replace(&run->allocator, self->slots, self->ops, self->warm_up);
}

static void churn_on(bench_run *run, void *argument)
{
    const churn *self = argument;
    replace(&run->allocator, self->slots, self->ops + self->warm_up, self->count);
}

static void prepare(churn *self, bench_run *run, size_t live, uint64_t seed)
{
    self->live = live;
    self->slots = bench_memory(live * sizeof *self->slots);
    self->warm_up = live * 2 > WARM_UP_AT_LEAST ? live * 2 : WARM_UP_AT_LEAST;
    self->count = (size_t)(REPLACEMENTS * run->scale) + 1;
    self->ops = bench_ops(self->warm_up + self->count, (uint32_t)live, seed);
}

bool bench_churn(bench_run *run)
{
    static const bench_task task = {fill, churn_on};
    churn sets[MAX_THREADS];
    size_t live = strtoul(run->argument, NULL, 10);
    unsigned threads = bench_thread_count(run);
    if (live == 0)
        return false;
    for (unsigned i = 0; i < threads; i++)
        prepare(&sets[i], run, live, 100 + i);
    bench_start(run);
    uint64_t ns = bench_threads(run, threads, &task, sets, sizeof sets[0]);
    bench_report("ns", (double)ns / (double)(2 * sets[0].count * threads));
    return true;
}
