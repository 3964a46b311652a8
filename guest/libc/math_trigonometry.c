/*
 * math_trigonometry.c - sine, cosine, tangent and their inverses.
 */
#include "dd.h"
#include "math_tables.h"
#include <errno.h>
#include <math.h>
#include <stdbool.h>

/* ---- reduction ---- */

static dd subtract_multiple(double x, double multiple)
{
    dd rest = dd_from(x);
    for (int i = 0; i < 4; i++)
        rest = dd_add(rest, dd_negate(dd_product(multiple, half_pi_parts[i])));
    return rest;
}

/*
 * For large x = m * 2^e: the product of m with those bits of 2/pi that decide the last two bits of
 * the quotient and what follows the point. Bits of 2/pi above them give multiples of 4.
 */
enum { WINDOW = 8 };

static void window_of_two_over_pi(int first_bit, uint32_t window[WINDOW])
{
    for (int i = 0; i < WINDOW; i++) {
        int bit = first_bit + 32 * i, word = bit >> 5, shift = bit & 31;
        uint32_t high = word >= 0 ? two_over_pi[word] : 0;
        uint32_t low = word + 1 >= 0 ? two_over_pi[word + 1] : 0;
        window[i] = shift ? high << shift | low >> (32 - shift) : high;
    }
}

/* product = m * window, modulo 2^256, most significant word first. */
static void multiply_window(uint64_t m, const uint32_t window[WINDOW], uint32_t product[WINDOW])
{
    uint32_t low = (uint32_t)m, high = (uint32_t)(m >> 32);
    uint64_t carry = 0;
    for (int i = WINDOW - 1; i >= 0; i--) {
        uint64_t part = (uint64_t)low * window[i] + (uint32_t)carry;
        carry = (carry >> 32) + (part >> 32);
        uint64_t other = i + 1 < WINDOW ? (uint64_t)high * window[i + 1] : 0;
        uint64_t sum = (part & 0xFFFFFFFF) + (other & 0xFFFFFFFF);
        product[i] = (uint32_t)sum;
        carry += (sum >> 32) + (other >> 32);
    }
}

static void negate_fraction(uint32_t fraction[WINDOW])
{
    uint32_t carry = 1;
    for (int i = WINDOW - 1; i >= 0; i--) {
        fraction[i] = ~fraction[i] + carry;
        carry = carry && fraction[i] == 0;
    }
    fraction[0] &= 0x3FFFFFFF;
}

static unsigned reduce_large(double x, dd *rest)
{
    int exponent;
    uint64_t m = (uint64_t)(frexp(fabs(x), &exponent) * 0x1p53);
    /* Bit k of 2/pi times m's unit 2^(exponent - 53) weighs 2^(exponent - 54 - k): start at 2. */
    uint32_t window[WINDOW], product[WINDOW];
    window_of_two_over_pi(exponent - 55, window);
    multiply_window(m, window, product);
    unsigned quadrant = product[0] >> 30;
    product[0] &= 0x3FFFFFFF;
    bool above_half = product[0] >> 29;
    if (above_half) {
        negate_fraction(product);
        quadrant++;
    }
    dd fraction = dd_from(0);
    for (int i = WINDOW - 1; i >= 0; i--)
        fraction = dd_add_double(fraction, scalbn(product[i], -32 * i - 30));
    *rest = dd_scale(dd_multiply(fraction, dd_pi), 0.5);
    if (above_half != (x < 0))
        *rest = dd_negate(*rest);
    return (x < 0 ? 0 - quadrant : quadrant) & 3;
}

unsigned dd_reduce(double x, dd *rest)
{
    if (fabs(x) > 0x1p20)
        return reduce_large(x, rest);
    double multiple = rint(x * 0x1.45f306dc9c883p-1);
    *rest = subtract_multiple(x, multiple);
    return (unsigned)(int)multiple & 3;
}

/* ---- sine and cosine ---- */

void dd_sin_cos(dd x, dd *sine, dd *cosine)
{
    dd square = dd_multiply(x, x);
    dd odd = dd_from(0), even = dd_from(0);
    for (int n = 27; n >= 3; n -= 2) {
        odd = dd_multiply(dd_add(dd_inverse_factorial[n - 2], dd_negate(odd)), square);
        even = dd_multiply(dd_add(dd_inverse_factorial[n + 1 - 2], dd_negate(even)), square);
    }
    /* odd = x^2/3! - x^4/5! ..., even = x^2/4! - ... */
    *sine = dd_add(x, dd_negate(dd_multiply(x, odd)));
    even = dd_multiply(dd_add(dd_from(0.5), dd_negate(even)), square);
    *cosine = dd_add_double(dd_negate(even), 1);
}

/* Sine and cosine of any finite x. */
static void sin_cos(double x, dd *sine, dd *cosine)
{
    dd rest, s, c;
    unsigned quadrant = dd_reduce(x, &rest);
    dd_sin_cos(rest, &s, &c);
    *sine = quadrant & 1 ? c : s;
    *cosine = quadrant & 1 ? s : c;
    if (quadrant & 2)
        *sine = dd_negate(*sine);
    if ((quadrant + 1) & 2)
        *cosine = dd_negate(*cosine);
}

static double no_angle(double x)
{
    if (isinf(x)) {
        errno = EDOM;
        return -NAN;
    }
    return x;
}

double sin(double x)
{
    dd sine, cosine;
    if (!isfinite(x))
        return no_angle(x);
    if (fabs(x) < 0x1p-30)
        return x; /* the next term is below the last place */
    sin_cos(x, &sine, &cosine);
    return sine.hi + sine.lo;
}

double cos(double x)
{
    dd sine, cosine;
    if (!isfinite(x))
        return no_angle(x);
    sin_cos(x, &sine, &cosine);
    return cosine.hi + cosine.lo;
}

double tan(double x)
{
    dd sine, cosine;
    if (!isfinite(x))
        return no_angle(x);
    if (fabs(x) < 0x1p-30)
        return x;
    sin_cos(x, &sine, &cosine);
    dd result = dd_divide(sine, cosine);
    return result.hi + result.lo;
}

/* ---- inverses ---- */

/* The angle of (x, y) to about 2e-7; both are not negative, one is above 0. */
static double guess_angle(double y, double x)
{
    if (y > x)
        return dd_pi.hi / 2 - guess_angle(x, y);
    double t = y / x, start = 0;
    if (t > 0.41421356) {
        t = (t - 1) / (t + 1);
        start = dd_pi.hi / 4;
    }
    double square = t * t, sum = 0;
    for (int n = 13; n >= 1; n -= 2)
        sum = 1.0 / n - square * sum;
    return start + t * sum;
}

/* The angle of a point in the first quadrant: a guess, then the angle that is left, which is so
 * small that two terms of its series do. */
static dd angle(dd y, dd x)
{
    double guess = guess_angle(y.hi, x.hi);
    dd s, c;
    sin_cos(guess, &s, &c);
    dd across = dd_add(dd_multiply(y, c), dd_negate(dd_multiply(x, s)));
    dd along = dd_add(dd_multiply(x, c), dd_multiply(y, s));
    dd rest = dd_divide(across, along);
    rest = dd_add_double(rest, -rest.hi * rest.hi * rest.hi / 3);
    return dd_add_double(rest, guess);
}

double atan(double x)
{
    if (isnan(x) || fabs(x) < 0x1p-30)
        return x;
    if (fabs(x) > 0x1p70)
        return copysign(dd_pi.hi / 2, x);
    dd result = angle(dd_from(fabs(x)), dd_from(1));
    return copysign(result.hi + result.lo, x);
}

double asin(double x)
{
    if (isnan(x) || fabs(x) > 1) {
        errno = isnan(x) ? errno : EDOM;
        return NAN;
    }
    if (fabs(x) < 0x1p-30)
        return x;
    dd other = dd_multiply(dd_sum(1, -fabs(x)), dd_sum(1, fabs(x)));
    dd result = angle(dd_from(fabs(x)), other.hi > 0 ? dd_sqrt(other) : dd_from(0));
    return copysign(result.hi + result.lo, x);
}

double acos(double x)
{
    if (isnan(x) || fabs(x) > 1) {
        errno = isnan(x) ? errno : EDOM;
        return NAN;
    }
    if (x == 1)
        return 0;
    dd other = dd_multiply(dd_sum(1, -fabs(x)), dd_sum(1, fabs(x)));
    dd result = angle(other.hi > 0 ? dd_sqrt(other) : dd_from(0), dd_from(fabs(x)));
    if (x < 0)
        result = dd_add(dd_pi, dd_negate(result));
    return result.hi + result.lo;
}

double atan2(double y, double x)
{
    if (isnan(x) || isnan(y))
        return x + y;
    double a = fabs(y), b = fabs(x);
    if (isinf(a) && isinf(b))
        a = b = 1;
    int top, other;
    frexp(isinf(a) ? HUGE_VAL : a, &top);
    frexp(isinf(b) ? HUGE_VAL : b, &other);
    dd result;
    if (a == 0 || isinf(b)) {
        result = dd_from(0);
    } else if (b == 0 || isinf(a) || top - other > 120) {
        result = dd_scale(dd_pi, 0.5);
    } else if (other - top > 60 && !signbit(x)) {
        return copysign(a / b, y); /* the angle is its tangent */
    } else if (other - top > 120) {
        result = dd_from(0);
    } else {
        result = angle(dd_from(scalbn(a, -top)), dd_from(scalbn(b, -top)));
    }
    if (signbit(x))
        result = dd_add(dd_pi, dd_negate(result));
    return copysign(result.hi + result.lo, y);
}
