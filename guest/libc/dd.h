/*
 * dd.h - numbers as unevaluated sums of two doubles: about 106 bits.
 *
 * The functions of math.h compute in these and round once, so their results are those of the exact
 * value in all but about one case of 2^40. That costs a few hundred operations a call, which is
 * what it takes to agree with any other good library to the last digit.
 */
#ifndef GUEST_DD_H
#define GUEST_DD_H

typedef struct dd {
    double hi, lo; /* |lo| is at most half a unit of hi's last place */
} dd;

/* The exact sum, when |a| is not smaller than |b|. */
static inline dd dd_quick(double a, double b)
{
    double sum = a + b;
    return (dd){sum, b - (sum - a)};
}

/* The exact sum. */
static inline dd dd_sum(double a, double b)
{
    double sum = a + b, part = sum - a;
    return (dd){sum, (a - (sum - part)) + (b - part)};
}

/* The exact product. */
static inline dd dd_product(double a, double b)
{
    double product = a * b;
    return (dd){product, __builtin_fma(a, b, -product)};
}

static inline dd dd_from(double a)
{
    return (dd){a, 0};
}

static inline dd dd_negate(dd a)
{
    return (dd){-a.hi, -a.lo};
}

static inline dd dd_add(dd a, dd b)
{
    dd high = dd_sum(a.hi, b.hi), low = dd_sum(a.lo, b.lo);
    high = dd_quick(high.hi, high.lo + low.hi);
    return dd_quick(high.hi, high.lo + low.lo);
}

static inline dd dd_add_double(dd a, double b)
{
    dd high = dd_sum(a.hi, b);
    return dd_quick(high.hi, high.lo + a.lo);
}

static inline dd dd_multiply(dd a, dd b)
{
    dd product = dd_product(a.hi, b.hi);
    return dd_quick(product.hi, product.lo + (a.hi * b.lo + a.lo * b.hi));
}

static inline dd dd_multiply_double(dd a, double b)
{
    dd product = dd_product(a.hi, b);
    return dd_quick(product.hi, __builtin_fma(a.lo, b, product.lo));
}

/* Exact when [factor] is a power of two and nothing underflows. */
static inline dd dd_scale(dd a, double factor)
{
    return (dd){a.hi * factor, a.lo * factor};
}

static inline dd dd_divide(dd a, dd b)
{
    double first = a.hi / b.hi;
    dd rest = dd_add(a, dd_negate(dd_multiply_double(b, first)));
    double second = rest.hi / b.hi;
    rest = dd_add(rest, dd_negate(dd_multiply_double(b, second)));
    return dd_add_double(dd_quick(first, second), rest.hi / b.hi);
}

dd dd_exp_scaled(dd x, int *scale);     /* e^x = result * 2^*scale, result near 1 */
dd dd_log(double x);                    /* x finite and above 0 */
unsigned dd_reduce(double x, dd *rest); /* x = k * pi/2 + rest, |rest| <= pi/4; returns k mod 4 */
void dd_sin_cos(dd x, dd *sine, dd *cosine); /* |x| at most pi/4 or so */
dd dd_sqrt(dd x);                            /* x above 0 */

/* The double nearest to value * 2^exponent, rounded once. */
double dd_round_scaled(dd value, int exponent);

#endif
