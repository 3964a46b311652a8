#define _GNU_SOURCE
/*
 * Goal: guest threads share host threads without noticing: nothing of one is left for the next, no
 * more of them wait than there should, and all are gone with the runtime.
 * Method: guest functions that leave their host thread in a bad state; counts of the host's
 * threads.
 */
#include "thread_fixture.h"

#include "heap/call_site.h"
#include "guestrt/heap.h"
#include <dirent.h>
#include <fenv.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#define IDLE_MAX 16

static atomic_uint waiting, dirty;
static uint32_t gate;

static void guest_return_argument(grt_ppc *ctx, uint8_t *base)
{
    (void)ctx;
    (void)base;
}

/* Waits in a kernel call until the gate opens. */
static void guest_wait(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    grt_thread_enter_host(ctx->thread, 0);
    atomic_fetch_add(&waiting, 1);
    while (__atomic_load_n(&gate, __ATOMIC_ACQUIRE) == 0)
        os_wait(&gate, 0, os_clock_ns() + 1000000);
    grt_thread_leave_host(ctx->thread);
}

static void guest_spoil(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    grt_thread_enter_host(ctx->thread, 0x82000004);
    fesetround(FE_UPWARD);
    feraiseexcept(FE_DIVBYZERO);
    stack_t none = {.ss_flags = SS_DISABLE};
    sigset_t all;
    sigfillset(&all);
    sigaltstack(&none, NULL);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    grt_heap_alloc(grt_runtime_user_heap(grt_thread_runtime(ctx->thread)), 0xFFFFFFF0u);
    grt_thread_exit(ctx->thread, 7); /* from the middle of it all */
}

#define NOTE(condition)                                                                            \
    do {                                                                                           \
        if (condition) {                                                                           \
            fprintf(stderr, "left over: %s\n", #condition);                                        \
            atomic_fetch_add(&dirty, 1);                                                           \
        }                                                                                          \
    } while (0)

static void guest_inspect(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    grt_host_begin();
    stack_t stack;
    sigset_t mask;
    char name[16];
    grt_heap_failure failure;
    sigaltstack(NULL, &stack);
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    pthread_getname_np(pthread_self(), name, sizeof name);
    NOTE(fegetround() != FE_TONEAREST);
    NOTE(fetestexcept(FE_DIVBYZERO) != 0);
    NOTE(stack.ss_flags & SS_DISABLE);
    NOTE(sigismember(&mask, SIGSEGV));
    NOTE(grt_heap_last_failure(&failure));
    NOTE(grt_call_site() != 0);
    NOTE(grt_thread_current() != ctx->thread);
    NOTE(grt_calling_thread() != grt_thread_id(ctx->thread));
    NOTE(ctx->thread->name[0] == '\0' && strcmp(name, "guestrt") != 0);
    ctx->r[3] = (uint64_t)os_thread_id();
    grt_host_end(true);
}

/* Touches memory that is not there. */
static void guest_fault(grt_ppc *ctx, uint8_t *base)
{
    ctx->r[3] = grt_load32(base + 0x10);
}

/* Never comes back by itself, and calls no export unless the sanitizer needs that: it delivers
 * signals at calls only. */
static void guest_spin(grt_ppc *ctx, uint8_t *base)
{
    volatile uint8_t *word = base + DATA_BASE;
    atomic_fetch_add(&waiting, 1);
    for (;;) {
        *word = 1;
        if (UNDER_TSAN) {
            grt_thread_enter_host(ctx->thread, 0);
            grt_thread_leave_host(ctx->thread);
        }
    }
}

static grt_ppc_function *const functions[] = {guest_return_argument, guest_wait,  guest_spoil,
                                              guest_inspect,         guest_fault, guest_spin};
WARNING_FIXTURE(functions)

static grt_thread_stats stats(void)
{
    grt_thread_stats now;
    grt_runtime_get_thread_stats(fix.runtime, &now);
    return now;
}

static unsigned host_threads(void)
{
    unsigned count = 0;
    DIR *tasks = opendir("/proc/self/task");
    assert_non_null(tasks);
    for (struct dirent *entry = readdir(tasks); entry != NULL; entry = readdir(tasks))
        count += entry->d_name[0] != '.';
    closedir(tasks);
    return count;
}

static grt_thread *start_with(grt_addr entry, uint32_t stack_size, const char *name)
{
    grt_thread_config config = grt_thread_config_default();
    config.entry = entry;
    config.stack_size = stack_size;
    config.name = name;
    grt_thread *thread = NULL;
    assert_int_equal(grt_thread_create(fix.runtime, &config, &thread), GRT_OK);
    return thread;
}

static uint32_t run_with(grt_addr entry, uint32_t stack_size, const char *name)
{
    grt_thread *thread = start_with(entry, stack_size, name);
    uint32_t code = join(thread);
    grt_thread_release(thread);
    return code;
}

static void test_one_host_thread_is_enough(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 50; i++)
        assert_int_equal(run_to_end(&fix, FN(0), i), i);
    assert_int_equal(stats().hosts_created, 1);
    assert_int_equal(stats().hosts_reused, 49);
    assert_int_equal(stats().hosts_idle, 1);
}

static void test_nothing_is_left_over(void **state)
{
    (void)state;
    atomic_store(&dirty, 0);
    uint32_t first = run_with(FN(3), 0, "first");
    assert_int_equal(run_with(FN(2), 0, "spoiler"), 7);
    assert_int_equal(run_with(FN(3), 0, NULL), first);
    assert_int_equal(run_with(FN(4), 0, NULL), grt_fault_exit_code(GRT_FAULT_NULL_POINTER));
    assert_int_equal(run_with(FN(3), 0, NULL), first);
    assert_int_equal(atomic_load(&dirty), 0);
    assert_int_equal(stats().hosts_created, 1);
}

/* The signals that were blocked by the one before are those that a fault and a stop need. */
static void test_faults_are_caught_after_a_spoiler(void **state)
{
    (void)state;
    assert_int_equal(run_with(FN(2), 0, NULL), 7);
    assert_int_equal(run_with(FN(4), 0, NULL), grt_fault_exit_code(GRT_FAULT_NULL_POINTER));
    assert_int_equal(run_with(FN(2), 0, NULL), 7);
    atomic_store(&waiting, 0);
    grt_thread *spinning = start_with(FN(5), 0, NULL);
    while (atomic_load(&waiting) == 0)
        os_thread_yield();
    grt_runtime_stop(fix.runtime, "test");
    assert_int_equal(join(spinning), GRT_EXIT_STOPPED);
    grt_thread_release(spinning);
    assert_int_equal(stats().hosts_created, 1);
}

static void test_stack_sizes_do_not_mix(void **state)
{
    (void)state;
    uint32_t usual = run_with(FN(3), 0, NULL), large = run_with(FN(3), 0x100000, NULL);
    assert_int_not_equal(usual, large);
    assert_int_equal(run_with(FN(3), 0, NULL), usual); /* although the other one was used last */
    assert_int_equal(run_with(FN(3), 0x8000, NULL), usual); /* the least host stack is the same */
    assert_int_equal(run_with(FN(3), 0x100000, NULL), large);
    assert_int_equal(stats().hosts_created, 2);
    assert_int_equal(stats().hosts_reused, 3);
}

static void test_idle_ones_are_bounded(void **state)
{
    (void)state;
    enum { COUNT = 3 * IDLE_MAX };
    grt_thread *threads[COUNT];
    unsigned before = host_threads();
    atomic_store(&waiting, 0);
    __atomic_store_n(&gate, 0, __ATOMIC_RELEASE);
    for (int i = 0; i < COUNT; i++)
        threads[i] = start_with(FN(1), 0x4000, NULL);
    while (atomic_load(&waiting) != COUNT)
        os_thread_yield();
    assert_int_equal(stats().hosts_created, COUNT);
    __atomic_store_n(&gate, 1, __ATOMIC_RELEASE);
    os_wake_all(&gate);
    for (int i = 0; i < COUNT; i++) {
        join(threads[i]);
        grt_thread_release(threads[i]);
    }
    assert_int_equal(stats().hosts_idle, IDLE_MAX);
    run_with(FN(0), 0, NULL); /* joins those that went */
    if (!UNDER_TSAN)          /* has a thread of its own */
        assert_in_range(host_threads(), before, before + IDLE_MAX);
}

static void test_all_go_with_the_runtime(void **state)
{
    (void)state;
    unsigned before = host_threads();
    for (int i = 0; i < 20; i++) {
        setup();
        run_with(FN(0), 0, NULL);
        atomic_store(&waiting, 0);
        grt_thread *spinning = start_with(FN(5), 0, NULL);
        while (atomic_load(&waiting) == 0)
            os_thread_yield();
        grt_thread_release(spinning);
        grt_thread_release(start_with(FN(0), 0x100000, NULL));
        teardown();
    }
    if (!UNDER_TSAN)
        assert_int_equal(host_threads(), before);
}

/* A runtime that is stopped, not destroyed, keeps no host thread that has worked since. */
static void test_stop_lets_them_go(void **state)
{
    (void)state;
    atomic_store(&waiting, 0);
    grt_thread *spinning = start_with(FN(5), 0, NULL);
    while (atomic_load(&waiting) == 0)
        os_thread_yield();
    grt_runtime_stop(fix.runtime, "test");
    join(spinning);
    grt_thread_release(spinning);
    assert_int_equal(stats().hosts_idle, 0);
}

/* ---- many at once -------------------------------------------------------------------------- */

typedef struct creator {
    uint64_t seed;
    uint32_t wrong;
} creator;

/* Creates threads of both stack classes; releases before, joins, or joins after others were made.
 */
static void *create_and_join(void *argument)
{
    creator *self = argument;
    grt_thread *kept[8] = {NULL};
    uint32_t expected[8] = {0}, code;
    for (uint32_t i = 0; i < (UNDER_TSAN ? 300u : 2000u); i++) {
        uint32_t at = random_below(&self->seed, 8);
        if (kept[at] != NULL) {
            self->wrong += grt_thread_join(kept[at], &code) != GRT_OK || code != expected[at];
            grt_thread_release(kept[at]);
        }
        grt_thread_config config = grt_thread_config_default();
        config.entry = FN(0);
        config.argument = expected[at] = i;
        config.stack_size = random_below(&self->seed, 8) == 0 ? 0x100000 : 0x4000;
        if (grt_thread_create(fix.runtime, &config, &kept[at]) != GRT_OK) {
            self->wrong++;
            kept[at] = NULL;
        } else if (random_below(&self->seed, 3) == 0) {
            grt_thread_release(kept[at]);
            kept[at] = NULL;
        }
    }
    for (int i = 0; i < 8; i++) {
        if (kept[i] != NULL)
            self->wrong += grt_thread_join(kept[i], &code) != GRT_OK || code != expected[i];
        grt_thread_release(kept[i]);
    }
    return NULL;
}

static void test_creators_race(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    pthread_t threads[4];
    creator creators[4];
    for (uint32_t i = 0; i < 4; i++) {
        creators[i] = (creator){.seed = (seed + i * 0x9E3779B97F4A7C15u) | 1};
        assert_int_equal(pthread_create(&threads[i], NULL, create_and_join, &creators[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(creators[i].wrong, 0);
    }
    while (stats().live != 0 || stats().contexts_live != 0)
        os_thread_yield();
    assert_in_range(stats().hosts_idle, 1, IDLE_MAX);
    assert_int_equal(stats().hosts_reused + stats().hosts_created, stats().created);
}

FIXTURE_TEST(test_one_host_thread_is_enough)
FIXTURE_TEST(test_nothing_is_left_over)
FIXTURE_TEST(test_faults_are_caught_after_a_spoiler)
FIXTURE_TEST(test_stack_sizes_do_not_mix)
FIXTURE_TEST(test_idle_ones_are_bounded)
FIXTURE_TEST(test_stop_lets_them_go)
FIXTURE_TEST(test_creators_race)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(run_test_one_host_thread_is_enough),
        cmocka_unit_test(run_test_nothing_is_left_over),
        cmocka_unit_test(run_test_faults_are_caught_after_a_spoiler),
        cmocka_unit_test(run_test_stack_sizes_do_not_mix),
        cmocka_unit_test(run_test_idle_ones_are_bounded),
        cmocka_unit_test(test_all_go_with_the_runtime),
        cmocka_unit_test(run_test_stop_lets_them_go),
        cmocka_unit_test(run_test_creators_race),
    };
    return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
