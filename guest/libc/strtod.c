/*
 * strtod.c - text to double, correctly rounded.
 *
 * Few digits and a small power of ten are one exact operation. Everything else is done in integers:
 * digits * 2^k / 10^n by repeated short division, which keeps an exact quotient and tells whether a
 * remainder was left; then one rounding.
 */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* More digits than these cannot decide a rounding, beyond being zero or not. */
enum { DIGITS_MAX = 800, WORDS_MAX = 128, CHUNK = 1000000000, CHUNK_DIGITS = 9 };

/* mantissa * 2^exponent, top bit set, plus something smaller if [inexact]; rounded to nearest. */
static double round_to_double(uint64_t mantissa, int exponent, bool inexact)
{
    int top = exponent + 63; /* exponent of the leading bit */
    if (top > 1023) {
        errno = ERANGE;
        return HUGE_VAL;
    }
    int drop = top < -1022 ? 11 + (-1022 - top) : 11;
    if (drop > 64) {
        errno = ERANGE;
        return 0;
    }
    uint64_t kept = drop == 64 ? 0 : mantissa >> drop;
    uint64_t rest = drop == 64 ? mantissa : mantissa << (64 - drop);
    const uint64_t half = 1ull << 63;
    if (rest > half || (rest == half && (inexact || (kept & 1))))
        kept++;
    if (drop > 11 && (rest || inexact))
        errno = ERANGE;
    /* A carry out of the mantissa runs into the exponent, where it belongs. */
    uint64_t bits = top < -1022 ? kept : kept + ((uint64_t)(top + 1022) << 52);
    double result;
    memcpy(&result, &bits, sizeof result);
    if (isinf(result))
        errno = ERANGE;
    return result;
}

/* ---- big integers, least significant word first ---- */

typedef struct big {
    int count;
    uint32_t words[WORDS_MAX];
} big;

static void big_multiply_add(big *value, uint32_t factor, uint32_t addend)
{
    uint64_t carry = addend;
    for (int i = 0; i < value->count; i++) {
        carry += (uint64_t)value->words[i] * factor;
        value->words[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry)
        value->words[value->count++] = (uint32_t)carry;
}

/* Returns whether a remainder was left. */
static bool big_divide(big *value, uint32_t divisor)
{
    uint64_t remainder = 0;
    for (int i = value->count; i-- > 0;) {
        remainder = remainder << 32 | value->words[i];
        value->words[i] = (uint32_t)(remainder / divisor);
        remainder %= divisor;
    }
    while (value->count && !value->words[value->count - 1])
        value->count--;
    return remainder != 0;
}

static void big_shift_words(big *value, int words)
{
    memmove(value->words + words, value->words, (size_t)value->count * sizeof value->words[0]);
    memset(value->words, 0, (size_t)words * sizeof value->words[0]);
    value->count += words;
}

static double big_to_double(const big *value, int exponent, bool inexact)
{
    uint64_t mantissa = 0;
    int at = value->count;
    for (int i = 0; i < 2; i++)
        mantissa = mantissa << 32 | (at ? value->words[--at] : 0);
    int shift = __builtin_clzll(mantissa);
    exponent += (value->count - 2) * 32 - shift;
    mantissa <<= shift;
    if (at && shift) {
        uint32_t next = value->words[--at];
        mantissa |= next >> (32 - shift);
        inexact |= next << shift != 0;
    }
    while (at)
        inexact |= value->words[--at] != 0;
    return round_to_double(mantissa, exponent, inexact);
}

/* ---- decimal ---- */

typedef struct digits {
    int count;    /* significant digits kept */
    int exponent; /* value = digits * 10^exponent */
    bool more;    /* a digit other than 0 was dropped */
    char text[DIGITS_MAX];
} digits;

static const uint32_t small_power[CHUNK_DIGITS + 1] = {1,      10,      100,      1000,      10000,
                                                       100000, 1000000, 10000000, 100000000, CHUNK};

static double decimal_to_double(const digits *source)
{
    if (source->count + source->exponent > 310)
        return round_to_double(1ull << 63, 2000, false);
    if (source->count + source->exponent < -345)
        return round_to_double(1ull << 63, -2000, true);
    big value = {0};
    for (int i = 0; i < source->count; i++)
        big_multiply_add(&value, 10, (uint32_t)(source->text[i] - '0'));
    int power = source->exponent;
    for (; power >= CHUNK_DIGITS; power -= CHUNK_DIGITS)
        big_multiply_add(&value, CHUNK, 0);
    if (power >= 0) {
        big_multiply_add(&value, small_power[power], 0);
        return big_to_double(&value, 0, source->more);
    }
    /* Make room for a quotient of at least 64 bits: ten to the n has at most 3.33 n bits. */
    int shift = 4 + (-power * 10 / 3) / 32 - value.count;
    if (shift < 0)
        shift = 0;
    big_shift_words(&value, shift);
    bool inexact = source->more;
    for (power = -power; power >= CHUNK_DIGITS; power -= CHUNK_DIGITS)
        inexact |= big_divide(&value, CHUNK);
    inexact |= big_divide(&value, small_power[power]);
    return big_to_double(&value, -32 * shift, inexact);
}

/* The exact cases: both operands are doubles, so there is one rounding. */
static bool quick_double(const digits *source, double *result)
{
    static const double power[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (source->count > 15 || source->exponent < -22 || source->exponent > 22)
        return false;
    double value = 0;
    for (int i = 0; i < source->count; i++)
        value = value * 10 + (source->text[i] - '0');
    *result =
        source->exponent < 0 ? value / power[-source->exponent] : value * power[source->exponent];
    return true;
}

static void add_digit(digits *to, char digit, bool fraction)
{
    if (to->count == 0 && digit == '0') {
        to->exponent -= fraction;
    } else if (to->count < DIGITS_MAX) {
        to->text[to->count++] = digit;
        to->exponent -= fraction;
    } else {
        to->more |= digit != '0';
        to->exponent += !fraction;
    }
}

static const char *parse_exponent(const char *at, char letter, int *exponent)
{
    const char *digit = at + 1;
    if ((*at | 0x20) != letter)
        return at;
    bool negative = *digit == '-';
    if (*digit == '-' || *digit == '+')
        digit++;
    if (!isdigit((unsigned char)*digit))
        return at;
    int value = 0;
    for (; isdigit((unsigned char)*digit); digit++)
        if (value < 100000)
            value = value * 10 + (*digit - '0');
    *exponent += negative ? -value : value;
    return digit;
}

/* Returns the end, or null when there is no number. */
static const char *parse_decimal(const char *at, double *result)
{
    digits source = {0};
    bool any = false;
    for (; isdigit((unsigned char)*at); at++, any = true)
        add_digit(&source, *at, false);
    if (*at == '.')
        for (at++; isdigit((unsigned char)*at); at++, any = true)
            add_digit(&source, *at, true);
    if (!any)
        return 0;
    at = parse_exponent(at, 'e', &source.exponent);
    while (source.count && source.text[source.count - 1] == '0' && !source.more) {
        source.count--;
        source.exponent++;
    }
    if (source.count == 0)
        *result = 0;
    else if (!quick_double(&source, result))
        *result = decimal_to_double(&source);
    return at;
}

/* ---- hexadecimal ---- */

static unsigned hexadecimal_digit(char c)
{
    return isdigit((unsigned char)c) ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a') + 10;
}

static const char *parse_hexadecimal(const char *at, double *result)
{
    uint64_t mantissa = 0;
    int exponent = 0;
    bool inexact = false, any = false, fraction = false;
    for (;; at++) {
        if (*at == '.' && !fraction) {
            fraction = true;
            continue;
        }
        if (!isxdigit((unsigned char)*at))
            break;
        any = true;
        if (mantissa >> 60) {
            inexact |= hexadecimal_digit(*at) != 0;
            exponent += fraction ? 0 : 4;
        } else {
            mantissa = mantissa << 4 | hexadecimal_digit(*at);
            exponent -= fraction ? 4 : 0;
        }
    }
    if (!any)
        return 0;
    at = parse_exponent(at, 'p', &exponent);
    int shift = mantissa ? __builtin_clzll(mantissa) : 0;
    *result = mantissa ? round_to_double(mantissa << shift, exponent - shift, inexact) : 0;
    return at;
}

/* ---- words ---- */

static bool starts_with(const char *text, const char *word)
{
    for (; *word; word++, text++)
        if ((*text | 0x20) != *word)
            return false;
    return true;
}

static const char *parse_word(const char *at, double *result)
{
    if (starts_with(at, "inf")) {
        *result = HUGE_VAL;
        return at + (starts_with(at, "infinity") ? 8 : 3);
    }
    if (starts_with(at, "nan")) {
        *result = NAN;
        return at + 3;
    }
    return 0;
}

double strtod(const char *restrict text, char **restrict end)
{
    const char *at = text, *stop = 0;
    double result = 0;
    while (isspace((unsigned char)*at))
        at++;
    bool negative = *at == '-';
    if (*at == '-' || *at == '+')
        at++;
    if (at[0] == '0' && (at[1] | 0x20) == 'x')
        stop = parse_hexadecimal(at + 2, &result);
    if (!stop)
        stop = parse_decimal(at, &result);
    if (!stop)
        stop = parse_word(at, &result);
    if (end)
        *end = (char *)(stop ? stop : text);
    return negative && stop ? -result : result;
}

float strtof(const char *restrict text, char **restrict end)
{
    return (float)strtod(text, end);
}

double atof(const char *text)
{
    return strtod(text, 0);
}
