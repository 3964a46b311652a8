/*
 * locks.c - locks of the guest beside the host's, through the path that generated code takes: an
 * indirect call by the module's import table.
 *
 * usage: bench_locks [FILE]
 *
 * Guest and host are measured in turns, round by round; medians of the times of one pair of calls.
 */
#include "guest.h"

#include <pthread.h>
#include <stdatomic.h>

enum { ROUNDS = 31, PAIRS = 200000, CONTENDED_PAIRS = 400000, THREADS_MAX = 2 };

/* Each lock has a cache line of its own. */
#define SECTION (GUEST_DATA + 0x000u)
#define RWLOCK  (GUEST_DATA + 0x080u)
#define SPIN    (GUEST_DATA + 0x100u)
#define COUNTER (GUEST_DATA + 0x180u)

enum { MAIN, INITIALISE };

/* ---- what is measured ---------------------------------------------------------------------- */

/* Exports by number, in the order of [names]. */
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
    EXPORTS
};
static uint32_t imports[EXPORTS];

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
        begun = guest_now_ns();
    while (atomic_load(&ready) < atomic_load(&wanted))
        ;
}

static void end_together(void)
{
    if (atomic_fetch_add(&done, 1) + 1 == atomic_load(&wanted))
        ended = guest_now_ns();
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
    uint32_t take = imports[load->take], give = imports[load->give];
    begin_together();
    for (int i = 0; i < load->pairs; i++) {
        ctx->r[3] = load->lock;
        grt_ppc_call_import(ctx, base, take);
        uint64_t level = ctx->r[3];
        grt_store32(base + COUNTER, grt_load32(base + COUNTER) + 1);
        ctx->r[3] = load->lock;
        ctx->r[4] = level;
        grt_ppc_call_import(ctx, base, give);
    }
    end_together();
}

static void initialise_main(grt_ppc *ctx, uint8_t *base)
{
    guest_call(ctx, base, imports[RW_INIT], RWLOCK, 0, 0, 0);
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

static void run_guest(grt_runtime *runtime, uint32_t function, uint32_t argument, int count)
{
    grt_thread *threads[THREADS_MAX];
    for (int i = 0; i < count; i++)
        threads[i] = guest_thread(runtime, function, argument);
    for (int i = 0; i < count; i++)
        guest_join(threads[i]);
}

static double guest_round(grt_runtime *runtime, const workload *load)
{
    prepare(load);
    run_guest(runtime, MAIN, (uint32_t)(load - workloads), load->threads);
    return per_pair(load);
}

/* ---- results ------------------------------------------------------------------------------- */

static void measure(grt_runtime *runtime, const workload *load, FILE *file)
{
    double host[ROUNDS], guest[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        host[round] = host_round(load);
        guest[round] = guest_round(runtime, load);
    }
    guest_report(file, load->name, guest_median(guest, ROUNDS), load->peer,
                 guest_median(host, ROUNDS));
}

int main(int argc, char **argv)
{
    static grt_ppc_function *const functions[] = {
        [MAIN] = guest_main, [INITIALISE] = initialise_main};
    FILE *file = guest_report_file(argc, argv);
    pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
    for (int i = 0; i < EXPORTS; i++)
        imports[i] = guest_import(names[i]);
    grt_runtime *runtime = guest_runtime(functions, sizeof functions / sizeof *functions);
    run_guest(runtime, INITIALISE, 0, 1);
    for (int i = 0; i < WORKLOADS; i++)
        measure(runtime, &workloads[i], file);
    grt_runtime_destroy(runtime);
    return fclose(file) == 0 ? 0 : 1;
}
