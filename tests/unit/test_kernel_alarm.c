/*
 * test_kernel_alarm.c - what is missing fails in the way its callers expect, and what fails or
 * sleeps over and over is said once a power of ten.
 */
#include "kernel_fixture.h"

/* ---- missing exports ----------------------------------------------------------------------- */

#define LEFT_ALONE 0x1122334455667788ull

static grt_ppc_import known_imports[512];
static uint32_t known_count;

/* Imports every function that is known by name and not implemented. */
static void import_missing(fixture *fix)
{
    known_count = 0;
    for (uint32_t i = 0; i < grt_known_export_count(); i++) {
        const grt_known_export *known = grt_known_export_at(i);
        if (known->failure != GRT_FAILURE_DATA &&
            grt_export_find(known->library, known->ordinal) == NULL)
            known_imports[known_count++] = (grt_ppc_import){
                .library = known->library, .ordinal = known->ordinal, .name = NULL};
    }
    fix->module.imports = known_imports;
    fix->module.import_count = known_count;
}

static uint64_t wanted(const grt_known_export *known)
{
    switch (known->failure) {
    case GRT_FAILURE_VOID:
        return LEFT_ALONE;
    case GRT_FAILURE_STATUS:
    case GRT_FAILURE_UNKNOWN:
        return GRT_NT_NOT_IMPLEMENTED;
    case GRT_FAILURE_HRESULT:
        return 0x80004001u;
    case GRT_FAILURE_ERROR:
        return 120;
    case GRT_FAILURE_ONES:
        return UINT32_MAX;
    default:
        return 0;
    }
}

static void calls_all_missing(grt_ppc *ctx, uint8_t *base)
{
    for (uint32_t i = 0; i < known_count; i++) {
        const grt_known_export *known =
            grt_known_export_find(known_imports[i].library, known_imports[i].ordinal);
        if (known->failure == GRT_FAILURE_NORET)
            continue;
        ctx->r[3] = LEFT_ALONE;
        ctx->lr = CALL_SITE;
        grt_ppc_call_import(ctx, base, i);
        if (ctx->r[3] != wanted(known)) {
            fprintf(stderr, "%s returned %llX\n", known->name, (unsigned long long)ctx->r[3]);
            CHECK(false);
        }
    }
    ctx->r[3] = 3;
}

static void run_missing(grt_ppc_function *function, uint32_t code)
{
    static fixture fix;
    grt_runtime_config config = quiet_config();
    memset(&fix, 0, sizeof fix);
    log_clear();
    atomic_store(&check_failures, 0);
    assert_int_equal(grt_runtime_create(&config, &fix.runtime), GRT_OK);
    module_init(&fix, &function, 1);
    import_missing(&fix);
    assert_int_equal(grt_runtime_load(fix.runtime, &fix.module), GRT_OK);
    assert_int_equal(run_to_end(&fix, FN(0), 0), code);
    fixture_destroy(&fix);
    assert_int_equal(atomic_load(&check_failures), 0);
}

static void test_missing_fails_as_expected(void **state)
{
    (void)state;
    run_missing(calls_all_missing, 3);
    for (uint32_t i = 0; i < known_count; i++) {
        const grt_known_export *known =
            grt_known_export_find(known_imports[i].library, known_imports[i].ordinal);
        char line[128];
        snprintf(line, sizeof line, "[EXPORT] %s (%s ordinal 0x%03X) is not implemented",
                 known->name, grt_library_name(known->library), (unsigned)known->ordinal);
        assert_int_equal(times_logged(line), known->failure != GRT_FAILURE_NORET);
    }
}

static void calls_missing_without_return(grt_ppc *ctx, uint8_t *base)
{
    for (uint32_t i = 0; i < known_count; i++) {
        if (grt_known_export_find(known_imports[i].library, known_imports[i].ordinal)->failure ==
            GRT_FAILURE_NORET)
            grt_ppc_call_import(ctx, base, i);
    }
    ctx->r[3] = 5; /* there is none left: nothing to test */
}

/* Behind a call that does not return there is no code to go on with. */
static void test_missing_without_return(void **state)
{
    (void)state;
    import_missing(&(fixture){0});
    bool any = false;
    for (uint32_t i = 0; i < known_count; i++)
        any |= grt_known_export_find(known_imports[i].library, known_imports[i].ordinal)->failure ==
               GRT_FAILURE_NORET;
    run_missing(calls_missing_without_return, any ? GRT_NT_NOT_IMPLEMENTED : 5);
}

/* ---- failures ------------------------------------------------------------------------------ */

static void fails_often(grt_ppc *ctx, uint8_t *base)
{
    for (int i = 0; i < 100000; i++) {
        KCALL(NtSetEvent, 0x1234, 0);
        KCALL(RtlNtStatusToDosError, GRT_NT_INVALID_HANDLE);
        KCALL(RtlNtStatusToDosError, GRT_NT_TIMEOUT);
        if (i < 999)
            KCALL(NtClose, 0x1234);
    }
}

static void test_failures(void **state)
{
    (void)state;
    RUN_GUEST(fails_often);
    assert_logged("[EXPORT] NtSetEvent: failures go on, C0000008 STATUS_INVALID_HANDLE: 1000 times "
                  "at fn0+0x4 (0x82000004), this time on thread id 00000001 \"tested\"\n");
    assert_int_equal(times_logged("NtSetEvent: failures go on"), 3); /* 1,000, 10,000, 100,000 */
    assert_logged("NtSetEvent: failures go on, C0000008 STATUS_INVALID_HANDLE: 100000 times");
    assert_logged("RtlNtStatusToDosError: failures go on, C0000008 STATUS_INVALID_HANDLE: 1000");
    assert_int_equal(times_logged("RtlNtStatusToDosError: failures go on"), 3);
    assert_int_equal(times_logged("NtClose: failures go on"), 0);
}

/* Each call site has a count of its own. */
static void fails_in_two_places(grt_ppc *ctx, uint8_t *base)
{
    for (int i = 0; i < 1000; i++) {
        for (uint32_t place = 0; place < 2; place++) {
            ctx->r[3] = 0x1234;
            ctx->r[4] = 0;
            ctx->lr = FN(0) + 4 + 4 * place;
            if (i < 999 || place == 1)
                grt_ppc_call_import(ctx, base, GRT_INDEX_NtSetEvent);
        }
    }
    ctx->lr = 0;
}

static void test_failures_have_places(void **state)
{
    (void)state;
    RUN_GUEST(fails_in_two_places);
    assert_int_equal(times_logged("NtSetEvent: failures go on"), 1);
    assert_logged("1000 times at fn0+0x8");
}

/* Threads that fail at the same place count together, each failure once. */
#define FAILING_THREADS 4
#define FAILURES_EACH   2500

static void fails_beside_others(grt_ppc *ctx, uint8_t *base)
{
    for (int i = 0; i < FAILURES_EACH; i++)
        KCALL(NtSetEvent, 0x1234, 0);
}

static void test_failures_of_threads(void **state)
{
    (void)state;
    static fixture fix;
    grt_runtime_config config = quiet_config();
    grt_thread *threads[FAILING_THREADS];
    kernel_create(&fix, &config, (grt_ppc_function *const[]){fails_beside_others}, 1);
    for (int i = 0; i < FAILING_THREADS; i++)
        threads[i] = start(&fix, FN(0), 0, 0);
    for (int i = 0; i < FAILING_THREADS; i++) {
        join(threads[i]);
        grt_thread_release(threads[i]);
    }
    fixture_destroy(&fix);
    assert_int_equal(times_logged(": 1000 times"), 1);
    assert_int_equal(times_logged(": 10000 times"), 1);
    assert_int_equal(times_logged("failures go on"), 2);
}

/* More places than there is room for: nothing breaks, and those that are counted go on. */
static void fails_everywhere(grt_ppc *ctx, uint8_t *base)
{
    uint64_t seed = test_seed();
    for (int i = 0; i < 20000; i++) {
        ctx->lr = random_below(&seed, UINT32_MAX);
        ctx->r[3] = 0x1234;
        grt_ppc_call_import(ctx, base, GRT_INDEX_NtClose);
        CHECK_EQUAL(ctx->r[3], GRT_NT_INVALID_HANDLE);
    }
    ctx->lr = 0;
}

static void test_failures_everywhere(void **state)
{
    (void)state;
    RUN_GUEST(fails_everywhere);
    assert_int_equal(times_logged("failures go on"), 0);
}

/* ---- polling ------------------------------------------------------------------------------- */

static void polls(grt_ppc *ctx, uint8_t *base)
{
    grt_addr now = timeout_at(base, scratch(ctx), 0);
    for (int i = 0; i < 100000; i++)
        KCALL(KeDelayExecutionThread, 0, 0, now);
}

static void polls_with_win32(grt_ppc *ctx, uint8_t *base)
{
    for (int i = 0; i < 10000; i++)
        KCALL(Sleep, 0);
}

static void test_polling(void **state)
{
    (void)state;
    RUN_GUEST(polls_with_win32);
    assert_logged("[EXPORT] Sleep: the thread polls, it makes no other kernel call: 10000 times");
    RUN_GUEST(polls);
    assert_logged("[EXPORT] KeDelayExecutionThread: the thread polls, it makes no other kernel "
                  "call: 10000 times at fn0+0x4 (0x82000004), this time on thread id 00000001 "
                  "\"tested\"\n");
    assert_int_equal(times_logged("polls"), 2); /* and 100,000 */
}

/* Another call, another place, or a missing export in between: that is no polling. */
static void works(grt_ppc *ctx, uint8_t *base)
{
    grt_addr now = timeout_at(base, scratch(ctx), 0);
    for (int i = 0; i < 20000; i++) {
        KCALL(KeDelayExecutionThread, 0, 0, now);
        KCALL0(KeGetCurrentProcessType);
    }
    for (int i = 0; i < 20000; i++) {
        ctx->r[5] = now;
        ctx->lr = FN(0) + 4 + 4 * (i % 2);
        grt_ppc_call_import(ctx, base, GRT_INDEX_KeDelayExecutionThread);
    }
    for (int i = 0; i < 20000; i++) {
        KCALL(KeDelayExecutionThread, 0, 0, now);
        guest_call(ctx, base, IMPORT_UNKNOWN, NULL, 0);
    }
    ctx->lr = 0;
}

static void test_working_is_no_polling(void **state)
{
    (void)state;
    RUN_GUEST(works);
    assert_int_equal(times_logged("polls"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_missing_fails_as_expected),
        cmocka_unit_test(test_missing_without_return),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_failures_have_places),
        cmocka_unit_test(test_failures_of_threads),
        cmocka_unit_test(test_failures_everywhere),
        cmocka_unit_test(test_polling),
        cmocka_unit_test(test_working_is_no_polling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
