/*
 * decimal.h - a double's exact decimal expansion.
 */
#ifndef GUEST_DECIMAL_H
#define GUEST_DECIMAL_H

#include <stdbool.h>

/* 309 digits before the point or 1,074 behind it, and a chunk more on either side. */
enum { DECIMAL_MAX = 1152 };

/* 0.d0 d1 d2 ... * 10^exponent, without zeros at either end. Zero has no digits. */
typedef struct decimal {
    int exponent;
    int count;
    char digits[DECIMAL_MAX];
} decimal;

/* [x] is finite and not negative. */
void guest_decimal_set(decimal *result, double x);

/* Keeps the first [keep] digits, rounding to nearest, ties to even. */
void guest_decimal_round(decimal *value, int keep);

#endif
