/* test_kernel_title.c - the end of the title: who is told, once, and that it comes. */
#include "kernel_fixture.h"

static atomic_uint told;

static void on_end(grt_ppc *ctx, uint8_t *base)
{
    (void)ctx;
    (void)base;
    atomic_fetch_add(&told, 1);
}

/* Time for the others to end the title meanwhile, which must wait for this one. */
static void on_end_slowly(grt_ppc *ctx, uint8_t *base)
{
    KCALL(KeDelayExecutionThread, 0, 0, timeout_at(base, scratch(ctx), MILLISECONDS(1)));
    atomic_fetch_add(&told, 1);
}

static void register_at(grt_ppc *ctx, uint8_t *base, grt_addr record, grt_addr routine)
{
    poke(base, record, routine);
    poke(base, record + 4, 1);
    KCALL(ExRegisterTitleTerminateNotification, record, 1);
}

static uint32_t run_program(const grt_runtime_config *config, grt_ppc_function *const *functions,
                            uint32_t count, grt_status wanted)
{
    static fixture fix;
    uint32_t code = 0xDEAD;
    atomic_store(&told, 0);
    kernel_create(&fix, config, functions, count);
    assert_int_equal(grt_runtime_run(fix.runtime, 0, NULL, &code), wanted);
    fixture_destroy(&fix);
    assert_int_equal(atomic_load(&check_failures), 0);
    return code;
}

/* ---- several threads end it at once -------------------------------------------------------- */

#define ENDING_THREADS 5

static void ends(grt_ppc *ctx, uint8_t *base)
{
    KCALL0(XamLoaderTerminateTitle);
    CHECK(false);
}

static void starts_threads_that_end(grt_ppc *ctx, uint8_t *base)
{
    register_at(ctx, base, DATA_BASE + 0x100, FN(2));
    register_at(ctx, base, DATA_BASE + 0x110, FN(2));
    for (int i = 0; i < ENDING_THREADS; i++)
        KCALL(ExCreateThread, scratch(ctx), 0, 0, 0, FN(1), 0, 0);
    for (;;)
        KCALL(NtWaitForSingleObjectEx, GRT_HANDLE_THREAD, 0, 0, 0);
}

static void test_ends_once(void **state)
{
    (void)state;
    grt_runtime_config config = quiet_config();
    for (int i = 0; i < 50; i++) {
        assert_int_equal(
            run_program(&config,
                        (grt_ppc_function *const[]){starts_threads_that_end, ends, on_end_slowly},
                        3, GRT_OK),
            0);
        assert_int_equal(atomic_load(&told), 2);
    }
}

/* ---- a function that faults ---------------------------------------------------------------- */

static void faults(grt_ppc *ctx, uint8_t *base)
{
    (void)ctx;
    atomic_fetch_add(&told, 1);
    *(volatile uint8_t *)(base + 0x10) = 1;
}

/* Its thread ends, others wait for the end: it comes, whatever the policy. */
static void test_faulting_function(void **state)
{
    (void)state;
    grt_runtime_config config = quiet_config();
    run_program(&config, (grt_ppc_function *const[]){starts_threads_that_end, ends, faults}, 3,
                GRT_OK);
    assert_int_equal(atomic_load(&told), 1);
    assert_logged("SUMMARY GRT-F004 NULL_POINTER");
    config.on_guest_fault = GRT_POLICY_STOP;
    run_program(&config, (grt_ppc_function *const[]){starts_threads_that_end, ends, faults}, 3,
                GRT_STOPPED);
}

/* ---- main comes back ----------------------------------------------------------------------- */

static void returns(grt_ppc *ctx, uint8_t *base)
{
    register_at(ctx, base, DATA_BASE + 0x100, FN(1));
    ctx->r[3] = 9;
}

static void test_main_returns(void **state)
{
    (void)state;
    grt_runtime_config config = quiet_config();
    grt_ppc_function *const functions[] = {returns, on_end};
    assert_int_equal(run_program(&config, functions, 2, GRT_OK), 9);
    assert_int_equal(atomic_load(&told), 1);
    grt_ppc_function *const faulting[] = {returns, faults};
    run_program(&config, faulting, 2, GRT_GUEST_FAULT);
    assert_int_equal(atomic_load(&told), 1);
}

/* A program that is stopped from outside is not asked. */
static void stopped(grt_ppc *ctx, uint8_t *base)
{
    register_at(ctx, base, DATA_BASE + 0x100, FN(1));
    grt_runtime_stop(ctx->thread->runtime, "the test");
}

static void test_stopped_is_not_told(void **state)
{
    (void)state;
    grt_runtime_config config = quiet_config();
    grt_ppc_function *const functions[] = {stopped, on_end};
    run_program(&config, functions, 2, GRT_STOPPED);
    assert_int_equal(atomic_load(&told), 0);
}

/* ---- limits -------------------------------------------------------------------------------- */

static void registers_many(grt_ppc *ctx, uint8_t *base)
{
    for (uint32_t i = 0; i < GRT_TITLE_NOTICES_MAX + 3; i++) {
        uint32_t record = DATA_BASE + 4 * i; /* the kernel does not touch the records */
        poke(base, record, FN(1));
        poke(base, record + 4, 0);
        KCALL(ExRegisterTitleTerminateNotification, record, 1);
    }
    KCALL(ExRegisterTitleTerminateNotification, DATA_BASE, 0);
    os_inject_failure(1, false);
    KCALL(ExRegisterTitleTerminateNotification, DATA_BASE + 8, 1);
    poke(base, DATA_BASE, FN(1));
    KCALL(ExRegisterTitleTerminateNotification, DATA_BASE, 1);
    os_inject_failure(0, false);
    ctx->r[3] = 0;
}

static void test_limits(void **state)
{
    (void)state;
    grt_runtime_config config = quiet_config();
    grt_ppc_function *const functions[] = {registers_many, on_end};
    run_program(&config, functions, 2, GRT_OK);
    assert_int_equal(atomic_load(&told), GRT_TITLE_NOTICES_MAX - 1);
    assert_logged("more than 256 functions want to know of the title's end");
    assert_logged("no host memory for 0x82010000");
}

/* ---- a thread's name ----------------------------------------------------------------------- */

static void names_another(grt_ppc *ctx, uint8_t *base)
{
    const uint32_t words[] = {0x406D1388, 0, 0, 0, 4, 0x1000, DATA_BASE + 0x80, 2, 0};
    memcpy(base + DATA_BASE + 0x80, "a name that is longer than reports care for", 44);
    for (uint32_t i = 0; i < sizeof words / sizeof *words; i++)
        poke(base, DATA_BASE + 4 * i, words[i]);
    KCALL(ExCreateThread, scratch(ctx), 0, 0, 0, FN(1), 0, 1);
    KCALL(RtlRaiseException, DATA_BASE);
    grt_thread *thread = grt_thread_find_id(ctx->thread->runtime, 2);
    CHECK(thread != NULL &&
          strcmp(grt_thread_name(thread), "a name that is longer than repo") == 0);
    grt_thread_release(thread);
    CHECK(grt_thread_find_id(ctx->thread->runtime, 3) == NULL);
    CHECK(grt_thread_find_id(ctx->thread->runtime, 0) == NULL);
    ctx->r[3] = 0;
}

static void test_name_of_another_thread(void **state)
{
    (void)state;
    grt_runtime_config config = quiet_config();
    grt_ppc_function *const functions[] = {names_another, on_end};
    run_program(&config, functions, 2, GRT_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ends_once),    cmocka_unit_test(test_faulting_function),
        cmocka_unit_test(test_main_returns), cmocka_unit_test(test_stopped_is_not_told),
        cmocka_unit_test(test_limits),       cmocka_unit_test(test_name_of_another_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
