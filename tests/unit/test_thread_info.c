#define _GNU_SOURCE
/*
 * Goal: what can be asked of threads is true: who made them and where, what they do, how much of
 * their stack they used; names, priorities, processors and what the host is asked for.
 * Method: guest functions that create, wait and dive; the host's refusals are injected.
 */
#include "kernel_fixture.h"

#include <pthread.h>
#include <sys/resource.h>

static void returns_argument(grt_ppc *ctx, uint8_t *base)
{
    (void)ctx;
    (void)base;
}

static void waits_for_handle(grt_ppc *ctx, uint8_t *base)
{
    KCALL(NtWaitForSingleObjectEx, (uint32_t)ctx->r[3], 1, 0, 0);
}

/* Writes one byte [r3] bytes below the base of its stack. */
static void dives(grt_ppc *ctx, uint8_t *base)
{
    base[ctx->thread->context->stack_base - (uint32_t)ctx->r[3]] = 1;
}

static grt_thread_info info_of(grt_thread *thread)
{
    grt_thread_info info;
    grt_thread_get_info(thread, &info);
    return info;
}

static void family(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    KCALL(NtCreateEvent, s, 0, 0, 0);
    uint32_t event = peek(base, s);
    CHECK_EQUAL(KCALL(ExCreateThread, s + 4, 0, s + 8, 0, FN(2), event, 0x81), GRT_NT_SUCCESS);
    grt_thread *child = grt_thread_find_kthread(ctx->thread->runtime, peek(base, s + 4));
    grt_thread_info info = info_of(child);
    CHECK_EQUAL(info.id, peek(base, s + 8));
    CHECK_EQUAL(info.creator, grt_thread_id(ctx->thread));
    CHECK_EQUAL(info.creation_site, CALL_SITE);
    CHECK_EQUAL(info.entry, FN(2));
    CHECK_EQUAL(info.argument, event);
    CHECK_EQUAL(info.activity, GRT_ACTIVITY_SUSPENDED);
    CHECK_EQUAL(info.suspend_count, 1);
    CHECK_EQUAL(KCALL(KeResumeThread, peek(base, s + 4)), 1);
    do /* until it has woken from its suspension and waits in its kernel call */
        info = info_of(child);
    while (info.activity != GRT_ACTIVITY_WAITING || info.call_site == 0);
    CHECK_EQUAL(info.call_site, CALL_SITE);
    KCALL(NtSetEvent, event, 0);
    while (info_of(child).activity != GRT_ACTIVITY_ENDED)
        os_thread_yield();
    CHECK_EQUAL(info_of(child).exit_code, GRT_NT_SUCCESS);
    CHECK_EQUAL(info_of(ctx->thread).activity, GRT_ACTIVITY_RUNNING);
    CHECK_EQUAL(info_of(ctx->thread).creator, 0);
    KCALL(ObDereferenceObject, peek(base, s + 4)); /* the pointer came with a reference */
    grt_thread_release(child);
    /* Its host thread still has a reference for a moment; then nobody has. */
    grt_thread *left;
    while ((left = grt_thread_find_kthread(ctx->thread->runtime, peek(base, s + 4))) != NULL) {
        grt_thread_release(left);
        os_thread_yield();
    }
}

static void test_family(void **state)
{
    (void)state;
    RUN_GUEST(family, returns_argument, waits_for_handle);
}

/* ---- with the host's eyes ------------------------------------------------------------------ */

static grt_ppc_function *const functions[] = {returns_argument, dives};
WARNING_FIXTURE(functions)

static void test_stack_use(void **state)
{
    (void)state;
    static const uint32_t depths[] = {300, 0x1000, 0x9001, 0x20000, 0x40000};
    for (int round = 0; round < 3; round++) { /* in a context that others used */
        for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
            grt_thread *thread = start(&fix, FN(1), depths[i], 0);
            join(thread);
            assert_int_equal(info_of(thread).stack_used, depths[i]);
            assert_int_equal(info_of(thread).stack_base - info_of(thread).stack_limit, 0x40000);
            grt_thread_release(thread);
        }
    }
    grt_thread *unused = start(&fix, FN(0), 0, GRT_THREAD_SUSPENDED);
    assert_int_equal(info_of(unused).stack_used, 0);
    grt_thread_resume(unused, NULL);
    grt_thread_release(unused);
}

/* Whoever is found by its thread block still has it. */
static void check_block_is_its_own(grt_thread *thread)
{
    grt_thread *found = grt_thread_find_kthread(fix.runtime, grt_thread_kthread(thread));
    assert_true(found == NULL || info_of(found).stack_base != 0);
    grt_thread_release(found);
}

/* Even when the context has long been another thread's. */
static void test_stack_use_is_remembered(void **state)
{
    (void)state;
    enum { COUNT = 100 };
    grt_thread *threads[COUNT];
    for (uint32_t i = 0; i < COUNT; i++) {
        threads[i] = start(&fix, FN(1), 1000 + i, 0);
        join(threads[i]);
    }
    assert_int_equal(info_of(threads[0]).stack_base, 0);
    for (uint32_t i = 0; i < COUNT; i++) {
        assert_int_equal(info_of(threads[i]).stack_used, 1000 + i);
        check_block_is_its_own(threads[i]);
    }
    for (uint32_t i = 0; i < COUNT; i++)
        grt_thread_release(threads[i]);
}

static void test_stack_use_is_logged(void **state)
{
    (void)state;
    fixture other;
    grt_runtime_config config = fixture_config();
    fixture_create(&other, &config, functions, 2);
    run_to_end(&other, FN(1), 0x3210);
    assert_logged("ended with exit code 00003210; 12816 of 262144 bytes of its stack were used");
    fixture_destroy(&other);
}

typedef struct seen {
    uint32_t count, last_id, stop_at;
} seen;

static bool count_one(void *user, grt_thread *thread, const grt_thread_info *info)
{
    (void)thread;
    (void)info;
    ++*(uint32_t *)user;
    return true;
}

static bool see(void *user, grt_thread *thread, const grt_thread_info *info)
{
    seen *all = user;
    assert_true(info->id > all->last_id); /* oldest first */
    assert_int_equal(grt_thread_id(thread), info->id);
    all->last_id = info->id;
    /* No lock is held: a visit may create, join and walk. */
    if (all->count == 0) {
        uint32_t inner = 0;
        assert_int_equal(run_to_end(&fix, FN(0), 5), 5);
        assert_int_equal(grt_runtime_walk_threads(fix.runtime, count_one, &inner), GRT_OK);
        assert_int_equal(inner, 50);
    }
    return ++all->count != all->stop_at;
}

static void test_walk(void **state)
{
    (void)state;
    uint32_t none = 0;
    assert_int_equal(grt_runtime_walk_threads(fix.runtime, count_one, &none), GRT_OK);
    assert_int_equal(none, 0);
    grt_thread *threads[50];
    for (int i = 0; i < 50; i++)
        threads[i] = start(&fix, FN(0), 0, GRT_THREAD_SUSPENDED);
    seen all = {0}, some = {.stop_at = 7};
    assert_int_equal(grt_runtime_walk_threads(fix.runtime, see, &all), GRT_OK);
    assert_int_equal(all.count, 50);
    assert_int_equal(grt_runtime_walk_threads(fix.runtime, see, &some), GRT_OK);
    assert_int_equal(some.count, 7);
    for (int i = 0; i < 50; i++) {
        grt_thread_resume(threads[i], NULL);
        join(threads[i]);
        grt_thread_release(threads[i]);
    }
    os_inject_failure(1, true);
    assert_int_equal(grt_runtime_walk_threads(fix.runtime, count_one, &none), GRT_NO_HOST_MEMORY);
    os_inject_failure(0, false);
}

static void test_names(void **state)
{
    (void)state;
    grt_thread *thread = start(&fix, FN(0), 0, GRT_THREAD_SUSPENDED);
    assert_string_equal(info_of(thread).name, "tested");
    grt_thread_set_name(thread, "a name that is much longer than fits into it");
    assert_string_equal(grt_thread_name(thread), "a name that is much longer than");
    grt_thread_set_name(thread, NULL);
    assert_string_equal(info_of(thread).name, "");
    grt_thread_resume(thread, NULL);
    join(thread);
    grt_thread_release(thread);
}

static void test_priorities(void **state)
{
    (void)state;
    grt_thread *thread = start(&fix, FN(0), 0, GRT_THREAD_SUSPENDED);
    uint32_t previous = 0, usual = info_of(thread).priority;
    int32_t increment = 99;
    grt_thread_set_base_priority(thread, -3, &increment);
    assert_int_equal(increment, 0);
    assert_int_equal(info_of(thread).priority, usual - 3);
    assert_int_equal(grt_thread_set_priority(thread, 0, NULL), GRT_INVALID_ARGUMENT);
    assert_int_equal(grt_thread_set_priority(thread, 32, NULL), GRT_INVALID_ARGUMENT);
    assert_int_equal(grt_thread_set_priority(thread, 20, &previous), GRT_OK);
    assert_int_equal(previous, usual - 3);
    assert_int_equal(grt_thread_set_affinity(thread, 0, NULL), GRT_INVALID_ARGUMENT);
    assert_int_equal(grt_thread_set_affinity(thread, 0x41, NULL), GRT_INVALID_ARGUMENT);
    assert_int_equal(grt_thread_set_affinity(thread, 0x3, NULL), GRT_OK);
    assert_int_equal(info_of(thread).cpu, 1);
    assert_int_equal(info_of(thread).affinity, 3);
    assert_int_equal(word_at(&fix, grt_thread_pcr(thread) + GRT_PCR_CPU_BIT), 2);
    assert_int_equal(word_at(&fix, grt_thread_pcr(thread) + GRT_PCR_CPU) >> 24, 1);
    grt_thread_resume(thread, NULL);
    join(thread);
    /* Its block may be another thread's by now: nothing is written to it. */
    grt_addr kthread = grt_thread_kthread(thread);
    uint32_t word = word_at(&fix, kthread + GRT_KTHREAD_PRIORITY);
    uint32_t cpu = word_at(&fix, kthread + GRT_KTHREAD_CPU - 3);
    grt_thread_set_base_priority(thread, 5, NULL);
    assert_int_equal(grt_thread_set_affinity(thread, 0x20, NULL), GRT_OK);
    assert_int_equal(word_at(&fix, kthread + GRT_KTHREAD_PRIORITY), word);
    assert_int_equal(word_at(&fix, kthread + GRT_KTHREAD_CPU - 3), cpu);
    assert_int_equal(word_at(&fix, grt_thread_pcr(thread) + GRT_PCR_CPU_BIT), 2);
    grt_thread_release(thread);
}

/* ---- the host's scheduler ------------------------------------------------------------------ */

static int nice_here = 99;
static cpu_set_t processors_here;

static void asks_host(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    grt_host_begin();
    nice_here = getpriority(PRIO_PROCESS, 0);
    pthread_getaffinity_np(pthread_self(), sizeof processors_here, &processors_here);
    ctx->r[3] = os_thread_id();
    grt_host_end(true);
}

static grt_ppc_function *const host_functions[] = {asks_host};

static uint32_t run_asking(fixture *other, int32_t increment)
{
    grt_thread *thread = start(other, FN(0), 0, GRT_THREAD_SUSPENDED | 0x02u << 24);
    grt_thread_set_base_priority(thread, increment, NULL);
    grt_thread_resume(thread, NULL);
    uint32_t id = join(thread);
    grt_thread_release(thread);
    return id;
}

static void test_host_scheduling(void **state)
{
    (void)state;
    fixture other;
    grt_runtime_config config = quiet_config();
    int usual = getpriority(PRIO_PROCESS, 0);
    fixture_create(&other, &config, host_functions, 1);
    uint32_t first = run_asking(&other, -4);
    assert_int_equal(nice_here, usual); /* not asked for */
    assert_int_equal(run_asking(&other, -4), first);
    fixture_destroy(&other);
    config.host_scheduling = GRT_HOST_PRIORITY | GRT_HOST_AFFINITY;
    fixture_create(&other, &config, host_functions, 1);
    first = run_asking(&other, -4);
    assert_int_equal(nice_here, 4);
    assert_int_equal(CPU_COUNT(&processors_here), 1);
    assert_int_not_equal(run_asking(&other, 0), first); /* that one does not serve others */
    fixture_destroy(&other);
    config.host_scheduling = 4;
    assert_int_equal(grt_runtime_create(&config, &other.runtime), GRT_INVALID_ARGUMENT);
}

static void test_host_refuses_scheduling(void **state)
{
    (void)state;
    fixture other;
    grt_runtime_config config = quiet_config();
    config.host_scheduling = GRT_HOST_PRIORITY;
    fixture_create(&other, &config, host_functions, 1);
    grt_thread *thread = start(&other, FN(0), 0, GRT_THREAD_SUSPENDED);
    while (!atomic_load(&thread->parked))
        os_thread_yield(); /* it has its host thread */
    for (int i = 0; i < 2; i++) {
        log_clear();
        os_inject_failure(1, false);
        grt_thread_set_base_priority(thread, -1 - i, NULL);
        os_inject_failure(0, false);
        if (i == 0)
            assert_logged("the host refused a priority for thread id 00000001");
        assert_int_equal(log_has("refused"), i == 0);
    }
    grt_thread_resume(thread, NULL);
    join(thread);
    grt_thread_release(thread);
    fixture_destroy(&other);
}

FIXTURE_TEST(test_stack_use)
FIXTURE_TEST(test_stack_use_is_remembered)
FIXTURE_TEST(test_walk)
FIXTURE_TEST(test_names)
FIXTURE_TEST(test_priorities)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_family),
        cmocka_unit_test(run_test_stack_use),
        cmocka_unit_test(run_test_stack_use_is_remembered),
        cmocka_unit_test(test_stack_use_is_logged),
        cmocka_unit_test(run_test_walk),
        cmocka_unit_test(run_test_names),
        cmocka_unit_test(run_test_priorities),
        cmocka_unit_test(test_host_scheduling),
        cmocka_unit_test(test_host_refuses_scheduling),
    };
    return cmocka_run_group_tests_name("thread info", tests, NULL, NULL);
}
