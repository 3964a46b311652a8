/*
 * Goal: the embedder hears of each thread once at its start and once at its end, on the thread, and
 * may use the whole library there; a configured delay passes before a thread's first instruction.
 * Method: counting functions, threads that end in every way.
 */
#include "thread_fixture.h"

static fixture fix;
static atomic_uint starts, ends, wrong;

static void guest_add_one(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    ctx->r[3] = (uint32_t)ctx->r[3] + 1;
}

static void guest_fault(grt_ppc *ctx, uint8_t *base)
{
    ctx->r[3] = grt_load32(base + 0x10);
}

static void guest_exit(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    grt_thread_enter_host(ctx->thread, 0);
    grt_thread_exit(ctx->thread, 9);
}

/* What another thread stored is there. */
static void guest_read_shared(grt_ppc *ctx, uint8_t *base)
{
    ctx->r[3] = __atomic_load_n((uint32_t *)(void *)(base + DATA_BASE), __ATOMIC_ACQUIRE);
}

static grt_ppc_function *const functions[] = {guest_add_one, guest_fault, guest_exit,
                                              guest_read_shared};

static void note(bool right)
{
    if (!right)
        atomic_fetch_add(&wrong, 1);
}

/* Calls the guest, waits for another thread, and gets told of that one as well. */
static void on_start(void *user, grt_thread *thread)
{
    uint64_t argument = 41, result = 0;
    note(user == &fix && thread == grt_thread_current());
    note(grt_runtime_call(fix.runtime, FN(0), &argument, 1, &result) == GRT_OK && result == 42);
    atomic_fetch_add(&starts, 1);
}

static void on_end(void *user, grt_thread *thread)
{
    note(user == &fix && thread == grt_thread_current());
    grt_thread_info info;
    grt_thread_get_info(thread, &info);
    note(info.activity == GRT_ACTIVITY_RUNNING);
    atomic_fetch_add(&ends, 1);
}

/* The guest ends once more inside of the function: the first exit code counts. */
static void on_end_faulting(void *user, grt_thread *thread)
{
    on_end(user, thread);
    grt_runtime_call(fix.runtime, FN(1), NULL, 0, NULL);
    note(false);
}

static void setup_with(grt_thread_fn *end)
{
    grt_runtime_config config = fixture_config();
    config.log.level = GRT_LOG_ERROR;
    config.on_thread_start = on_start;
    config.on_thread_end = end;
    config.on_thread_user = &fix;
    atomic_store(&starts, 0);
    atomic_store(&ends, 0);
    atomic_store(&wrong, 0);
    fixture_create(&fix, &config, functions, 4);
}

static void test_once_each(void **state)
{
    (void)state;
    setup_with(on_end);
    assert_int_equal(run_to_end(&fix, FN(0), 1), 2);
    assert_int_equal(run_to_end(&fix, FN(2), 1), 9);
    assert_int_equal(run_to_end(&fix, FN(1), 1), grt_fault_exit_code(GRT_FAULT_NULL_POINTER));
    assert_int_equal(atomic_load(&starts), 3);
    assert_int_equal(atomic_load(&ends), 3);
    /* A host thread that borrows a context is no thread that starts or ends. */
    uint64_t argument = 1, result = 0;
    assert_int_equal(grt_runtime_call(fix.runtime, FN(0), &argument, 1, &result), GRT_OK);
    assert_int_equal(atomic_load(&starts), 3);
    assert_int_equal(atomic_load(&ends), 3);
    fixture_destroy(&fix);
    assert_int_equal(atomic_load(&wrong), 0);
}

static void test_never_started(void **state)
{
    (void)state;
    setup_with(on_end);
    grt_thread_release(start(&fix, FN(0), 1, GRT_THREAD_SUSPENDED));
    fixture_destroy(&fix);
    assert_int_equal(atomic_load(&starts), 0);
    assert_int_equal(atomic_load(&ends), 0);
}

static void test_fault_inside(void **state)
{
    (void)state;
    setup_with(on_end_faulting);
    assert_int_equal(run_to_end(&fix, FN(0), 1), 2);
    assert_logged("GRT-F004 NULL_POINTER: thread id 00000001");
    assert_int_equal(run_to_end(&fix, FN(0), 5), 6);
    assert_logged("GRT-F004 NULL_POINTER: thread id 00000002");
    assert_int_equal(atomic_load(&ends), 2);
    fixture_destroy(&fix);
    assert_int_equal(atomic_load(&wrong), 0);
}

/* ---- the delay ----------------------------------------------------------------------------- */

/* A title that fills in shared data after it has created the thread that reads it. */
static void test_start_delay(void **state)
{
    (void)state;
    grt_runtime_config config = fixture_config();
    config.thread_start_delay_ms = 200;
    fixture_create(&fix, &config, functions, 4);
    uint32_t *shared = grt_host(fix.runtime, DATA_BASE);
    __atomic_store_n(shared, 0, __ATOMIC_RELEASE);
    uint64_t before = os_clock_ns();
    grt_thread *thread = start(&fix, FN(3), 0, 0);
    __atomic_store_n(shared, 77, __ATOMIC_RELEASE);
    assert_int_equal(join(thread), 77);
    assert_true(os_clock_ns() - before >= 200000000u);
    grt_thread_release(thread);
    /* A stop does not wait for it. */
    grt_thread_release(start(&fix, FN(3), 0, 0));
    fixture_destroy(&fix);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_once_each),
        cmocka_unit_test(test_never_started),
        cmocka_unit_test(test_fault_inside),
        cmocka_unit_test(test_start_delay),
    };
    return cmocka_run_group_tests_name("thread hooks", tests, NULL, NULL);
}
