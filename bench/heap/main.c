/*
 * main.c - one allocator, one workload, one process. bench/heap.py runs many of these.
 *
 * usage: bench_heap --allocator NAME|PATH --workload "NAME [ARGUMENTS]" [--trace FILE] [--scale X]
 * Prints one JSON object.
 */
#include "bench.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static const struct {
    const char *name;
    bench_workload *run;
} workloads[] = {
    {"pair", bench_pair},       {"batch64", bench_batch},     {"churn", bench_churn},
    {"xchg", bench_xchg},       {"prodcons", bench_prodcons}, {"context", bench_context},
    {"latency", bench_latency}, {"replay", bench_replay},     {"footprint", bench_footprint},
};

static struct {
    const char *figure;
    double value;
} reported[16];
static unsigned reported_count;

void bench_report(const char *figure, double value)
{
    if (reported_count == sizeof reported / sizeof reported[0])
        bench_fail("too many figures");
    reported[reported_count].figure = figure;
    reported[reported_count++].value = value;
}

uint64_t bench_now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

void *bench_memory(size_t size)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE;
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (memory == MAP_FAILED)
        bench_fail("no memory for the harness");
    return memory;
}

_Noreturn void bench_fail(const char *what)
{
    fprintf(stderr, "bench_heap: %s\n", what);
    _exit(1);
}

unsigned bench_thread_count(const bench_run *run)
{
    const char *times = strchr(run->argument, 'x');
    unsigned long count = times ? strtoul(times + 1, NULL, 10) : 1;
    if (count < 1 || count > MAX_THREADS)
        bench_fail("a workload has 1 to 8 threads");
    return (unsigned)count;
}

static void print_result(const bench_run *run)
{
    printf("{\"allocator\": \"%s\"", run->allocator.name);
    for (unsigned i = 0; i < reported_count; i++)
        printf(", \"%s\": %.4f", reported[i].figure, reported[i].value);
    printf("}\n");
}

/* Huge pages come and go with the host's mood; without them every run pays for the same pages. */
static void no_huge_pages(void)
{
    prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
}

static bool run_workload(bench_run *run, const char *workload)
{
    for (size_t i = 0; i < sizeof workloads / sizeof workloads[0]; i++) {
        size_t length = strlen(workloads[i].name);
        if (strncmp(workload, workloads[i].name, length) != 0 ||
            (workload[length] && workload[length] != ' '))
            continue;
        run->argument = workload + length;
        return workloads[i].run(run);
    }
    fprintf(stderr, "bench_heap: there is no workload '%s'\n", workload);
    return false;
}

/* Starts the allocator, its parked thread and this thread. */
void bench_start(bench_run *run)
{
    if (!run->allocator.init(&run->allocator))
        bench_fail("the allocator could not be started");
    run->allocator.thread_init();
    bench_park(run);
}

static const char *option(int count, char **arguments, const char *name, const char *fallback)
{
    for (int i = 1; i + 1 < count; i += 2) {
        if (strcmp(arguments[i], name) == 0)
            return arguments[i + 1];
    }
    return fallback;
}

int main(int count, char **arguments)
{
    bench_run run = {0};
    const char *workload = option(count, arguments, "--workload", "");
    run.trace = option(count, arguments, "--trace", NULL);
    run.scale = strtod(option(count, arguments, "--scale", "1"), NULL);
    no_huge_pages();
    if (!bench_allocator_find(option(count, arguments, "--allocator", "guestrt"), &run.allocator) ||
        !run_workload(&run, workload))
        return 1;
    print_result(&run);
    fflush(stdout);
    _exit(0); /* the parked thread is still there */
}
