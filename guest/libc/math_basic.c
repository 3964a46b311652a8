/*
 * math_basic.c - rounding to integers, remainders, exponents: all exact.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

enum { MANTISSA_BITS = 52, EXPONENT_MASK = 0x7FF, BIAS = 1023 };

static uint64_t to_bits(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static double from_bits(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static int exponent_of(double x)
{
    return (int)(to_bits(x) >> MANTISSA_BITS & EXPONENT_MASK);
}

double fabs(double x)
{
    return __builtin_fabs(x);
}

double copysign(double x, double sign)
{
    return __builtin_copysign(x, sign);
}

double fma(double x, double y, double z)
{
    return __builtin_fma(x, y, z);
}

/* Adding and subtracting 2^52 leaves no room for a fraction. */
double rint(double x)
{
    const double whole = 0x1p52;
    if (!(fabs(x) < whole))
        return x + 0.0;
    double rounded = fabs(x) + whole;
    __asm__("" : "+f"(rounded)); /* the compiler must not fold the pair away */
    return copysign(rounded - whole, x);
}

double nearbyint(double x)
{
    return rint(x);
}

double floor(double x)
{
    double rounded = rint(x);
    return rounded > x ? copysign(rounded - 1, x) : rounded;
}

double ceil(double x)
{
    return -floor(-x);
}

double trunc(double x)
{
    return copysign(floor(fabs(x)), x);
}

double round(double x)
{
    double whole = floor(fabs(x));
    return copysign(fabs(x) - whole >= 0.5 ? whole + 1 : whole, x);
}

double modf(double x, double *whole)
{
    *whole = trunc(x);
    return copysign(isinf(x) ? 0 : x - *whole, x);
}

double frexp(double x, int *exponent)
{
    *exponent = 0;
    if (x == 0 || !isfinite(x))
        return x;
    if (!exponent_of(x)) {
        x *= 0x1p54;
        *exponent = -54;
    }
    *exponent += exponent_of(x) - BIAS + 1;
    return from_bits((to_bits(x) & ~((uint64_t)EXPONENT_MASK << MANTISSA_BITS)) |
                     (uint64_t)(BIAS - 1) << MANTISSA_BITS);
}

double scalbn(double x, int exponent)
{
    enum { BEYOND = 4000 };
    if (exponent > BEYOND)
        exponent = BEYOND;
    if (exponent < -BEYOND)
        exponent = -BEYOND;
    for (; exponent > BIAS; exponent -= BIAS)
        x *= 0x1p1023;
    /* These steps leave 53 bits to spare: one that rounds is followed by zero only. */
    for (; exponent < 1 - BIAS; exponent += 969)
        x *= 0x1p-969;
    return x * from_bits((uint64_t)(exponent + BIAS) << MANTISSA_BITS);
}

double ldexp(double x, int exponent)
{
    return scalbn(x, exponent);
}

double fmin(double x, double y)
{
    return isnan(x) || y < x ? y : x;
}

double fmax(double x, double y)
{
    return isnan(x) || y > x ? y : x;
}

/* Long division bit by bit on mantissas; the remainder of every step is exact. */
double fmod(double x, double y)
{
    if (isnan(x) || isnan(y) || isinf(x) || y == 0)
        return NAN;
    double a = fabs(x), b = fabs(y);
    if (a < b || isinf(y))
        return x;
    int exponent_a, exponent_b;
    uint64_t rest = (uint64_t)(frexp(a, &exponent_a) * 0x1p53);
    uint64_t divisor = (uint64_t)(frexp(b, &exponent_b) * 0x1p53);
    for (int steps = exponent_a - exponent_b;; steps--) {
        if (rest >= divisor)
            rest -= divisor;
        if (steps == 0 || rest == 0)
            break;
        rest <<= 1;
    }
    return copysign(scalbn((double)rest, exponent_b - 53), x);
}

#ifdef _ARCH_PPCSQ
double sqrt(double x)
{
    double root;
    __asm__("fsqrt %0, %1" : "=f"(root) : "f"(x));
    return root;
}
#else
/* For processors without the instruction: 54 bits of the root, one pair of bits at a time. The root
 * of such a number is never halfway between two doubles. */
double sqrt(double x)
{
    if (x == 0 || isnan(x) || (isinf(x) && x > 0))
        return x;
    if (x < 0)
        return NAN;
    int exponent;
    uint64_t mantissa = (uint64_t)(frexp(x, &exponent) * 0x1p53);
    if (exponent % 2 == 0) {
        mantissa <<= 1;
        exponent--;
    }
    uint64_t rest = 0, root = 0;
    for (int shift = 52; shift > -56; shift -= 2) {
        rest = rest << 2 | (shift >= 0 ? mantissa >> shift & 3 : 0);
        root <<= 1;
        if (rest > 2 * root) {
            rest -= 2 * root + 1;
            root++;
        }
    }
    return scalbn((double)((root >> 1) + (root & 1)), (exponent - 107) / 2 + 1);
}
#endif
