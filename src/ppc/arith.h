/*
 * arith.h - one floating-point operation, with everything there is to know about its result.
 */
#ifndef GRT_PPC_ARITH_H
#define GRT_PPC_ARITH_H

#include <stdbool.h>

typedef enum arith_op {
    ARITH_ADD,     /* a + b */
    ARITH_MUL,     /* a * c */
    ARITH_DIV,     /* a / b */
    ARITH_SQRT,    /* square root of b */
    ARITH_FMA,     /* a * c + b */
    ARITH_CONVERT, /* b */
    ARITH_RSQRT,   /* 1 / square root of b, rounded twice */
} arith_op;

typedef struct arith_result {
    double value;
    bool inexact, overflow;
    bool tiny;       /* nonzero and subnormal before rounding */
    bool rounded_up; /* in magnitude */
} arith_result;

/* The result in the current rounding mode, rounded once, to double or to single precision. No
 * operand is a NaN. */
arith_result arith_run(arith_op op, bool single, double a, double b, double c);

#endif
