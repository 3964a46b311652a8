/*
 * Goal: the life of guest threads: created, suspended, resumed, ended, joined, released, in any
 * order. Method: guest functions in C; counts and memory are compared before and after.
 */
#include "thread_fixture.h"

static void guest_add_one(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    ctx->r[3] = (uint32_t)ctx->r[3] + 1;
}

static void guest_exit(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    grt_thread_enter_host(ctx->thread, 0);
    grt_thread_exit(ctx->thread, (uint32_t)ctx->r[3] * 2);
}

/* Startup: r3 = entry, r4 = argument. */
static void guest_startup(grt_ppc *ctx, uint8_t *base)
{
    grt_store32(base + DATA_BASE, (uint32_t)ctx->r[3]);
    grt_store32(base + DATA_BASE + 4, (uint32_t)ctx->r[4]);
    ctx->r[3] = 99;
}

/* Counts safe points in a word until the word at +4 is not 0. */
static void guest_count(grt_ppc *ctx, uint8_t *base)
{
    uint32_t *count = (uint32_t *)(void *)(base + DATA_BASE);
    uint32_t *finish = (uint32_t *)(void *)(base + DATA_BASE + 4);
    while (__atomic_load_n(finish, __ATOMIC_ACQUIRE) == 0) {
        __atomic_fetch_add(count, 1, __ATOMIC_RELAXED);
        grt_thread_enter_host(ctx->thread, 0);
        grt_thread_leave_host(ctx->thread);
    }
    ctx->r[3] = 5;
}

static void guest_suspend_itself(grt_ppc *ctx, uint8_t *base)
{
    uint32_t *phase = (uint32_t *)(void *)(base + DATA_BASE + 8);
    __atomic_store_n(phase, 1, __ATOMIC_RELEASE);
    grt_thread_enter_host(ctx->thread, 0);
    uint32_t previous = 77;
    grt_thread_suspend(ctx->thread, &previous);
    __atomic_store_n(phase, 2, __ATOMIC_RELEASE);
    grt_thread_leave_host(ctx->thread);
    ctx->r[3] = previous;
}

static void guest_current(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    ctx->r[3] = grt_thread_current() == ctx->thread && grt_ppc_current() == ctx;
}

/* Creates a child from guest code and reports its processor. */
static void guest_parent(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    grt_thread_config config = grt_thread_config_default();
    config.entry = FN(0);
    grt_thread *child;
    if (grt_thread_create(grt_thread_runtime(ctx->thread), &config, &child) != GRT_OK) {
        ctx->r[3] = 1000;
        return;
    }
    uint32_t code;
    grt_thread_join(child, &code);
    ctx->r[3] = child->cpu * 16 + code;
    grt_thread_release(child);
}

static grt_ppc_function *const functions[] = {
    guest_add_one,        guest_exit,    guest_startup, guest_count,
    guest_suspend_itself, guest_current, guest_parent,
};

static fixture fix;

static void setup(void)
{
    grt_runtime_config config = fixture_config();
    config.log.level = GRT_LOG_WARN;
    fixture_create(&fix, &config, functions, sizeof functions / sizeof *functions);
}

static void teardown(void)
{
    fixture_destroy(&fix);
}

static uint32_t load_word(grt_addr address)
{
    return __atomic_load_n((uint32_t *)grt_host(fix.runtime, address), __ATOMIC_ACQUIRE);
}

static void store_word(grt_addr address, uint32_t value)
{
    __atomic_store_n((uint32_t *)grt_host(fix.runtime, address), value, __ATOMIC_RELEASE);
}

static void wait_for_word(grt_addr address, uint32_t value)
{
    while (load_word(address) != value)
        os_thread_yield();
}

static void test_runs_and_ends(void **state)
{
    (void)state;
    grt_thread *thread = start(&fix, FN(0), 41, 0);
    assert_int_equal(join(thread), 42);
    assert_int_equal(join(thread), 42); /* any number of times */
    assert_string_equal(grt_thread_name(thread), "tested");
    assert_ptr_equal(grt_thread_runtime(thread), fix.runtime);
    assert_int_equal(grt_thread_resume(thread, NULL), GRT_WRONG_STATE);
    assert_int_equal(grt_thread_suspend(thread, NULL), GRT_WRONG_STATE);
    grt_thread_release(thread);
    assert_int_equal(run_to_end(&fix, FN(1), 21), 42);
    assert_int_equal(run_to_end(&fix, FN(5), 0), 1);
    assert_null(grt_thread_current());
    assert_null(grt_ppc_current());
}

static void test_startup_routine(void **state)
{
    (void)state;
    grt_thread_config config = grt_thread_config_default();
    config.entry = FN(0);
    config.argument = 0x55;
    config.xapi_startup = FN(2);
    grt_thread *thread;
    assert_int_equal(grt_thread_create(fix.runtime, &config, &thread), GRT_OK);
    assert_int_equal(join(thread), 0);
    grt_thread_release(thread);
    assert_int_equal(word_at(&fix, DATA_BASE), FN(0));
    assert_int_equal(word_at(&fix, DATA_BASE + 4), 0x55);
}

static void test_bad_entries(void **state)
{
    (void)state;
    static const grt_addr bad[] = {0, 1, FN(0) + 1, FN(0) + 4, FN(63), 0x12345678, 0xFFFFFFFFu};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        grt_thread_config config = grt_thread_config_default();
        config.entry = bad[i];
        grt_thread *thread = NULL;
        assert_int_equal(grt_thread_create(fix.runtime, &config, &thread), GRT_NOT_A_FUNCTION);
        assert_null(thread);
    }
}

static void test_suspended_start(void **state)
{
    (void)state;
    grt_thread *thread = start(&fix, FN(0), 1, GRT_THREAD_SUSPENDED);
    uint32_t previous = 9;
    assert_int_equal(grt_thread_suspend(thread, &previous), GRT_OK);
    assert_int_equal(previous, 1);
    assert_int_equal(grt_thread_resume(thread, &previous), GRT_OK);
    assert_int_equal(previous, 2);
    os_sleep_ns(2000000);
    assert_int_equal(__atomic_load_n(&thread->ended_word, __ATOMIC_ACQUIRE), 0);
    assert_int_equal(grt_thread_resume(thread, &previous), GRT_OK);
    assert_int_equal(previous, 1);
    assert_int_equal(join(thread), 2);
    grt_thread_release(thread);
}

/* Resumed before the host thread had a chance to look: the count was set before it existed. */
static void test_resume_before_start(void **state)
{
    (void)state;
    for (int i = 0; i < 200; i++) {
        grt_thread *thread = start(&fix, FN(0), (uint32_t)i, GRT_THREAD_SUSPENDED);
        assert_int_equal(grt_thread_resume(thread, NULL), GRT_OK);
        assert_int_equal(join(thread), i + 1);
        grt_thread_release(thread);
    }
}

static void test_suspend_running(void **state)
{
    (void)state;
    store_word(DATA_BASE, 0);
    store_word(DATA_BASE + 4, 0);
    grt_thread *thread = start(&fix, FN(3), 0, 0);
    while (load_word(DATA_BASE) == 0)
        os_thread_yield();
    assert_int_equal(grt_thread_suspend(thread, NULL), GRT_OK);
    os_sleep_ns(5000000); /* it needs one safe point to stop */
    uint32_t count = load_word(DATA_BASE);
    os_sleep_ns(5000000);
    assert_int_equal(load_word(DATA_BASE), count);
    store_word(DATA_BASE + 4, 1);
    os_sleep_ns(2000000);
    assert_int_equal(__atomic_load_n(&thread->ended_word, __ATOMIC_ACQUIRE), 0);
    assert_int_equal(grt_thread_resume(thread, NULL), GRT_OK);
    assert_int_equal(join(thread), 5);
    grt_thread_release(thread);
}

static void test_suspend_itself(void **state)
{
    (void)state;
    store_word(DATA_BASE + 8, 0);
    grt_thread *thread = start(&fix, FN(4), 0, 0);
    wait_for_word(DATA_BASE + 8, 1);
    os_sleep_ns(2000000);
    assert_int_equal(load_word(DATA_BASE + 8), 1);
    while (atomic_load(&thread->suspend_count) == 0)
        os_thread_yield();
    assert_int_equal(grt_thread_resume(thread, NULL), GRT_OK);
    assert_int_equal(join(thread), 0);
    grt_thread_release(thread);
}

static void test_suspend_limit(void **state)
{
    (void)state;
    grt_thread *thread = start(&fix, FN(0), 0, GRT_THREAD_SUSPENDED);
    for (int i = 1; i < 127; i++)
        assert_int_equal(grt_thread_suspend(thread, NULL), GRT_OK);
    assert_int_equal(grt_thread_suspend(thread, NULL), GRT_WRONG_STATE);
    for (int i = 0; i < 127; i++)
        assert_int_equal(grt_thread_resume(thread, NULL), GRT_OK);
    assert_int_equal(join(thread), 1);
    grt_thread_release(thread);
}

static void test_release_before_end(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++)
        grt_thread_release(start(&fix, FN(0), 0, 0));
    grt_thread_stats stats;
    do {
        os_thread_yield();
        grt_runtime_get_thread_stats(fix.runtime, &stats);
    } while (stats.ended < 100);
    assert_int_equal(stats.live, 0);
}

static void test_guest_creates_threads(void **state)
{
    (void)state;
    grt_thread *thread = start(&fix, FN(6), 0, 0x10u << 24);
    assert_int_equal(thread->cpu, 4);
    grt_addr child_argument_plus_one = 1;
    assert_int_equal(join(thread), 4 * 16 + child_argument_plus_one); /* the parent's processor */
    grt_thread_release(thread);
    thread = start(&fix, FN(0), 0, 0xC0u << 24); /* bits 6 and 7 name no processor */
    assert_in_range(thread->cpu, 0, 5);
    join(thread);
    grt_thread_release(thread);
}

static void test_find_by_thread_block(void **state)
{
    (void)state;
    grt_thread *thread = start(&fix, FN(0), 0, GRT_THREAD_SUSPENDED);
    grt_thread *found = grt_thread_find_kthread(fix.runtime, grt_thread_kthread(thread));
    assert_ptr_equal(found, thread);
    grt_thread_release(found);
    assert_null(grt_thread_find_kthread(fix.runtime, 0x1234));
    assert_true(grt_thread_owns_block(fix.runtime, thread->context->block));
    assert_false(grt_thread_owns_block(fix.runtime, thread->context->stack_limit));
    grt_thread_resume(thread, NULL);
    join(thread);
    grt_thread_release(thread);
}

static void create_and_join(int count)
{
    for (int i = 0; i < count; i++)
        assert_int_equal(run_to_end(&fix, FN(0), (uint32_t)i), (uint32_t)i + 1);
}

static void test_many_threads_in_flat_memory(void **state)
{
    (void)state;
    int count = UNDER_TSAN || UNDER_ASAN ? 1000 : 100000;
    create_and_join(count / 10);
    size_t mapped_before, mapped_after;
    size_t before = resident_pages(&mapped_before);
    grt_heap_stats heap_before, heap;
    grt_heap_get_stats(grt_runtime_user_heap(fix.runtime), &heap_before);
    grt_thread_stats start_stats, stats;
    grt_runtime_get_thread_stats(fix.runtime, &start_stats);
    create_and_join(count);
    size_t after = resident_pages(&mapped_after);
    grt_runtime_get_thread_stats(fix.runtime, &stats);
    grt_heap_get_stats(grt_runtime_user_heap(fix.runtime), &heap);
    assert_int_equal(heap.live, heap_before.live);
    assert_int_equal(heap.committed, heap_before.committed);
    assert_int_equal(stats.context_bytes, start_stats.context_bytes);
    assert_int_equal(stats.hosts_created, 1);
    assert_int_equal(stats.hosts_idle, 1);
    assert_null(fix.runtime->threads);
    assert_int_equal(stats.contexts_live, 0);
    assert_int_equal(stats.live, 0);
    assert_int_equal(stats.live_peak, 1);
    if (!UNDER_TSAN && !UNDER_ASAN) {
        assert_in_range(after, 0, before + 64);
        assert_in_range(mapped_after, 0, mapped_before + 64);
    }
}

static void test_ids_are_unique(void **state)
{
    (void)state;
    uint32_t last = 0;
    grt_thread *threads[64];
    for (int i = 0; i < 64; i++) {
        threads[i] = start(&fix, FN(0), 0, 0);
        assert_true(grt_thread_id(threads[i]) > last);
        last = grt_thread_id(threads[i]);
    }
    for (int i = 0; i < 64; i++) {
        join(threads[i]);
        grt_thread_release(threads[i]);
    }
}

/* ---- TLS --------------------------------------------------------------------------------- */

static void test_tls_slots(void **state)
{
    (void)state;
    grt_thread *first = start(&fix, FN(0), 0, GRT_THREAD_SUSPENDED);
    assert_false(grt_tls_set(first, 0, 1)); /* not allocated */
    for (uint32_t i = 0; i < 64; i++)
        assert_int_equal(grt_tls_alloc(fix.runtime), i);
    assert_int_equal(grt_tls_alloc(fix.runtime), UINT32_MAX);
    grt_thread *second = start(&fix, FN(0), 0, GRT_THREAD_SUSPENDED);
    for (uint32_t i = 0; i < 64; i++) {
        assert_int_equal(grt_tls_get(first, i), 0);
        assert_int_equal(grt_tls_get(second, i), 0); /* also the slot of the -1 */
        assert_true(grt_tls_set(first, i, i + 100));
    }
    /* Values are in guest memory, where inlined code reads them. */
    grt_addr tls = word_at(&fix, grt_thread_pcr(first));
    assert_int_equal(word_at(&fix, tls + 4 * 7), 107);
    assert_int_equal(grt_tls_get(second, 7), 0);
    assert_true(grt_tls_free(fix.runtime, 7));
    assert_false(grt_tls_free(fix.runtime, 7));
    assert_int_equal(word_at(&fix, tls + 4 * 7), 0);
    assert_int_equal(grt_tls_alloc(fix.runtime), 7);
    assert_int_equal(grt_tls_get(first, 7), 0);
    assert_int_equal(grt_tls_get(first, 64), 0);
    assert_false(grt_tls_set(first, 64, 1));
    assert_false(grt_tls_free(fix.runtime, 64));
    grt_thread_release(first);
    grt_thread_release(second);
}

FIXTURE_TEST(test_runs_and_ends)
FIXTURE_TEST(test_startup_routine)
FIXTURE_TEST(test_bad_entries)
FIXTURE_TEST(test_suspended_start)
FIXTURE_TEST(test_resume_before_start)
FIXTURE_TEST(test_suspend_running)
FIXTURE_TEST(test_suspend_itself)
FIXTURE_TEST(test_suspend_limit)
FIXTURE_TEST(test_release_before_end)
FIXTURE_TEST(test_guest_creates_threads)
FIXTURE_TEST(test_find_by_thread_block)
FIXTURE_TEST(test_many_threads_in_flat_memory)
FIXTURE_TEST(test_ids_are_unique)
FIXTURE_TEST(test_tls_slots)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(run_test_runs_and_ends),
        cmocka_unit_test(run_test_startup_routine),
        cmocka_unit_test(run_test_bad_entries),
        cmocka_unit_test(run_test_suspended_start),
        cmocka_unit_test(run_test_resume_before_start),
        cmocka_unit_test(run_test_suspend_running),
        cmocka_unit_test(run_test_suspend_itself),
        cmocka_unit_test(run_test_suspend_limit),
        cmocka_unit_test(run_test_release_before_end),
        cmocka_unit_test(run_test_guest_creates_threads),
        cmocka_unit_test(run_test_find_by_thread_block),
        cmocka_unit_test(run_test_many_threads_in_flat_memory),
        cmocka_unit_test(run_test_ids_are_unique),
        cmocka_unit_test(run_test_tls_slots),
    };
    return cmocka_run_group_tests_name("thread", tests, NULL, NULL);
}
