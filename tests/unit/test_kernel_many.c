/*
 * test_kernel_many.c - thousands of threads, DPCs, APCs, owned mutants and referenced objects: what
 * a call looks at does not grow with them.
 */
#include "kernel_fixture.h"

#define MANY 4000u
/* Looks that a hash table of 256 buckets, or of 1024 for threads, may cost each time. A list would
 * cost MANY / 2. */
#define LOOKS 64u

static grt_addr memory_for(grt_ppc *ctx, uint8_t *base, uint32_t size)
{
    grt_addr at = KCALL(ExAllocatePool, size);
    CHECK(at != 0);
    return at;
}

static uint64_t steps_of(const grt_ppc *ctx)
{
    return dispatch_of(ctx)->steps;
}

/* ---- DPCs ---------------------------------------------------------------------------------- */

#define KDPC(index) (kdpcs + 0x1C * (index))

static grt_addr kdpcs;
static uint32_t next_run, step_run;

/* They come in the order in which they were queued. */
static void dpc_routine(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    CHECK_EQUAL((uint32_t)ctx->r[4], next_run);
    next_run += step_run;
}

static void many_dpcs(grt_ppc *ctx, uint8_t *base)
{
    kdpcs = memory_for(ctx, base, 0x1C * MANY);
    KCALL0(KeRaiseIrqlToDpcLevel);
    for (uint32_t i = 0; i < MANY; i++) {
        KCALL(KeInitializeDpc, KDPC(i), FN(1), i);
        CHECK_EQUAL(KCALL(KeInsertQueueDpc, KDPC(i), 0, 0), 1);
    }
    for (uint32_t i = 0; i < MANY; i++)
        CHECK_EQUAL(KCALL(KeInsertQueueDpc, KDPC(MANY - 1 - i), 0, 0), 0);
    for (uint32_t i = 1; i < MANY; i += 2) {
        CHECK_EQUAL(KCALL(KeRemoveQueueDpc, KDPC(i)), 1);
        CHECK_EQUAL(KCALL(KeRemoveQueueDpc, KDPC(i)), 0);
    }
    next_run = 0;
    step_run = 2;
    KCALL(KfLowerIrql, 0);
    CHECK_EQUAL(next_run, MANY);
    CHECK(steps_of(ctx) < (uint64_t)MANY * 5 * LOOKS);
    CHECK(!dispatch_of(ctx)->dpcs && !ctx->thread->kernel.dpcs);
}

/* What a thread leaves queued goes with it, and nobody else's. */
static void leaves_dpcs(grt_ppc *ctx, uint8_t *base)
{
    KCALL0(KeRaiseIrqlToDpcLevel);
    for (uint32_t i = MANY / 2; i < MANY; i++)
        CHECK_EQUAL(KCALL(KeInsertQueueDpc, KDPC(i), 0, 0), 1);
    KCALL(KeRemoveQueueDpc, KDPC(MANY - 1));
    for (uint32_t i = MANY / 2; i < MANY - 1; i++)
        KCALL(KeRemoveQueueDpc, KDPC(i));
}

static void dpcs_of_two(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    kdpcs = memory_for(ctx, base, 0x1C * MANY);
    for (uint32_t i = 0; i < MANY; i++)
        KCALL(KeInitializeDpc, KDPC(i), FN(1), i);
    start_threads(ctx, base, s, 2, 1);
    join_threads(ctx, base, s, 1);
    KCALL0(KeRaiseIrqlToDpcLevel);
    for (uint32_t i = 0; i < MANY; i++)
        CHECK_EQUAL(KCALL(KeInsertQueueDpc, KDPC(i), 0, 0), 1);
    next_run = 0;
    step_run = 1;
    KCALL(KfLowerIrql, 0);
    CHECK_EQUAL(next_run, MANY);
}

static void test_dpcs(void **state)
{
    (void)state;
    RUN_GUEST(many_dpcs, dpc_routine);
    RUN_GUEST(dpcs_of_two, dpc_routine, leaves_dpcs);
}

/* ---- APCs ---------------------------------------------------------------------------------- */

#define KAPC(index) (kapcs + 0x28 * (index))

static grt_addr kapcs;

static void apc_routine(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    CHECK_EQUAL((uint32_t)ctx->r[3], next_run);
    next_run += 2;
}

/* A special one: gets its KAPC. All of them come before the others. */
static void special_routine(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    CHECK_EQUAL(((uint32_t)ctx->r[3] - kapcs) / 0x28, next_run);
    next_run += 2;
    if (next_run >= MANY)
        next_run = 0;
}

/* Every other one is special. */
static void many_apcs(grt_ppc *ctx, uint8_t *base)
{
    uint32_t self = grt_thread_kthread(ctx->thread);
    kapcs = memory_for(ctx, base, 0x28 * MANY);
    KCALL(KfRaiseIrql, 1);
    for (uint32_t i = 0; i < MANY; i++) {
        bool special = i % 2;
        KCALL(KeInitializeApc, KAPC(i), self, special ? FN(2) : 0, 0, special ? 0 : FN(1), 0, i);
        CHECK_EQUAL(KCALL(KeInsertQueueApc, KAPC(i), 0, 0, 0), 1);
        CHECK_EQUAL(KCALL(KeInsertQueueApc, KAPC(i), 0, 0, 0), 0);
    }
    for (uint32_t i = MANY; i-- > 0;)
        CHECK_EQUAL(KCALL(KeRemoveQueueApc, KAPC(i)), 1);
    for (uint32_t i = 0; i < MANY; i++)
        CHECK_EQUAL(KCALL(KeInsertQueueApc, KAPC(i), 0, 0, 0), 1);
    next_run = 1; /* special ones: 1, 3, ...; then 0, 2, ... */
    KCALL(KfLowerIrql, 0);
    CHECK_EQUAL(next_run, 0 + MANY);
    CHECK(steps_of(ctx) < (uint64_t)MANY * 6 * LOOKS);
    CHECK(!ctx->thread->kernel.apcs[0] && !ctx->thread->kernel.last_special);
}

static void test_apcs(void **state)
{
    (void)state;
    RUN_GUEST(many_apcs, apc_routine, special_routine);
}

/* ---- objects ------------------------------------------------------------------------------- */

static void many_objects(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx), list = memory_for(ctx, base, 4 * MANY);
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < MANY; i++) {
            CHECK_EQUAL(KCALL(NtCreateMutant, s, 0, 1), GRT_NT_SUCCESS);
            CHECK_EQUAL(KCALL(ObReferenceObjectByHandle, peek(base, s), 0, list + 4 * i),
                        GRT_NT_SUCCESS);
            KCALL(NtClose, peek(base, s));
        }
        CHECK_EQUAL(body_pages(dispatch_of(ctx)), (MANY + 63) / 64);
        for (uint32_t i = 0; i < MANY; i++) { /* the oldest first */
            CHECK_EQUAL(KCALL(KeReleaseMutant, peek(base, list + 4 * i), 0, 0, 0), 0);
            KCALL(ObDereferenceObject, peek(base, list + 4 * i));
        }
        CHECK_EQUAL(dispatch_of(ctx)->objects, 0);
        CHECK(!ctx->thread->kernel.mutants);
    }
}

/* An event with a body in guest memory, which a pointer keeps. */
static grt_addr new_body(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    CHECK_EQUAL(KCALL(NtCreateEvent, s, 0, 0, 0), GRT_NT_SUCCESS);
    CHECK_EQUAL(KCALL(ObReferenceObjectByHandle, peek(base, s), 0, s + 4), GRT_NT_SUCCESS);
    KCALL(NtClose, peek(base, s));
    return peek(base, s + 4);
}

/* Pages get room again, and are full again, in an order of their own. */
static void refilled(grt_ppc *ctx, uint8_t *base)
{
    grt_addr bodies[128];
    for (uint32_t i = 0; i < 128; i++)
        bodies[i] = new_body(ctx, base);
    CHECK_EQUAL(body_pages(dispatch_of(ctx)), 2);
    for (uint32_t i = 5; i < 128; i += 64) /* one of each */
        KCALL(ObDereferenceObject, bodies[i]);
    for (uint32_t i = 5; i < 128; i += 64)
        bodies[i] = new_body(ctx, base);
    CHECK_EQUAL(body_pages(dispatch_of(ctx)), 2);
    grt_addr another = new_body(ctx, base);
    CHECK_EQUAL(body_pages(dispatch_of(ctx)), 3);
    for (uint32_t i = 0; i < 128; i++)
        KCALL(ObDereferenceObject, bodies[i]);
    KCALL(ObDereferenceObject, another);
    CHECK_EQUAL(dispatch_of(ctx)->objects, 0);
}

static void test_objects(void **state)
{
    (void)state;
    RUN_GUEST(many_objects);
    RUN_GUEST(refilled);
}

/* ---- threads ------------------------------------------------------------------------------- */

#define THREADS 1000u

static void find_all(grt_runtime *runtime, grt_thread *const *threads)
{
    uint64_t before = runtime->index.steps;
    for (uint32_t i = 0; i < THREADS; i++) {
        assert_ptr_equal(grt_thread_find_id(runtime, threads[i]->id), threads[i]);
        assert_ptr_equal(grt_thread_find_kthread(runtime, threads[i]->kthread), threads[i]);
        grt_thread_release(threads[i]);
        grt_thread_release(threads[i]);
    }
    assert_true(runtime->index.steps - before < 2 * THREADS * LOOKS);
}

/* Not one that is gone, and not by a block that is another one's or nobody's by now. */
static void test_threads(void **state)
{
    (void)state;
    static fixture fix;
    static grt_thread *threads[THREADS];
    grt_runtime_config config = quiet_config();
    grt_ppc_function *const functions[] = {many_objects};
    grt_thread_config model = grt_thread_config_default();
    kernel_create(&fix, &config, functions, 1);
    model.entry = FN(0);
    model.stack_size = 0x4000;
    for (uint32_t i = 0; i < THREADS; i++)
        assert_int_equal(grt_thread_prepare(fix.runtime, &model, &threads[i]), GRT_OK);
    find_all(fix.runtime, threads);
    assert_null(grt_thread_find_id(fix.runtime, 0));
    assert_null(grt_thread_find_kthread(fix.runtime, 0));
    uint32_t first_id = threads[0]->id, last_block = threads[THREADS - 1]->kthread;
    for (uint32_t i = 0; i < THREADS; i++) {
        grt_thread_abandon(threads[i]);
        if (i == 0)
            assert_null(grt_thread_find_id(fix.runtime, 0));
        grt_thread_release(threads[i]);
    }
    assert_null(grt_thread_find_id(fix.runtime, first_id));
    assert_null(grt_thread_find_kthread(fix.runtime, last_block));
    fixture_destroy(&fix);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dpcs),
        cmocka_unit_test(test_apcs),
        cmocka_unit_test(test_objects),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
