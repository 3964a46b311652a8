/* test_kernel_thread.c - exports that create, end, suspend and describe threads; slots; bug checks.
 */
#include "kernel_fixture.h"

#define BAD 0x00000010u

static void returns_argument(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    (void)ctx;
}

static void terminates(grt_ppc *ctx, uint8_t *base)
{
    KCALL(ExTerminateThread, (uint32_t)ctx->r[3] + 1);
    CHECK(false);
}

/* A startup routine gets entry and argument, and ends the thread itself. */
static void startup(grt_ppc *ctx, uint8_t *base)
{
    CHECK_EQUAL((uint32_t)ctx->r[3], FN(1));
    KCALL(ExTerminateThread, (uint32_t)ctx->r[4] + 2);
}

static uint32_t exit_code_of(grt_ppc *ctx, uint8_t *base, uint32_t handle)
{
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, handle, 1, 0, 0), GRT_NT_SUCCESS);
    grt_dispatch *dispatch = &ctx->thread->runtime->kernel->dispatch;
    grt_handle_trouble trouble;
    grt_dispatch_lock(dispatch);
    grt_object *object =
        grt_handle_object(dispatch, ctx->thread, handle, GRT_OBJECT_THREAD, &trouble);
    uint32_t code = object ? object->thread->exit_code : 0xDEAD;
    if (object)
        grt_object_release(dispatch, object);
    grt_dispatch_unlock(dispatch);
    return code;
}

static void creation(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    CHECK_EQUAL(KCALL(ExCreateThread, s, 0, s + 4, 0, FN(1), 41, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(peek(base, s + 4), 2);
    CHECK_EQUAL(exit_code_of(ctx, base, peek(base, s)), 41);
    CHECK_EQUAL(KCALL(NtClose, peek(base, s)), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(ExCreateThread, s, 0x5000, 0, 0, FN(2), 41, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(exit_code_of(ctx, base, peek(base, s)), 42);
    CHECK_EQUAL(KCALL(ExCreateThread, s, 0, 0, FN(3), FN(1), 41, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(exit_code_of(ctx, base, peek(base, s)), 43);
    /* Without a place for the handle the thread just runs. */
    CHECK_EQUAL(KCALL(ExCreateThread, 0, 0, s + 4, 0, FN(1), 0, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(peek(base, s + 4), 5);
    CHECK_EQUAL(KCALL(ExCreateThread, s, 0, 0, 0, FN(1), 0, 0x81), GRT_NT_SUCCESS);
    grt_thread *thread = grt_thread_find_kthread(ctx->thread->runtime, peek(base, s));
    CHECK(thread != NULL && atomic_load(&thread->suspend_count) == 1);
    grt_thread_release(thread);
}

static void test_creation(void **state)
{
    (void)state;
    RUN_GUEST(creation, returns_argument, terminates, startup);
}

static void creation_failures(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    CHECK_EQUAL(KCALL(ExCreateThread, BAD, 0, 0, 0, FN(1), 0, 0), GRT_NT_ACCESS_VIOLATION);
    CHECK_EQUAL(KCALL(ExCreateThread, s, 0, BAD, 0, FN(1), 0, 0), GRT_NT_ACCESS_VIOLATION);
    CHECK_EQUAL(KCALL(ExCreateThread, s, 0, 0, 0, FN(40), 0, 0), GRT_NT_INVALID_PARAMETER);
    CHECK_EQUAL(KCALL(ExCreateThread, s, 0, 0, 0x1234, FN(1), 0, 0), GRT_NT_INVALID_PARAMETER);
    CHECK_EQUAL(KCALL(ExCreateThread, s, 0xFFFFF000u, 0, 0, FN(1), 0, 0), GRT_NT_INVALID_PARAMETER);
    CHECK_EQUAL(peek(base, s), 0);
    grt_thread_stats stats;
    grt_runtime_get_thread_stats(ctx->thread->runtime, &stats);
    CHECK_EQUAL(stats.created, 1);
}

static void test_creation_failures(void **state)
{
    (void)state;
    RUN_GUEST(creation_failures, returns_argument);
    assert_logged("entry 0x82000280 or startup 0x00000000 is no function");
}

static grt_kernel_stats kernel_stats(const grt_ppc *ctx)
{
    grt_kernel_stats stats;
    grt_runtime_get_kernel_stats(ctx->thread->runtime, &stats);
    return stats;
}

/* A host thread has a stack like the guest's: no two of these take over from each other. */
#define NEW_HOST(nth) (0x50000u + 0x10000u * (nth))

/* Each host call in turn fails: the guest gets a status, or a thread that works. */
static void creation_without_host(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    uint32_t handles = kernel_stats(ctx).handles;
    for (unsigned nth = 1; nth < 200; nth++) {
        os_inject_failure(nth, false);
        uint32_t status = KCALL(ExCreateThread, s, NEW_HOST(nth), s + 4, 0, FN(1), nth, 1);
        unsigned fired = os_inject_fired();
        os_inject_failure(0, false);
        if (status == GRT_NT_SUCCESS) {
            KCALL(NtResumeThread, peek(base, s), 0);
            /* The failure may also hit the new thread before it can run guest code. */
            uint32_t code = exit_code_of(ctx, base, peek(base, s));
            CHECK(code == nth || code == GRT_EXIT_STOPPED);
            CHECK_EQUAL(KCALL(NtClose, peek(base, s)), GRT_NT_SUCCESS);
        } else {
            CHECK(status == GRT_NT_NO_MEMORY || status == GRT_NT_INSUFFICIENT_RESOURCES);
            CHECK_EQUAL(peek(base, s), 0);
        }
        CHECK_EQUAL(kernel_stats(ctx).handles, handles);
        if (fired == 0)
            return;
    }
    CHECK(false);
}

/* The same for a caller who wants a pointer: what it stands for goes, with the thread or before. */
static void pointer_without_host(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    uint32_t objects = kernel_stats(ctx).objects;
    for (unsigned nth = 1, fired = 1; nth < 200 && fired != 0; nth++) {
        os_inject_failure(nth, false);
        uint32_t status = KCALL(ExCreateThread, s, NEW_HOST(nth), 0, 0, FN(1), 0, 0x80);
        fired = os_inject_fired();
        os_inject_failure(0, false);
        if (status == GRT_NT_SUCCESS)
            KCALL(ObDereferenceObject, peek(base, s));
        for (int i = 0; i < 10000 && kernel_stats(ctx).objects != objects; i++)
            KCALL0(NtYieldExecution);
        CHECK_EQUAL(kernel_stats(ctx).objects, objects);
    }
}

static void test_creation_without_host(void **state)
{
    (void)state;
    RUN_GUEST(creation_without_host, returns_argument);
    assert_logged("the host refused a thread");
    /* What an earlier thread still asks of the host may take the failure that was meant for a new
     * one's. */
    for (int i = 0; i < 20 && (i == 0 || times_logged("the host refused a thread") == 0); i++)
        RUN_GUEST(pointer_without_host, returns_argument);
    assert_logged("the host refused a thread");
}

/* ---- suspension ---------------------------------------------------------------------------- */

static void suspends_itself(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    CHECK_EQUAL(KCALL(NtSuspendThread, 0xFFFFFFFEu, s), GRT_NT_SUCCESS);
    CHECK_EQUAL(peek(base, s), 0);
    ctx->r[3] = 9;
}

static void waits_for_handle(grt_ppc *ctx, uint8_t *base)
{
    KCALL(NtWaitForSingleObjectEx, (uint32_t)ctx->r[3], 1, 0, 0);
}

/* A thread that is not suspended may be resumed: the count stays 0. */
static void needless_resume(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    KCALL(NtCreateEvent, s, 0, 0, 0);
    CHECK_EQUAL(KCALL(ExCreateThread, s + 4, 0, 0, 0, FN(1), peek(base, s), 0), GRT_NT_SUCCESS);
    for (int i = 0; i < 2; i++) {
        CHECK_EQUAL(KCALL(NtResumeThread, peek(base, s + 4), s + 8), GRT_NT_SUCCESS);
        CHECK_EQUAL(peek(base, s + 8), 0);
    }
    KCALL(NtSetEvent, peek(base, s), 0);
}

static void test_needless_resume(void **state)
{
    (void)state;
    RUN_GUEST(needless_resume, waits_for_handle);
}

static void suspension(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx), at = timeout_at(base, s + 0x40, MILLISECONDS(10));
    CHECK_EQUAL(KCALL(ExCreateThread, s, 0, 0, 0, FN(1), 3, 1), GRT_NT_SUCCESS);
    uint32_t thread = peek(base, s);
    for (uint32_t count = 1; count < 127; count++) {
        CHECK_EQUAL(KCALL(NtSuspendThread, thread, s + 8), GRT_NT_SUCCESS);
        CHECK_EQUAL(peek(base, s + 8), count);
    }
    CHECK_EQUAL(KCALL(NtSuspendThread, thread, 0), GRT_NT_SUSPEND_COUNT_EXCEEDED);
    for (uint32_t count = 127; count > 1; count--) {
        CHECK_EQUAL(KCALL(NtResumeThread, thread, s + 8), GRT_NT_SUCCESS);
        CHECK_EQUAL(peek(base, s + 8), count);
    }
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, thread, 1, 0, at), GRT_NT_TIMEOUT);
    CHECK_EQUAL(KCALL(NtResumeThread, thread, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(exit_code_of(ctx, base, thread), 3);
    CHECK_EQUAL(KCALL(NtResumeThread, thread, s + 8), GRT_NT_SUCCESS); /* no error */
    CHECK_EQUAL(peek(base, s + 8), 0);
    CHECK_EQUAL(KCALL(NtResumeThread, 0x1234, 0), GRT_NT_INVALID_HANDLE);
    CHECK_EQUAL(KCALL(NtSuspendThread, 0x1234, 0), GRT_NT_INVALID_HANDLE);
    CHECK_EQUAL(KCALL(NtResumeThread, thread, BAD), GRT_NT_ACCESS_VIOLATION);
    KCALL(NtCreateEvent, s + 4, 0, 0, 0);
    CHECK_EQUAL(KCALL(NtResumeThread, peek(base, s + 4), 0), GRT_NT_OBJECT_TYPE_MISMATCH);

    CHECK_EQUAL(KCALL(ExCreateThread, s, 0, 0, 0, FN(2), 0, 0), GRT_NT_SUCCESS);
    thread = peek(base, s);
    do
        CHECK_EQUAL(KCALL(NtResumeThread, thread, s + 8), GRT_NT_SUCCESS);
    while (peek(base, s + 8) == 0);
    CHECK_EQUAL(exit_code_of(ctx, base, thread), 9);
}

static void test_suspension(void **state)
{
    (void)state;
    RUN_GUEST(suspension, returns_argument, suspends_itself);
}

static void test_stop_while_suspended(void **state)
{
    (void)state;
    static fixture fix;
    grt_runtime_config config = quiet_config();
    grt_ppc_function *const functions[] = {suspends_itself};
    kernel_create(&fix, &config, functions, 1);
    grt_thread *thread = start(&fix, FN(0), 0, 0);
    while (atomic_load(&thread->suspend_count) == 0)
        os_thread_yield();
    grt_thread_release(thread);
    fixture_destroy(&fix);
}

/* ---- slots and the rest ---------------------------------------------------------------------- */

static uint32_t shared_slot;

static void other_thread(grt_ppc *ctx, uint8_t *base)
{
    CHECK_EQUAL(KCALL(KeTlsGetValue, shared_slot), 0);
    CHECK_EQUAL(KCALL(KeTlsSetValue, shared_slot, 77), 1);
    ctx->r[3] = KCALL(KeTlsGetValue, shared_slot);
}

static void slots(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    shared_slot = KCALL0(KeTlsAlloc);
    CHECK(shared_slot != UINT32_MAX);
    CHECK_EQUAL(KCALL(KeTlsSetValue, shared_slot, 5), 1);
    KCALL(ExCreateThread, s, 0, 0, 0, FN(1), 0, 0);
    CHECK_EQUAL(exit_code_of(ctx, base, peek(base, s)), 77);
    CHECK_EQUAL(KCALL(KeTlsGetValue, shared_slot), 5);
    CHECK_EQUAL(KCALL(KeTlsFree, shared_slot), 1);
    CHECK_EQUAL(KCALL(KeTlsFree, shared_slot), 0);
    CHECK_EQUAL(KCALL(KeTlsFree, 12345), 0);
    CHECK_EQUAL(KCALL(KeTlsSetValue, 12345, 1), 0);
    CHECK_EQUAL(KCALL(KeTlsGetValue, 12345), 0);
    CHECK_EQUAL(KCALL0(KeTlsAlloc), shared_slot);
    CHECK_EQUAL(KCALL(KeTlsGetValue, shared_slot), 0);
    uint32_t count = 1;
    while (KCALL0(KeTlsAlloc) != UINT32_MAX)
        count++;
    CHECK_EQUAL(count, 64);
}

static void test_slots(void **state)
{
    (void)state;
    RUN_GUEST(slots, other_thread);
}

static void small_exports(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    CHECK_EQUAL(KCALL0(KeGetCurrentProcessType), 1);
    CHECK_EQUAL(KCALL0(KeQueryPerformanceFrequency), 50000000);
    KCALL(KeQuerySystemTime, s);
    uint64_t seconds = grt_load64(base + s) / 10000000u - 11644473600u;
    CHECK(seconds > 1700000000u && seconds < 7000000000u);
    KCALL(KeQuerySystemTime, BAD);
    CHECK_EQUAL(KCALL(RtlNtStatusToDosError, GRT_NT_INVALID_HANDLE), 6);
    CHECK_EQUAL(KCALL(RtlNtStatusToDosError, GRT_NT_SUCCESS), 0);
    CHECK_EQUAL(KCALL(RtlNtStatusToDosError, 0xC0009999u), 317);
    CHECK_EQUAL(KCALL(RtlNtStatusToDosError, 0x80070057u), 0x57);
    CHECK_EQUAL(KCALL(RtlNtStatusToDosError, 0xE0000001u), 0xE0000001u);
}

static void test_small_exports(void **state)
{
    (void)state;
    RUN_GUEST(small_exports);
    assert_logged("KeQuerySystemTime: time_out leads to 0x00000010");
}

/* ---- bug checks ---------------------------------------------------------------------------- */

static void bug_check(grt_ppc *ctx, uint8_t *base)
{
    KCALL(KeBugCheckEx, 0xF4, 1, 2, 3, 0xABCD);
    CHECK(false);
}

static void test_bug_check(void **state)
{
    (void)state;
    static fixture fix;
    grt_runtime_config config = quiet_config();
    grt_ppc_function *const functions[] = {bug_check};
    kernel_create(&fix, &config, functions, 1);
    assert_int_equal(run_to_end(&fix, FN(0), 0), grt_fault_exit_code(GRT_FAULT_BUG_CHECK));
    assert_logged("bug check 0x000000F4, parameters 0x00000001 0x00000002 0x00000003 0x0000ABCD");
    assert_false(atomic_load(&fix.runtime->stopping));
    fixture_destroy(&fix);
    config.on_guest_fault = GRT_POLICY_STOP;
    kernel_create(&fix, &config, functions, 1);
    uint32_t code;
    assert_int_equal(grt_runtime_run(fix.runtime, 0, NULL, &code), GRT_GUEST_FAULT);
    assert_true(atomic_load(&fix.runtime->stopping));
    fixture_destroy(&fix);
    assert_int_equal(atomic_load(&check_failures), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_creation),
        cmocka_unit_test(test_creation_failures),
        cmocka_unit_test(test_creation_without_host),
        cmocka_unit_test(test_needless_resume),
        cmocka_unit_test(test_suspension),
        cmocka_unit_test(test_stop_while_suspended),
        cmocka_unit_test(test_slots),
        cmocka_unit_test(test_small_exports),
        cmocka_unit_test(test_bug_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
