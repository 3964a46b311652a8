/* test_kernel_dpc.c - DPCs of timers, and those that are queued at a raised level. */
#include "kernel_fixture.h"

#include "kernel/irql.h"

#define PCR_IRQL 0x18u

static atomic_uint runs, levels, foreign;

static void runs_at_dispatch(grt_ppc *ctx, uint8_t *base)
{
    atomic_fetch_add(&levels, base[ctx->thread->pcr + PCR_IRQL] == GRT_IRQL_DISPATCH);
    atomic_fetch_add(&levels, ctx->thread->irql == GRT_IRQL_DISPATCH);
    atomic_fetch_add(&foreign, ctx->thread->foreign);
    atomic_fetch_add(&runs, 1);
}

static void reset(void)
{
    atomic_store(&runs, 0);
    atomic_store(&levels, 0);
    atomic_store(&foreign, 0);
}

/* Arms the timer at [body], whose DPC is [kdpc], to fire [later] ns from now. */
static void arm(const grt_ppc *ctx, uint8_t *base, grt_addr body, grt_addr kdpc, uint64_t later,
                uint64_t period)
{
    grt_dispatch *dispatch = dispatch_of(ctx);
    grt_handle_trouble trouble;
    memset(base + body, 0, GRT_BODY_TIMER_SIZE);
    base[body] = GRT_TYPE_BYTE_AUTO_TIMER;
    CHECK_EQUAL(grt_clock_start(dispatch), 0);
    grt_object *timer = grt_object_at(dispatch, body, GRT_OBJECT_TIMER, &trouble);
    CHECK(timer != NULL);
    timer->timer.dpc = kdpc;
    grt_timer_set(dispatch, timer, later ? grt_dispatch_clock(dispatch) + later : 0, period);
    grt_object_release(dispatch, timer);
    grt_dispatch_unlock(dispatch);
}

/* They run on the clock's thread, at the level where they belong. */
static void timers(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx), kdpc = s + 0x80;
    reset();
    KCALL(KeInitializeDpc, kdpc, FN(1), 0);
    arm(ctx, base, s, kdpc, 1000000, 0);
    while (atomic_load(&runs) < 1)
        KCALL0(NtYieldExecution);
    arm(ctx, base, s, kdpc, 0, 0); /* at once */
    while (atomic_load(&runs) < 2)
        KCALL0(NtYieldExecution);
    CHECK_EQUAL(atomic_load(&levels), 4);
    CHECK_EQUAL(atomic_load(&foreign), 2);
}

static void test_timers(void **state)
{
    (void)state;
    RUN_GUEST(timers, runs_at_dispatch);
}

/* What is queued at DISPATCH level waits until the level has sunk. */
static void raised(grt_ppc *ctx, uint8_t *base)
{
    grt_addr kdpc = scratch(ctx);
    reset();
    KCALL(KeInitializeDpc, kdpc, FN(1), 0);
    grt_kernel_set_irql(ctx->thread, GRT_IRQL_DISPATCH);
    CHECK_EQUAL(KCALL(KeInsertQueueDpc, kdpc, 0, 0), 1);
    KCALL(KeTlsGetValue, 0);
    CHECK_EQUAL(atomic_load(&runs), 0);
    CHECK_EQUAL(KCALL(KeInsertQueueDpc, kdpc, 0, 0), 0);
    grt_kernel_set_irql(ctx->thread, GRT_IRQL_PASSIVE);
    KCALL(KeTlsGetValue, 0);
    CHECK_EQUAL(atomic_load(&runs), 1);
    CHECK_EQUAL(atomic_load(&levels), 2);
    CHECK_EQUAL(atomic_load(&foreign), 0);
    CHECK_EQUAL(ctx->thread->irql, GRT_IRQL_PASSIVE);
    KCALL(KeTlsGetValue, 0); /* nothing is left to attend to */
    CHECK_EQUAL(atomic_load(&ctx->thread->attention) & GRT_ATTEND_APC, 0);
}

static void test_raised(void **state)
{
    (void)state;
    RUN_GUEST(raised, runs_at_dispatch);
}

/* Threads queue and remove the same ones: each runs as often as it was queued and not removed. */
#define QUEUERS 3u
static atomic_uint queued;
static grt_addr kdpcs;

static void queuer(grt_ppc *ctx, uint8_t *base)
{
    for (uint32_t i = 0; i < 2000; i++) {
        grt_addr kdpc = kdpcs + 0x20 * (i % 3);
        if (KCALL(KeInsertQueueDpc, kdpc, i, i))
            atomic_fetch_add(&queued, 1);
        if (i % 5 == 0 && KCALL(KeRemoveQueueDpc, kdpc))
            atomic_fetch_sub(&queued, 1);
    }
}

static void contended(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    reset();
    atomic_store(&queued, 0);
    kdpcs = s + 0x80;
    for (uint32_t i = 0; i < 3; i++)
        KCALL(KeInitializeDpc, kdpcs + 0x20 * i, FN(2), i);
    start_threads(ctx, base, s, 1, QUEUERS);
    join_threads(ctx, base, s, QUEUERS);
    KCALL0(KeRetireDpcList);
    CHECK_EQUAL(atomic_load(&runs), atomic_load(&queued));
    CHECK_EQUAL(atomic_load(&levels), 2 * atomic_load(&runs));
}

static void test_contended(void **state)
{
    (void)state;
    RUN_GUEST(contended, queuer, runs_at_dispatch);
}

/* ---- seeded runs -------------------------------------------------------------------------- */

static void breathe_until_run(grt_ppc *ctx, uint8_t *base)
{
    for (uint32_t i = 0; i < 1000 && atomic_load(&runs) == 0; i++)
        KCALL0(KeGetCurrentProcessType);
    CHECK_EQUAL(atomic_load(&runs), 1);
}

static void waits_then_breathes(grt_ppc *ctx, uint8_t *base)
{
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, ctx->r[3], 0, 0, 0), GRT_NT_SUCCESS);
    breathe_until_run(ctx, base);
}

/* The thread whose wait is interrupted for a timer's DPC is let through before it comes to look: it
 * runs the DPC all the same, although neither it nor anybody else waits again. */
static void let_through(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx), kdpc = s + 0x80;
    grt_dispatch *dispatch = dispatch_of(ctx);
    reset();
    KCALL(KeInitializeDpc, kdpc, FN(2), 0);
    CHECK_EQUAL(KCALL(NtCreateEvent, s + 0x40, 0, 1, 0), GRT_NT_SUCCESS);
    uint32_t event = peek(base, s + 0x40);
    CHECK_EQUAL(KCALL(ExCreateThread, s + 0x44, 0, 0, 0, FN(1), event, 0), GRT_NT_SUCCESS);
    while (dispatch->waiting == 0)
        KCALL0(KeGetCurrentProcessType);
    arm(ctx, base, s, kdpc, 3000, 0);
    while (!dispatch->dpcs && atomic_load(&runs) == 0)
        KCALL0(KeGetCurrentProcessType);
    CHECK_EQUAL(KCALL(NtSetEvent, event, 0), GRT_NT_SUCCESS);
    breathe_until_run(ctx, base);
    CHECK_EQUAL(KCALL(NtWaitForSingleObjectEx, peek(base, s + 0x44), 0, 0, 0), GRT_NT_SUCCESS);
}

static void test_let_through(void **state)
{
    (void)state;
    grt_ppc_function *const functions[] = {let_through, waits_then_breathes, runs_at_dispatch};
    for (uint64_t seed = 1; seed <= 32; seed++) {
        grt_runtime_config config = quiet_config();
        config.schedule_seed = seed;
        run_guest_with(&config, functions, 3);
    }
}

/* ---- what goes wrong ---------------------------------------------------------------------- */

static void no_function(grt_ppc *ctx, uint8_t *base)
{
    grt_addr kdpc = scratch(ctx);
    KCALL(KeInitializeDpc, kdpc, 0x10, 0);
    CHECK_EQUAL(KCALL(KeInsertQueueDpc, kdpc, 0, 0), 1);
    CHECK_EQUAL(ctx->thread->irql, GRT_IRQL_PASSIVE);
}

static void test_no_function(void **state)
{
    (void)state;
    RUN_GUEST(no_function);
    assert_logged("the routine 0x00000010 of the DPC at 0x");
    assert_logged("was not called: ");
}

static void faults(grt_ppc *ctx, uint8_t *base)
{
    (void)ctx;
    grt_store32(base + 0x10, 1);
}

/* A DPC that faults on the clock's thread is reported; the clock goes on. */
static void faulting(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx), bad = s + 0x80, good = s + 0xC0;
    reset();
    KCALL(KeInitializeDpc, bad, FN(2), 0);
    KCALL(KeInitializeDpc, good, FN(1), 0);
    arm(ctx, base, s, bad, 1000000, 0);
    arm(ctx, base, s + 0x40, good, 3000000, 0);
    while (atomic_load(&runs) < 1)
        KCALL0(NtYieldExecution);
}

static void test_faulting(void **state)
{
    (void)state;
    RUN_GUEST(faulting, runs_at_dispatch, faults);
    assert_logged("SUMMARY GRT-F");
}

/* The runtime ends while a periodic timer's DPC runs, and runs. */
static void busy(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx), kdpc = s + 0x80;
    reset();
    KCALL(KeInitializeDpc, kdpc, FN(1), 0);
    arm(ctx, base, s, kdpc, 1000, 1000);
    while (atomic_load(&runs) < 10)
        KCALL0(NtYieldExecution);
}

static void test_destroyed_meanwhile(void **state)
{
    (void)state;
    RUN_GUEST(busy, runs_at_dispatch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timers),
        cmocka_unit_test(test_raised),
        cmocka_unit_test(test_contended),
        cmocka_unit_test(test_no_function),
        cmocka_unit_test(test_let_through),
        cmocka_unit_test(test_faulting),
        cmocka_unit_test(test_destroyed_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
