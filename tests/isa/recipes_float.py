"""Floating point.

The oracle is qemu-ppc64 as a 970, which has every instruction of these rows; floating point does not
depend on the 64-bit mode. FPSCR[FR] is not modelled by qemu and is left out everywhere, and so are all
inputs with an enabled exception: a process would get a signal for them.
"""

import itertools
import struct

import values
from catalogue import recipe
from recipes_integer import variants
from values import double, integral_double

ORACLE = ("m64",)
FR = 0x00040000
FI = 0x00020000
C = 0x00010000
STICKY = (0x80000000, 0x10000000, 0x08000000, 0x04000000, 0x02000000, 0x01000000, 0x00800000,
          0x00400000, 0x00200000, 0x00100000, 0x00080000, 0x00000400, 0x00000200, 0x00000100)
ENABLES = 0xF8
VXSNAN = 0x01000000
INFINITY = 0x7FF << 52
NEGATED = ("fnmadd", "fnmadds", "fnmsub", "fnmsubs")
SINGLE = ("frsp", "fres", "fadds", "fsubs", "fmuls", "fdivs", "fsqrts", "fmadds", "fmsubs", "fnmadds", "fnmsubs")


def status(g):
    """An FPSCR to start from: any rounding mode, sometimes sticky bits and a stale FPRF."""
    rounding = g.rng.getrandbits(2)
    if g.rng.random() < 0.6:
        return rounding
    bits = sum(bit for bit in STICKY if g.rng.random() < 0.3)
    return bits | g.rng.getrandbits(5) << 12 | rounding


def arithmetic_stub(g, row, setting, prefix=(), mask=~FR & 0xFFFFFFFF, high=(), **fields):
    options = {"single_result": fields["d"]} if row.mnemonic in SINGLE else {}
    word = row.word(**fields, **setting)
    if row.mnemonic in NEGATED:
        # fmadd and fnmadd differ in one bit, and so do the others.
        options |= {"negated": fields["d"], "oracle_body": [*prefix, word & ~4]}
    return g.stub(*prefix, word, oracles=ORACLE, status=bool(setting.get("rc")), fpscr_mask=mask,
                  ignore_fpr_high=high, **options)


def special_pairs(g, number):
    """Pairs of corner values, so that every class of number meets every other."""
    for _ in range(number):
        yield g.rng.choice(values.DOUBLES), g.rng.choice(values.DOUBLES)


def two_operands(g, row, second):
    """frD from frA and frB or frC: [second] names the field."""
    stub = arithmetic_stub(g, row, {}, d=1, a=2, **{second: 3})
    for operands in itertools.product(values.CLASSES, repeat=2):
        class_vector(g, stub, operands)
    for setting in variants(row, "rc"):
        for index, (d, a, x) in enumerate(((1, 2, 3), (1, 1, 2), (2, 1, 2), (1, 2, 2), (0, 0, 0), (5, 4, 0))):
            stub = arithmetic_stub(g, row, setting, d=d, a=a, **{second: x})
            first = index == 0 and not setting.get("rc")
            for p, q in special_pairs(g, g.count(500 if first else 12)):
                vector = g.vector(stub)
                vector.fpscr = status(g)
                vector.f[a], vector.f[x] = p, q
            for _ in range(g.count(500 if first else 24)):
                g.vector(stub).fpscr = status(g)
    if row.mnemonic in SINGLE:
        singles(g, row, ("frsp 2, 2", "frsp 3, 3"), d=1, a=2, **{second: 3})
        stub = arithmetic_stub(g, row, {}, d=1, a=2, **{second: 3})
        for _ in range(g.count(200)):
            near_tie(g, stub, row.mnemonic)


def class_vector(g, stub, operands):
    vector = g.vector(stub)
    vector.fpscr = g.rng.getrandbits(2)
    for register, value in enumerate(operands, 2):
        vector.f[register] = value


def singles(g, row, prefix, **fields):
    """The same on operands that are known to be single precision, which may be translated otherwise."""
    stub = arithmetic_stub(g, row, {}, prefix=prefix, mask=~(FR | FI) & 0xFFFFFFFF, **fields)
    for _ in range(g.count(300)):
        g.vector(stub).fpscr = status(g)


recipe("fadd", "fadds", "fsub", "fsubs", "fdiv", "fdivs", second="b")(two_operands)
recipe("fmul", "fmuls", second="c")(two_operands)


@recipe("fmadd", "fmadds", "fmsub", "fmsubs", "fnmadd", "fnmadds", "fnmsub", "fnmsubs")
def three_operands(g, row):
    first = len(g.vectors)
    make_three_operands(g, row)
    for vector in g.vectors[first:]:
        a, c, b = (vector.f[operand_field(vector, shift)] for shift in (16, 6, 11))
        if {0, INFINITY} == {a & values.NO_SIGN, c & values.NO_SIGN} and values.is_signalling(b):
            vector.more_fpscr = VXSNAN


def operand_field(vector, shift):
    """A register number of the stub's last word, which is the instruction itself."""
    return vector.stub.body[-1] >> shift & 31


def make_three_operands(g, row):
    shapes = ((1, 2, 3, 4), (1, 1, 2, 3), (2, 1, 2, 3), (3, 1, 2, 3), (1, 2, 2, 2), (0, 0, 0, 0))
    stub = arithmetic_stub(g, row, {}, d=1, a=2, c=3, b=4)
    for operands in itertools.product(values.CLASSES, repeat=3):
        class_vector(g, stub, operands)
    for setting in variants(row, "rc"):
        for index, (d, a, c, b) in enumerate(shapes):
            stub = arithmetic_stub(g, row, setting, d=d, a=a, b=b, c=c)
            first = index == 0 and not setting.get("rc")
            for _ in range(g.count(400 if first else 20)):
                vector = g.vector(stub)
                vector.fpscr = status(g)
                for register in (a, b, c):
                    vector.f[register] = g.rng.choice(values.DOUBLES)
            for _ in range(g.count(600 if first else 24)):
                g.vector(stub).fpscr = status(g)
            for _ in range(g.count(300 if first else 8)):
                cancelling(g, stub, a, c, b)
    if row.mnemonic in SINGLE:
        singles(g, row, ("frsp 2, 2", "frsp 3, 3", "frsp 4, 4"), d=1, a=2, c=3, b=4)
        stub = arithmetic_stub(g, row, {}, d=1, a=2, c=3, b=4)
        for _ in range(g.count(200)):
            near_tie(g, stub, row.mnemonic)


def cancelling(g, stub, a, c, b):
    """The addend is close to the product, or far below it: where a separate rounding shows."""
    vector = g.vector(stub)
    vector.fpscr = status(g)
    vector.f[a] = values.bits(g.rng.uniform(1, 4))
    vector.f[c] = values.bits(g.rng.uniform(1, 4))
    if g.rng.random() < 0.5:
        vector.f[c] = vector.f[c] & ~((1 << 29) - 1)
        vector.f[a] = vector.f[a] & ~((1 << 29) - 1)
    x, y = as_float(vector.f[a]), as_float(vector.f[c])
    scale = g.rng.choice((1.0, 1.0, 2.0 ** -24, 2.0 ** -25, 2.0 ** -53, 2.0 ** -54, 2.0 ** -60))
    vector.f[b] = values.bits(x * y * scale * g.rng.choice((1, -1)))


def near_tie(g, stub, mnemonic):
    """Operands whose result is so near the middle of two singles that a double cannot tell: where
    rounding to double first shows."""
    vector = g.vector(stub)
    vector.fpscr = g.rng.getrandbits(2)
    tie = as_float(g.rng.randint(1023 - 40, 1023 + 40) << 52 | g.rng.getrandbits(23) << 29 | 1 << 28)
    tiny = tie * g.rng.choice((2.0 ** -54, 2.0 ** -60, 2.0 ** -90, 0.0)) * g.rng.choice((1, -1))
    factor = g.rng.uniform(1, 2)
    x, y, addend = {
        "fadds": (tie, tiny, 0.0), "fsubs": (tie, tiny, 0.0), "fmuls": (factor, tie / factor, 0.0),
        "fdivs": (tie * factor, factor, 0.0)}.get(mnemonic, (factor, tie / factor, tiny))
    if stub.row.form == "FLOAT_ACB" and g.rng.random() < 0.7:
        x, y, addend = g.rng.choice(((tie, 1.0, tiny), (tiny, 1.0, tie), (tiny, 0.5, tie)))
    sign = g.rng.choice((1, -1))
    vector.f[2], vector.f[3], vector.f[4] = (values.bits(v) for v in (sign * x, y, sign * addend))


def as_float(bits):
    return struct.unpack(">d", struct.pack(">Q", bits))[0]


def one_operand(g, row, value=double, single_prefix=False, high=False, mask=~FR & 0xFFFFFFFF, sweep=True):
    for setting in variants(row, "rc"):
        for index, (d, b) in enumerate(((1, 2), (1, 1), (0, 5), (4, 0))):
            stub = arithmetic_stub(g, row, setting, d=d, b=b, mask=mask, high=(d,) if high else ())
            first = index == 0 and not setting.get("rc")
            if first and sweep:
                for x in values.DOUBLES:
                    for rounding in range(4):
                        vector = g.vector(stub)
                        vector.f[b] = x
                        vector.fpscr = rounding
            for _ in range(g.count(400 if first else 24)):
                vector = g.vector(stub)
                vector.f[b] = value(g.rng)
                vector.fpscr = status(g)
    if single_prefix:
        singles(g, row, ("frsp 2, 2",), d=1, b=2)


recipe("frsp", "fsqrt")(one_operand)
recipe("fsqrts", single_prefix=True)(one_operand)
recipe("fctiw", "fctiwz", value=integral_double, high=True)(one_operand)
recipe("fctid", "fctidz", value=integral_double)(one_operand)
recipe("fcfid", value=values.integer)(one_operand)


@recipe("fres", "frsqrte")
def estimate(g, row):
    g.note("an estimate: full precision here, as in the oracle; FI and FR are undefined; "
           "of zero it is an infinity here, as the architecture says, and 1/2 in the oracle")
    first = len(g.vectors)
    one_operand(g, row, mask=~(FR | FI) & 0xFFFFFFFF)
    for vector in g.vectors[first:]:
        d, b = operand_field(vector, 21), operand_field(vector, 11)
        if vector.f[b] & values.NO_SIGN == 0:
            vector.defined_fpr = {d: vector.f[b] | INFINITY}


@recipe("fmr", "fneg", "fabs", "fnabs")
def move(g, row):
    for setting in variants(row, "rc"):
        for d, b in ((1, 2), (2, 2), (0, 5), (5, 0)):
            stub = arithmetic_stub(g, row, setting, d=d, b=b)
            for _ in range(g.count(60)):
                vector = g.vector(stub)
                vector.f[b] = double(g.rng)
                vector.fpscr = status(g)


@recipe("fsel")
def select(g, row):
    for setting in variants(row, "rc"):
        for d, a, c, b in ((1, 2, 3, 4), (1, 1, 2, 3), (2, 1, 2, 3), (3, 1, 2, 3), (5, 0, 0, 4)):
            stub = arithmetic_stub(g, row, setting, d=d, a=a, b=b, c=c)
            for x in values.DOUBLES if d == 1 and a == 2 else ():
                g.vector(stub).f[a] = x
            for _ in range(g.count(40)):
                g.vector(stub).fpscr = status(g)


@recipe("fcmpu", "fcmpo")
def compare(g, row):
    mask = ~FR & 0xFFFFFFFF
    if row.mnemonic == "fcmpo":
        g.note("FPSCR[C], which it should leave, is not compared: the oracle sets it for NaNs")
        mask &= ~C
    for field in range(8):
        for a, b in ((1, 2), (2, 2)):
            stub = g.stub(row.word(bf=field, a=a, b=b), oracles=ORACLE, fpscr_mask=mask)
            for p, q in special_pairs(g, g.count(300 if (field, b) == (0, a) else 60)):
                vector = g.vector(stub)
                vector.fpscr = status(g)
                vector.f[b] = q
                vector.f[a] = p if g.rng.random() < 0.8 else q


# ---- the status register ---------------------------------------------------------------------------


def quiet_status(g):
    """Control bits of any kind, with no sticky bit that an enable could turn into a signal."""
    return g.rng.getrandbits(8) | g.rng.getrandbits(5) << 12


@recipe("mffs")
def move_from(g, row):
    g.note("the high half of frD is undefined")
    for setting in variants(row, "rc"):
        for d in (0, 1, 5):
            stub = g.stub(row.word(d=d, **setting), oracles=ORACLE, status=True, fpscr_mask=~FR & 0xFFFFFFFF,
                          ignore_fpr_high=(d,), status_fpr=(d,))
            for _ in range(g.count(40)):
                g.vector(stub).fpscr = status(g)
            for _ in range(g.count(20)):
                g.vector(stub).fpscr = quiet_status(g)


@recipe("mcrfs")
def move_field(g, row):
    for bfa in range(8):
        for bf in (0, 1, 7):
            stub = g.stub(row.word(bf=bf, bfa=bfa), oracles=ORACLE, status=True)
            for _ in range(g.count(30)):
                g.vector(stub).fpscr = status(g) | (g.rng.getrandbits(1) * FR if bfa != 3 else 0)
            for _ in range(g.count(10)):
                g.vector(stub).fpscr = quiet_status(g)


def signals(before, after):
    """True iff [after] has an enabled exception pending, or might have on the way."""
    either = before | after
    invalid = either & 0x01F80700
    return bool(invalid and either & 0x80 or either & 0x10000000 and either & 0x40
                or either & 0x08000000 and either & 0x20 or either & 0x04000000 and either & 0x10
                or either & 0x02000000 and either & 0x08)


@recipe("mtfsf")
def move_to(g, row):
    for setting in variants(row, "rc"):
        for mask in [1 << i for i in range(8)] + [0xFF, 0, 0x81, 0x7E, g.rng.getrandbits(8)]:
            b = g.rng.choice((0, 1, 5))
            stub = g.stub(row.word(flm=mask, b=b, **setting), oracles=ORACLE, status=bool(setting.get("rc")))
            for _ in range(g.count(24)):
                before, source = status(g), g.rng.getrandbits(32)
                if g.rng.random() < 0.5:
                    source &= ~ENABLES
                elif g.rng.random() < 0.5:
                    before, source = quiet_status(g), source & 0x000FF0FF
                else:
                    before = quiet_status(g)
                if signals(before, source):
                    before &= ~ENABLES
                    source &= ~ENABLES
                vector = g.vector(stub)
                vector.fpscr = before
                vector.f[b] = g.rng.getrandbits(32) << 32 | source


@recipe("mtfsfi")
def move_immediate(g, row):
    for setting in variants(row, "rc"):
        for field in range(8):
            for value in range(16):
                stub = g.stub(row.word(bf=field, u=value, **setting), oracles=ORACLE,
                              status=bool(setting.get("rc")))
                for i in range(g.count(4)):
                    before = quiet_status(g) if i % 2 else status(g)
                    if signals(before, value << 28 - 4 * field):
                        before &= ~ENABLES
                    if signals(before, value << 28 - 4 * field):
                        continue
                    g.vector(stub).fpscr = before


@recipe("mtfsb0", "mtfsb1")
def move_bit(g, row):
    skipped = (1, 2, 29) if row.mnemonic == "mtfsb1" else (1, 2)
    g.note("not tested: FEX and VX, which are summaries and cannot be written"
           + (", and NI, which the oracle does not set" if 29 in skipped else ""))
    for setting in variants(row, "rc"):
        for bit in range(32):
            if bit in skipped:
                continue
            stub = g.stub(row.word(d=bit, **setting), oracles=ORACLE, status=bool(setting.get("rc")))
            for i in range(g.count(6)):
                before = quiet_status(g) if i % 2 else status(g)
                if signals(before, 1 << 31 - bit):
                    before &= ~ENABLES
                if signals(before, 1 << 31 - bit):
                    continue
                g.vector(stub).fpscr = before
