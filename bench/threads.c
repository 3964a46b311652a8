/*
 * threads.c - create, start and join of a guest thread beside a bare host thread.
 *
 * Peers in the same run, interleaved in rounds: pthread_create + join of an empty thread with the
 * default stack, and the same plus what the reference ports do for each thread: allocate and clear
 * a block of 265,872 bytes. Prints medians over the rounds and the ratio to each peer.
 */
#include "guestrt/guestrt.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 41, PER_ROUND = 100, CONTEXT_BYTES = 265872 };

static double now_us(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec * 1e-3;
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

static void host_round(void)
{
    for (int i = 0; i < PER_ROUND; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, host_entry, NULL) != 0)
            abort();
        pthread_join(thread, NULL);
    }
}

/* The block may be fresh or reused, as the host's malloc decides. */
static void clearing_round(void)
{
    for (int i = 0; i < PER_ROUND; i++) {
        pthread_t thread;
        void *block = malloc(CONTEXT_BYTES);
        if (!block)
            abort();
        memset(block, 0, CONTEXT_BYTES);
        if (pthread_create(&thread, NULL, host_entry, block) != 0)
            abort();
        pthread_join(thread, NULL);
        free(block);
    }
}

static void guest_round(grt_runtime *runtime)
{
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
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values)
{
    qsort(values, ROUNDS, sizeof *values, compare);
    return values[ROUNDS / 2] / PER_ROUND;
}

int main(void)
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
    static double host[ROUNDS], clearing[ROUNDS], guest[ROUNDS];
    grt_runtime_config config = grt_runtime_config_default();
    grt_runtime *runtime;
    if (grt_runtime_create(&config, &runtime) != GRT_OK ||
        grt_runtime_load(runtime, &module) != GRT_OK)
        return 1;
    guest_round(runtime);
    for (int round = 0; round < ROUNDS; round++) {
        double start = now_us();
        host_round();
        double after_host = now_us();
        clearing_round();
        double after_clearing = now_us();
        guest_round(runtime);
        host[round] = after_host - start;
        clearing[round] = after_clearing - after_host;
        guest[round] = now_us() - after_clearing;
    }
    grt_runtime_destroy(runtime);
    double h = median(host), c = median(clearing), g = median(guest);
    printf("create+start+join, median of %d rounds of %d:\n", ROUNDS, PER_ROUND);
    printf("  pthread                              %8.2f us\n", h);
    printf("  pthread + a context cleared as ports do %5.2f us\n", c);
    printf("  guest thread                         %8.2f us  (%.2fx of pthread, %.2fx of pthread + "
           "clearing)\n",
           g, g / h, g / c);
    return 0;
}
