/*
 * locks.c - locks of the guest beside the host's, through the path that generated code takes: an
 * indirect call by the module's import table.
 *
 * usage: bench_locks [FILE]
 *
 * Guest and host are measured in turns, round by round. Medians are printed; or, with FILE, it gets
 * one JSON object a line: {"workload", "peer", "ns", "peer_ns", "ratio"}, times of one pair of
 * calls.
 */
#include "guestrt/guestrt.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 31, PAIRS = 200000, CONTENDED_PAIRS = 400000, THREADS_MAX = 2 };

#define CODE    0x82000000u
#define SECTION 0x82010000u /* each lock has a cache line of its own */
#define RWLOCK  0x82010080u
#define SPIN    0x82010100u
#define COUNTER 0x82010180u

static double now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* ---- what is measured ---------------------------------------------------------------------- */

static const char *const names[] = {
    "RtlEnterCriticalSection",
    "RtlTryEnterCriticalSection",
    "RtlLeaveCriticalSection",
    "ExInitializeReadWriteLock",
    "ExAcquireReadWriteLockShared",
    "ExAcquireReadWriteLockExclusive",
    "ExReleaseReadWriteLock",
    "KfAcquireSpinLock",
    "KfReleaseSpinLock",
};
enum {
    ENTER,
    TRY,
    LEAVE,
    RW_INIT,
    RW_SHARED,
    RW_EXCLUSIVE,
    RW_RELEASE,
    SPIN_TAKE,
    SPIN_GIVE,
    IMPORTS
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spin;
static volatile uint32_t counter;

/* The host's calls are direct ones, without a table in between. */
#define HOST_LOOP(name, take, give)                                                                \
    static void name(int pairs)                                                                    \
    {                                                                                              \
        for (int i = 0; i < pairs; i++) {                                                          \
            take;                                                                                  \
            counter = counter + 1;                                                                 \
            give;                                                                                  \
        }                                                                                          \
    }
HOST_LOOP(host_mutex, pthread_mutex_lock(&mutex), pthread_mutex_unlock(&mutex))
HOST_LOOP(host_mutex_try, pthread_mutex_trylock(&mutex), pthread_mutex_unlock(&mutex))
HOST_LOOP(host_read, pthread_rwlock_rdlock(&rwlock), pthread_rwlock_unlock(&rwlock))
HOST_LOOP(host_write, pthread_rwlock_wrlock(&rwlock), pthread_rwlock_unlock(&rwlock))
HOST_LOOP(host_spin, pthread_spin_lock(&spin), pthread_spin_unlock(&spin))

typedef struct workload {
    const char *name, *peer;
    int take, give;
    grt_addr lock;
    void (*host)(int pairs);
    int threads, pairs;
} workload;

static const workload workloads[] = {
    {"section enter+leave", "pthread_mutex", ENTER, LEAVE, SECTION, host_mutex, 1, PAIRS},
    {"section try+leave", "pthread_mutex", TRY, LEAVE, SECTION, host_mutex_try, 1, PAIRS},
    {"rwlock shared", "pthread_rwlock", RW_SHARED, RW_RELEASE, RWLOCK, host_read, 1, PAIRS},
    {"rwlock exclusive", "pthread_rwlock", RW_EXCLUSIVE, RW_RELEASE, RWLOCK, host_write, 1, PAIRS},
    {"spin lock", "pthread_spin", SPIN_TAKE, SPIN_GIVE, SPIN, host_spin, 1, PAIRS},
    {"section, 2 threads", "pthread_mutex", ENTER, LEAVE, SECTION, host_mutex, 2, CONTENDED_PAIRS},
    {"spin lock, 2 threads", "pthread_spin", SPIN_TAKE, SPIN_GIVE, SPIN, host_spin, 2,
     CONTENDED_PAIRS},
};
enum { WORKLOADS = sizeof workloads / sizeof *workloads };

/* ---- one round ----------------------------------------------------------------------------- */

/* Threads begin together; the time is from then until the last one is done. */
static atomic_int ready, done;
static atomic_int wanted;
static double begun, ended;

static void begin_together(void)
{
    if (atomic_fetch_add(&ready, 1) + 1 == atomic_load(&wanted))
        begun = now_ns();
    while (atomic_load(&ready) < atomic_load(&wanted))
        ;
}

static void end_together(void)
{
    if (atomic_fetch_add(&done, 1) + 1 == atomic_load(&wanted))
        ended = now_ns();
}

static void prepare(const workload *load)
{
    atomic_store(&wanted, load->threads);
    atomic_store(&ready, 0);
    atomic_store(&done, 0);
}

static void *host_main(void *argument)
{
    const workload *load = (const workload *)argument;
    begin_together();
    load->host(load->pairs);
    end_together();
    return NULL;
}

static void guest_main(grt_ppc *ctx, uint8_t *base)
{
    const workload *load = &workloads[ctx->r[3]];
    begin_together();
    for (int i = 0; i < load->pairs; i++) {
        ctx->r[3] = load->lock;
        grt_ppc_call_import(ctx, base, (uint32_t)load->take);
        uint64_t level = ctx->r[3];
        grt_store32(base + COUNTER, grt_load32(base + COUNTER) + 1);
        ctx->r[3] = load->lock;
        ctx->r[4] = level;
        grt_ppc_call_import(ctx, base, (uint32_t)load->give);
    }
    end_together();
}

static void initialise_main(grt_ppc *ctx, uint8_t *base)
{
    ctx->r[3] = RWLOCK;
    grt_ppc_call_import(ctx, base, RW_INIT);
}

static double per_pair(const workload *load)
{
    return (ended - begun) / load->pairs / load->threads;
}

static double host_round(const workload *load)
{
    pthread_t threads[THREADS_MAX];
    prepare(load);
    for (int i = 0; i < load->threads; i++) {
        if (pthread_create(&threads[i], NULL, host_main, (void *)(uintptr_t)load) != 0)
            abort();
    }
    for (int i = 0; i < load->threads; i++)
        pthread_join(threads[i], NULL);
    return per_pair(load);
}

static void run_guest(grt_runtime *runtime, grt_addr entry, uint32_t argument, int count)
{
    grt_thread *threads[THREADS_MAX];
    for (int i = 0; i < count; i++) {
        grt_thread_config config = grt_thread_config_default();
        config.entry = entry;
        config.argument = argument;
        if (grt_thread_create(runtime, &config, &threads[i]) != GRT_OK)
            abort();
    }
    for (int i = 0; i < count; i++) {
        grt_thread_join(threads[i], NULL);
        grt_thread_release(threads[i]);
    }
}

static double guest_round(grt_runtime *runtime, const workload *load)
{
    prepare(load);
    run_guest(runtime, CODE, (uint32_t)(load - workloads), load->threads);
    return per_pair(load);
}

/* ---- results ------------------------------------------------------------------------------- */

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

static void measure(grt_runtime *runtime, const workload *load, FILE *file)
{
    double host[ROUNDS], guest[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        host[round] = host_round(load);
        guest[round] = guest_round(runtime, load);
    }
    double h = median(host), g = median(guest);
    if (!file)
        printf("  %-22s %8.1f ns   %-15s %8.1f ns   %.2fx\n", load->name, g, load->peer, h, g / h);
    else
        fprintf(file,
                "{\"workload\": \"%s\", \"peer\": \"%s\", \"ns\": %.2f, \"peer_ns\": %.2f, "
                "\"ratio\": %.3f}\n",
                load->name, load->peer, g, h, g / h);
}

static grt_runtime *create_runtime(void)
{
    static const grt_ppc_entry entries[] = {{CODE, 4, guest_main, "main"},
                                            {CODE + 4, 4, initialise_main, "initialise"}};
    static const uint8_t code[8] = {0x4E, 0x80, 0x00, 0x20, 0x4E, 0x80, 0x00, 0x20}; /* blr, blr */
    static const grt_ppc_segment segments[] = {
        {CODE, 8, 8, GRT_SEGMENT_READ | GRT_SEGMENT_EXECUTE, code},
        {SECTION, 0, 0x1000, GRT_SEGMENT_READ | GRT_SEGMENT_WRITE, NULL}};
    static grt_ppc_import imports[IMPORTS];
    static grt_ppc_module module = {.abi = GRT_PPC_ABI,
                                    .name = "bench",
                                    .entry = CODE,
                                    .code_base = CODE,
                                    .code_size = 8,
                                    .entry_count = 2,
                                    .entries = entries,
                                    .import_count = IMPORTS,
                                    .imports = imports,
                                    .segment_count = 2,
                                    .segments = segments};
    for (int i = 0; i < IMPORTS; i++) {
        const grt_export *row = grt_export_find_name(names[i]);
        if (!row)
            abort();
        imports[i] =
            (grt_ppc_import){.library = row->library, .ordinal = row->ordinal, .name = row->name};
    }
    grt_runtime_config config = grt_runtime_config_default();
    grt_runtime *runtime;
    if (grt_runtime_create(&config, &runtime) != GRT_OK ||
        grt_runtime_load(runtime, &module) != GRT_OK)
        abort();
    return runtime;
}

int main(int count, char **arguments)
{
    FILE *file = count > 1 ? fopen(arguments[1], "w") : NULL;
    if (count > 1 && !file) {
        perror(arguments[1]);
        return 1;
    }
    pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
    grt_runtime *runtime = create_runtime();
    run_guest(runtime, CODE + 4, 0, 1);
    if (!file)
        printf("locks, medians of %d rounds, one pair of calls:\n", ROUNDS);
    for (int i = 0; i < WORKLOADS; i++)
        measure(runtime, &workloads[i], file);
    grt_runtime_destroy(runtime);
    return file && fclose(file) != 0;
}
