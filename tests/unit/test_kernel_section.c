/* test_kernel_section.c - critical sections: recursion, exclusion, damage, misuse, stop. */
#include "kernel_fixture.h"

#define BAD    0x00000010u
#define SHARED DATA_BASE /* guest memory that all threads know */

static void single(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    CHECK_EQUAL(KCALL(RtlInitializeCriticalSectionAndSpinCount, s, 1000), GRT_NT_SUCCESS);
    CHECK_EQUAL(base[s], 1);
    CHECK_EQUAL(base[s + 1], 4); /* 1000 / 256, rounded up */
    CHECK_EQUAL(peek(base, s + 0x10), UINT32_MAX);
    KCALL(RtlEnterCriticalSection, s);
    CHECK_EQUAL(peek(base, s + 0x10), 0);
    CHECK_EQUAL(peek(base, s + 0x14), 1);
    CHECK_EQUAL(peek(base, s + 0x18), grt_thread_kthread(ctx->thread));
    CHECK_EQUAL(KCALL(RtlTryEnterCriticalSection, s), 1);
    CHECK_EQUAL(peek(base, s + 0x10), 1);
    CHECK_EQUAL(peek(base, s + 0x14), 2);
    KCALL(RtlLeaveCriticalSection, s);
    KCALL(RtlLeaveCriticalSection, s);
    CHECK_EQUAL(peek(base, s + 0x10), UINT32_MAX);
    CHECK_EQUAL(peek(base, s + 0x18), 0);
    KCALL(RtlLeaveCriticalSection, s); /* reported, harmless */
    KCALL(RtlInitializeCriticalSectionAndSpinCount, s, 0xFFFFFFFFu);
    CHECK_EQUAL(base[s + 1], 255);
    KCALL(RtlEnterCriticalSection, BAD);
    CHECK_EQUAL(KCALL(RtlTryEnterCriticalSection, BAD), 0);
    KCALL(RtlInitializeCriticalSection, BAD);
    CHECK_EQUAL(grt_section_count(ctx->thread->runtime), 0);
}

static void test_single(void **state)
{
    (void)state;
    RUN_GUEST(single);
    assert_logged("RtlLeaveCriticalSection: section");
    assert_logged("is not owned");
    assert_logged("RtlEnterCriticalSection: section leads to 0x00000010");
}

/* ---- exclusion ----------------------------------------------------------------------------- */

#define WORKERS 4
#define ROUNDS  4000

static void worker(grt_ppc *ctx, uint8_t *base)
{
    bool vandal = ctx->r[3] == 1;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        if (i % 8 == 0)
            while (KCALL(RtlTryEnterCriticalSection, SHARED) == 0)
                KCALL0(NtYieldExecution);
        else
            KCALL(RtlEnterCriticalSection, SHARED);
        if (i % 3 == 0)
            KCALL(RtlEnterCriticalSection, SHARED);
        /* Guest bytes that anybody may ruin at any time, as long as it is inside. */
        if (vandal)
            memset(base + SHARED, 0xEE, 0x1C);
        uint32_t counter = peek(base, SHARED + 0x100);
        if (i % 64 == 0)
            os_thread_yield();
        poke(base, SHARED + 0x100, counter + 1);
        if (i % 3 == 0)
            KCALL(RtlLeaveCriticalSection, SHARED);
        KCALL(RtlLeaveCriticalSection, SHARED);
    }
}

static void exclusion(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    /* Never initialised: the zeros of the data segment. */
    for (uint32_t i = 0; i < WORKERS; i++)
        CHECK_EQUAL(KCALL(ExCreateThread, s + 4 * i, 0, 0, 0, FN(1), i, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(NtWaitForMultipleObjectsEx, WORKERS, s, 0, 1, 0, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(peek(base, SHARED + 0x100), WORKERS * ROUNDS);
    CHECK_EQUAL(grt_section_count(ctx->thread->runtime), 0);
}

static void test_exclusion(void **state)
{
    (void)state;
    RUN_GUEST(exclusion, worker);
}

/* ---- misuse -------------------------------------------------------------------------------- */

static void other(grt_ppc *ctx, uint8_t *base)
{
    CHECK_EQUAL(KCALL(RtlTryEnterCriticalSection, SHARED), 0);
    KCALL(RtlLeaveCriticalSection, SHARED); /* somebody else's: reported, nothing happens */
    CHECK_EQUAL(KCALL(RtlTryEnterCriticalSection, SHARED), 0);
    KCALL(RtlEnterCriticalSection, SHARED);
    ctx->r[3] = 1; /* ends as the owner */
}

static void misuse(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx), at = timeout_at(base, s + 0x40, MILLISECONDS(20));
    KCALL(RtlEnterCriticalSection, SHARED);
    CHECK_EQUAL(KCALL(ExCreateThread, s, 0, 0, 0, FN(1), 0, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, peek(base, s), 1, 0, at), GRT_NT_TIMEOUT);
    KCALL(RtlLeaveCriticalSection, SHARED);
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, peek(base, s), 1, 0, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(RtlTryEnterCriticalSection, SHARED), 0);
    /* Initialising it anew is how a program gets such a section back. */
    KCALL(RtlInitializeCriticalSection, SHARED);
    CHECK_EQUAL(KCALL(RtlTryEnterCriticalSection, SHARED), 1);
    KCALL(RtlLeaveCriticalSection, SHARED);
}

static void test_misuse(void **state)
{
    (void)state;
    RUN_GUEST(misuse, other);
    assert_logged("section 0x82010000 belongs to thread 1");
    assert_logged("thread id 00000002 ended inside 1 critical section, among them 0x82010000");
    assert_logged("section 0x82010000 is initialised while thread 2 owns it");
}

static void stuck(grt_ppc *ctx, uint8_t *base)
{
    KCALL(RtlEnterCriticalSection, SHARED);
    KCALL(KeDelayExecutionThread, 1, 0, timeout_at(base, scratch(ctx), INT64_MIN));
}

static void test_destroy_while_waiting(void **state)
{
    (void)state;
    static fixture fix;
    grt_runtime_config config = quiet_config();
    grt_ppc_function *const functions[] = {stuck};
    for (int round = 0; round < 10; round++) {
        kernel_create(&fix, &config, functions, 1);
        for (int i = 0; i < 3; i++)
            grt_thread_release(start(&fix, FN(0), 0, 0));
        if (round % 2)
            os_sleep_ns(2000000);
        fixture_destroy(&fix);
    }
    assert_int_equal(atomic_load(&check_failures), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_single),
        cmocka_unit_test(test_exclusion),
        cmocka_unit_test(test_misuse),
        cmocka_unit_test(test_destroy_while_waiting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
