/*
 * decimal.c - binary to decimal without error.
 *
 * The integer part is divided by 10^9 again and again, the fraction is multiplied by it; both give
 * nine digits a step. At most 34 words take part.
 */
#include "decimal.h"
#include <stdint.h>
#include <string.h>

enum { CHUNK = 1000000000, CHUNK_DIGITS = 9, WORDS = 36, MANTISSA_BITS = 52, EXPONENT_BIAS = 1075 };

static void put_chunk(char *at, uint32_t chunk)
{
    for (int i = CHUNK_DIGITS; i-- > 0; chunk /= 10)
        at[i] = (char)('0' + chunk % 10);
}

/* Divides by 10^9 in place, least significant word first; returns the remainder. */
static uint32_t divide_chunk(uint32_t *words, int count)
{
    uint64_t remainder = 0;
    for (int i = count; i-- > 0;) {
        remainder = remainder << 32 | words[i];
        words[i] = (uint32_t)(remainder / CHUNK);
        remainder %= CHUNK;
    }
    return (uint32_t)remainder;
}

/* Appends the digits of mantissa * 2^shift. */
static void put_integer(decimal *result, uint64_t mantissa, int shift)
{
    uint32_t words[WORDS] = {0}, chunks[WORDS];
    int count = shift / 32 + 3, chunk_count = 0;
    uint32_t *low = words + shift / 32;
    int bits = shift % 32;
    low[0] = (uint32_t)(mantissa << bits);
    low[1] = (uint32_t)(mantissa << bits >> 32);
    low[2] = bits ? (uint32_t)(mantissa >> (64 - bits)) : 0;
    for (;;) {
        while (count && !words[count - 1])
            count--;
        if (!count)
            break;
        chunks[chunk_count++] = divide_chunk(words, count);
    }
    while (chunk_count) {
        put_chunk(result->digits + result->count, chunks[--chunk_count]);
        result->count += CHUNK_DIGITS;
    }
}

/* Appends the digits of fraction / 2^bits, where the fraction is below 2^bits. */
static void put_fraction(decimal *result, uint64_t fraction, int bits)
{
    uint32_t words[WORDS] = {0};
    int count = (bits + 31) / 32, first = 0; /* words[count - 1] follows the point */
    int shift = count * 32 - bits;
    words[0] = (uint32_t)(fraction << shift);
    words[1] = (uint32_t)(fraction << shift >> 32);
    words[2] = shift ? (uint32_t)(fraction >> (64 - shift)) : 0;
    for (;;) {
        while (first < count && !words[first])
            first++;
        if (first == count)
            return;
        uint64_t carry = 0;
        for (int i = first; i < count; i++) {
            carry += (uint64_t)words[i] * CHUNK;
            words[i] = (uint32_t)carry;
            carry >>= 32;
        }
        put_chunk(result->digits + result->count, (uint32_t)carry);
        result->count += CHUNK_DIGITS;
    }
}

static void trim(decimal *value)
{
    int zeros = 0;
    while (zeros < value->count && value->digits[zeros] == '0')
        zeros++;
    value->count -= zeros;
    value->exponent -= zeros;
    memmove(value->digits, value->digits + zeros, (size_t)value->count);
    while (value->count && value->digits[value->count - 1] == '0')
        value->count--;
    if (!value->count)
        value->exponent = 0;
}

void guest_decimal_set(decimal *result, double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    uint64_t mantissa = bits & ((1ull << MANTISSA_BITS) - 1);
    int exponent = (int)(bits >> MANTISSA_BITS & 0x7FF);
    if (exponent)
        mantissa |= 1ull << MANTISSA_BITS;
    else
        exponent = 1;
    exponent -= EXPONENT_BIAS;
    result->count = 0;
    if (exponent >= 0) {
        put_integer(result, mantissa, exponent);
        result->exponent = result->count;
    } else {
        if (exponent > -64)
            put_integer(result, mantissa >> -exponent, 0);
        result->exponent = result->count;
        if (exponent > -64)
            mantissa &= (1ull << -exponent) - 1;
        put_fraction(result, mantissa, -exponent);
    }
    trim(result);
}

void guest_decimal_round(decimal *value, int keep)
{
    if (keep >= value->count)
        return;
    if (keep < 0) {
        value->count = value->exponent = 0;
        return;
    }
    bool tie = value->digits[keep] == '5' && value->count == keep + 1;
    bool odd = keep && (value->digits[keep - 1] & 1);
    bool up = tie ? odd : value->digits[keep] >= '5';
    value->count = keep;
    if (up) {
        int at = keep;
        while (at && value->digits[at - 1] == '9')
            at--;
        value->count = at ? at : 1;
        if (at) {
            value->digits[at - 1]++;
        } else {
            value->digits[0] = '1';
            value->exponent++;
        }
    }
    trim(value);
}
