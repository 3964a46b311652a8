"""Operand values: the corners where implementations differ, and random ones of useful shapes."""

import struct


def bits(value):
    return struct.unpack(">Q", struct.pack(">d", value))[0]


def single_bits(word):
    """The double that holds the single-precision pattern [word] (no NaN)."""
    return bits(struct.unpack(">f", struct.pack(">I", word))[0])


NO_SIGN = (1 << 63) - 1


def is_signalling(value):
    """Whether a double's bits are a signalling NaN."""
    return 0x7FF << 52 < value & NO_SIGN < 0x7FF8 << 48


INTEGERS = [
    0, 1, 2, 3, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFE, 0x7FFFFFFF, 0x80000000,
    0x80000001, 0xFFFFFFFE, 0xFFFFFFFF, 0x100000000, 0x180000000, 0x17FFFFFFF, 0x7FFFFFFFFFFFFFFF,
    0x8000000000000000, 0x8000000000000001, 0xFFFFFFFF00000000, 0xFFFFFFFF7FFFFFFF,
    0xFFFFFFFF80000000, 0xFFFFFFFFFFFF8000, 0xFFFFFFFFFFFFFFFE, 0xFFFFFFFFFFFFFFFF,
]

_POSITIVE = [
    0x0000000000000000,                       # zero
    0x0000000000000001, 0x000FFFFFFFFFFFFF,   # denormals
    0x0000000010000000, 0x0008000000000000,
    0x0010000000000000, 0x0010000000000001,   # smallest normals
    bits(0.5), bits(1.0), bits(1.5), bits(2.0), bits(3.0), bits(10.0), bits(1.0 / 3.0),
    0x3FEFFFFFFFFFFFFF, 0x3FF0000000000001,   # neighbours of one
    0x3FF0000010000000, 0x3FF0000030000000,   # halfway between two singles, to even down and up
    0x3FF0000010000001, 0x3FF000000FFFFFFF,   # just beside halfway
    bits(0.49999999999999994), bits(2.5), bits(1e10), bits(4503599627370495.5),
    bits(4503599627370497.5), bits(9007199254740993.0),
    bits(2147483646.5), bits(2147483647.0), bits(2147483647.5), bits(2147483648.0),
    bits(2147483648.5), bits(2147483649.0), bits(4294967295.0), bits(4294967296.0),
    bits(9223372036854774784.0), bits(9223372036854775808.0), bits(18446744073709551616.0),
    single_bits(0x00000001), single_bits(0x00000003), single_bits(0x007FFFFF),
    single_bits(0x00800000), single_bits(0x7F7FFFFF),
    0x3690000000000000, 0x3690000000000001,   # half of the smallest single denormal, and more
    0x380FFFFFE0000000, 0x380FFFFFF0000000,   # between denormal and normal singles
    0x36A8000000000000, 0x380FFFFFFFFFFFFF,
    0x47EFFFFFEFFFFFFF, 0x47EFFFFFF0000000, 0x47F0000000000000,  # rounding to single infinity
    0x7FE0000000000000, 0x7FEFFFFFFFFFFFFF,   # largest
    0x7FF0000000000000,                       # infinity
    0x7FF8000000000000, 0x7FF8000000000001, 0x7FFFFFFFFFFFFFFF, 0x7FF8123456789ABC,  # quiet NaN
    0x7FF0000000000001, 0x7FF4000000000000, 0x7FF7FFFFFFFFFFFF, 0x7FF0000020000000,  # signalling
]
# One of each class of number, for operations of several operands.
CLASSES = [0x0000000000000000, 0x8000000000000000, bits(1.5), bits(-2.0), 0x0000000000000003, 0x7FF0000000000000,
           0xFFF0000000000000, 0x7FF8000000000001, 0xFFF0000000000001]
DOUBLES = _POSITIVE + [value | 1 << 63 for value in _POSITIVE]

_SINGLE_POSITIVE = [
    0x00000000, 0x00000001, 0x00000002, 0x00000003, 0x00400000, 0x007FFFFF, 0x00800000, 0x00800001,
    0x3F000000, 0x3F800000, 0x3F800001, 0x40490FDB, 0x4B800000, 0x4F000000, 0x7F7FFFFF, 0x7F800000,
    0x7FC00000, 0x7FC12345, 0x7FFFFFFF, 0x7F800001, 0x7FA00000, 0x7FBFFFFF,
]
SINGLES = _SINGLE_POSITIVE + [value | 1 << 31 for value in _SINGLE_POSITIVE]


def integer(rng):
    kind = rng.random()
    if kind < 0.45:
        return rng.choice(INTEGERS)
    if kind < 0.6:
        return (rng.choice(INTEGERS) + rng.choice((-2, -1, 1, 2))) & (1 << 64) - 1
    if kind < 0.75:
        return rng.getrandbits(rng.randint(1, 64))
    if kind < 0.85:
        return -rng.getrandbits(rng.randint(1, 63)) & (1 << 64) - 1
    return rng.getrandbits(64)


def single_word(rng):
    kind = rng.random()
    if kind < 0.4:
        return rng.choice(SINGLES)
    if kind < 0.7:
        return rng.getrandbits(1) << 31 | rng.randint(110, 144) << 23 | rng.getrandbits(23)
    if kind < 0.8:
        return rng.getrandbits(1) << 31 | rng.getrandbits(23)
    return rng.getrandbits(32)


def double(rng):
    """A double's bits: corners, ordinary numbers, numbers near a rounding boundary of singles."""
    kind = rng.random()
    sign = rng.getrandbits(1) << 63
    if kind < 0.35:
        return rng.choice(DOUBLES)
    if kind < 0.5:
        return sign | rng.randint(1023 - 30, 1023 + 30) << 52 | rng.getrandbits(52)
    if kind < 0.65:  # representable as a single
        return sign | rng.randint(1023 - 20, 1023 + 20) << 52 | rng.getrandbits(23) << 29
    if kind < 0.75:  # at a halfway point of singles, or one unit beside it
        low = rng.choice((0x0FFFFFFF, 0x10000000, 0x10000001))
        return sign | rng.randint(1023 - 10, 1023 + 10) << 52 | rng.getrandbits(23) << 29 | low
    if kind < 0.85:  # around the range of single denormals and the end of the single range
        exponent = rng.choice((rng.randint(1023 - 152, 1023 - 120), rng.randint(1023 + 120, 1023 + 130)))
        return sign | exponent << 52 | rng.getrandbits(24) << 28
    if kind < 0.9:   # few significant bits: exact sums, ties
        return sign | rng.randint(1023 - 60, 1023 + 60) << 52 | rng.getrandbits(3) << 49
    if kind < 0.95:  # double denormals and the end of the double range
        return sign | rng.choice((0, 1, 2, 2045, 2046)) << 52 | rng.getrandbits(52)
    return rng.getrandbits(64)


def integral_double(rng):
    """Numbers whose conversion to an integer is interesting."""
    kind = rng.random()
    if kind < 0.3:
        return rng.choice(DOUBLES)
    value = rng.getrandbits(rng.randint(1, 66)) + rng.choice((0.0, 0.25, 0.5, 0.75))
    return bits(-value if rng.getrandbits(1) else value)
