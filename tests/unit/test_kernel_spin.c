/* test_kernel_spin.c - spin locks, interrupt levels, critical regions. */
#include "lock_fixture.h"

#define LONG_AGO 5 /* milliseconds; only how long something may go wrong, nothing depends on it */

static uint8_t level_shown(const grt_ppc *ctx, const uint8_t *base)
{
    return base[grt_thread_pcr(ctx->thread) + GRT_PCR_IRQL];
}

static uint32_t regions_shown(const grt_ppc *ctx, const uint8_t *base)
{
    return peek(base, grt_thread_kthread(ctx->thread) + GRT_KTHREAD_APC_DISABLE);
}

/* ---- one thread ---------------------------------------------------------------------------- */

static void single(grt_ppc *ctx, uint8_t *base)
{
    grt_addr l = scratch(ctx);
    poke(base, l, 0);
    CHECK_EQUAL(KCALL(KfAcquireSpinLock, l), 0);
    CHECK_EQUAL(peek(base, l), grt_thread_pcr(ctx->thread));
    CHECK_EQUAL(ctx->thread->irql, 2);
    CHECK_EQUAL(level_shown(ctx, base), 2);
    poke(base, l + 4, 0);
    CHECK_EQUAL(KCALL(KfAcquireSpinLock, l + 4), 2);
    KCALL(KfReleaseSpinLock, l + 4, 2);
    CHECK_EQUAL(ctx->thread->irql, 2);
    CHECK_EQUAL(KCALL(KeTryToAcquireSpinLockAtRaisedIrql, l), 0);
    KCALL(KeAcquireSpinLockAtRaisedIrql, l + 4);
    CHECK_EQUAL(peek(base, l + 4), grt_thread_pcr(ctx->thread));
    KCALL(KeReleaseSpinLockFromRaisedIrql, l + 4);
    CHECK_EQUAL(peek(base, l + 4), 0);
    CHECK_EQUAL(KCALL(KeTryToAcquireSpinLockAtRaisedIrql, l + 4), 1);
    KCALL(KeReleaseSpinLockFromRaisedIrql, l + 4);
    KCALL(KfReleaseSpinLock, l, 0);
    CHECK_EQUAL(peek(base, l), 0);
    CHECK_EQUAL(ctx->thread->irql, 0);
    CHECK_EQUAL(level_shown(ctx, base), 0);
    CHECK_EQUAL(KCALL(KfRaiseIrql, 1), 0);
    CHECK_EQUAL(KCALL(KfAcquireSpinLock, l), 1);
    KCALL(KfReleaseSpinLock, l, 1);
    CHECK_EQUAL(ctx->thread->irql, 1);
    KCALL(KfLowerIrql, 0);
}

static void test_single(void **state)
{
    (void)state;
    RUN_ALL_WAYS(single);
    assert_silent();
}

static void misuse(grt_ppc *ctx, uint8_t *base)
{
    grt_addr l = scratch(ctx);
    poke(base, l, 0);
    KCALL(KeReleaseSpinLockFromRaisedIrql, l);
    poke(base, l, 0x12345678);
    KCALL(KeReleaseSpinLockFromRaisedIrql, l);
    CHECK_EQUAL(peek(base, l), 0x12345678);
    KCALL(KeAcquireSpinLockAtRaisedIrql, l); /* after a while it is taken as free */
    CHECK_EQUAL(peek(base, l), grt_thread_pcr(ctx->thread));
    KCALL(KfReleaseSpinLock, l, 5);
    CHECK_EQUAL(ctx->thread->irql, 0);
    KCALL(KeAcquireSpinLockAtRaisedIrql, BAD);
    CHECK_EQUAL(KCALL(KeTryToAcquireSpinLockAtRaisedIrql, BAD), 0);
    KCALL(KeReleaseSpinLockFromRaisedIrql, 0xFFFFFFFCu);
    CHECK_EQUAL(KCALL(KfAcquireSpinLock, l + 2), 0);
    KCALL(KfReleaseSpinLock, l + 2, 0);
    CHECK_EQUAL(ctx->thread->irql, 0);
}

static void test_misuse(void **state)
{
    (void)state;
    RUN_ALL_WAYS(misuse);
    assert_logged("is not taken");
    assert_logged("is 0x12345678, which is no thread's PCR");
    assert_logged("is 0x12345678, which is no living thread's PCR: it was never initialised, or "
                  "overwritten, and is taken as free");
    assert_logged("KfReleaseSpinLock: IRQL 0 cannot be lowered to 5");
    assert_logged("KeAcquireSpinLockAtRaisedIrql: lock leads to 0x00000010, which cannot be");
    assert_logged("KeReleaseSpinLockFromRaisedIrql: lock leads to 0xFFFFFFFC");
    assert_logged("is not at a multiple of 4 and is not used");
}

/* ---- exclusion ----------------------------------------------------------------------------- */

#define WORKERS 4u
#define ROUNDS  3000u
#define COUNTER (SHARED + 0x200u)

static void worker(grt_ppc *ctx, uint8_t *base)
{
    for (uint32_t i = 0; i < ROUNDS; i++) {
        bool raised = i % 4 != 0;
        uint32_t old = 0;
        if (i % 8 == 0)
            WAIT_UNTIL(KCALL(KeTryToAcquireSpinLockAtRaisedIrql, SHARED));
        else if (!raised)
            KCALL(KeAcquireSpinLockAtRaisedIrql, SHARED);
        else
            old = KCALL(KfAcquireSpinLock, SHARED);
        poke(base, COUNTER, peek(base, COUNTER) + 1);
        if (i % 64 == 0)
            os_thread_yield();
        if (raised)
            KCALL(KfReleaseSpinLock, SHARED, old);
        else
            KCALL(KeReleaseSpinLockFromRaisedIrql, SHARED);
    }
    CHECK_EQUAL(ctx->thread->irql, 0);
}

static void exclusion(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    start_threads(ctx, base, s, 1, WORKERS);
    join_threads(ctx, base, s, WORKERS);
    CHECK_EQUAL(peek(base, COUNTER), WORKERS * ROUNDS);
    CHECK_EQUAL(peek_shared(base, SHARED), 0);
}

static void test_exclusion(void **state)
{
    (void)state;
    RUN_ALL_WAYS(exclusion, worker);
    assert_silent();
}

/* ---- owners that do not run ---------------------------------------------------------------- */

static void takes_and_stops(grt_ppc *ctx, uint8_t *base)
{
    KCALL(KfAcquireSpinLock, SHARED);
    flag_set(base, 0, 1);
    KCALL(NtSuspendThread, 0xFFFFFFFEu, 0);
    KCALL(KeReleaseSpinLockFromRaisedIrql, SHARED);
    KCALL(KfLowerIrql, 0);
}

static void spins(grt_ppc *ctx, uint8_t *base)
{
    KCALL(KeAcquireSpinLockAtRaisedIrql, SHARED);
    KCALL(KeReleaseSpinLockFromRaisedIrql, SHARED);
}

static void suspended_owner(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    start_threads(ctx, base, s, 1, 1);
    WAIT_UNTIL(flag_get(base, 0) == 1);
    start_threads(ctx, base, s + 4, 2, 1);
    WAIT_UNTIL(times_logged("suspended at") == 1);
    KCALL(NtResumeThread, peek(base, s), 0);
    join_threads(ctx, base, s, 2);
}

static void test_suspended_owner(void **state)
{
    (void)state;
    RUN_GUEST(suspended_owner, takes_and_stops, spins);
    assert_logged(
        "spins on 0x82010000 owned by thread 2, suspended at fn0+0x4; called by thread 3");
    assert_int_equal(times_logged("spins on"), 1);
}

static void ends_with_it(grt_ppc *ctx, uint8_t *base)
{
    KCALL(KfAcquireSpinLock, SHARED);
    KCALL0(KeEnterCriticalRegion);
}

static void ended_owner(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    start_threads(ctx, base, s, 1, 1);
    join_threads(ctx, base, s, 1);
    KCALL(KeAcquireSpinLockAtRaisedIrql, SHARED);
    KCALL(KeReleaseSpinLockFromRaisedIrql, SHARED);
}

static void test_ended_owner(void **state)
{
    (void)state;
    RUN_GUEST(ended_owner, ends_with_it);
    assert_logged("thread id 00000002 ended at IRQL 2 inside 1 critical regions");
    assert_logged("which is no living thread's PCR");
}

static void takes_twice(grt_ppc *ctx, uint8_t *base)
{
    KCALL(KfAcquireSpinLock, SHARED);
    KCALL(KfAcquireSpinLock, SHARED);
}

/* It hangs, as on the console, but it says why and can be stopped. */
static void test_recursion(void **state)
{
    (void)state;
    static fixture fix;
    grt_runtime_config config = quiet_config();
    grt_ppc_function *const functions[] = {takes_twice};
    kernel_create(&fix, &config, functions, 1);
    grt_thread_release(start(&fix, FN(0), 0, 0));
    while (times_logged("which it has itself") == 0)
        os_thread_yield();
    fixture_destroy(&fix);
    assert_int_equal(times_logged("spins on 0x82010000, which it has itself: for ever"), 1);
}

static void takes_and_spins(grt_ppc *ctx, uint8_t *base)
{
    KCALL(KfAcquireSpinLock, SHARED);
}

static void test_destroy_while_spinning(void **state)
{
    (void)state;
    grt_runtime_config config = quiet_config();
    grt_ppc_function *const functions[] = {takes_twice}, *const more[] = {takes_and_spins};
    for (uint32_t round = 0; round < 10; round++) {
        run_and_destroy(&config, functions, 1, 3, round % 2 * LONG_AGO);
        run_and_destroy(&config, more, 1, 2, round % 2 * LONG_AGO);
    }
}

static void vandal(grt_ppc *ctx, uint8_t *base)
{
    uint64_t random = vandal_random(ctx);
    for (;;) {
        grt_addr l = SHARED + 4 * random_below(&random, 3);
        uint32_t value = random_below(&random, UINT32_MAX);
        switch (random_below(&random, 7)) {
        case 0:
            __atomic_store_n((uint32_t *)(void *)(base + l), value, __ATOMIC_RELAXED);
            break;
        case 1:
            base[grt_thread_pcr(ctx->thread) + GRT_PCR_IRQL] =
                (uint8_t)value; /* believed by nobody */
            break;
        case 2:
            KCALL(KfAcquireSpinLock, l);
            break;
        case 3:
            KCALL(KeTryToAcquireSpinLockAtRaisedIrql, l);
            break;
        case 4:
            KCALL(KfReleaseSpinLock, l, value % 4);
            break;
        case 5:
            KCALL(KfRaiseIrql, value % 300);
            break;
        default:
            KCALL(KeReleaseSpinLockFromRaisedIrql, l);
            break;
        }
    }
}

static void test_vandals(void **state)
{
    (void)state;
    grt_runtime_config config = quiet_config();
    run_vandals(&config, vandal, 10);
}

/* ---- levels -------------------------------------------------------------------------------- */

static void levels(grt_ppc *ctx, uint8_t *base)
{
    CHECK_EQUAL(KCALL(KfRaiseIrql, 1), 0);
    CHECK_EQUAL(level_shown(ctx, base), 1);
    CHECK_EQUAL(KCALL0(KeRaiseIrqlToDpcLevel), 1);
    CHECK_EQUAL(KCALL0(KeRaiseIrqlToDpcLevel), 2);
    CHECK_EQUAL(KCALL(KfRaiseIrql, 124), 2);
    CHECK_EQUAL(level_shown(ctx, base), 124);
    CHECK_EQUAL(KCALL(KfRaiseIrql, 3), 124);   /* down: reported, stays */
    CHECK_EQUAL(KCALL(KfRaiseIrql, 256), 124); /* a level is a byte: the same as 0 */
    CHECK_EQUAL(ctx->thread->irql, 124);
    KCALL(KfLowerIrql, 125); /* up */
    CHECK_EQUAL(ctx->thread->irql, 124);
    base[grt_thread_pcr(ctx->thread) + GRT_PCR_IRQL] = 7; /* believed by nobody */
    KCALL(KfLowerIrql, 1);
    CHECK_EQUAL(level_shown(ctx, base), 1);
    KCALL(KfLowerIrql, 0);
    CHECK_EQUAL(ctx->thread->irql, 0);
    CHECK_EQUAL(times_logged("called at IRQL"), 0);
    /* Too high for a section, which is said and served. */
    KCALL0(KeRaiseIrqlToDpcLevel);
    KCALL(RtlEnterCriticalSection, SHARED);
    KCALL(RtlLeaveCriticalSection, SHARED);
    KCALL(KfLowerIrql, 0);
}

static void test_levels(void **state)
{
    (void)state;
    RUN_GUEST(levels);
    assert_logged("KfRaiseIrql: IRQL 124 cannot be raised to 3");
    assert_logged("KfRaiseIrql: IRQL 124 cannot be raised to 0;");
    assert_logged("KfLowerIrql: IRQL 124 cannot be lowered to 125");
    assert_logged("RtlEnterCriticalSection: called at IRQL 2, which is allowed up to 1");
    assert_logged("RtlLeaveCriticalSection: called at IRQL 2");
}

/* ---- critical regions ---------------------------------------------------------------------- */

static void region(grt_ppc *ctx, uint8_t *base)
{
    for (uint32_t i = 1; i <= 3; i++) {
        KCALL0(KeEnterCriticalRegion);
        CHECK_EQUAL(ctx->thread->apc_disable, (uint64_t)(int64_t) - (int32_t)i);
        CHECK_EQUAL(regions_shown(ctx, base), 0u - i);
    }
    for (uint32_t i = 0; i < 3; i++)
        KCALL0(KeLeaveCriticalRegion);
    CHECK_EQUAL(ctx->thread->apc_disable, 0);
    CHECK_EQUAL(regions_shown(ctx, base), 0);
    KCALL0(KeLeaveCriticalRegion);
    CHECK_EQUAL(ctx->thread->apc_disable, 0);
}

static void test_regions(void **state)
{
    (void)state;
    RUN_GUEST(region);
    assert_logged("KeLeaveCriticalRegion: the thread is in no critical region");
}

static void inside_too(grt_ppc *ctx, uint8_t *base)
{
    KCALL0(KeEnterCriticalRegion);
    flag_add(base, 0);
    WAIT_UNTIL(flag_get(base, 0) == 3); /* until all are inside */
    KCALL0(KeLeaveCriticalRegion);
}

/* 40: critical regions that are one lock for the process. */
static void regions_of_three(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    start_threads(ctx, base, s, 1, 3);
    join_threads(ctx, base, s, 3);
}

static void test_regions_are_no_lock(void **state)
{
    (void)state;
    RUN_GUEST(regions_of_three, inside_too);
    assert_silent();
}

/* ---- what was held back -------------------------------------------------------------------- */

static atomic_uint attended;

static void note_attend(grt_thread *thread)
{
    atomic_fetch_add(&attended, thread->irql == 0 && thread->apc_disable == 0);
}

/* An APC is looked for on the way back from lowering the level or leaving the region, though the
 * shortcut would not go that way. */
static void held_back(grt_ppc *ctx, uint8_t *base)
{
    grt_thread *thread = ctx->thread;
    thread->runtime->hooks.attend = note_attend;
    uint32_t old = KCALL(KfAcquireSpinLock, SHARED);
    atomic_fetch_or(&thread->attention, GRT_ATTEND_APC);
    KCALL(RtlTryEnterCriticalSection, SHARED + 0x40);
    CHECK_EQUAL(atomic_load(&attended), 0);
    KCALL(KfReleaseSpinLock, SHARED, old);
    CHECK_EQUAL(atomic_load(&attended), 1);
    KCALL0(KeEnterCriticalRegion);
    CHECK_EQUAL(atomic_load(&attended), 1);
    KCALL0(KeLeaveCriticalRegion);
    CHECK_EQUAL(atomic_load(&attended), 2);
    KCALL(KfRaiseIrql, 1);
    CHECK_EQUAL(atomic_load(&attended), 2);
    KCALL(KfLowerIrql, 0);
    CHECK_EQUAL(atomic_load(&attended), 3);
    atomic_fetch_and(&thread->attention, ~(unsigned)GRT_ATTEND_APC);
    KCALL(RtlLeaveCriticalSection, SHARED + 0x40);
}

static void test_what_was_held_back(void **state)
{
    (void)state;
    RUN_GUEST(held_back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_single),
        cmocka_unit_test(test_misuse),
        cmocka_unit_test(test_exclusion),
        cmocka_unit_test(test_suspended_owner),
        cmocka_unit_test(test_ended_owner),
        cmocka_unit_test(test_recursion),
        cmocka_unit_test(test_destroy_while_spinning),
        cmocka_unit_test(test_vandals),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_regions),
        cmocka_unit_test(test_regions_are_no_lock),
        cmocka_unit_test(test_what_was_held_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
