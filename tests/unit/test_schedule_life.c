/*
 * test_schedule_life.c - Goal: with a seeded scheduler everything else works as without: stop,
 * suspend, faults, joins, calls of host threads, destruction at any moment. Method: small programs
 * for each, over some seeds; plain counters show that nobody runs beside the one whose turn it is.
 */
#include "schedule_fixture.h"

/* ---- one at a time ------------------------------------------------------------------------- */

static uint32_t inside, entered;

/* Plain memory: the thread sanitizer sees that the baton alone orders these. */
static void crowd_member(grt_ppc *ctx, uint8_t *base)
{
    for (int i = 0; i < 50; i++) {
        CHECK_EQUAL(++inside, 1);
        entered++;
        if (i % 8 == 0)
            os_thread_yield(); /* the host may run whom it likes */
        inside--;
        BREATHE();
    }
}

static void crowd(grt_ppc *ctx, uint8_t *base)
{
    uint32_t threads[5];
    inside = entered = 0;
    for (uint32_t i = 0; i < 5; i++)
        threads[i] = spawn(ctx, base, 1, 0, 0);
    for (uint32_t i = 0; i < 5; i++)
        await_thread(ctx, base, threads[i]);
    CHECK_EQUAL(entered, 250);
}

static void test_one_at_a_time(void **state)
{
    (void)state;
    RUN_SEEDS(1, 10, crowd, crowd_member);
}

/* Every call is one, also for exports that would take a shortcut. */
static void looks_at_itself(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    CHECK(atomic_load(&ctx->thread->attention) & GRT_ATTEND_ALWAYS);
}

static void test_no_shortcuts(void **state)
{
    (void)state;
    RUN_SEEDS(1, 1, looks_at_itself);
}

/* ---- suspend and resume -------------------------------------------------------------------- */

static uint32_t rounds;

static void counts_rounds(grt_ppc *ctx, uint8_t *base)
{
    for (int i = 0; i < 100; i++) {
        rounds++;
        BREATHE();
    }
}

static void suspends_other(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    rounds = 0;
    uint32_t thread = spawn(ctx, base, 1, 0, GRT_THREAD_SUSPENDED);
    sleep_for(ctx, base, HOUR);
    CHECK_EQUAL(rounds, 0);
    CHECK_EQUAL(KCALL(NtResumeThread, thread, s), GRT_NT_SUCCESS);
    for (int i = 0; i < 10; i++)
        BREATHE();
    CHECK_EQUAL(KCALL(NtSuspendThread, thread, s), GRT_NT_SUCCESS);
    sleep_for(ctx, base, HOUR);
    uint32_t seen = rounds;
    sleep_for(ctx, base, HOUR);
    CHECK_EQUAL(rounds, seen);
    CHECK(seen < 100);
    CHECK_EQUAL(KCALL(NtResumeThread, thread, s), GRT_NT_SUCCESS);
    CHECK_EQUAL(peek(base, s), 1);
    await_thread(ctx, base, thread);
    CHECK_EQUAL(rounds, 100);
}

static void test_suspend_and_resume(void **state)
{
    (void)state;
    RUN_SEEDS(1, 10, suspends_other, counts_rounds);
}

/* While no host thread waits for the guest, all blocked is no deadlock: the host resumes. */
static void suspends_itself(grt_ppc *ctx, uint8_t *base)
{
    CHECK_EQUAL(KCALL(NtSuspendThread, GRT_HANDLE_THREAD, 0), GRT_NT_SUCCESS);
    ctx->r[3] = 7;
}

static void test_host_resumes(void **state)
{
    (void)state;
    static fixture fix;
    grt_runtime_config config = quiet_seeded_config(4);
    grt_ppc_function *const functions[] = {suspends_itself};
    kernel_create(&fix, &config, functions, 1);
    grt_thread *thread = start(&fix, FN(0), 0, 0);
    while (atomic_load(&thread->suspend_count) == 0)
        os_thread_yield();
    assert_int_equal(grt_thread_resume(thread, NULL), GRT_OK);
    while (__atomic_load_n(&thread->ended_word, __ATOMIC_ACQUIRE) == 0)
        os_thread_yield(); /* it runs without a host thread that waits for it */
    assert_int_equal(join(thread), 7);
    grt_thread_release(thread);
    fixture_destroy(&fix);
    assert_false(log_has("deadlock"));
}

/* Nor is it one when the thread that the host waited for has just ended. */
static void does_nothing(grt_ppc *ctx, uint8_t *base)
{
    (void)ctx;
    (void)base;
}

static void test_host_joins_then_resumes(void **state)
{
    (void)state;
    static fixture fix;
    grt_ppc_function *const functions[] = {suspends_itself, does_nothing};
    for (uint64_t seed = 1; seed <= 50; seed++) {
        grt_runtime_config config = quiet_seeded_config(seed);
        kernel_create(&fix, &config, functions, 2);
        grt_thread *sleeping = start(&fix, FN(0), 0, 0);
        while (atomic_load(&sleeping->suspend_count) == 0)
            os_thread_yield();
        run_to_end(&fix, FN(1), 0);
        assert_int_equal(grt_thread_resume(sleeping, NULL), GRT_OK);
        assert_int_equal(join(sleeping), 7);
        grt_thread_release(sleeping);
        fixture_destroy(&fix);
        assert_false(log_has("deadlock"));
    }
}

/* The host's wake-up may come between the decision to park and the parking. */
#define NAPS 300

static void takes_naps(grt_ppc *ctx, uint8_t *base)
{
    for (int i = 0; i < NAPS; i++)
        KCALL(NtSuspendThread, GRT_HANDLE_THREAD, 0);
}

static void test_host_resumes_often(void **state)
{
    (void)state;
    static fixture fix;
    grt_runtime_config config = quiet_seeded_config(5);
    grt_ppc_function *const functions[] = {takes_naps};
    kernel_create(&fix, &config, functions, 1);
    grt_thread *thread = start(&fix, FN(0), 0, 0);
    while (__atomic_load_n(&thread->ended_word, __ATOMIC_ACQUIRE) == 0) {
        if (atomic_load(&thread->suspend_count) != 0)
            grt_thread_resume(thread, NULL);
    }
    join(thread);
    grt_thread_release(thread);
    fixture_destroy(&fix);
}

static void is_woken_before(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    bool in_host = grt_host_begin();
    uint32_t token = grt_thread_park_begin(ctx->thread);
    grt_thread_unpark(ctx->thread);
    CHECK(grt_thread_park(ctx->thread, token, UINT64_MAX));
    grt_host_end(in_host);
}

static void test_woken_before_it_parks(void **state)
{
    (void)state;
    RUN_SEEDS(1, 1, is_woken_before);
}

/* ---- joins --------------------------------------------------------------------------------- */

static void sleeps_then_five(grt_ppc *ctx, uint8_t *base)
{
    sleep_for(ctx, base, HOUR);
    ctx->r[3] = 5;
}

static uint32_t join_from_guest(grt_thread *thread)
{
    uint32_t code = 0;
    CHECK_EQUAL(grt_thread_join(thread, &code), GRT_OK);
    grt_thread_release(thread);
    return code;
}

static grt_thread *create_from_guest(grt_ppc *ctx, uint32_t function)
{
    grt_thread_config config = grt_thread_config_default();
    config.entry = FN(function);
    grt_thread *thread = NULL;
    CHECK_EQUAL(grt_thread_create(ctx->thread->runtime, &config, &thread), GRT_OK);
    return thread;
}

static void joins(grt_ppc *ctx, uint8_t *base)
{
    grt_thread *thread = create_from_guest(ctx, 1);
    grt_thread_acquire(thread);
    CHECK_EQUAL(join_from_guest(thread), 5);
    CHECK_EQUAL(join_from_guest(thread), 5); /* it has ended already */
    BREATHE();
}

static void joins_for_ever(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    grt_thread *thread = create_from_guest(ctx, 1); /* released by the runtime */
    CHECK_EQUAL(grt_thread_join(thread, NULL), GRT_STOPPED);
}

static void test_guest_threads_join(void **state)
{
    (void)state;
    RUN_SEEDS(1, 10, joins, sleeps_then_five);
    for (uint64_t seed = 1; seed <= 10; seed++) {
        grt_runtime_config config = quiet_seeded_config(seed);
        uint32_t code;
        assert_int_equal(RUN_PROGRAM(&config, &code, joins_for_ever, suspends_itself), GRT_STOPPED);
        assert_logged("deadlock");
    }
}

/* The same without a scheduler: a guest thread that joins is parked, and a stop reaches it. */
static void test_guest_threads_join_freely(void **state)
{
    (void)state;
    static fixture fix;
    grt_runtime_config config = quiet_config();
    grt_ppc_function *const functions[] = {joins_for_ever, suspends_itself};
    for (int i = 0; i < 20; i++) {
        kernel_create(&fix, &config, functions, 2);
        grt_thread *thread = start(&fix, FN(0), 0, 0);
        if (i % 2)
            os_sleep_ns(1000000);
        grt_thread_release(thread);
        fixture_destroy(&fix);
    }
}

/* ---- stop and destruction ------------------------------------------------------------------ */

static void spins_in_guest(grt_ppc *ctx, uint8_t *base)
{
    (void)ctx;
    __atomic_store_n((uint32_t *)(void *)(base + DATA_BASE), 1, __ATOMIC_RELEASE);
    for (volatile uint64_t i = 0;; i++) {
    }
}

static void waits_for_ever(grt_ppc *ctx, uint8_t *base)
{
    KCALL(NtWaitForSingleObjectEx, new_event(ctx, base, 0), 1, 0, 0);
    CHECK(false);
}

static void calls_for_ever(grt_ppc *ctx, uint8_t *base)
{
    for (;;)
        BREATHE();
}

static void sleeps_for_ever(grt_ppc *ctx, uint8_t *base)
{
    for (;;)
        sleep_for(ctx, base, HOUR);
}

/* Destroyed while some wait for their turn, some for an event, and one runs without end. */
static void test_destroy_at_any_moment(void **state)
{
    (void)state;
    static fixture fix;
    grt_ppc_function *const functions[] = {waits_for_ever, calls_for_ever, sleeps_for_ever,
                                           suspends_itself, spins_in_guest};
    /* The thread sanitizer delivers signals at calls only, and a spinning thread makes none. */
    uint32_t count = UNDER_TSAN ? 4 : 5;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        grt_runtime_config config = quiet_seeded_config(seed);
        kernel_create(&fix, &config, functions, count);
        for (uint32_t i = 0; i < count; i++)
            grt_thread_release(start(&fix, FN(i), 0, 0));
        if (seed % 4 == 0 && count == 5) /* until the spinning one has its turn, which it keeps */
            while (__atomic_load_n((uint32_t *)grt_host(fix.runtime, DATA_BASE),
                                   __ATOMIC_ACQUIRE) == 0)
                os_thread_yield();
        fixture_destroy(&fix);
        assert_int_equal(atomic_load(&check_failures), 0);
        assert_false(log_has("deadlock"));
    }
}

/* What happens after the main function's end is the seed's as well: the others stay where they
 * are until the host asks for something. */
static uint32_t steps_beside_main;

static void counts_steps(grt_ppc *ctx, uint8_t *base)
{
    for (;;) {
        steps_beside_main++;
        BREATHE();
    }
}

static void ends_early(grt_ppc *ctx, uint8_t *base)
{
    spawn(ctx, base, 1, 0, 0);
    spawn(ctx, base, 1, 0, 0);
    for (int i = 0; i < 30; i++)
        BREATHE();
}

static void test_main_ends_first(void **state)
{
    (void)state;
    uint32_t counts[20], code;
    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < 20; i++) {
            static fixture fix;
            grt_runtime_config config = quiet_seeded_config(i + 1);
            grt_ppc_function *const functions[] = {ends_early, counts_steps};
            kernel_create(&fix, &config, functions, 2);
            steps_beside_main = 0;
            assert_int_equal(grt_runtime_run(fix.runtime, 0, NULL, &code), GRT_OK);
            os_sleep_ns(200000); /* they must not move */
            fixture_destroy(&fix);
            if (round == 1)
                assert_int_equal(steps_beside_main, counts[i]);
            counts[i] = steps_beside_main;
        }
    }
}

/* The host may come to wait for the main function only after its end. */
static void leaves_waiting(grt_ppc *ctx, uint8_t *base)
{
    spawn(ctx, base, 1, 0, 0);
    for (int i = 0; i < 6; i++)
        BREATHE();
}

static void test_main_ends_before_it_is_joined(void **state)
{
    (void)state;
    RUN_SEEDS(1, 300, leaves_waiting, waits_for_ever);
}

/* They go on when the host joins one of them, or calls. */
static uint32_t survivor_steps;

static void survives_main(grt_ppc *ctx, uint8_t *base)
{
    while (survivor_steps < 1000) {
        survivor_steps++;
        BREATHE();
    }
}

static void leaves_survivor(grt_ppc *ctx, uint8_t *base)
{
    survivor_steps = 0;
    spawn(ctx, base, 1, 0, 0);
}

static void awaits_survivor(grt_ppc *ctx, uint8_t *base)
{
    while (survivor_steps < 1000)
        KCALL0(NtYieldExecution);
}

static void test_host_goes_on_after_main(void **state)
{
    (void)state;
    static fixture fix;
    uint32_t code;
    grt_runtime_config config = quiet_seeded_config(6);
    grt_ppc_function *const functions[] = {leaves_survivor, survives_main, awaits_survivor};
    for (int way = 0; way < 3; way++) {
        kernel_create(&fix, &config, functions, 3);
        assert_int_equal(grt_runtime_run(fix.runtime, 0, NULL, &code), GRT_OK);
        if (way == 0)
            assert_int_equal(grt_runtime_call(fix.runtime, FN(2), NULL, 0, NULL), GRT_OK);
        else if (way == 1)
            run_to_end(&fix, FN(2), 0);
        else
            grt_runtime_stop(fix.runtime, "tested");
        fixture_destroy(&fix);
        assert_int_equal(atomic_load(&check_failures), 0);
    }
}

/* After a stop all end, also when the main function was first. */
static void stops_everything(grt_ppc *ctx, uint8_t *base)
{
    spawn(ctx, base, 1, 0, 0);
    spawn(ctx, base, 1, 0, 0);
    grt_runtime_stop(ctx->thread->runtime, "tested");
}

static void test_stop_by_main(void **state)
{
    (void)state;
    static fixture fix;
    grt_ppc_function *const functions[] = {stops_everything, sleeps_for_ever};
    for (uint64_t seed = 1; seed <= 10; seed++) {
        grt_runtime_config config = quiet_seeded_config(seed);
        grt_thread_stats stats;
        uint32_t code;
        kernel_create(&fix, &config, functions, 2);
        assert_int_equal(grt_runtime_run(fix.runtime, 0, NULL, &code), GRT_STOPPED);
        do {
            os_thread_yield();
            grt_runtime_get_thread_stats(fix.runtime, &stats);
        } while (stats.live > 0);
        fixture_destroy(&fix);
    }
}

/* ---- faults -------------------------------------------------------------------------------- */

static void touches_page_zero(grt_ppc *ctx, uint8_t *base)
{
    BREATHE();
    ctx->r[3] = *(volatile uint8_t *)(base + 16);
}

static void has_faulty_child(grt_ppc *ctx, uint8_t *base)
{
    uint32_t child = spawn(ctx, base, 1, 0, 0), other = spawn(ctx, base, 2, 0, 0);
    await_thread(ctx, base, child);
    KCALL(NtSuspendThread, other, 0);
    ctx->r[3] = 3;
}

static void test_faults(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        grt_runtime_config config = quiet_seeded_config(seed);
        uint32_t code = 0;
        assert_int_equal(
            RUN_PROGRAM(&config, &code, has_faulty_child, touches_page_zero, sleeps_for_ever),
            GRT_OK);
        assert_int_equal(code, 3);
        assert_logged("SUMMARY GRT-F");
        config.on_guest_fault = GRT_POLICY_STOP;
        assert_int_equal(
            RUN_PROGRAM(&config, &code, has_faulty_child, touches_page_zero, sleeps_for_ever),
            GRT_STOPPED);
    }
}

/* ---- host threads that call ---------------------------------------------------------------- */

#define CALLERS 3u
static fixture shared;

static void called(grt_ppc *ctx, uint8_t *base)
{
    uint64_t argument = ctx->r[3];
    for (int i = 0; i < 20; i++) {
        CHECK_EQUAL(++inside, 1);
        inside--;
        BREATHE();
    }
    sleep_for(ctx, base, HOUR);
    ctx->r[3] = argument + 1;
}

static void call_from_host(void *argument)
{
    for (uint64_t i = 0; i < 5; i++) {
        uint64_t arguments[] = {i}, result = 0;
        CHECK_EQUAL(grt_runtime_call(argument, FN(0), arguments, 1, &result), GRT_OK);
        CHECK_EQUAL(result, i + 1);
    }
}

static void test_host_threads_call(void **state)
{
    (void)state;
    grt_runtime_config config = quiet_seeded_config(8);
    grt_ppc_function *const functions[] = {called};
    os_thread *hosts[CALLERS];
    inside = 0;
    kernel_create(&shared, &config, functions, 1);
    for (uint32_t i = 0; i < CALLERS; i++)
        assert_int_equal(os_thread_create(0x100000, call_from_host, shared.runtime, &hosts[i]), 0);
    for (uint32_t i = 0; i < CALLERS; i++)
        os_thread_join(hosts[i]);
    fixture_destroy(&shared);
    assert_int_equal(atomic_load(&check_failures), 0);
}

/* ---- two runtimes -------------------------------------------------------------------------- */

static void run_crowd(void *argument)
{
    uint32_t code;
    CHECK_EQUAL(grt_runtime_run(argument, 0, NULL, &code), GRT_OK);
}

static void free_member(grt_ppc *ctx, uint8_t *base)
{
    for (int i = 0; i < 200; i++)
        KCALL0(NtYieldExecution);
}

static void free_crowd(grt_ppc *ctx, uint8_t *base)
{
    uint32_t threads[5];
    for (uint32_t i = 0; i < 5; i++)
        threads[i] = spawn(ctx, base, 1, 0, 0);
    for (uint32_t i = 0; i < 5; i++)
        await_thread(ctx, base, threads[i]);
}

static void test_beside_a_free_runtime(void **state)
{
    (void)state;
    static fixture free_one;
    grt_runtime_config config = quiet_seeded_config(9), free_config = quiet_config();
    grt_ppc_function *const functions[] = {crowd, crowd_member};
    grt_ppc_function *const free_functions[] = {free_crowd, free_member};
    os_thread *host;
    kernel_create(&shared, &config, functions, 2);
    kernel_create(&free_one, &free_config, free_functions, 2);
    assert_int_equal(os_thread_create(0x100000, run_crowd, free_one.runtime, &host), 0);
    run_crowd(shared.runtime);
    os_thread_join(host);
    fixture_destroy(&shared);
    fixture_destroy(&free_one);
    assert_int_equal(atomic_load(&check_failures), 0);
}

/* ---- what the host refuses ----------------------------------------------------------------- */

static uint32_t refused_children;

static void creates_under_pressure(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    await_thread(ctx, base, spawn(ctx, base, 1, 0, 0)); /* a context is at hand from here on */
    for (unsigned nth = 1; nth < 30; nth++) {
        os_inject_failure(nth, false);
        uint32_t status = KCALL(ExCreateThread, s, 0, 0, 0, FN(1), 0, 0);
        os_inject_failure(0, false);
        refused_children += status != GRT_NT_SUCCESS;
        if (status == GRT_NT_SUCCESS)
            await_thread(ctx, base, peek(base, s));
    }
}

static void test_refused_threads_leave_nothing(void **state)
{
    (void)state;
    refused_children = 0;
    RUN_SEEDS(10, 10, creates_under_pressure, does_nothing);
    assert_true(refused_children > 1);
    assert_logged("the host refused a thread");
}

/* A runtime that cannot be made for want of memory leaves nothing behind either. */
static void test_refused_schedule(void **state)
{
    (void)state;
    grt_runtime_config config = quiet_seeded_config(1);
    grt_runtime *runtime = NULL;
    unsigned nth = 0;
    do {
        os_inject_failure(++nth, false);
        grt_status status = grt_runtime_create(&config, &runtime);
        unsigned fired = os_inject_fired();
        os_inject_failure(0, false);
        assert_true((status == GRT_OK) == (runtime != NULL));
        if (status == GRT_OK) {
            grt_runtime_destroy(runtime);
            runtime = NULL;
            if (fired == 0)
                return;
        }
    } while (nth < 200);
    fail();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_at_a_time),
        cmocka_unit_test(test_no_shortcuts),
        cmocka_unit_test(test_suspend_and_resume),
        cmocka_unit_test(test_host_resumes),
        cmocka_unit_test(test_host_joins_then_resumes),
        cmocka_unit_test(test_host_resumes_often),
        cmocka_unit_test(test_woken_before_it_parks),
        cmocka_unit_test(test_guest_threads_join),
        cmocka_unit_test(test_guest_threads_join_freely),
        cmocka_unit_test(test_destroy_at_any_moment),
        cmocka_unit_test(test_main_ends_first),
        cmocka_unit_test(test_main_ends_before_it_is_joined),
        cmocka_unit_test(test_host_goes_on_after_main),
        cmocka_unit_test(test_stop_by_main),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_host_threads_call),
        cmocka_unit_test(test_beside_a_free_runtime),
        cmocka_unit_test(test_refused_threads_leave_nothing),
        cmocka_unit_test(test_refused_schedule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
