#!/usr/bin/env python3
"""Writes math_tables.h: the constants of the mathematical functions, from integer arithmetic."""
from fractions import Fraction
from math import factorial

BITS = 1400  # of working precision; the longest constant below has 1,216


def series_atan_inverse(n):
    """atan(1/n) * 2^BITS."""
    term = (1 << BITS) // n
    total, k = term, 1
    while term:
        term //= n * n
        k += 2
        total += -(term // k) if k // 2 % 2 else term // k
    return total


def series_atanh_inverse(n):
    """atanh(1/n) * 2^BITS."""
    term = (1 << BITS) // n
    total, k = term, 1
    while term:
        term //= n * n
        k += 2
        total += term // k
    return total


PI = Fraction(4 * (4 * series_atan_inverse(5) - series_atan_inverse(239)), 1 << BITS)
LN2 = Fraction(2 * series_atanh_inverse(3), 1 << BITS)
LN10 = 3 * LN2 + Fraction(2 * series_atanh_inverse(9), 1 << BITS)  # 10 = 8 * 5/4


def split(value, parts):
    """The value as a sum of [parts] doubles, each what is left rounded to nearest."""
    result = []
    for _ in range(parts):
        result.append(float(value))
        value -= Fraction(result[-1])
    return result


def pair(value):
    return "{%s, %s}" % tuple(x.hex() for x in split(value, 2))


def table(name, values):
    lines = ",\n    ".join(pair(value) for value in values)
    return f"static const dd {name}[] = {{\n    {lines},\n}};\n"


def main():
    out = ["/*\n * math_tables.h - constants of the mathematical functions as sums of doubles. Written by\n"
           " * math_tables.py.\n */\n#ifndef GUEST_MATH_TABLES_H\n#define GUEST_MATH_TABLES_H\n\n/* clang-format off */\n"
           '#include "dd.h"\n#include <stdint.h>\n\n']
    for name, value in (("dd_ln2", LN2), ("dd_pi", PI), ("dd_inverse_ln10", 1 / LN10),
                        ("dd_inverse_ln2", 1 / LN2)):
        out.append(f"static const dd {name} = {pair(value)};\n")
    parts = ", ".join(x.hex() for x in split(PI / 2, 4))
    out.append(f"\n/* Pi over 2 in four parts. */\nstatic const double half_pi_parts[4] = {{{parts}}};\n\n")
    out.append("/* 1/n! for n = 2, 3, 4 ... */\n" +
               table("dd_inverse_factorial", [Fraction(1, factorial(n)) for n in range(2, 29)]))
    bits = int(2 / PI * (1 << 1280))
    words = [bits >> (1280 - 32 * (i + 1)) & 0xFFFFFFFF for i in range(40)]
    rows = ",\n    ".join(", ".join(f"0x{w:08X}" for w in words[i:i + 8]) for i in range(0, 40, 8))
    out.append(f"\n/* The bits of 2/pi behind the point. */\n"
               f"static const uint32_t two_over_pi[40] = {{\n    {rows},\n}};\n\n#endif\n")
    with open("math_tables.h", "w") as file:
        file.write("".join(out))


main()
