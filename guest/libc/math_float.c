/*
 * math_float.c - the float forms.
 */
#include <math.h>

#define FLOAT_FORM(name)                                                                           \
    float name##f(float x)                                                                         \
    {                                                                                              \
        return (float)name(x);                                                                     \
    }
#define FLOAT_FORM_2(name)                                                                         \
    float name##f(float x, float y)                                                                \
    {                                                                                              \
        return (float)name(x, y);                                                                  \
    }

FLOAT_FORM(fabs)
FLOAT_FORM(floor)
FLOAT_FORM(ceil)
FLOAT_FORM(sqrt)
FLOAT_FORM(exp)
FLOAT_FORM(log)
FLOAT_FORM(sin)
FLOAT_FORM(cos)
FLOAT_FORM(tan)
FLOAT_FORM(asin)
FLOAT_FORM(acos)
FLOAT_FORM(atan)
FLOAT_FORM_2(atan2)
FLOAT_FORM_2(fmod)
FLOAT_FORM_2(pow)
