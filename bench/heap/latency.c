/*
 * latency.c - how long a single call takes: churn with each call timed, "latency 1000".
 *
 * Five processes do the same operations, each with a heap of its own; of each operation the
 * shortest time counts. What the host's scheduler adds goes away; page faults, carving and long
 * searches happen in all five and stay. The write to a new block is not part of the call.
 */
#include "bench.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __x86_64__
#    include <x86intrin.h>
#endif

enum { RUNS = 5, REPLACEMENTS = 200000 };

static inline uint64_t ticks(void)
{
#ifdef __x86_64__
    _mm_lfence(); /* what came before is done */
    return __rdtsc();
#else
    return bench_now_ns();
#endif
}

typedef struct latency {
    void **slots;
    bench_op *ops;
    size_t live, count;
    uint32_t *taken; /* ticks: of the free and of the allocation of each replacement */
} latency;

static void fill(const bench_allocator *allocator, const latency *self)
{
    uint64_t seed = 1;
    for (size_t i = 0; i < self->live; i++)
        self->slots[i] = bench_use(allocator->alloc(bench_size(&seed)));
}

static void replace(const bench_allocator *allocator, const latency *self, size_t i)
{
    void **slot = &self->slots[self->ops[i].slot];
    uint64_t start = ticks();
    allocator->free(*slot);
    uint64_t freed = ticks();
    *slot = allocator->alloc(self->ops[i].size);
    uint64_t allocated = ticks();
    bench_use(*slot);
    self->taken[2 * i] = (uint32_t)(freed - start);
    self->taken[2 * i + 1] = (uint32_t)(allocated - freed);
}

/* The head of the shared memory tells how long a tick is; then come the shortest times. */
typedef struct shared {
    double ns_a_tick;
    uint32_t shortest[];
} shared;

static void keep_shortest(shared *kept, const latency *self)
{
    for (size_t i = 0; i < 2 * self->count; i++) {
        if (self->taken[i] < kept->shortest[i])
            kept->shortest[i] = self->taken[i];
    }
}

static void run_once(bench_run *run, latency *self, shared *kept)
{
    bench_start(run);
    fill(&run->allocator, self);
    uint64_t start_ns = bench_now_ns(), start = ticks();
    for (size_t i = 0; i < self->count; i++)
        replace(&run->allocator, self, i);
    kept->ns_a_tick = (double)(bench_now_ns() - start_ns) / (double)(ticks() - start);
    keep_shortest(kept, self);
}

/* In a process of its own: the heap is a new one each time. */
static void run_apart(bench_run *run, latency *self, shared *kept)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        run_once(run, self, kept);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        bench_fail("a timed run failed");
}

static shared *shared_memory(size_t count)
{
    size_t size = sizeof(shared) + count * sizeof(uint32_t);
    shared *kept =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (kept == MAP_FAILED)
        bench_fail("no memory for the harness");
    memset(kept->shortest, 0xFF, count * sizeof(uint32_t));
    return kept;
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void report(shared *kept, size_t count)
{
    static const struct {
        const char *figure;
        double part;
    } points[] = {{"p50", 0.5}, {"p99", 0.99}, {"p99.9", 0.999}, {"p99.99", 0.9999}, {"max", 1}};
    qsort(kept->shortest, count, sizeof(uint32_t), compare);
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        size_t index = (size_t)((double)(count - 1) * points[i].part);
        bench_report(points[i].figure, kept->shortest[index] * kept->ns_a_tick);
    }
}

bool bench_latency(bench_run *run)
{
    latency self = {.live = strtoul(run->argument, NULL, 10)};
    if (self.live == 0)
        return false;
    self.count = (size_t)(REPLACEMENTS * run->scale) + 1;
    self.slots = bench_memory(self.live * sizeof *self.slots);
    self.ops = bench_ops(self.count, (uint32_t)self.live, 400);
    self.taken = bench_memory(2 * self.count * sizeof *self.taken);
    shared *kept = shared_memory(2 * self.count);
    for (int i = 0; i < RUNS; i++)
        run_apart(run, &self, kept);
    report(kept, 2 * self.count);
    return true;
}
