/*
 * threads.c - what a guest thread costs beside a bare host thread.
 *
 * Peers in the same run, interleaved in rounds: pthread_create and join of an empty thread, the
 * same plus what the reference ports do for each thread (clear a block of 265,872 bytes), and that
 * clearing alone. The block is committed once and cleared again and again, which favours the peer:
 * the ports' heap hands out memory that is less warm.
 *
 * usage: bench_threads [FILE]
 *
 * A line of JSON a row, medians over the rounds.
 */
#include "guest.h"
#include "thread/internal.h"

#include <pthread.h>
#include <string.h>

enum { ROUNDS = 41, PER_ROUND = 100, CONTEXT_BYTES = 265872, BATCH = 16 };

static grt_runtime *runtime;
static grt_thread *prepared; /* for the context alone: it never runs */
static unsigned char *region;

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

static double time_of(void (*workload)(void))
{
    double start = guest_now_ns();
    for (int i = 0; i < PER_ROUND; i++)
        workload();
    return (guest_now_ns() - start) / PER_ROUND;
}

static void host_thread(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, host_entry, NULL) != 0)
        abort();
    pthread_join(thread, NULL);
}

static void clearing(void)
{
    memset(region, 0, CONTEXT_BYTES);
    __asm__ volatile("" : : "r"(region) : "memory");
}

static void host_thread_and_clearing(void)
{
    clearing();
    host_thread();
}

static void one_guest_thread(void)
{
    uint32_t exit_code;
    grt_thread *thread = guest_thread(runtime, 0, 41);
    if (grt_thread_join(thread, &exit_code) != GRT_OK || exit_code != 42)
        abort();
    grt_thread_release(thread);
}

/* A context with all its blocks written, as a creation makes it; then its stack is used a little
 * and it is given back. [*whole] is the time for both. */
static double contexts(double *whole)
{
    grt_context_block *own = prepared->context, *taken[BATCH];
    double creating = 0, giving = 0;
    for (int round = 0; round < PER_ROUND / BATCH; round++) {
        double start = guest_now_ns();
        for (int i = 0; i < BATCH; i++) {
            grt_status status;
            taken[i] = grt_context_acquire(runtime, GRT_DEFAULT_STACK_SIZE, &status);
            if (taken[i] == NULL)
                abort();
            prepared->context = taken[i];
            if (!grt_context_init(prepared))
                abort();
        }
        creating += guest_now_ns() - start;
        for (int i = 0; i < BATCH; i++)
            memset((char *)grt_host(runtime, taken[i]->stack_base) - 0x800, 1, 0x700);
        start = guest_now_ns();
        for (int i = 0; i < BATCH; i++)
            grt_context_release(runtime, taken[i]);
        giving += guest_now_ns() - start;
    }
    prepared->context = own;
    if (!grt_context_init(prepared)) /* it is the thread of its own blocks again */
        abort();
    *whole = (creating + giving) / (PER_ROUND / BATCH * BATCH);
    return creating / (PER_ROUND / BATCH * BATCH);
}

/* ---- rows ---------------------------------------------------------------------------------- */

static void measure(FILE *file)
{
    static double host[ROUNDS], both[ROUNDS], clear[ROUNDS];
    static double guest[ROUNDS], context[ROUNDS], recycled[ROUNDS];
    time_of(one_guest_thread);
    contexts(&recycled[0]);
    for (int round = 0; round < ROUNDS; round++) {
        host[round] = time_of(host_thread);
        guest[round] = time_of(one_guest_thread);
        both[round] = time_of(host_thread_and_clearing);
        context[round] = contexts(&recycled[round]);
        clear[round] = time_of(clearing);
    }
    double g = guest_median(guest, ROUNDS), c = guest_median(clear, ROUNDS);
    guest_report(file, "create, start and join a thread", g, "pthread_create and join",
                 guest_median(host, ROUNDS));
    guest_report(file, "create, start and join a thread", g, "the same and 265,872 bytes cleared",
                 guest_median(both, ROUNDS));
    guest_report(file, "a context, all blocks written", guest_median(context, ROUNDS),
                 "265,872 bytes cleared", c);
    guest_report(file, "a context, written, used, given back", guest_median(recycled, ROUNDS),
                 "265,872 bytes cleared", c);
}

int main(int argc, char **argv)
{
    static grt_ppc_function *const functions[] = {guest_entry};
    FILE *file = guest_report_file(argc, argv);
    grt_thread_config config = grt_thread_config_default();
    config.entry = GUEST_FUNCTION(0);
    region = malloc(CONTEXT_BYTES);
    runtime = guest_runtime(functions, 1);
    if (region == NULL || grt_thread_prepare(runtime, &config, &prepared) != GRT_OK)
        abort();
    memset(region, 1, CONTEXT_BYTES);
    measure(file);
    grt_thread_abandon(prepared);
    grt_thread_release(prepared);
    grt_runtime_destroy(runtime);
    free(region);
    return fclose(file) == 0 ? 0 : 1;
}
