/*
 * bench.h - what the workloads share: the run, its operations, its clock and its threads.
 */
#ifndef GUESTRT_BENCH_H
#define GUESTRT_BENCH_H

#include "allocator.h"

/* A thread context as the console has it, and where its first bytes are touched. */
enum { CONTEXT_BYTES = 265872, MAX_THREADS = 8 };

typedef struct bench_run {
    bench_allocator allocator;
    const char *argument; /* the part of the workload's name after the first word */
    const char *trace;    /* file of events, for replay and footprint */
    double scale;         /* of the number of operations; 1 = as published */
} bench_run;

/* Prints what it measured as members of one JSON object: see bench_report(). */
typedef bool bench_workload(bench_run *run);

bench_workload bench_pair, bench_batch, bench_churn, bench_xchg, bench_prodcons, bench_context,
    bench_replay, bench_footprint, bench_latency;

/* One figure: ("ns", 3.5). Figures of one run are collected and printed at its end. */
void bench_report(const char *figure, double value);

uint64_t bench_now_ns(void);

/* Zeroed memory of the harness's own, never from a measured allocator. Every page is touched, so
 * that no page fault of the harness's is measured. Stops the program when there is none. */
void *bench_memory(size_t size);

/* Stops the program: an allocator that refuses a request of a workload cannot be compared. */
_Noreturn void bench_fail(const char *what);

/* What every workload does with a block: the first 8 bytes are written. */
static inline void *bench_use(void *block)
{
    if (!block)
        bench_fail("a request was refused");
    *(volatile uint64_t *)block = (uintptr_t)block;
    return block;
}

/* A block's size as games ask: see sizes.c. */
uint32_t bench_size(uint64_t *random);

/* One replacement: free what is in the slot, put a block of that size there. */
typedef struct bench_op {
    uint32_t slot;
    uint32_t size;
} bench_op;

bench_op *bench_ops(size_t count, uint32_t slots, uint64_t seed);

/* Runs [warm_up] and then [body] in [count] threads, each with its own element of [arguments] (of
 * [size] bytes); one thread is the caller. Returns the nanoseconds from the common start of the
 * bodies to the last one's end. */
typedef void bench_body(bench_run *run, void *argument);
typedef struct bench_task {
    bench_body *warm_up, *body;
} bench_task;
uint64_t bench_threads(bench_run *run, unsigned count, const bench_task *task, void *arguments,
                       size_t size);

/* The N of "xN" in the workload's argument; 1 without. */
unsigned bench_thread_count(const bench_run *run);

/* Starts the allocator, for this thread too, and parks another thread in it. Each workload calls
 * it once, when its own memory is in place. */
void bench_start(bench_run *run);

/* Starts the second thread that is always there. It has allocated and freed, so no allocator may
 * take the process for single-threaded, and then waits for the end. */
void bench_park(bench_run *run);

#endif
