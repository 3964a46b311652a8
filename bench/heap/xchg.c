/*
 * xchg.c - threads swap fresh blocks into shared slots and free what came out: "xchg x2". Most
 * blocks are freed by another thread than the one that allocated them.
 */
#include "bench.h"
#include <stdatomic.h>

enum { SLOTS = 4096, EXCHANGES = 500000 };

typedef struct xchg {
    bench_op *ops;
    size_t count;
} xchg;

static _Atomic(void *) slots[SLOTS];

static void exchange(const bench_allocator *allocator, const bench_op *ops, size_t count)
{
    void *(*alloc)(size_t) = allocator->alloc;
    void (*release)(void *) = allocator->free;
    for (size_t i = 0; i < count; i++) {
        void *block = bench_use(alloc(ops[i].size));
        void *out = atomic_exchange_explicit(&slots[ops[i].slot], block, memory_order_acq_rel);
        if (out)
            release(out);
    }
}

/* The first tenth fills the slots. */
static void fill(bench_run *run, void *argument)
{
    const xchg *self = argument;
    exchange(&run->allocator, self->ops, self->count / 10);
}

static void exchange_on(bench_run *run, void *argument)
{
    const xchg *self = argument;
    exchange(&run->allocator, self->ops + self->count / 10, self->count - self->count / 10);
}

bool bench_xchg(bench_run *run)
{
    static const bench_task task = {fill, exchange_on};
    xchg parts[MAX_THREADS];
    unsigned threads = bench_thread_count(run);
    size_t count = (size_t)(EXCHANGES * run->scale) + 10;
    for (unsigned i = 0; i < threads; i++)
        parts[i] = (xchg){bench_ops(count, SLOTS, 200 + i), count};
    bench_start(run);
    uint64_t ns = bench_threads(run, threads, &task, parts, sizeof parts[0]);
    bench_report("ns", (double)ns / (double)(2 * (count - count / 10) * threads));
    return true;
}
