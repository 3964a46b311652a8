/*
 * arith.c - operations rounded once, and how they were rounded.
 *
 * The operation is first done toward zero. If that was inexact, setting the lowest bit gives the
 * true result "rounded to odd": a double that lies on the same side of every single (and of every
 * tie between two singles) as the true result, so that narrowing it rounds as if once.
 */
#include "arith.h"
#include "guestrt/ppc_float.h"
#include "host_float.h"
#include <float.h>
#include <math.h>

static double compute(arith_op op, volatile double a, volatile double b, volatile double c)
{
    switch (op) {
    case ARITH_ADD:
        return a + b;
    case ARITH_MUL:
        return a * c;
    case ARITH_DIV:
        return a / b;
    case ARITH_SQRT:
        return sqrt(b);
    case ARITH_FMA:
        return fma(a, c, b);
    case ARITH_RSQRT:
        return 1.0 / sqrt(b);
    default:
        return b;
    }
}

static double compute_in(host_mode mode, arith_op op, double a, double b, double c, unsigned *flags)
{
    host_set_mode(host_clear_flags(mode));
    volatile double result = compute(op, a, b, c);
    *flags = host_get_flags();
    return result;
}

static float narrow_in(host_mode mode, double value, unsigned *flags)
{
    host_set_mode(host_clear_flags(mode));
    volatile double wide = value;
    volatile float result = (float)wide;
    *flags = host_get_flags();
    return result;
}

arith_result arith_run(arith_op op, bool single, double a, double b, double c)
{
    const host_mode mode = host_get_mode();
    unsigned flags, ignored;
    arith_result result = {0};
    double below = compute_in(host_toward_zero(mode), op, a, b, c, &flags);
    if (single && ((flags & HOST_INEXACT) != 0 || below != 0)) {
        if ((flags & HOST_INEXACT) != 0)
            below = grt_from_bits(grt_to_bits(below) | 1);
        result.value = narrow_in(mode, below, &flags);
    } else { /* the sign of an exact zero depends on the rounding mode */
        result.value = compute_in(mode, op, a, b, c, single ? &ignored : &flags);
    }
    host_set_mode(mode);
    result.inexact = (flags & HOST_INEXACT) != 0;
    result.overflow = (flags & HOST_OVERFLOW) != 0;
    result.tiny = fabs(below) < (single ? FLT_MIN : DBL_MIN) && (below != 0 || result.inexact);
    result.rounded_up = result.inexact && fabs(result.value) > fabs(below);
    return result;
}

float grt_ppc_add_once(double a, double b)
{
    return (float)arith_run(ARITH_ADD, true, a, b, 0).value;
}

float grt_ppc_mul_once(double a, double c)
{
    return (float)arith_run(ARITH_MUL, true, a, 0, c).value;
}

float grt_ppc_div_once(double a, double b)
{
    return (float)arith_run(ARITH_DIV, true, a, b, 0).value;
}

float grt_ppc_sqrt_once(double b)
{
    return (float)arith_run(ARITH_SQRT, true, 0, b, 0).value;
}

float grt_ppc_fma_once(double a, double c, double b)
{
    return (float)arith_run(ARITH_FMA, true, a, b, c).value;
}
