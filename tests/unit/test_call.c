/*
 * Goal: host code calls guest code, from guest threads and from any other host thread, nested, with
 * the caller's registers kept, and a fault inside is a status for a foreign thread.
 */
#include "thread_fixture.h"

#include <fenv.h>

static void guest_sum(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    uint64_t sum = 0;
    for (int i = 3; i <= 10; i++)
        sum = sum * 10 + ctx->r[i];
    for (int i = 14; i < 32; i++)
        ctx->r[i] = 0xBAD;
    ctx->cr[0] = 1;
    ctx->r[3] = sum;
}

/* Calls itself through the host r3 times and returns how deep r1 went. */
static void guest_nest(grt_ppc *ctx, uint8_t *base)
{
    grt_runtime *runtime = grt_thread_runtime(ctx->thread);
    uint32_t count = (uint32_t)ctx->r[3], r1 = (uint32_t)ctx->r[1];
    if (count == 0) {
        ctx->r[3] = r1;
        return;
    }
    ctx->r[31] = 0x31000000u + count;
    ctx->lr = FN(1) + 4;
    uint64_t argument = count - 1, result = 0;
    grt_thread_enter_host(ctx->thread, 0);
    grt_status status = grt_runtime_call(runtime, FN(1), &argument, 1, &result);
    grt_thread_leave_host(ctx->thread);
    bool kept = ctx->r[31] == 0x31000000u + count && (uint32_t)ctx->r[1] == r1 &&
                ctx->lr == FN(1) + 4 && status == GRT_OK;
    /* The new frame's back chain leads here. */
    (void)base;
    ctx->r[3] = kept ? result : 0;
}

static void guest_fault(grt_ppc *ctx, uint8_t *base)
{
    (void)ctx;
    *(volatile uint8_t *)base = 1;
}

static void guest_exit(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    grt_thread_exit(ctx->thread, 17);
}

static void guest_is_current(grt_ppc *ctx, uint8_t *base)
{
    ctx->r[3] = grt_thread_current() == ctx->thread &&
                grt_load32(base + (uint32_t)ctx->r[13] + 0x100) == grt_thread_kthread(ctx->thread);
}

static void guest_nested_fault(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    ctx->lr = FN(5) + 4;
    grt_runtime_call(grt_thread_runtime(ctx->thread), FN(2), NULL, 0, NULL);
    ctx->r[3] = 0x600D; /* not reached */
}

static void guest_lost_stack(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    ctx->r[1] = ctx->r[3];
    grt_runtime_call(grt_thread_runtime(ctx->thread), FN(0), NULL, 0, NULL);
}

static void guest_round_up(grt_ppc *ctx, uint8_t *base)
{
    (void)ctx;
    (void)base;
    fesetround(FE_UPWARD);
}

static grt_ppc_function *const functions[] = {
    guest_sum,        guest_nest,         guest_fault,      guest_exit,
    guest_is_current, guest_nested_fault, guest_lost_stack, guest_round_up,
};

WARNING_FIXTURE(functions)

static void test_foreign_call(void **state)
{
    (void)state;
    uint64_t arguments[8] = {1, 2, 3, 4, 5, 6, 7, 8}, result = 0;
    assert_int_equal(grt_runtime_call(fix.runtime, FN(0), arguments, 8, &result), GRT_OK);
    assert_int_equal(result, 12345678);
    assert_int_equal(grt_runtime_call(fix.runtime, FN(4), NULL, 0, &result), GRT_OK);
    assert_int_equal(result, 1);
    assert_null(grt_thread_current());
    assert_int_equal(grt_runtime_call(fix.runtime, FN(3), NULL, 0, &result), GRT_OK);
    assert_int_equal(result, 17);
}

static void test_bad_arguments(void **state)
{
    (void)state;
    uint64_t argument = 0;
    assert_int_equal(grt_runtime_call(fix.runtime, FN(0) + 4, NULL, 0, NULL), GRT_NOT_A_FUNCTION);
    assert_int_equal(grt_runtime_call(fix.runtime, FN(0), &argument, 9, NULL),
                     GRT_INVALID_ARGUMENT);
    assert_int_equal(grt_runtime_call(fix.runtime, FN(0), NULL, 1, NULL), GRT_INVALID_ARGUMENT);
}

static void test_foreign_fault(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++)
        assert_int_equal(grt_runtime_call(fix.runtime, FN(2), NULL, 0, NULL), GRT_GUEST_FAULT);
    assert_logged("SUMMARY GRT-F004 NULL_POINTER");
    assert_null(grt_thread_current());
    grt_thread_stats stats;
    grt_runtime_get_thread_stats(fix.runtime, &stats);
    assert_int_equal(stats.contexts_live, 0);
    assert_int_equal(stats.live, 0);
}

static void test_foreign_rounding_is_kept(void **state)
{
    (void)state;
    fesetround(FE_DOWNWARD);
    assert_int_equal(grt_runtime_call(fix.runtime, FN(7), NULL, 0, NULL), GRT_OK);
    assert_int_equal(fegetround(), FE_DOWNWARD);
    assert_int_equal(grt_runtime_call(fix.runtime, FN(2), NULL, 0, NULL), GRT_GUEST_FAULT);
    assert_int_equal(fegetround(), FE_DOWNWARD);
    fesetround(FE_TONEAREST);
}

static void test_nested_calls(void **state)
{
    (void)state;
    uint32_t flat = run_to_end(&fix, FN(1), 0);
    uint32_t deep = run_to_end(&fix, FN(1), 20);
    assert_int_not_equal(deep, 0);
    assert_in_range(flat - deep, 20 * 176, 20 * 192);
    uint64_t argument = 20, result = 0;
    assert_int_equal(grt_runtime_call(fix.runtime, FN(1), &argument, 1, &result), GRT_OK);
    assert_int_not_equal(result, 0);
}

static void test_nested_too_deep(void **state)
{
    (void)state;
    assert_int_equal(run_to_end(&fix, FN(1), 1000000), 0xC00000FDu);
    assert_logged("STACK_OVERFLOW");
}

static void test_nested_fault_ends_the_thread(void **state)
{
    (void)state;
    assert_int_equal(run_to_end(&fix, FN(5), 0), 0xC0000005u);
    assert_logged("SUMMARY GRT-F004");
}

static void test_lost_stack_pointer(void **state)
{
    (void)state;
    static const uint32_t bad[] = {0, 0x10, 0x82000000u, 0xFFFFFFFFu};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        log_clear();
        assert_int_equal(run_to_end(&fix, FN(6), bad[i]), 0xC0000005u);
        assert_logged("SUMMARY GRT-F020 BAD_STACK_POINTER");
    }
}

static void call_in_a_loop(void *argument)
{
    (void)argument;
    for (int i = 0; i < 100; i++) {
        uint64_t result = 0, argument_value = 3;
        assert_int_equal(grt_runtime_call(fix.runtime, FN(1), &argument_value, 1, &result), GRT_OK);
        assert_int_not_equal(result, 0);
    }
}

static void test_many_foreign_threads(void **state)
{
    (void)state;
    os_thread *threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(os_thread_create(1 << 20, call_in_a_loop, NULL, &threads[i]), 0);
    for (int i = 0; i < 4; i++)
        os_thread_join(threads[i]);
    grt_thread_stats stats;
    grt_runtime_get_thread_stats(fix.runtime, &stats);
    assert_int_equal(stats.live, 0);
    assert_int_equal(stats.contexts_live, 0);
}

static void test_every_host_failure(void **state)
{
    (void)state;
    for (unsigned nth = 1;; nth++) {
        uint64_t result = 0;
        os_inject_failure(nth, false);
        grt_status status = grt_runtime_call(fix.runtime, FN(4), NULL, 0, &result);
        unsigned fired = os_inject_fired();
        os_inject_failure(0, false);
        assert_true(status != GRT_OK || result == 1);
        grt_thread_stats stats;
        grt_runtime_get_thread_stats(fix.runtime, &stats);
        assert_int_equal(stats.live, 0);
        assert_int_equal(stats.contexts_live, 0);
        if (fired == 0)
            break;
        assert_true(nth < 100);
    }
}

FIXTURE_TEST(test_foreign_call)
FIXTURE_TEST(test_bad_arguments)
FIXTURE_TEST(test_foreign_fault)
FIXTURE_TEST(test_foreign_rounding_is_kept)
FIXTURE_TEST(test_nested_calls)
FIXTURE_TEST(test_nested_too_deep)
FIXTURE_TEST(test_nested_fault_ends_the_thread)
FIXTURE_TEST(test_lost_stack_pointer)
FIXTURE_TEST(test_many_foreign_threads)
FIXTURE_TEST(test_every_host_failure)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(run_test_foreign_call),
        cmocka_unit_test(run_test_bad_arguments),
        cmocka_unit_test(run_test_foreign_fault),
        cmocka_unit_test(run_test_foreign_rounding_is_kept),
        cmocka_unit_test(run_test_nested_calls),
        cmocka_unit_test(run_test_nested_too_deep),
        cmocka_unit_test(run_test_nested_fault_ends_the_thread),
        cmocka_unit_test(run_test_lost_stack_pointer),
        cmocka_unit_test(run_test_many_foreign_threads),
        cmocka_unit_test(run_test_every_host_failure),
    };
    return cmocka_run_group_tests_name("call", tests, NULL, NULL);
}
