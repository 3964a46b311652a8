/*
 * replay.c - a recorded program's allocations again: "replay". Cold is the first pass in a fresh
 * process, warm the second. With "x2" two threads replay the whole trace at once, and only the
 * second pass counts. Every call is an operation.
 */
#include "bench.h"
#include "events.h"
#include <string.h>

typedef struct replay {
    events events;
    void **slots;
} replay;

static void pass(bench_run *run, void *argument)
{
    const bench_allocator allocator = run->allocator;
    const replay *self = argument;
    void **slots = self->slots;
    const event *end = self->events.list + self->events.head->count;
    for (const event *e = self->events.list; e < end; e++) {
        if (e->op == EVENT_FREE)
            allocator.free(slots[e->slot]);
        else if (e->op == EVENT_ALLOC)
            slots[e->slot] = bench_use(allocator.alloc(e->size));
        else if (e->op == EVENT_REALLOC)
            slots[e->slot] = bench_use(allocator.realloc(slots[e->slot], e->size));
        else
            slots[e->slot] = bench_use(allocator.zalloc(e->size));
    }
}

static void report_pass(bench_run *run, replay *self, const char *figure)
{
    uint64_t start = bench_now_ns();
    pass(run, self);
    bench_report(figure, (double)(bench_now_ns() - start) / (double)self->events.head->count);
}

static void one_thread(bench_run *run, replay *self)
{
    bench_start(run);
    report_pass(run, self, "cold");
    report_pass(run, self, "warm");
}

static void several_threads(bench_run *run, replay *parts, unsigned threads)
{
    static const bench_task task = {pass, pass};
    bench_start(run);
    uint64_t ns = bench_threads(run, threads, &task, parts, sizeof parts[0]);
    bench_report("warm", (double)ns / (double)(parts[0].events.head->count * threads));
}

bool bench_replay(bench_run *run)
{
    replay parts[MAX_THREADS];
    unsigned threads = bench_thread_count(run);
    for (unsigned i = 0; i < threads; i++) {
        parts[i].events = events_open(run->trace);
        parts[i].slots = bench_memory(parts[i].events.head->slots * sizeof(void *));
    }
    if (threads == 1)
        one_thread(run, &parts[0]);
    else
        several_threads(run, parts, threads);
    return true;
}
