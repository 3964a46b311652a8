/*
 * exact.c - arithmetic that keeps the FPSCR exactly.
 */
#include "arith.h"
#include "fpscr.h"
#include "guestrt/ppc_float.h"
#include <math.h>

typedef struct operands {
    double a, b, c; /* those an operation does not have are 1 */
} operands;

static bool is_signalling(double value)
{
    return isnan(value) && (grt_to_bits(value) >> 51 & 1) == 0;
}

/* Operand NaNs, and the default one, as results: a single keeps 23 bits of the fraction. */
static double nan_result(const operands *x, bool single)
{
    double nan = grt_nan3(x->a, x->b, x->c);
    return single ? grt_from_bits(grt_to_bits(nan) & ~UINT64_C(0x1FFFFFFF)) : nan;
}

static bool is_infinity_times_zero(const operands *x)
{
    return (isinf(x->a) && x->c == 0) || (x->a == 0 && isinf(x->c));
}

/* Which invalid operation this is, if any. */
static uint32_t invalid_cause(arith_op op, const operands *x)
{
    bool has_nan = isnan(x->a) || isnan(x->b) || isnan(x->c);
    uint32_t cause = 0;
    if (is_signalling(x->a) || is_signalling(x->b) || is_signalling(x->c))
        cause = FPSCR_VXSNAN;
    switch (op) {
    case ARITH_ADD:
        if (isinf(x->a) && isinf(x->b) && signbit(x->a) != signbit(x->b))
            cause |= FPSCR_VXISI;
        break;
    case ARITH_MUL:
        if (is_infinity_times_zero(x))
            cause |= FPSCR_VXIMZ;
        break;
    case ARITH_FMA:
        if (is_infinity_times_zero(x))
            cause |= FPSCR_VXIMZ;
        else if (!has_nan && (isinf(x->a) || isinf(x->c)) && isinf(x->b) &&
                 (signbit(x->a) != signbit(x->c)) != (signbit(x->b) != 0))
            cause |= FPSCR_VXISI;
        break;
    case ARITH_DIV:
        if (isinf(x->a) && isinf(x->b))
            cause |= FPSCR_VXIDI;
        if (x->a == 0 && x->b == 0)
            cause |= FPSCR_VXZDZ;
        break;
    case ARITH_SQRT:
    case ARITH_RSQRT:
        if (x->b < 0)
            cause |= FPSCR_VXSQRT;
        break;
    default:
        break;
    }
    return cause;
}

static bool is_division_by_zero(arith_op op, const operands *x)
{
    switch (op) {
    case ARITH_DIV:
        return x->b == 0 && isfinite(x->a);
    case ARITH_RSQRT:
        return x->b == 0;
    default:
        return false;
    }
}

static void set_result_bits(grt_ppc *ctx, uint32_t class_and_rounding)
{
    ctx->fpscr &= ~(uint32_t)(FPSCR_FR | FPSCR_FI | FPSCR_FPRF);
    ctx->fpscr |= class_and_rounding;
}

static double run(grt_ppc *ctx, arith_op op, bool single, const operands *x)
{
    uint32_t invalid = invalid_cause(op, x);
    if (invalid != 0 || isnan(x->a) || isnan(x->b) || isnan(x->c)) {
        set_result_bits(ctx, FPRF_NAN);
        fpscr_raise(ctx, invalid);
        return nan_result(x, single);
    }
    arith_result result = arith_run(op, single, x->a, x->b, x->c);
    uint32_t exceptions = is_division_by_zero(op, x) ? FPSCR_ZX : 0;
    if (result.overflow)
        exceptions |= FPSCR_OX;
    if (result.tiny && result.inexact)
        exceptions |= FPSCR_UX;
    if (result.inexact)
        exceptions |= FPSCR_XX;
    set_result_bits(ctx, fpscr_class(result.value, single) | (result.inexact ? FPSCR_FI : 0u) |
                             (result.rounded_up ? FPSCR_FR : 0u));
    fpscr_raise(ctx, exceptions);
    return result.value;
}

/* a * c + b or a * c - b. The sign of a NaN addend must not change, so it is not negated. */
static double run_fma(grt_ppc *ctx, bool single, double a, double c, double b, bool subtract)
{
    operands x = {a, subtract && !isnan(b) ? -b : b, c};
    return run(ctx, ARITH_FMA, single, &x);
}

/* The negation of an fma: of the rounded result, and not of a NaN. FPSCR[FPRF] follows. */
static double negate(grt_ppc *ctx, bool single, double value)
{
    if (isnan(value))
        return value;
    ctx->fpscr = (ctx->fpscr & ~(uint32_t)FPSCR_FPRF) | fpscr_class(-value, single);
    return -value;
}

#define SUBTRACT(b) (isnan(b) ? (b) : -(b))

#define BINARY(name, op, single, a_value, b_value, c_value)                                        \
    double name(grt_ppc *ctx, double first, double second)                                         \
    {                                                                                              \
        operands x = {a_value, b_value, c_value};                                                  \
        return run(ctx, op, single, &x);                                                           \
    }
#define UNARY(name, op, single, a_value)                                                           \
    double name(grt_ppc *ctx, double b)                                                            \
    {                                                                                              \
        operands x = {a_value, b, 1};                                                              \
        return run(ctx, op, single, &x);                                                           \
    }
#define FUSED(name, single, subtract)                                                              \
    double name(grt_ppc *ctx, double a, double c, double b)                                        \
    {                                                                                              \
        return run_fma(ctx, single, a, c, b, subtract);                                            \
    }
#define FUSED_NEGATED(name, single, subtract)                                                      \
    double name(grt_ppc *ctx, double a, double c, double b)                                        \
    {                                                                                              \
        return negate(ctx, single, run_fma(ctx, single, a, c, b, subtract));                       \
    }

BINARY(grt_ppc_fadd, ARITH_ADD, false, first, second, 1)
BINARY(grt_ppc_fsub, ARITH_ADD, false, first, SUBTRACT(second), 1)
BINARY(grt_ppc_fmul, ARITH_MUL, false, first, 1, second)
BINARY(grt_ppc_fdiv, ARITH_DIV, false, first, second, 1)
BINARY(grt_ppc_fadds, ARITH_ADD, true, first, second, 1)
BINARY(grt_ppc_fsubs, ARITH_ADD, true, first, SUBTRACT(second), 1)
BINARY(grt_ppc_fmuls, ARITH_MUL, true, first, 1, second)
BINARY(grt_ppc_fdivs, ARITH_DIV, true, first, second, 1)
UNARY(grt_ppc_fsqrt, ARITH_SQRT, false, 1)
UNARY(grt_ppc_fsqrts, ARITH_SQRT, true, 1)
UNARY(grt_ppc_frsp, ARITH_CONVERT, true, 1)
UNARY(grt_ppc_fres, ARITH_DIV, true, 1)
UNARY(grt_ppc_frsqrte, ARITH_RSQRT, false, 1)
FUSED(grt_ppc_fmadd, false, false)
FUSED(grt_ppc_fmsub, false, true)
FUSED(grt_ppc_fmadds, true, false)
FUSED(grt_ppc_fmsubs, true, true)
FUSED_NEGATED(grt_ppc_fnmadd, false, false)
FUSED_NEGATED(grt_ppc_fnmsub, false, true)
FUSED_NEGATED(grt_ppc_fnmadds, true, false)
FUSED_NEGATED(grt_ppc_fnmsubs, true, true)

/* ---- conversions and comparison ----------------------------------------------------------------
 */

double grt_ppc_fcfid(grt_ppc *ctx, double b)
{
    int64_t integer = (int64_t)grt_to_bits(b);
    double value = grt_fcfid(b);
    /* 2^63 is the one double that an integer can round to without being an integer itself. */
    bool inexact = value == 0x1p63 || (int64_t)value != integer;
    bool up = inexact && (value == 0x1p63 || (integer > 0) == ((int64_t)value > integer));
    set_result_bits(ctx,
                    fpscr_class(value, false) | (inexact ? FPSCR_FI : 0u) | (up ? FPSCR_FR : 0u));
    fpscr_raise(ctx, inexact ? FPSCR_XX : 0);
    return value;
}

/* [rounded] is b as an integral double; the integer must lie in [-limit, limit). The class of the
 * result is left open by the architecture: it stays, unless the conversion is invalid. */
static double to_integer(grt_ppc *ctx, double b, double rounded, double limit, double converted)
{
    ctx->fpscr &= ~(uint32_t)(FPSCR_FR | FPSCR_FI);
    if (!(rounded >= -limit && rounded < limit)) {
        ctx->fpscr = (ctx->fpscr & ~(uint32_t)FPSCR_FPRF) | FPRF_NAN;
        fpscr_raise(ctx, FPSCR_VXCVI | (is_signalling(b) ? FPSCR_VXSNAN : 0u));
    } else if (rounded != b) {
        ctx->fpscr |= FPSCR_FI | (fabs(rounded) > fabs(b) ? FPSCR_FR : 0u);
        fpscr_raise(ctx, FPSCR_XX);
    }
    return converted;
}

double grt_ppc_fctid(grt_ppc *ctx, double b)
{
    return to_integer(ctx, b, rint(b), 0x1p63, grt_fctid(b));
}

double grt_ppc_fctidz(grt_ppc *ctx, double b)
{
    return to_integer(ctx, b, trunc(b), 0x1p63, grt_fctidz(b));
}

double grt_ppc_fctiw(grt_ppc *ctx, double b)
{
    return to_integer(ctx, b, rint(b), 0x1p31, grt_fctiw(b));
}

double grt_ppc_fctiwz(grt_ppc *ctx, double b)
{
    return to_integer(ctx, b, trunc(b), 0x1p31, grt_fctiwz(b));
}

static unsigned compare(grt_ppc *ctx, double a, double b)
{
    unsigned bits = isnan(a) || isnan(b) ? 1 : a < b ? 8 : a > b ? 4 : 2;
    ctx->fpscr = (ctx->fpscr & ~(uint32_t)FPSCR_FPCC) | (uint32_t)bits << FPSCR_FPCC_SHIFT;
    return bits;
}

unsigned grt_ppc_fcmpu(grt_ppc *ctx, double a, double b)
{
    unsigned bits = compare(ctx, a, b);
    fpscr_raise(ctx, is_signalling(a) || is_signalling(b) ? FPSCR_VXSNAN : 0);
    return bits;
}

unsigned grt_ppc_fcmpo(grt_ppc *ctx, double a, double b)
{
    unsigned bits = compare(ctx, a, b);
    bool signalling = is_signalling(a) || is_signalling(b);
    uint32_t exceptions = bits != 1 ? 0 : FPSCR_VXVC;
    fpscr_raise(ctx, exceptions | (signalling ? FPSCR_VXSNAN : 0u));
    return bits;
}
