/*
 * test_ppc_float.c - floating point for generated code, inline and exact.
 *
 * Singles are compared with a second way of rounding once, in 128-bit arithmetic; the rest with
 * values worked out by hand. tests/isa compares everything with an emulator.
 */
#include "unit.h"
#include "guestrt/ppc_ops.h"
#include "ppc/fpscr.h"
#include <fenv.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint64_t random_state;

static uint64_t random_next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* Numbers whose results often lie between two singles, or are subnormal as one. */
static double random_double(void)
{
    uint64_t sign = random_next() & UINT64_C(1) << 63;
    uint64_t exponent = 1023 - 85 + random_next() % 140; /* products stay below 2^110 */
    uint64_t fraction = random_next() >> 12;
    if (random_next() % 4 != 0)
        fraction &= ~UINT64_C(0x1FFFFFFF);
    if (random_next() % 2 == 0)
        fraction = (fraction & ~UINT64_C(0x1FFFFFFF)) | 0x10000000;
    return grt_from_bits(sign | exponent << 52 | fraction);
}

#define QUIET_DEFAULT UINT64_C(0x7FF8000000000000)

static void expect_bits(double value, uint64_t bits)
{
    assert_int_equal(grt_to_bits(value), bits);
}

/* ---- loads and stores
 * ------------------------------------------------------------------------------ */

static void test_singles_survive_load_and_store(void **state)
{
    static const uint32_t patterns[] = {0,          0x80000000, 1,          0x807FFFFF, 0x00800000,
                                        0x7F7FFFFF, 0x7F800000, 0xFF800000, 0x7F800001, 0xFFBFFFFF,
                                        0x7FC00000, 0xFFFFFFFF, 0x3F800000};
    uint8_t memory[12] = {0};
    (void)state;
    for (unsigned i = 0; i < 200000; i++) {
        uint32_t bits = i < 13 ? patterns[i] : (uint32_t)random_next();
        grt_st32(memory, 0, bits);
        double value = grt_lfs(memory, 0);
        grt_stfs(memory, 4, value);
        grt_stfs_single(memory, 8, value);
        assert_int_equal(grt_ld32(memory, 4), bits);
        assert_int_equal(grt_ld32(memory, 8), bits);
    }
    grt_st32(memory, 0, 0xFFA00001);
    expect_bits(grt_lfs(memory, 0), UINT64_C(0xFFF4000020000000));
    grt_st32(memory, 0, 0x00000001);
    expect_bits(grt_lfs(memory, 0), UINT64_C(0x36A0000000000000));
}

/* stfs of what is no single cuts bits off. */
static void test_stores_never_round(void **state)
{
    (void)state;
    assert_int_equal(grt_cut_to_single(0x1.FFFFFFFFFFFFFp0), 0x3FFFFFFF);
    assert_int_equal(grt_cut_to_single(-0x1.FFFFFFFFFFFFFp-130), 0x800FFFFF);
    assert_int_equal(grt_cut_to_single(0x1p-150), 0);
    assert_int_equal(grt_cut_to_single(-0x1p-1000), 0x80000000);
}

/* ---- NaNs
 * ------------------------------------------------------------------------------------------ */

static void test_which_nan_is_the_result(void **state)
{
    const double a = grt_from_bits(UINT64_C(0xFFF0000020000001)); /* signalling */
    const double b = grt_from_bits(UINT64_C(0x7FF8000040000002));
    const double c = grt_from_bits(UINT64_C(0xFFF8000080000003));
    (void)state;
    expect_bits(grt_fadd(a, b), UINT64_C(0xFFF8000020000001));
    expect_bits(grt_fadd(b, a), UINT64_C(0x7FF8000040000002));
    expect_bits(grt_fsub(1, c), UINT64_C(0xFFF8000080000003)); /* not negated */
    expect_bits(grt_fmadd(1, c, b), UINT64_C(0x7FF8000040000002));
    expect_bits(grt_fmadd(1, c, 1), UINT64_C(0xFFF8000080000003));
    expect_bits(grt_fmsub(a, c, b), UINT64_C(0xFFF8000020000001));
    expect_bits(grt_fnmadd(1, 1, b), UINT64_C(0x7FF8000040000002));
    expect_bits(grt_fnmsub(1, 1, c), UINT64_C(0xFFF8000080000003));
    expect_bits(grt_fadds_wide(a, b), UINT64_C(0xFFF8000020000000));
    expect_bits(grt_fnmadds_wide(1, 1, b), UINT64_C(0x7FF8000040000000));
    expect_bits(grt_fadds((float)a, (float)b), UINT64_C(0xFFF8000020000000));
}

static void test_invalid_operations_give_the_positive_nan(void **state)
{
    const double inf = INFINITY;
    (void)state;
    expect_bits(grt_fsub(inf, inf), QUIET_DEFAULT);
    expect_bits(grt_fmul(inf, 0), QUIET_DEFAULT);
    expect_bits(grt_fdiv(0, 0), QUIET_DEFAULT);
    expect_bits(grt_fdiv(-inf, inf), QUIET_DEFAULT);
    expect_bits(grt_fsqrt(-1), QUIET_DEFAULT);
    expect_bits(grt_frsqrte(-1), QUIET_DEFAULT);
    expect_bits(grt_fnmadd(inf, 0, 1), QUIET_DEFAULT);
    expect_bits(grt_fmsubs_wide(inf, 1, inf), QUIET_DEFAULT);
    expect_bits(grt_fdivs(0, 0), QUIET_DEFAULT);
    expect_bits(grt_fsqrt(-0.0), UINT64_C(1) << 63);
    expect_bits(grt_frsqrte(-0.0), UINT64_C(0xFFF0000000000000));
}

/* ---- rounding once
 * --------------------------------------------------------------------------------- */

#if defined(__SIZEOF_FLOAT128__)
/* 128-bit arithmetic is exact for these, so the conversion is the only rounding: of the plain
 * conversion and its neighbours, the nearest to the exact value, the even one of a tie. */
__extension__ typedef __float128 quad;

static float nearest_single(quad value)
{
    float guess = (float)(double)value;
    float best = guess;
    for (int i = 0; i < 2; i++) {
        float next = nextafterf(guess, i == 0 ? -INFINITY : INFINITY);
        quad far = value - (quad)best, near = value - (quad)next;
        far = far < 0 ? -far : far;
        near = near < 0 ? -near : near;
        uint32_t odd = grt_single_to_bits(best) & 1;
        if (near < far || (near == far && odd != 0))
            best = next;
    }
    return best;
}

static void test_singles_are_rounded_once(void **state)
{
    (void)state;
    unsigned ties = 0;
    for (unsigned i = 0; i < 300000; i++) {
        double a = random_double(), b = random_double() * 0x1p-30, c = random_double();
        float product = grt_fmuls_wide(a, c), sum = grt_fadds_wide(a, b);
        ties += grt_rounds_twice(a * c);
        assert_int_equal(grt_single_to_bits(product),
                         grt_single_to_bits(nearest_single((quad)a * c)));
        if (fabs(a) < fabs(b) * 0x1p50 && fabs(b) < fabs(a) * 0x1p50)
            assert_int_equal(grt_single_to_bits(sum),
                             grt_single_to_bits(nearest_single((quad)a + b)));
    }
    assert_true(ties > 100); /* the rare path was taken */
}
#endif

static void test_a_fused_operation_between_two_singles(void **state)
{
    (void)state;
    const double tie = 0x1.000001p0, tiny = 0x1p-60; /* 1 + half a unit of a single */
    assert_true(grt_fmadds_wide(1, tie, 0) == 0x1p0f);
    assert_true(grt_fmadds_wide(1, tie, tiny) == 0x1.000002p0f);
    assert_true(grt_fmsubs_wide(1, tie, tiny) == 0x1p0f);
    assert_true(grt_fnmadds_wide(1, tie, tiny) == -0x1.000002p0f);
    assert_true(grt_fadds_wide(tie, tiny) == 0x1.000002p0f);
    assert_true(grt_fdivs_wide(0x1p-149, 2) == 0);
    assert_true(grt_fdivs_wide(0x1.8p-149, 1) == 0x1p-148f);
}

static void test_negation_comes_after_rounding(void **state)
{
    (void)state;
    grt_ppc ctx = {0};
    grt_ppc_mtfsfi(&ctx, 7, 2); /* upward */
    assert_int_equal(fegetround(), FE_UPWARD);
    volatile double one = 1, tiny = 0x1p-60;
    expect_bits(grt_fnmadd(one, one, tiny), grt_to_bits(-0x1.0000000000001p0));
    assert_true(grt_fnmadds_wide(one, one, tiny) == -0x1.000002p0f);
    expect_bits(grt_ppc_fnmadds(&ctx, one, one, tiny), grt_to_bits(-0x1.000002p0));
    grt_ppc_mtfsb(&ctx, 30, 0);
    assert_int_equal(fegetround(), FE_TONEAREST);
}

/* ---- conversions
 * ----------------------------------------------------------------------------------- */

static void test_integer_conversions_saturate(void **state)
{
    static const struct {
        double value;
        uint64_t word, truncated_word, truncated_double;
    } cases[] = {
        {1.5, 2, 1, 1},
        {2.5, 2, 2, 2},
        {-1.5, UINT64_C(0xFFFFFFFFFFFFFFFE), ~UINT64_C(0), ~UINT64_C(0)},
        {2147483647.5, 0x7FFFFFFF, 0x7FFFFFFF, 0x7FFFFFFF},
        {-2147483648.5, UINT64_C(0xFFFFFFFF80000000), UINT64_C(0xFFFFFFFF80000000),
         UINT64_C(0xFFFFFFFF80000000)},
        {4e9, 0x7FFFFFFF, 0x7FFFFFFF, 4000000000},
        {1e30, 0x7FFFFFFF, 0x7FFFFFFF, INT64_MAX},
        {-INFINITY, UINT64_C(0xFFFFFFFF80000000), UINT64_C(0xFFFFFFFF80000000), UINT64_C(1) << 63},
        {NAN, UINT64_C(0xFFFFFFFF80000000), UINT64_C(0xFFFFFFFF80000000), UINT64_C(1) << 63},
    };
    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect_bits(grt_fctiw(cases[i].value), cases[i].word);
        expect_bits(grt_fctiwz(cases[i].value), cases[i].truncated_word);
        expect_bits(grt_fctidz(cases[i].value), cases[i].truncated_double);
    }
    expect_bits(grt_fctid(0x1p63), INT64_MAX);
    expect_bits(grt_fcfid(grt_from_bits(~UINT64_C(0))), grt_to_bits(-1.0));
}

/* ---- exact FPSCR
 * ----------------------------------------------------------------------------------- */

enum { FX = 1, POSITIVE = 0x4000, NEGATIVE = 0x8000 };

static void expect_fpscr(grt_ppc *ctx, uint32_t expected)
{
    if (ctx->fpscr != expected)
        fail_msg("FPSCR is %08x, not %08x", (unsigned)ctx->fpscr, (unsigned)expected);
    ctx->fpscr = 0;
}

static void test_exact_exceptions(void **state)
{
    grt_ppc ctx = {0};
    const double inf = INFINITY, snan = grt_from_bits(UINT64_C(0x7FF0000000000001));
    const uint32_t invalid = FPSCR_FX | FPSCR_VX | FPRF_NAN;
    (void)state;
    grt_ppc_fadd(&ctx, 1, 1);
    expect_fpscr(&ctx, POSITIVE);
    grt_ppc_fdiv(&ctx, 2, 3); /* 0.666...: rounded down */
    expect_fpscr(&ctx, FPSCR_FX | FPSCR_XX | FPSCR_FI | POSITIVE);
    grt_ppc_fdiv(&ctx, -1, 10); /* -0.1: rounded away from zero */
    expect_fpscr(&ctx, FPSCR_FX | FPSCR_XX | FPSCR_FI | FPSCR_FR | NEGATIVE);
    grt_ppc_fdiv(&ctx, 1, 0);
    expect_fpscr(&ctx, FPSCR_FX | FPSCR_ZX | 0x5000);
    grt_ppc_fmul(&ctx, 1e200, 1e200);
    expect_fpscr(&ctx, FPSCR_FX | FPSCR_OX | FPSCR_XX | FPSCR_FI | FPSCR_FR | 0x5000);
    grt_ppc_fmul(&ctx, 1e-200, 1e-200);
    expect_fpscr(&ctx, FPSCR_FX | FPSCR_UX | FPSCR_XX | FPSCR_FI | 0x2000);
    grt_ppc_fsub(&ctx, inf, inf);
    expect_fpscr(&ctx, invalid | FPSCR_VXISI);
    grt_ppc_fmul(&ctx, inf, 0);
    expect_fpscr(&ctx, invalid | FPSCR_VXIMZ);
    grt_ppc_fdiv(&ctx, 0, 0);
    expect_fpscr(&ctx, invalid | FPSCR_VXZDZ);
    grt_ppc_fdiv(&ctx, inf, inf);
    expect_fpscr(&ctx, invalid | FPSCR_VXIDI);
    grt_ppc_fsqrt(&ctx, -1);
    expect_fpscr(&ctx, invalid | FPSCR_VXSQRT);
    grt_ppc_fmadd(&ctx, inf, 0, snan);
    expect_fpscr(&ctx, invalid | FPSCR_VXIMZ | FPSCR_VXSNAN);
    grt_ppc_fadd(&ctx, NAN, 1);
    expect_fpscr(&ctx, FPRF_NAN);
    grt_ppc_fctiw(&ctx, 1e10);
    expect_fpscr(&ctx, invalid | FPSCR_VXCVI);
    assert_int_equal(grt_ppc_fcmpo(&ctx, NAN, 1), 1);
    expect_fpscr(&ctx, FPSCR_FX | FPSCR_VX | FPSCR_VXVC | 0x1000);
    assert_int_equal(grt_ppc_fcmpu(&ctx, NAN, 1), 1);
    expect_fpscr(&ctx, 0x1000);
}

/* The host may round to the least normal number without calling it an underflow; the guest does
 * not. */
static void test_tiny_before_rounding(void **state)
{
    grt_ppc ctx = {0};
    (void)state;
    double least = grt_ppc_fmul(&ctx, 0x1.FFFFFFFFFFFFFp-1, 0x1.0000000000000p-1022);
    assert_true(least == 0x1p-1022);
    expect_fpscr(&ctx, FPSCR_FX | FPSCR_UX | FPSCR_XX | FPSCR_FI | FPSCR_FR | POSITIVE);
    double single = grt_ppc_frsp(&ctx, 0x1.FFFFFFFFFFFFFp-127);
    assert_true(single == 0x1p-126);
    expect_fpscr(&ctx, FPSCR_FX | FPSCR_UX | FPSCR_XX | FPSCR_FI | FPSCR_FR | POSITIVE);
}

static void test_moves_of_the_fpscr(void **state)
{
    grt_ppc ctx = {0};
    (void)state;
    grt_ppc_mtfsf(&ctx, 0xFF, grt_from_bits(0xFFFFFFFC));
    expect_fpscr(&ctx, 0xFFFFF7FC); /* all but the reserved bit; RN apart */
    grt_ppc_mtfsf(&ctx, 0x80, grt_from_bits(0xFFFFFFFF));
    expect_fpscr(&ctx, FPSCR_FX | FPSCR_OX); /* the summaries follow, they are not stored */
    grt_ppc_mtfsb(&ctx, 7, 1);
    assert_int_equal(ctx.fpscr, FPSCR_VX | FPSCR_VXSNAN);
    assert_int_equal(grt_ppc_mcrfs(&ctx, 1), 1);
    expect_fpscr(&ctx, 0);
    ctx.fpscr = FPSCR_FX | FPSCR_OX | 0x4000;
    assert_int_equal(grt_ppc_mcrfs(&ctx, 0), 9);
    expect_fpscr(&ctx, 0x4000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_singles_survive_load_and_store),
        cmocka_unit_test(test_stores_never_round),
        cmocka_unit_test(test_which_nan_is_the_result),
        cmocka_unit_test(test_invalid_operations_give_the_positive_nan),
#if defined(__SIZEOF_FLOAT128__)
        cmocka_unit_test(test_singles_are_rounded_once),
#endif
        cmocka_unit_test(test_a_fused_operation_between_two_singles),
        cmocka_unit_test(test_negation_comes_after_rounding),
        cmocka_unit_test(test_integer_conversions_saturate),
        cmocka_unit_test(test_exact_exceptions),
        cmocka_unit_test(test_tiny_before_rounding),
        cmocka_unit_test(test_moves_of_the_fpscr),
    };
    const char *wish = getenv("GUESTRT_SEED");
    uint64_t seed = wish != NULL ? strtoull(wish, NULL, 0) : (uint64_t)time(NULL);
    printf("GUESTRT_SEED=%llu\n", (unsigned long long)seed);
    random_state = seed * 0x9E3779B97F4A7C15u | 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
