"""Loads, stores, reservations and cache instructions.

Addresses are given in three ways: clean (both oracles), with noise in the high half of the registers
and with sums that wrap at 32 bits (the 64-bit oracle would use all 64 bits, so only qemu-ppc runs them),
and absolute (rA = 0), through a copy of the window at a low address.
"""

import struct

import record
from catalogue import recipe
from values import double, integer, single_word

WIDE = ("m64",)
OFFSETS = (0, 4, -4, 1, 3, -7, 60, -60)


class Access:
    """How a row reaches memory."""

    def __init__(self, size, store=False, float_=False, update=False, indexed=False, ds=False,
                 aligned=1, oracles=("m32", "m64"), content=None):
        self.size, self.store, self.float = size, store, float_
        self.update, self.indexed, self.ds = update, indexed, ds
        self.aligned, self.oracles, self.content = aligned, oracles, content


def noise(g, access):
    """What lies in memory, or in the register to be stored."""
    if access.content == "single":
        return struct.pack(">I", single_word(g.rng))
    if access.content == "double":
        return struct.pack(">Q", double(g.rng))
    return struct.pack(">Q", integer(g.rng))[-access.size:] if access.size <= 8 else g.rng.randbytes(access.size)


def place(g, access):
    """An offset in the window, at all alignments the access allows, mid-window."""
    return g.rng.randrange(80, 160) // access.aligned * access.aligned


def give_memory(g, vector, access, at):
    g.memory(vector, None if access.store else {at: noise(g, access)})


def set_source(g, vector, access, register):
    if access.store and access.float:
        vector.f[register] = double(g.rng)


def run_displacement(g, row, access, d, a, displacement):
    field = dict(ds=displacement >> 2) if access.ds else dict(imm=displacement)
    stub = g.stub(row.word(d=d, a=a, **field), oracles=access.oracles)
    for i in range(g.count(10)):
        vector = g.vector(stub)
        at = place(g, access)
        high = g.rng.getrandbits(32) if i % 4 == 3 and "m32" in access.oracles else 0
        vector.low_only = high != 0
        set_source(g, vector, access, d)
        vector.pointers[a] = (at - displacement, high)
        give_memory(g, vector, access, at)


def displacement_form(g, row, access):
    pairs = [(3, 4), (0, 13), (5, 9)]
    if not access.update and not access.float and not access.store:
        pairs.append((4, 4))
    if access.store and not access.float:
        pairs.append((4, 4))
    if access.float:
        pairs = [(1, 4), (0, 13), (4, 4)]
    displacements = [offset * access.ds * 4 if access.ds else offset for offset in OFFSETS]
    displacements += [0x7FFC, -0x8000]
    for d, a in pairs:
        for displacement in displacements if (d, a) == pairs[0] else (8, -8):
            run_displacement(g, row, access, d, a, displacement)
    if not access.update:
        absolute_form(g, row, access)


def absolute_form(g, row, access):
    """rA = 0 means no register: the window's first 16 bytes are copied to a low address and back."""
    for d in (1 if access.float else 3, 0):
        displacement = record.LOW_WINDOW + g.rng.choice((0, 4))
        field = dict(ds=displacement >> 2) if access.ds else dict(imm=displacement)
        copy_in = ["lis 29, low_window@ha", "addi 29, 29, low_window@l"]
        copy_out = []
        for offset in range(0, 16, 4):
            copy_in += [f"lwz 28, {record.WINDOW + offset}(31)", f"stw 28, {offset}(29)"]
            copy_out += [f"lwz 28, {offset}(29)", f"stw 28, {record.WINDOW + offset}(31)"]
        stub = g.stub(*copy_in, row.word(d=d, a=0, **field), *copy_out, oracles=access.oracles)
        for _ in range(g.count(6)):
            vector = g.vector(stub)
            set_source(g, vector, access, d)
            give_memory(g, vector, access, displacement - record.LOW_WINDOW)


def indexed_form(g, row, access):
    shapes = [(3, 4, 5), (3, 5, 4), (0, 4, 13), (6, 12, 0)]
    if not access.update:
        shapes += [(3, 0, 5)]
        if not access.float:
            shapes += [(4, 4, 5), (5, 4, 5)]
    elif access.store and not access.float:
        shapes += [(4, 4, 5), (5, 4, 5)]
    elif not access.float:
        shapes += [(5, 4, 5)]
    if access.float:
        shapes = [(d % 6, a, b) for d, a, b in shapes]
    for d, a, b in shapes:
        stub = g.stub(row.word(d=d, a=a, b=b), oracles=access.oracles)
        for i in range(g.count(24 if (d, a, b) == shapes[0] else 8)):
            indexed_vector(g, access, stub, (d, a, b), i % 3)


def indexed_vector(g, access, stub, registers, kind):
    """kind 0: clean; 1: noise in the high halves; 2: a sum that wraps at 32 bits."""
    d, a, b = registers
    vector = g.vector(stub)
    at = place(g, access)
    if "m32" not in access.oracles:
        kind = 0
    vector.low_only = kind != 0
    high = g.rng.getrandbits(32) if kind else 0
    index = 0
    if a != 0:
        index = g.rng.choice((0, 1, 8, 0x10000, at)) if kind < 2 else -g.rng.randrange(1, 0x20000000)
        vector.r[a] = index & 0xFFFFFFFF if kind else index
    vector.pointers[b] = (at - index, high)
    set_source(g, vector, access, d)
    give_memory(g, vector, access, at)


def access_recipe(g, row, **arguments):
    access = Access(**arguments)
    (indexed_form if access.indexed else displacement_form)(g, row, access)
    if arguments.get("update"):
        g.note("rA gets the effective address with its high half zero")


def register_family():
    integer_loads = {"lbz": 1, "lhz": 2, "lha": 2, "lwz": 4}
    integer_stores = {"stb": 1, "sth": 2, "stw": 4}
    for names, store in ((integer_loads, False), (integer_stores, True)):
        for name, size in names.items():
            add_four(name, size=size, store=store)
    for name, size, content in (("lfs", 4, "single"), ("lfd", 8, "double")):
        add_four(name, size=size, float_=True, content=content)
    for name, size in (("stfs", 4), ("stfd", 8)):
        add_four(name, size=size, float_=True, store=True)
    for name, store in (("ld", False), ("std", True)):
        base = dict(size=8, store=store, oracles=WIDE)
        recipe(name, ds=1, **base)(access_recipe)
        recipe(name + "u", ds=1, update=True, **base)(access_recipe)
        recipe(name + "x", indexed=True, **base)(access_recipe)
        recipe(name + "ux", indexed=True, update=True, **base)(access_recipe)
    recipe("lwa", ds=1, size=4, oracles=WIDE)(access_recipe)
    recipe("lwax", indexed=True, size=4, oracles=WIDE)(access_recipe)
    recipe("lwaux", indexed=True, update=True, size=4, oracles=WIDE)(access_recipe)
    for name, size in (("lhbrx", 2), ("lwbrx", 4)):
        recipe(name, indexed=True, size=size)(access_recipe)
    for name, size in (("sthbrx", 2), ("stwbrx", 4)):
        recipe(name, indexed=True, size=size, store=True)(access_recipe)
    recipe("ldbrx", indexed=True, size=8, oracles=("p7",))(access_recipe)
    recipe("stdbrx", indexed=True, size=8, store=True, oracles=("p7",))(access_recipe)
    recipe("stfiwx", indexed=True, size=4, store=True, float_=True)(access_recipe)


def add_four(name, **arguments):
    recipe(name, **arguments)(access_recipe)
    recipe(name + "u", update=True, **arguments)(access_recipe)
    recipe(name + "x", indexed=True, **arguments)(access_recipe)
    recipe(name + "ux", indexed=True, update=True, **arguments)(access_recipe)


register_family()

# ---- several registers at once ---------------------------------------------------------------------

SAVE = ["mr 14, 30", "mr 15, 31"]
RESTORE = ["mr 30, 14", "mr 31, 15"]


def string_vector(g, stub, pointer, count=None):
    vector = g.vector(stub)
    vector.pointers[pointer] = (g.rng.randrange(60, 100), 0)
    g.memory(vector)
    if count is not None:
        vector.xer = vector.xer & 0xE0000000 | count
    return vector


@recipe("lmw", "stmw")
def multiple(g, row):
    g.note("rA below rD only; the other forms are invalid")
    for first in (27, 29, 30, 31):
        for displacement in (0, 8, -3):
            word = row.word(d=first, a=4, imm=displacement)
            used = range(first, 32)
            if row.mnemonic == "lmw":
                body = SAVE + [word] + [f"mr {16 + i}, {n}" for i, n in enumerate(used)] + RESTORE
                body += [f"mr {5 + i}, {16 + i}" for i in range(len(used))]
            else:
                body = SAVE + [f"mr {n}, {5 + i}" for i, n in enumerate(used)] + [word] + RESTORE
            stub = g.stub(*body)
            for _ in range(g.count(8)):
                string_vector(g, stub, 4)


@recipe("lswi", "stswi")
def string_immediate(g, row):
    shapes = [(5, count) for count in range(33)] + [(9, 17), (13, 4), (3, 1), (3, 3)]
    for d, count in shapes:
        pointer = 7 if d == 3 else 4
        stub = g.stub(row.word(d=d, a=pointer, b=count))
        for _ in range(g.count(5)):
            string_vector(g, stub, pointer)
    wrapping = g.stub(*SAVE, "mr 30, 6", "mr 31, 7", row.word(d=30, a=4, b=11), "mr 16, 30", "mr 17, 31",
                      *RESTORE, "mr 5, 16", "mr 6, 17")
    for _ in range(g.count(12)):
        string_vector(g, wrapping, 4)


@recipe("lswx", "stswx")
def string_indexed(g, row):
    if row.mnemonic == "lswx":
        g.note("a count of zero leaves rD undefined: not tested")
    for d, a, b in ((6, 4, 5), (6, 0, 5), (9, 4, 5)):
        stub = g.stub(row.word(d=d, a=a, b=b))
        limit = 4 * (14 - d)
        for count in range(1 if row.mnemonic == "lswx" else 0, limit + 1):
            for _ in range(g.count(2)):
                vector = string_vector(g, stub, b, count)
                if a:
                    offset = g.rng.randrange(0, 16)
                    vector.r[a] = offset
                    vector.pointers[b] = (vector.pointers[b][0] - offset, 0)


# ---- reservations ----------------------------------------------------------------------------------


@recipe("lwarx", "ldarx")
def load_reserve(g, row):
    access = Access(size=8 if row.mnemonic == "ldarx" else 4, aligned=8, indexed=True,
                    oracles=WIDE if row.mnemonic == "ldarx" else ("m32", "m64"))
    indexed_form(g, row, access)
    g.note("aligned addresses only")


@recipe("stwcx.", "stdcx.")
def store_conditional(g, row):
    wide = row.mnemonic == "stdcx."
    g.note("success; no reservation; another address; a second store")
    load = "ldarx" if wide else "lwarx"
    oracles = WIDE if wide else ("m32", "m64")
    for d, a, b in ((5, 0, 4), (5, 6, 4), (0, 6, 4)):
        word = row.word(d=d, a=a, b=b)
        address = f"{a}, {b}"
        bodies = [[f"{load} 3, {address}", word],
                  [f"{load} 3, {address}", word, f"{load} 3, {address}", word],
                  [f"{load} 3, {address}", word, word],
                  [f"{load} 3, 0, 9", word],
                  [f"{load} 3, {address}", f"{load} 8, 0, 9", word],
                  [f"{load} 3, {address}", "addi 7, 3, 1", "mr 5, 7", word]]
        for body in bodies:
            stub = g.stub(*body, oracles=oracles)
            for _ in range(g.count(10)):
                vector = g.vector(stub)
                index = g.rng.choice((0, 8, 64))
                vector.r[6] = index
                at = g.rng.randrange(80, 160) & ~7
                vector.pointers[4] = (at - (index if a else 0), 0)
                vector.pointers[9] = (at + 16, 0)
                # The same value at both addresses, or a comparison of values would hide one of addresses.
                value = g.rng.randbytes(8)
                g.memory(vector, {at: value, at + 16: value if g.rng.random() < 0.7 else b""})


# ---- the cache -------------------------------------------------------------------------------------


def cache(g, row, oracles):
    for a, b in ((0, 4), (5, 4), (4, 5)):
        stub = g.stub(row.word(a=a, b=b), oracles=oracles)
        for _ in range(g.count(20)):
            vector = g.vector(stub)
            index = g.rng.randrange(0, 64)
            if a:
                vector.r[a] = index
            vector.pointers[b] = (g.rng.randrange(64, 192) - (index if a else 0), 0)
            g.memory(vector)


recipe("dcbst", "dcbf", "dcbt", "dcbtst", "icbi", "dcbz", oracles=("m32", "m64"))(cache)
recipe("dcbzl", oracles=WIDE)(cache)
