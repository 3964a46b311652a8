/*
 * threads.c - what a guest thread costs beside a bare host thread.
 *
 * Peers in the same run, interleaved in rounds: pthread_create and join of an empty thread, the
 * same plus what the reference ports do for each thread (clear a block of 265,872 bytes), and that
 * clearing alone. The block is committed once and cleared again and again, which favours the peer:
 * the ports' heap hands out memory that is less warm.
 *
 * usage: bench_threads FILE   appends one line of JSON a row, medians over the rounds
 */
#include "guestrt/guestrt.h"
#include "thread/internal.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 41, PER_ROUND = 100, CONTEXT_BYTES = 265872, BATCH = 16 };

static grt_runtime *runtime;
static grt_thread *prepared; /* for the context alone: it never runs */
static unsigned char *region;

static double now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void guest_entry(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    ctx->r[3] = ctx->r[3] + 1;
}

static void *host_entry(void *argument)
{
    return argument;
}

/* ---- workloads: nanoseconds for one ------------------------------------------------------- */

static void host_thread(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, host_entry, NULL) != 0)
        abort();
    pthread_join(thread, NULL);
}

static double pthreads(void)
{
    double start = now_ns();
    for (int i = 0; i < PER_ROUND; i++)
        host_thread();
    return (now_ns() - start) / PER_ROUND;
}

static void clear_region(void)
{
    memset(region, 0, CONTEXT_BYTES);
    __asm__ volatile("" : : "r"(region) : "memory");
}

static double pthreads_and_clearing(void)
{
    double start = now_ns();
    for (int i = 0; i < PER_ROUND; i++) {
        clear_region();
        host_thread();
    }
    return (now_ns() - start) / PER_ROUND;
}

static double clearing(void)
{
    double start = now_ns();
    for (int i = 0; i < PER_ROUND; i++)
        clear_region();
    return (now_ns() - start) / PER_ROUND;
}

static double guest_threads(void)
{
    double start = now_ns();
    for (uint32_t i = 0; i < PER_ROUND; i++) {
        grt_thread_config config = grt_thread_config_default();
        grt_thread *thread;
        uint32_t exit_code;
        config.entry = 0x82000000;
        config.argument = i;
        if (grt_thread_create(runtime, &config, &thread) != GRT_OK ||
            grt_thread_join(thread, &exit_code) != GRT_OK || exit_code != i + 1)
            abort();
        grt_thread_release(thread);
    }
    return (now_ns() - start) / PER_ROUND;
}

/* A context with all its blocks written, as a creation makes it; then its stack is used a little
 * and it is given back. [*whole] is the time for both. */
static double contexts(double *whole)
{
    grt_context_block *own = prepared->context, *taken[BATCH];
    double creating = 0, giving = 0;
    for (int round = 0; round < PER_ROUND / BATCH; round++) {
        double start = now_ns();
        for (int i = 0; i < BATCH; i++) {
            grt_status status;
            taken[i] = grt_context_acquire(runtime, GRT_DEFAULT_STACK_SIZE, &status);
            if (taken[i] == NULL)
                abort();
            prepared->context = taken[i];
            if (!grt_context_init(prepared))
                abort();
        }
        creating += now_ns() - start;
        for (int i = 0; i < BATCH; i++)
            memset((char *)grt_host(runtime, taken[i]->stack_base) - 0x800, 1, 0x700);
        start = now_ns();
        for (int i = 0; i < BATCH; i++)
            grt_context_release(runtime, taken[i]);
        giving += now_ns() - start;
    }
    prepared->context = own;
    *whole = (creating + giving) / (PER_ROUND / BATCH * BATCH);
    return creating / (PER_ROUND / BATCH * BATCH);
}

/* ---- rows ---------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values)
{
    qsort(values, ROUNDS, sizeof *values, compare);
    return values[ROUNDS / 2];
}

static void row(FILE *file, const char *workload, const char *peer, double ours, double theirs)
{
    fprintf(file,
            "{\"workload\": \"%s\", \"peer\": \"%s\", \"ns\": %.0f, \"peer_ns\": %.0f, "
            "\"ratio\": %.3f}\n",
            workload, peer, ours, theirs, ours / theirs);
}

static void measure(FILE *file)
{
    static double host[ROUNDS], both[ROUNDS], clear[ROUNDS];
    static double guest[ROUNDS], context[ROUNDS], recycled[ROUNDS];
    guest_threads();
    contexts(&recycled[0]);
    for (int round = 0; round < ROUNDS; round++) {
        host[round] = pthreads();
        guest[round] = guest_threads();
        both[round] = pthreads_and_clearing();
        context[round] = contexts(&recycled[round]);
        clear[round] = clearing();
    }
    double g = median(guest), c = median(clear);
    row(file, "create, start and join a thread", "pthread_create and join", g, median(host));
    row(file, "create, start and join a thread", "the same and 265,872 bytes cleared", g,
        median(both));
    row(file, "a context, all blocks written", "265,872 bytes cleared", median(context), c);
    row(file, "a context, written, used, given back", "265,872 bytes cleared", median(recycled), c);
}

/* ---- the runtime --------------------------------------------------------------------------- */

static void create_runtime(void)
{
    static const grt_ppc_entry entries[] = {{0x82000000, 4, guest_entry, "entry"}};
    static const uint8_t code[4] = {0x4E, 0x80, 0x00, 0x20}; /* blr */
    static const grt_ppc_segment segments[] = {
        {0x82000000, 4, 4, GRT_SEGMENT_READ | GRT_SEGMENT_EXECUTE, code}};
    static const grt_ppc_module module = {.abi = GRT_PPC_ABI,
                                          .name = "bench",
                                          .entry = 0x82000000,
                                          .code_base = 0x82000000,
                                          .code_size = 4,
                                          .entry_count = 1,
                                          .entries = entries,
                                          .segment_count = 1,
                                          .segments = segments};
    grt_runtime_config config = grt_runtime_config_default();
    grt_thread_config thread = grt_thread_config_default();
    thread.entry = 0x82000000;
    if (grt_runtime_create(&config, &runtime) != GRT_OK ||
        grt_runtime_load(runtime, &module) != GRT_OK ||
        grt_thread_prepare(runtime, &thread, &prepared) != GRT_OK)
        abort();
}

int main(int argc, char **argv)
{
    FILE *file = argc == 2 ? fopen(argv[1], "a") : NULL;
    region = malloc(CONTEXT_BYTES);
    if (file == NULL || region == NULL) {
        fprintf(stderr, "usage: bench_threads FILE\n");
        return 2;
    }
    memset(region, 1, CONTEXT_BYTES);
    create_runtime();
    measure(file);
    grt_thread_abandon(prepared);
    grt_thread_release(prepared);
    grt_runtime_destroy(runtime);
    free(region);
    return fclose(file) == 0 ? 0 : 1;
}
