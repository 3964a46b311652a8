/* lock_fixture.h - what the tests of locks share: threads, flags in guest memory, quick and full
 * paths. */
#ifndef LOCK_FIXTURE_H
#define LOCK_FIXTURE_H

#include "kernel_fixture.h"

#define BAD    0x00000010u
#define SHARED DATA_BASE /* guest memory that all threads know */
#define FLAG   (DATA_BASE + 0x800u)

/* Counters and flags that are not protected by the lock under test. */
static inline uint32_t *flag_word(uint8_t *base, uint32_t index)
{
    return (uint32_t *)(void *)(base + FLAG + 4 * index);
}

static inline void flag_set(uint8_t *base, uint32_t index, uint32_t value)
{
    __atomic_store_n(flag_word(base, index), value, __ATOMIC_RELEASE);
}

static inline uint32_t flag_get(uint8_t *base, uint32_t index)
{
    return __atomic_load_n(flag_word(base, index), __ATOMIC_ACQUIRE);
}

static inline uint32_t flag_add(uint8_t *base, uint32_t index)
{
    return __atomic_fetch_add(flag_word(base, index), 1, __ATOMIC_ACQ_REL);
}

/* A guest word that others change by atomic operations. */
static inline uint32_t peek_shared(const uint8_t *base, grt_addr address)
{
    const uint32_t *word = (const uint32_t *)(const void *)(base + address);
    return grt_swap32(__atomic_load_n(word, __ATOMIC_ACQUIRE));
}

/* Gives others a turn; an export, so that a stop is noticed. */
#define TURN() KCALL0(NtYieldExecution)

#define WAIT_UNTIL(condition)                                                                      \
    while (!(condition))                                                                           \
    TURN()

/* How many threads wait for locks of others; who is counted has also looked for a circle. */
static inline uint32_t locks_waiting(const grt_ppc *ctx)
{
    bool guest = grt_host_begin();
    grt_deadlocks *deadlocks = &ctx->thread->runtime->kernel->deadlocks;
    os_mutex_lock(&deadlocks->lock);
    uint32_t count = deadlocks->count;
    os_mutex_unlock(&deadlocks->lock);
    grt_host_end(guest);
    return count;
}

#define assert_silent()                                                                            \
    do {                                                                                           \
        if (captured.size != 0) {                                                                  \
            fprintf(stderr, "log:\n%s", captured.text);                                            \
            fail();                                                                                \
        }                                                                                          \
    } while (0)

/* With shortcuts; without, as a thread whose lock order is kept takes none; and one thread at a
 * time in the order of a seed. */
#define RUN_ALL_WAYS(...)                                                                          \
    do {                                                                                           \
        for (int way_ = 0; way_ < 3; way_++) {                                                     \
            grt_runtime_config config_ = quiet_config();                                           \
            config_.lock_order = way_ == 1;                                                        \
            config_.schedule_seed = way_ == 2 ? os_clock_ns() | 1 : 0;                             \
            grt_ppc_function *const functions_[] = {__VA_ARGS__};                                  \
            run_guest_with(&config_, functions_, sizeof functions_ / sizeof *functions_);          \
            assert_false(log_has("[FAULT]"));                                                      \
        }                                                                                          \
    } while (0)

/* Runs FN(0) [threads] times at once for [milliseconds], then takes everything down: nothing may
 * hang or harm the host, whatever the guest does. */
static inline void run_and_destroy(const grt_runtime_config *config,
                                   grt_ppc_function *const *functions, uint32_t count,
                                   uint32_t threads, uint32_t milliseconds)
{
    static fixture fix;
    kernel_create(&fix, config, functions, count);
    for (uint32_t i = 0; i < threads; i++)
        grt_thread_release(start(&fix, FN(0), i, 0));
    os_sleep_ns((uint64_t)milliseconds * 1000000);
    fixture_destroy(&fix);
    assert_int_equal(atomic_load(&check_failures), 0);
}

/* Where the random numbers of a vandal begin: by the run's seed, and its thread. */
static uint64_t vandal_seed;

static inline uint64_t vandal_random(const grt_ppc *ctx)
{
    return ctx->thread->id * 0x9E3779B97F4A7C15ull ^ vandal_seed;
}

/* Three threads at once that make any call and store any bytes, for a moment, [rounds] times. */
static inline void run_vandals(const grt_runtime_config *config, grt_ppc_function *vandal,
                               uint32_t rounds)
{
    uint64_t seed = test_seed();
    for (uint32_t round = 0; round < rounds; round++) {
        vandal_seed = seed + round;
        run_and_destroy(config, &vandal, 1, 3, 20);
    }
}

#endif
