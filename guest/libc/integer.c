/*
 * integer.c - integers from text, and small integer arithmetic.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>

static unsigned digit_value(char c)
{
    if (isdigit((unsigned char)c))
        return (unsigned)(c - '0');
    if (isalpha((unsigned char)c))
        return (unsigned)((c | 0x20) - 'a') + 10;
    return UINT_MAX;
}

/* Skips "0x" when digits follow, or "0", and settles base 0. */
static const char *skip_prefix(const char *at, int *base)
{
    bool hexadecimal = at[0] == '0' && (at[1] | 0x20) == 'x' && digit_value(at[2]) < 16;
    if ((*base == 0 || *base == 16) && hexadecimal) {
        *base = 16;
        return at + 2;
    }
    if (*base == 0)
        *base = *at == '0' ? 8 : 10;
    return at;
}

typedef struct parsed {
    unsigned long long magnitude;
    bool negative, overflow;
} parsed;

static parsed parse(const char *restrict text, char **restrict end, int base)
{
    parsed result = {0};
    const char *at = text, *start;
    while (isspace((unsigned char)*at))
        at++;
    if (*at == '+' || *at == '-')
        result.negative = *at++ == '-';
    start = at = skip_prefix(at, &base);
    for (unsigned digit; (digit = digit_value(*at)) < (unsigned)base; at++) {
        result.overflow |=
            __builtin_mul_overflow(result.magnitude, (unsigned long long)base, &result.magnitude);
        result.overflow |= __builtin_add_overflow(result.magnitude, digit, &result.magnitude);
    }
    if (end)
        *end = (char *)(at == start ? text : at);
    return result;
}

static long long bounded(parsed value, unsigned long long most)
{
    if (value.overflow || value.magnitude > most + value.negative) {
        errno = ERANGE;
        value.magnitude = most + value.negative;
    }
    return (long long)(value.negative ? 0 - value.magnitude : value.magnitude);
}

static unsigned long long bounded_unsigned(parsed value, unsigned long long most)
{
    if (value.overflow || value.magnitude > most) {
        errno = ERANGE;
        return most;
    }
    return value.negative ? 0 - value.magnitude : value.magnitude;
}

long strtol(const char *restrict text, char **restrict end, int base)
{
    return (long)bounded(parse(text, end, base), LONG_MAX);
}

long long strtoll(const char *restrict text, char **restrict end, int base)
{
    return bounded(parse(text, end, base), LLONG_MAX);
}

unsigned long strtoul(const char *restrict text, char **restrict end, int base)
{
    return (unsigned long)bounded_unsigned(parse(text, end, base), ULONG_MAX);
}

unsigned long long strtoull(const char *restrict text, char **restrict end, int base)
{
    return bounded_unsigned(parse(text, end, base), ULLONG_MAX);
}

int atoi(const char *text)
{
    return (int)strtol(text, 0, 10);
}

long atol(const char *text)
{
    return strtol(text, 0, 10);
}

long long atoll(const char *text)
{
    return strtoll(text, 0, 10);
}

int abs(int value)
{
    return value < 0 ? -value : value;
}

long labs(long value)
{
    return value < 0 ? -value : value;
}

long long llabs(long long value)
{
    return value < 0 ? -value : value;
}

div_t div(int a, int b)
{
    return (div_t){a / b, a % b};
}

ldiv_t ldiv(long a, long b)
{
    return (ldiv_t){a / b, a % b};
}

lldiv_t lldiv(long long a, long long b)
{
    return (lldiv_t){a / b, a % b};
}

/* A 64-bit linear congruential generator; the high bits are the good ones. */
static unsigned long long random_state = 1;

void srand(unsigned seed)
{
    random_state = seed;
}

int rand(void)
{
    random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
    return (int)(random_state >> 33);
}
