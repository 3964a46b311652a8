/*
 * format_float.c - printf's floating-point conversions, from the exact decimal expansion.
 */
#include "decimal.h"
#include "format_private.h"
#include <math.h>
#include <stdint.h>
#include <string.h>

/* Writes [count] digits from index [first]; those outside the stored ones are zeros. */
static void put_digits(format_sink *sink, const decimal *value, int first, int count)
{
    int zeros = first < 0 ? -first : 0;
    if (zeros > count)
        zeros = count;
    guest_format_repeat(sink, '0', zeros);
    first += zeros;
    count -= zeros;
    int stored = first < value->count ? value->count - first : 0;
    if (stored > count)
        stored = count;
    guest_format_text(sink, value->digits + first, (size_t)stored);
    guest_format_repeat(sink, '0', count - stored);
}

static bool has_point(const format_spec *spec, int fraction)
{
    return fraction > 0 || spec->alternate;
}

/* ddd.ddd with [fraction] digits behind the point. */
static void put_fixed(format_sink *sink, const format_spec *spec, const char *sign,
                      const decimal *value, int fraction)
{
    int whole = value->exponent > 0 ? value->exponent : 1;
    int length = (int)strlen(sign) + whole + has_point(spec, fraction) + fraction;
    guest_format_open(sink, spec, sign, length);
    put_digits(sink, value, value->exponent - whole, whole);
    if (has_point(spec, fraction))
        guest_format_text(sink, ".", 1);
    put_digits(sink, value, value->exponent, fraction);
    guest_format_close(sink, spec, length);
}

/* "e+05": the letter, a sign, at least [least] digits. */
static int exponent_text(char *text, char letter, int exponent, int least)
{
    char digits[8];
    int count = 0, size = 0;
    unsigned magnitude = (unsigned)(exponent < 0 ? -exponent : exponent);
    for (; magnitude || count < least; magnitude /= 10)
        digits[count++] = (char)('0' + magnitude % 10);
    text[size++] = letter;
    text[size++] = exponent < 0 ? '-' : '+';
    while (count)
        text[size++] = digits[--count];
    return size;
}

/* d.ddde+dd with [fraction] digits behind the point. */
static void put_scientific(format_sink *sink, const format_spec *spec, const char *sign,
                           const decimal *value, int fraction)
{
    char exponent[12];
    char letter = spec->conversion == 'e' || spec->conversion == 'g' ? 'e' : 'E';
    int size = exponent_text(exponent, letter, value->count ? value->exponent - 1 : 0, 2);
    int length = (int)strlen(sign) + 1 + has_point(spec, fraction) + fraction + size;
    guest_format_open(sink, spec, sign, length);
    put_digits(sink, value, 0, 1);
    if (has_point(spec, fraction))
        guest_format_text(sink, ".", 1);
    put_digits(sink, value, 1, fraction);
    guest_format_text(sink, exponent, (size_t)size);
    guest_format_close(sink, spec, length);
}

/* The shorter of both forms; without '#' there are no zeros at the end. */
static void put_general(format_sink *sink, const format_spec *spec, const char *sign,
                        decimal *value, int precision)
{
    if (precision == 0)
        precision = 1;
    guest_decimal_round(value, precision);
    int exponent = value->count ? value->exponent - 1 : 0;
    int digits = spec->alternate ? precision : value->count ? value->count : 1;
    if (exponent < -4 || exponent >= precision) {
        put_scientific(sink, spec, sign, value, digits - 1);
        return;
    }
    int fraction = digits - 1 - exponent;
    if (!value->count)
        value->exponent = 1; /* zero has its one digit before the point */
    put_fixed(sink, spec, sign, value, fraction > 0 ? fraction : 0);
}

static void put_decimal(format_sink *sink, const format_spec *spec, const char *sign, double value)
{
    decimal digits;
    int precision = spec->precision < 0 ? 6 : spec->precision;
    guest_decimal_set(&digits, value);
    switch (spec->conversion | 0x20) {
    case 'f':
        guest_decimal_round(&digits, digits.exponent + precision);
        put_fixed(sink, spec, sign, &digits, precision);
        break;
    case 'e':
        guest_decimal_round(&digits, precision + 1);
        put_scientific(sink, spec, sign, &digits, precision);
        break;
    default:
        put_general(sink, spec, sign, &digits, precision);
        break;
    }
}

/* Rounds a mantissa with 52 fraction bits to [digits] hexadecimal ones, ties to even. */
static uint64_t round_hexadecimal(uint64_t mantissa, int digits)
{
    int drop = 52 - 4 * digits;
    uint64_t unit = 1ull << drop, rest = mantissa & (unit - 1), half = unit >> 1;
    mantissa -= rest;
    if (rest > half || (rest == half && (mantissa & unit)))
        mantissa += unit;
    return mantissa;
}

static void put_hexadecimal(format_sink *sink, const format_spec *spec, const char *sign,
                            double value)
{
    bool capital = spec->conversion == 'A';
    const char *alphabet = capital ? "0123456789ABCDEF" : "0123456789abcdef";
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint64_t mantissa = bits & 0xFFFFFFFFFFFFFull;
    int exponent = (int)(bits >> 52 & 0x7FF);
    if (exponent)
        mantissa |= 1ull << 52;
    exponent = exponent ? exponent - 1023 : value == 0 ? 0 : -1022;
    int fraction = 13;
    if (spec->precision >= 0 && spec->precision < 13)
        mantissa = round_hexadecimal(mantissa, spec->precision);
    if (spec->precision >= 0)
        fraction = spec->precision;
    else
        while (fraction && !(mantissa >> (52 - 4 * fraction) & 0xF))
            fraction--;

    char prefix[4], tail[12], digits[14];
    int size = exponent_text(tail, capital ? 'P' : 'p', exponent, 1);
    for (int i = 0; i < 14; i++)
        digits[i] = alphabet[mantissa >> (52 - 4 * i) & 0xF];
    strcpy(prefix, sign);
    strcat(prefix, capital ? "0X" : "0x");
    int length = (int)strlen(prefix) + 1 + has_point(spec, fraction) + fraction + size;
    guest_format_open(sink, spec, prefix, length);
    guest_format_text(sink, digits, 1);
    if (has_point(spec, fraction))
        guest_format_text(sink, ".", 1);
    guest_format_text(sink, digits + 1, (size_t)(fraction < 13 ? fraction : 13));
    guest_format_repeat(sink, '0', fraction - 13);
    guest_format_text(sink, tail, (size_t)size);
    guest_format_close(sink, spec, length);
}

static void put_special(format_sink *sink, const format_spec *spec, const char *sign, double value)
{
    bool capital = spec->conversion < 'a';
    const char *text = isnan(value) ? (capital ? "NAN" : "nan") : (capital ? "INF" : "inf");
    format_spec plain = *spec;
    plain.zero = false;
    int length = (int)strlen(sign) + 3;
    guest_format_open(sink, &plain, sign, length);
    guest_format_text(sink, text, 3);
    guest_format_close(sink, &plain, length);
}

void guest_format_double(format_sink *sink, const format_spec *spec, double value)
{
    const char *sign = signbit(value) ? "-" : spec->plus ? "+" : spec->space ? " " : "";
    value = fabs(value);
    if (!isfinite(value))
        put_special(sink, spec, sign, value);
    else if ((spec->conversion | 0x20) == 'a')
        put_hexadecimal(sink, spec, sign, value);
    else
        put_decimal(sink, spec, sign, value);
}
