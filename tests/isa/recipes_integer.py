"""Integer arithmetic, logic, shifts, rotates and comparisons."""

from catalogue import recipe
from values import INTEGERS, integer

# rD, rA, rB: all different, each pair equal, all equal, r0 in each place.
THREE = ((3, 4, 5), (4, 4, 5), (5, 4, 5), (3, 4, 4), (3, 3, 3), (0, 4, 5), (3, 0, 5), (3, 4, 0), (12, 13, 7))
TWO = ((3, 4), (3, 3), (0, 4), (3, 0), (13, 9))

WIDE = ("m64",)


def variants(row, *fields):
    """Every setting of the one-bit [fields] that the row leaves open."""
    settings = [{}]
    for field in fields:
        if row.has(field):
            settings = [dict(s, **{field: bit}) for s in settings for bit in (0, 1)]
    return settings


def pairs(g, first):
    """Operand pairs: for a row's [first] encoding a thorough set, a few for the others."""
    if first:
        sample = g.rng.sample(INTEGERS, min(len(INTEGERS), max(6, g.count(14))))
        for x in sample:
            for y in sample:
                yield x, y
    for _ in range(g.count(60 if first else 14)):
        yield integer(g.rng), integer(g.rng)


def set_operands(vector, *operands):
    for register, value in operands:
        vector.r[register] = value


def options_for(wide, destination, setting):
    options = {"oracles": WIDE} if wide else {}
    if wide and setting.get("rc"):
        options["cr0_of"] = destination
    return options


def three_registers(g, row, wide=False, low_half=False, undefined=None, logical=False):
    """rD from rA and rB. [undefined](x, y): the result is not defined by the architecture. Logical
    instructions have their destination in the field of rA."""
    for setting in variants(row, "oe", "rc"):
        for index, (d, a, b) in enumerate(THREE):
            options = options_for(wide, d, setting)
            if low_half:
                options["low_half"] = (d,)
            fields = dict(d=a, a=d, b=b) if logical else dict(d=d, a=a, b=b)
            stub = g.stub(row.word(**fields, **setting), **options)
            for x, y in pairs(g, index == 0):
                vector = g.vector(stub)
                set_operands(vector, (a, x), (b, y))
                if undefined and undefined(vector.r[a], vector.r[b]):
                    vector.ignore_gpr = (d,)
                    vector.ignore_cr = 0xE0000000 if setting.get("rc") else 0


def two_registers(g, row, wide=False, logical=False):
    for setting in variants(row, "oe", "rc"):
        for index, (d, a) in enumerate(TWO):
            fields = dict(d=a, a=d) if logical else dict(d=d, a=a)
            stub = g.stub(row.word(**fields, **setting), **options_for(wide, d, setting))
            for value in INTEGERS if index == 0 else ():
                g.vector(stub).r[a] = value
            for _ in range(g.count(40 if index == 0 else 12)):
                g.vector(stub).r[a] = integer(g.rng)


def signed(value, width):
    value &= (1 << width) - 1
    return value - (1 << width) if value >> (width - 1) else value


def division_undefined(width, is_signed):
    def undefined(x, y):
        minimum = -1 << (width - 1)
        if signed(y, width) == 0:
            return True
        return is_signed and signed(x, width) == minimum and signed(y, width) == -1
    return undefined


for _names, _arguments in (
        (("add", "addc", "adde", "subf", "subfc", "subfe", "mullw"), {}),
        (("mulhw", "mulhwu"), {"low_half": True}),
        (("divw",), {"low_half": True, "undefined": division_undefined(32, True)}),
        (("divwu",), {"low_half": True, "undefined": division_undefined(32, False)}),
        (("mulld", "mulhd", "mulhdu"), {"wide": True}),
        (("divd",), {"wide": True, "undefined": division_undefined(64, True)}),
        (("divdu",), {"wide": True, "undefined": division_undefined(64, False)}),
        (("and", "andc", "or", "orc", "xor", "nand", "nor", "eqv"), {"logical": True}),
):
    recipe(*_names, **_arguments)(three_registers)

recipe("neg", "addme", "addze", "subfme", "subfze")(two_registers)
recipe("extsb", "extsh", "cntlzw", logical=True)(two_registers)
recipe("extsw", "cntlzd", logical=True, wide=True)(two_registers)

IMMEDIATES = (0, 1, 2, 0x7FFF, 0x8000, 0x8001, 0xFFFF, 0xFFFE, 0x1234)


@recipe("addi", "addis", "addic", "addic.", "subfic", "mulli")
def arithmetic_immediate(g, row):
    registers = TWO + (((4, 0),) if row.mnemonic in ("addi", "addis") else ())
    for index, (d, a) in enumerate(registers):
        immediates = IMMEDIATES if index < 2 else (0x7FFF, 0x8000, g.rng.getrandbits(16))
        for immediate in immediates:
            stub = g.stub(row.word(d=d, a=a, imm=immediate))
            for _ in range(g.count(16)):
                g.vector(stub).r[a] = integer(g.rng)


@recipe("andi.", "andis.", "ori", "oris", "xori", "xoris")
def logic_immediate(g, row):
    for index, (a, s) in enumerate(TWO):
        for immediate in IMMEDIATES if index < 2 else (0x7FFF, 0xFFFF, g.rng.getrandbits(16)):
            stub = g.stub(row.word(d=s, a=a, imm=immediate))
            for _ in range(g.count(12)):
                g.vector(stub).r[s] = integer(g.rng)


# ---- shifts ---------------------------------------------------------------------------------------


def shift_register(g, row, wide):
    counts = list(range(0, 130)) if wide else list(range(0, 66))
    for setting in variants(row, "rc"):
        for index, (a, s, b) in enumerate(THREE):
            stub = g.stub(row.word(d=s, a=a, b=b, **setting), **options_for(wide, a, setting))
            for count in counts if index == 0 else g.rng.sample(counts, g.count(16)):
                for _ in range(g.count(3 if index == 0 else 1)):
                    vector = g.vector(stub)
                    set_operands(vector, (s, integer(g.rng)))
                    if b != s:  # bits above the count are ignored
                        vector.r[b] = count | g.rng.choice((0, g.rng.getrandbits(56) << 8))
            for _ in range(g.count(20)):
                g.vector(stub)


recipe("slw", "srw", "sraw", wide=False)(shift_register)
recipe("sld", "srd", "srad", wide=True)(shift_register)


@recipe("srawi")
def shift_immediate(g, row):
    for setting in variants(row, "rc"):
        for index, (a, s) in enumerate(TWO):
            for count in range(32) if index == 0 else (0, 1, 31, g.rng.randint(2, 30)):
                stub = g.stub(row.word(d=s, a=a, sh=count, **setting))
                for _ in range(g.count(10)):
                    g.vector(stub).r[s] = integer(g.rng)


def split_sh(count):
    return dict(sh=count & 31, sh5=count >> 5)


def split_mb(bit):
    return dict(mb=bit & 31, mb5=bit >> 5)


@recipe("sradi")
def shift_immediate_wide(g, row):
    for setting in variants(row, "rc"):
        for index, (a, s) in enumerate(TWO):
            for count in range(64) if index == 0 else (0, 1, 31, 32, 33, 63):
                stub = g.stub(row.word(d=s, a=a, **split_sh(count), **setting),
                              **options_for(True, a, setting))
                for _ in range(g.count(6)):
                    g.vector(stub).r[s] = integer(g.rng)


# ---- rotates --------------------------------------------------------------------------------------

MASKS32 = ((0, 31), (0, 0), (31, 31), (16, 31), (0, 15), (24, 31), (5, 9), (9, 5), (31, 0), (1, 0), (30, 29),
           (17, 16), (31, 30), (8, 8))


@recipe("rlwinm", "rlwimi")
def rotate_word(g, row):
    for setting in variants(row, "rc"):
        for index, (a, s) in enumerate(TWO):
            shapes = [(g.rng.choice((0, 1, 16, 31, g.rng.randint(0, 31))), mb, me) for mb, me in MASKS32]
            shapes += [(g.rng.randint(0, 31), g.rng.randint(0, 31), g.rng.randint(0, 31))
                       for _ in range(g.count(24))]
            for sh, mb, me in shapes if index == 0 else shapes[-6:]:
                stub = g.stub(row.word(d=s, a=a, sh=sh, mb=mb, me=me, **setting))
                for _ in range(g.count(8)):
                    g.vector(stub).r[s] = integer(g.rng)


@recipe("rlwnm")
def rotate_word_register(g, row):
    for setting in variants(row, "rc"):
        for index, (a, s, b) in enumerate(THREE):
            masks = MASKS32 + tuple((g.rng.randint(0, 31), g.rng.randint(0, 31)) for _ in range(10))
            for mb, me in masks if index == 0 else masks[-4:]:
                stub = g.stub(row.word(d=s, a=a, b=b, mb=mb, me=me, **setting))
                for _ in range(g.count(8)):
                    vector = g.vector(stub)
                    vector.r[s] = integer(g.rng)


BITS64 = (0, 1, 31, 32, 33, 62, 63)


@recipe("rldicl", "rldicr", "rldic", "rldimi")
def rotate_double(g, row):
    for setting in variants(row, "rc"):
        for index, (a, s) in enumerate(TWO):
            shapes = [(sh, mb) for sh in BITS64 for mb in BITS64]
            shapes += [(g.rng.randint(0, 63), g.rng.randint(0, 63)) for _ in range(g.count(16))]
            for sh, mb in shapes if index == 0 else shapes[-6:]:
                stub = g.stub(row.word(d=s, a=a, **split_sh(sh), **split_mb(mb), **setting),
                              **options_for(True, a, setting))
                for _ in range(g.count(5)):
                    g.vector(stub).r[s] = integer(g.rng)


@recipe("rldcl", "rldcr")
def rotate_double_register(g, row):
    for setting in variants(row, "rc"):
        for index, (a, s, b) in enumerate(THREE):
            for mb in BITS64 if index == 0 else (g.rng.randint(0, 63),):
                stub = g.stub(row.word(d=s, a=a, b=b, **split_mb(mb), **setting),
                              **options_for(True, a, setting))
                for _ in range(g.count(16)):
                    vector = g.vector(stub)
                    vector.r[s] = integer(g.rng)


# ---- comparisons ----------------------------------------------------------------------------------


def compare(g, row, unsigned, immediate, wide):
    oracles = {"oracles": WIDE} if wide else {}
    for field in range(8):
        if immediate:
            for value in (0, 1, 0x7FFF, 0x8000, 0xFFFF, g.rng.getrandbits(16)):
                a = g.rng.choice((4, 0, 13))
                stub = g.stub(row.word(bf=field, a=a, imm=value), **oracles)
                extended = value if unsigned else signed(value, 16) & (1 << 64) - 1
                for x in (extended, extended + 1, extended - 1, extended ^ 1 << 32, extended ^ 1 << 63):
                    g.vector(stub).r[a] = x & (1 << 64) - 1
                for _ in range(g.count(8)):
                    g.vector(stub).r[a] = integer(g.rng)
        else:
            a, b = g.rng.choice(((4, 5), (0, 5), (4, 0), (12, 13)))
            stub = g.stub(row.word(bf=field, a=a, b=b), **oracles)
            for x, y in pairs(g, field in (0, 6)):
                set_operands(g.vector(stub), (a, x), (b, y))
            same = g.stub(row.word(bf=field, a=a, b=a), **oracles)
            g.vector(same)


for _name, _arguments in {
        "cmpw": (False, False, False), "cmplw": (True, False, False), "cmpwi": (False, True, False),
        "cmplwi": (True, True, False), "cmpd": (False, False, True), "cmpld": (True, False, True),
        "cmpdi": (False, True, True), "cmpldi": (True, True, True)}.items():
    recipe(_name, **dict(zip(("unsigned", "immediate", "wide"), _arguments)))(compare)


# ---- traps ----------------------------------------------------------------------------------------


def trap(g, row, immediate, wide):
    oracles = {"oracles": WIDE} if wide else {}
    for conditions in range(32):
        a, b = g.rng.choice(((4, 5), (0, 5), (4, 0), (4, 4)))
        if immediate:
            for value in (0, 0xFFFF, 0x8000, g.rng.getrandbits(16)):
                stub = g.stub(row.word(d=conditions, a=a, imm=value), **oracles)
                extended = signed(value, 16) & (1 << 64) - 1
                for x in (extended, extended + 1, extended - 1, extended ^ 1 << 31, extended ^ 1 << 63):
                    g.vector(stub).r[a] = x & (1 << 64) - 1
        else:
            stub = g.stub(row.word(d=conditions, a=a, b=b), **oracles)
            for _ in range(g.count(24)):
                set_operands(g.vector(stub), (a, integer(g.rng)), (b, integer(g.rng)))
            for _ in range(4):
                value = integer(g.rng)
                set_operands(g.vector(stub), (a, value), (b, value))


for _name, _arguments in {"tw": (False, False), "twi": (True, False), "td": (False, True),
                          "tdi": (True, True)}.items():
    recipe(_name, **dict(zip(("immediate", "wide"), _arguments)))(trap)
