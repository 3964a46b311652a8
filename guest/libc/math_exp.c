/*
 * math_exp.c - exponentials, logarithms, powers.
 */
#include "dd.h"
#include "math_tables.h"
#include <errno.h>
#include <math.h>
#include <stdbool.h>

double dd_round_scaled(dd value, int exponent)
{
    int top;
    frexp(value.hi, &top);
    if (top + exponent > -1021)
        return scalbn(value.hi + value.lo, exponent);
    /* Below the normal range the last place is 2^-1074: let an addition round there. */
    double anchor = copysign(scalbn(0x1.8p52, -1074 - exponent), value.hi);
    if (!isfinite(anchor))
        return copysign(0, value.hi);
    dd sum = dd_sum(anchor, value.hi);
    sum = dd_quick(sum.hi, sum.lo + value.lo);
    return copysign(scalbn(sum.hi - anchor, exponent), value.hi);
}

dd dd_sqrt(dd x)
{
    double root = sqrt(x.hi);
    dd rest = dd_add(x, dd_negate(dd_product(root, root)));
    return dd_quick(root, rest.hi / (2 * root));
}

/* e^r - 1 by its series with r cut by 2^8, then (1 + e)^2 - 1 = e (2 + e) eight times. */
static dd exp_minus_1(dd r)
{
    enum { HALVINGS = 8, TERMS = 9 };
    dd x = dd_scale(r, 0x1p-8);
    dd sum = dd_inverse_factorial[TERMS - 2];
    for (int n = TERMS - 1; n >= 2; n--)
        sum = dd_add(dd_multiply(sum, x), dd_inverse_factorial[n - 2]);
    sum = dd_add(dd_multiply(dd_multiply(sum, x), x), x);
    for (int i = 0; i < HALVINGS; i++)
        sum = dd_add(dd_scale(sum, 2), dd_multiply(sum, sum));
    return sum;
}

static dd reduce_exponent(dd x, int *scale)
{
    double multiple = rint(x.hi * dd_inverse_ln2.hi);
    *scale = (int)multiple;
    return dd_add(x, dd_negate(dd_multiply_double(dd_ln2, multiple)));
}

dd dd_exp_scaled(dd x, int *scale)
{
    dd rest = reduce_exponent(x, scale);
    return dd_add_double(exp_minus_1(rest), 1);
}

/* e^x for any dd whose high part is a number. */
static double exp_rounded(dd x)
{
    if (x.hi > 710) {
        errno = ERANGE;
        return HUGE_VAL;
    }
    if (x.hi < -746) {
        errno = ERANGE;
        return 0;
    }
    int scale;
    dd result = dd_exp_scaled(x, &scale);
    return dd_round_scaled(result, scale);
}

double exp(double x)
{
    if (isnan(x) || isinf(x))
        return x < 0 ? 0 : x;
    return exp_rounded(dd_from(x));
}

double exp2(double x)
{
    if (isnan(x) || isinf(x))
        return x < 0 ? 0 : x;
    double whole = rint(x);
    if (fabs(whole) > 2000)
        return exp_rounded(dd_from(x));
    int scale;
    dd result = dd_exp_scaled(dd_multiply_double(dd_ln2, x - whole), &scale);
    return dd_round_scaled(result, scale + (int)whole);
}

/* 2 atanh(s) = 2 (s + s^3/3 + ...) in double, for a first guess: s at most 0.172. */
static double guess_log(double m)
{
    double s = (m - 1) / (m + 1), square = s * s, sum = 0;
    for (int n = 21; n >= 1; n -= 2)
        sum = sum * square + 1.0 / n;
    return 2 * s * sum;
}

/* The same series in full precision, for m within 1/16 of 1 where a relative error counts. */
static dd log_near_1(double m)
{
    dd s = dd_divide(dd_from(m - 1), dd_sum(m, 1));
    dd square = dd_multiply(s, s);
    dd sum = dd_from(0);
    for (int n = 21; n >= 3; n -= 2)
        sum = dd_multiply(dd_add(sum, dd_divide(dd_from(1), dd_from(n))), square);
    return dd_scale(dd_add(dd_multiply(s, sum), s), 2);
}

dd dd_log(double x)
{
    int exponent;
    double m = frexp(x, &exponent);
    if (m < 0.70710678) {
        m *= 2;
        exponent--;
    }
    dd result;
    if (fabs(m - 1) < 0.0625) {
        result = log_near_1(m);
    } else {
        /* One step of Newton: log m = y + log(m e^-y), and that product is 1 + something tiny. */
        double y = guess_log(m);
        int scale;
        dd inverse = dd_exp_scaled(dd_from(-y), &scale);
        inverse = dd_scale(inverse, scalbn(1, scale));
        dd rest = dd_add_double(dd_multiply_double(inverse, m), -1);
        rest = dd_add_double(rest, -rest.hi * rest.hi / 2);
        result = dd_add_double(rest, y);
    }
    return dd_add(dd_multiply_double(dd_ln2, exponent), result);
}

/* Handles what has no finite logarithm; true: *result is the answer. */
static bool special_log(double x, double *result)
{
    if (x > 0 && isfinite(x))
        return false;
    if (x == 0) {
        errno = ERANGE;
        *result = -HUGE_VAL;
    } else if (x < 0) {
        errno = EDOM;
        *result = -NAN;
    } else {
        *result = x;
    }
    return true;
}

double log(double x)
{
    double special;
    if (special_log(x, &special))
        return special;
    dd result = dd_log(x);
    return result.hi + result.lo;
}

double log2(double x)
{
    double special;
    if (special_log(x, &special))
        return special;
    int exponent;
    if (frexp(x, &exponent) == 0.5)
        return exponent - 1;
    dd result = dd_multiply(dd_log(x), dd_inverse_ln2);
    return result.hi + result.lo;
}

double log10(double x)
{
    double special;
    if (special_log(x, &special))
        return special;
    dd result = dd_multiply(dd_log(x), dd_inverse_ln10);
    return result.hi + result.lo;
}

/* ---- powers ---- */

static bool is_integer(double y)
{
    return floor(y) == y;
}

static bool is_odd(double y)
{
    return fabs(y) < 0x1p53 && is_integer(y) && !is_integer(y / 2);
}

/* The limits for an argument that is zero or infinite. */
static double power_of_extreme(double x, double y)
{
    bool grows = isinf(x) ? y > 0 : y < 0;
    if (x == 0 && y < 0)
        errno = ERANGE;
    double magnitude = grows ? HUGE_VAL : 0;
    return signbit(x) && is_odd(y) ? -magnitude : magnitude;
}

static double power_to_infinity(double x, double y)
{
    if (fabs(x) == 1)
        return 1;
    return (fabs(x) > 1) == (y > 0) ? HUGE_VAL : 0;
}

double pow(double x, double y)
{
    if (y == 0 || x == 1)
        return 1;
    if (isnan(x) || isnan(y))
        return x + y;
    if (isinf(y))
        return power_to_infinity(x, y);
    if (x == 0 || isinf(x))
        return power_of_extreme(x, y);
    if (x < 0 && !is_integer(y)) {
        errno = EDOM;
        return -NAN;
    }
    bool negative = x < 0 && is_odd(y);
    dd logarithm = dd_log(fabs(x));
    dd product = {logarithm.hi * y, 0};
    if (fabs(product.hi) < 2000)
        product = dd_multiply_double(logarithm, y);
    double magnitude = exp_rounded(product);
    return negative ? -magnitude : magnitude;
}

double cbrt(double x)
{
    if (x == 0 || !isfinite(x))
        return x;
    dd logarithm = dd_divide(dd_log(fabs(x)), dd_from(3));
    return copysign(exp_rounded(logarithm), x);
}

double hypot(double x, double y)
{
    if (isinf(x) || isinf(y))
        return HUGE_VAL;
    if (isnan(x) || isnan(y))
        return NAN;
    int exponent;
    frexp(fmax(fabs(x), fabs(y)), &exponent);
    double a = scalbn(x, -exponent), b = scalbn(y, -exponent);
    dd square = dd_add(dd_product(a, a), dd_product(b, b));
    if (square.hi == 0)
        return 0;
    return dd_round_scaled(dd_sqrt(square), exponent);
}

/* ---- hyperbolic functions ---- */

/* e^x - 1 in full relative precision, for |x| below 20. */
static dd exp_minus_1_wide(double x)
{
    if (fabs(x) < 0.5)
        return exp_minus_1(dd_from(x));
    int scale;
    dd result = dd_exp_scaled(dd_from(x), &scale);
    return dd_add_double(dd_scale(result, scalbn(1, scale)), -1);
}

double sinh(double x)
{
    if (!isfinite(x) || fabs(x) < 0x1p-500)
        return x;
    if (fabs(x) > 20)
        return copysign(exp_rounded(dd_add(dd_from(fabs(x)), dd_negate(dd_ln2))), x);
    /* (e - 1/e) / 2 = (d + d / (1 + d)) / 2 where d = e - 1 */
    dd d = exp_minus_1_wide(fabs(x));
    dd result = dd_add(d, dd_divide(d, dd_add_double(d, 1)));
    return copysign((result.hi + result.lo) / 2, x);
}

double cosh(double x)
{
    if (!isfinite(x))
        return fabs(x);
    if (fabs(x) > 40)
        return exp_rounded(dd_add(dd_from(fabs(x)), dd_negate(dd_ln2)));
    int scale;
    dd e = dd_exp_scaled(dd_from(fabs(x)), &scale);
    e = dd_scale(e, scalbn(1, scale));
    dd result = dd_add(e, dd_divide(dd_from(1), e));
    return (result.hi + result.lo) / 2;
}

double tanh(double x)
{
    if (isnan(x) || fabs(x) < 0x1p-500)
        return x;
    if (fabs(x) > 20)
        return copysign(1, x);
    /* (e^2 - 1) / (e^2 + 1) = d / (d + 2) where d = e^2 - 1 */
    dd d = exp_minus_1_wide(2 * fabs(x));
    dd result = dd_divide(d, dd_add_double(d, 2));
    return copysign(result.hi + result.lo, x);
}
