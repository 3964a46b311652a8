/*
 * Goal: the guest's setjmp and longjmp restore what they must, nest, and refuse every buffer whose
 * frame is gone, in bounded memory.
 * Method: guest functions that keep a guest frame and use the same macro as generated code.
 */
#include "guestrt/ppc_float.h"
#include "thread_fixture.h"

#include <fenv.h>

#define BUFFER(i) (DATA_BASE + (grt_addr)(i)*8)

static void push(grt_ppc *ctx, uint8_t *base, uint32_t size)
{
    uint32_t old = (uint32_t)ctx->r[1];
    ctx->r[1] = old - size;
    grt_store32(base + old - size, old);
}

static void pop(grt_ppc *ctx, uint8_t *base)
{
    ctx->r[1] = grt_load32(base + (uint32_t)ctx->r[1]);
}

static __attribute__((noinline)) void jump_from_below(grt_ppc *ctx, uint8_t *base, grt_addr buffer,
                                                      uint32_t value)
{
    push(ctx, base, 0x40);
    ctx->r[2] = ctx->r[14] = ctx->r[31] = 0xBAD;
    ctx->f[14].d = ctx->f[31].d = -1.0;
    ctx->cr[5] ^= 1;
    ctx->fpscr = 0xE;
    grt_ppc_apply_rounding(ctx);
    ctx->lr = 0xBAD;
    grt_ppc_longjmp(ctx, base, buffer, value);
}

static void guest_round_trip(grt_ppc *ctx, uint8_t *base)
{
    uint32_t r1 = (uint32_t)ctx->r[1];
    push(ctx, base, 0x80);
    ctx->r[2] = 2;
    ctx->r[14] = 14;
    ctx->r[31] = 31;
    ctx->f[14].d = 0.5;
    ctx->f[31].d = 1.5;
    ctx->fpscr = 3; /* rounds down */
    grt_ppc_apply_rounding(ctx);
    ctx->lr = 0x1234;
    ctx->cr[5] = 1;
    volatile uint32_t rounds = 0;
    int value = GRT_PPC_SETJMP(ctx, base, BUFFER(0));
    bool kept = ctx->r[2] == 2 && ctx->r[14] == 14 && ctx->r[31] == 31 && ctx->f[14].d == 0.5 &&
                ctx->f[31].d == 1.5 && ctx->fpscr == 3 && ctx->lr == 0x1234 && ctx->cr[5] == 1 &&
                (uint32_t)ctx->r[1] == r1 - 0x80 && fegetround() == FE_DOWNWARD;
    if (!kept) {
        ctx->r[3] = 100 + (uint32_t)value;
        return;
    }
    rounds = rounds + 1;
    if (value == 0)
        jump_from_below(ctx, base, BUFFER(0), 7);
    if (value == 7)
        jump_from_below(ctx, base, BUFFER(0), 0); /* counts as 1 */
    pop(ctx, base);
    ctx->r[3] = rounds * 10 + (uint32_t)value;
}

static __attribute__((noinline)) void fill_and_return(grt_ppc *ctx, uint8_t *base, grt_addr buffer)
{
    push(ctx, base, 0x60);
    if (GRT_PPC_SETJMP(ctx, base, buffer) != 0)
        ctx->r[4] = 0xDEAD; /* must never run */
    pop(ctx, base);
}

static void guest_dead_frame(grt_ppc *ctx, uint8_t *base)
{
    fill_and_return(ctx, base, BUFFER(1));
    grt_ppc_longjmp(ctx, base, BUFFER(1), 1);
}

static void guest_unknown_buffer(grt_ppc *ctx, uint8_t *base)
{
    grt_ppc_longjmp(ctx, base, (grt_addr)ctx->r[3], 1);
}

/* Nested setjmps, each thrown to from inside, from the innermost out. */
static __attribute__((noinline)) uint32_t nest(grt_ppc *ctx, uint8_t *base, uint32_t depth)
{
    push(ctx, base, 0x20);
    volatile uint32_t caught = 0;
    if (GRT_PPC_SETJMP(ctx, base, BUFFER(16 + depth)) == 0) {
        if (depth > 0)
            caught = nest(ctx, base, depth - 1);
        grt_ppc_longjmp(ctx, base, BUFFER(16 + depth), 1);
    } else {
        caught = caught + 1;
    }
    pop(ctx, base);
    return caught;
}

static void guest_nest(grt_ppc *ctx, uint8_t *base)
{
    ctx->r[3] = nest(ctx, base, (uint32_t)ctx->r[3]);
}

/* Ever new buffers from frames that return: they must not pile up. */
static void guest_many_buffers(grt_ppc *ctx, uint8_t *base)
{
    for (uint32_t i = 0; i < 100000; i++)
        fill_and_return(ctx, base, 0x10000000u + 8 * i);
    ctx->r[3] = 1;
}

/* The same from one frame that does not return: the newest stay good. */
static void guest_one_frame(grt_ppc *ctx, uint8_t *base)
{
    for (uint32_t i = 0; i < 100000; i++)
        (void)GRT_PPC_SETJMP(ctx, base, 0x10000000u + 8 * i);
    volatile uint32_t caught = 0;
    if (GRT_PPC_SETJMP(ctx, base, BUFFER(3)) == 0)
        jump_from_below(ctx, base, BUFFER(3), 1);
    caught = 1;
    ctx->r[3] = caught;
}

static void guest_inner(grt_ppc *ctx, uint8_t *base)
{
    grt_ppc_longjmp(ctx, base, BUFFER(2), 1);
}

static void guest_across_the_host(grt_ppc *ctx, uint8_t *base)
{
    push(ctx, base, 0x60);
    if (GRT_PPC_SETJMP(ctx, base, BUFFER(2)) == 0)
        grt_runtime_call(grt_thread_runtime(ctx->thread), FN(6), NULL, 0, NULL);
    ctx->r[3] = 0x600D;
}

static grt_ppc_function *const functions[] = {
    guest_round_trip,   guest_dead_frame, guest_unknown_buffer, guest_nest,
    guest_many_buffers, guest_one_frame,  guest_inner,          guest_across_the_host,
};

WARNING_FIXTURE(functions)

static void test_round_trip(void **state)
{
    (void)state;
    assert_int_equal(run_to_end(&fix, FN(0), 0), 31);
}

static void test_dead_frame(void **state)
{
    (void)state;
    assert_int_equal(run_to_end(&fix, FN(1), 0), 0xC0000026u);
    assert_logged("SUMMARY GRT-F017 BAD_LONGJMP");
    assert_logged("the function that did has returned");
}

static void test_unknown_buffer(void **state)
{
    (void)state;
    assert_int_equal(run_to_end(&fix, FN(2), 0), 0xC0000026u);
    assert_int_equal(run_to_end(&fix, FN(2), 0xFFFFFFFFu), 0xC0000026u);
    assert_int_equal(run_to_end(&fix, FN(0), 0), 31);
}

static void test_nesting(void **state)
{
    (void)state;
    assert_int_equal(run_to_end(&fix, FN(3), 0), 1);
    assert_int_equal(run_to_end(&fix, FN(3), 300), 301);
}

static void test_bounds(void **state)
{
    (void)state;
    assert_int_equal(run_to_end(&fix, FN(4), 0), 1);
    assert_int_equal(run_to_end(&fix, FN(5), 0), 1);
    assert_int_equal(run_to_end(&fix, FN(3), 4095), 4096);
    assert_false(log_has("FAULT"));
    assert_int_equal(run_to_end(&fix, FN(3), 4096), 0xC0000017u);
    assert_logged("SUMMARY GRT-F018 SETJMP_LIMIT");
}

static void test_across_the_host(void **state)
{
    (void)state;
    assert_int_equal(run_to_end(&fix, FN(7), 0), 0xC0000026u);
    assert_logged("the jump would cross a call from the host into the guest");
}

/* A buffer belongs to the thread that filled it. */
static void test_two_threads(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        grt_thread *first = start(&fix, FN(0), 0, 0);
        grt_thread *second = start(&fix, FN(3), 100, 0);
        assert_int_equal(join(first), 31);
        assert_int_equal(join(second), 101);
        grt_thread_release(first);
        grt_thread_release(second);
    }
}

FIXTURE_TEST(test_round_trip)
FIXTURE_TEST(test_dead_frame)
FIXTURE_TEST(test_unknown_buffer)
FIXTURE_TEST(test_nesting)
FIXTURE_TEST(test_bounds)
FIXTURE_TEST(test_across_the_host)
FIXTURE_TEST(test_two_threads)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(run_test_round_trip),     cmocka_unit_test(run_test_dead_frame),
        cmocka_unit_test(run_test_unknown_buffer), cmocka_unit_test(run_test_nesting),
        cmocka_unit_test(run_test_bounds),         cmocka_unit_test(run_test_across_the_host),
        cmocka_unit_test(run_test_two_threads),
    };
    return cmocka_run_group_tests_name("setjmp", tests, NULL, NULL);
}
