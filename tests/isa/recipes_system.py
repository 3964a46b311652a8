"""Branches, the condition register, the special registers and barriers."""

from catalogue import recipe
from values import integer

WIDE = ("m64",)

# Every BO that is not reserved, with and without its hint bits: 0 1 2 3 count down and test, 4-7 12-15
# test only, 8-11 count down and test for true, 16-19 24-27 count down only, 20 always.
BRANCH_OPTIONS = (0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16, 18, 24, 25, 26, 27, 20)
NO_COUNT = (4, 6, 7, 12, 14, 15, 20)
COUNTS = (0, 1, 2, 0x80000000, 0x100000000, 0x100000001, 0x123456789, 0xFFFFFFFFFFFFFFFF, 0xFFFFFFFF00000001)


def branch_vectors(g, stub, number, condition):
    for i in range(number):
        vector = g.vector(stub)
        # The 64-bit oracle tests all of CTR: low_only keeps inputs where that differs away from it.
        count = g.rng.choice(COUNTS)
        vector.r[10] = count
        vector.low_only = count >> 32 != 0
        if i % 2:
            vector.cr = vector.cr | 0x80000000 >> condition
        else:
            vector.cr = vector.cr & ~(0x80000000 >> condition)


def conditions(g):
    return g.rng.sample(range(32), 4) + [2]


@recipe("b")
def branch(g, row):
    stub = g.stub("li 3, 1", row.word(li=2), "li 3, 2", "addi 4, 4, 1", branches=True)
    back = g.stub("li 3, 1", "b 2f", "1: addi 4, 4, 1", "b 3f", "2: addi 5, 5, 1", row.word(li=-3),
                  "li 5, 0", "3: addi 6, 6, 1", branches=True)
    call = g.stub("mflr 28", "li 3, 0", "bl 1f", "addi 4, 4, 1", "mflr 12", "mtlr 28", "b 2f",
                  "1: li 3, 1", "blr", "2:", branches=True)
    for stub in (stub, back, call):
        for _ in range(g.count(6)):
            g.vector(stub)


@recipe("bc")
def branch_conditional(g, row):
    g.note("CTR is tested by its low half")
    for options in BRANCH_OPTIONS:
        for condition in conditions(g):
            jump = row.word(bo=options, bi=condition, bd=3)
            stub = g.stub("mtctr 10", jump, "li 3, 0", "b 1f", "li 3, 1", "1: mfctr 11", branches=True)
            branch_vectors(g, stub, g.count(12), condition)
        condition = g.rng.randrange(32)
        call = f".long {row.word(bo=options, bi=condition, lk=1):#x} + ((isa_callee - .) & 0xfffc)"
        stub = g.stub("mflr 28", "mtctr 10", "li 3, 0", call, "addi 4, 4, 1", "mfctr 11", "mflr 12", "mtlr 28", branches=True)
        branch_vectors(g, stub, g.count(12), condition)
    here = g.stub("mflr 28", "bcl 20, 31, 1f", "1: mflr 12", "mtlr 28", branches=True)
    for _ in range(g.count(4)):
        g.vector(here)


@recipe("bclr")
def branch_to_link(g, row):
    for options in BRANCH_OPTIONS:
        for condition in conditions(g):
            word = row.word(bo=options, bi=condition)
            stub = g.stub("mflr 28", "mtctr 10", "bl 1f", "mfctr 11", "mtlr 28", "b 2f",
                          "1: li 3, 1", word, "li 3, 2", "blr", "2:", branches=True)
            branch_vectors(g, stub, g.count(10), condition)
        condition = g.rng.randrange(32)
        word = row.word(bo=options, bi=condition, lk=1)
        stub = g.stub("mflr 28", "mtctr 10", "lis 29, isa_callee@ha", "addi 29, 29, isa_callee@l", "mtlr 29",
                      "li 3, 0", word, "addi 4, 4, 1", "mfctr 11", "mflr 12", "mtlr 28", branches=True)
        branch_vectors(g, stub, g.count(10), condition)


@recipe("bcctr")
def branch_to_count(g, row):
    g.note("forms that count CTR down are invalid")
    load = ["lis 29, isa_callee@ha", "addi 29, 29, isa_callee@l", "mtctr 29", "li 3, 0"]
    for options in NO_COUNT:
        for condition in conditions(g):
            jump = g.stub(*load, row.word(bo=options, bi=condition), "li 3, 2", branches=True)
            call = g.stub("mflr 28", *load, row.word(bo=options, bi=condition, lk=1), "addi 4, 4, 1", "mflr 12",
                          "mtlr 28", branches=True)
            branch_vectors(g, jump, g.count(10), condition)
            branch_vectors(g, call, g.count(10), condition)


@recipe("sc")
def system_call(g, row):
    g.note("checked against its definition, not an oracle: a trap of its own kind, nothing else changes")
    marker = ["lis 28, trap_word@ha", "addi 28, 28, trap_word@l", "li 29, 3", "stw 29, 0(28)"]
    stub = g.stub(row.word(), oracle_body=marker)
    for _ in range(g.count(10)):
        g.vector(stub)


# ---- the condition register ------------------------------------------------------------------------


@recipe("crand", "crandc", "creqv", "crnand", "crnor", "cror", "crorc", "crxor")
def cr_logic(g, row):
    shapes = [(0, 1, 2), (2, 2, 2), (31, 0, 16), (7, 7, 8), (8, 7, 8), (3, 4, 4)]
    shapes += [tuple(g.rng.randrange(32) for _ in range(3)) for _ in range(g.count(10))]
    for d, a, b in shapes:
        stub = g.stub(row.word(d=d, a=a, b=b))
        for _ in range(g.count(12)):
            g.vector(stub)


@recipe("mcrf")
def move_field(g, row):
    for bf in range(8):
        for bfa in range(8):
            stub = g.stub(row.word(bf=bf, bfa=bfa))
            for _ in range(g.count(4)):
                g.vector(stub)


@recipe("mcrxr")
def move_from_xer(g, row):
    for bf in range(8):
        stub = g.stub(row.word(bf=bf))
        for _ in range(g.count(16)):
            g.vector(stub)


@recipe("mfcr")
def move_from(g, row):
    for d in (3, 0, 13):
        stub = g.stub(row.word(d=d))
        for _ in range(g.count(20)):
            g.vector(stub)


@recipe("mfocrf")
def move_from_one(g, row):
    g.note("only the selected field of rD is defined, and no mask of several fields")
    for field in range(8):
        for d in (3, 0):
            stub = g.stub(row.word(d=d, fxm=0x80 >> field),
                          f"rlwinm {d}, {d}, 0, {4 * field}, {4 * field + 3}")
            for _ in range(g.count(10)):
                g.vector(stub)


@recipe("mtcrf")
def move_to(g, row):
    masks = [0, 0xFF, 0x80, 0x01, 0x38, 0x08, 0x40] + [g.rng.getrandbits(8) for _ in range(12)]
    for mask in masks:
        stub = g.stub(row.word(d=g.rng.choice((3, 0, 12)), fxm=mask))
        for _ in range(g.count(8)):
            g.vector(stub)


@recipe("mtocrf")
def move_to_one(g, row):
    for field in range(8):
        stub = g.stub(row.word(d=g.rng.choice((3, 0, 12)), fxm=0x80 >> field))
        for _ in range(g.count(10)):
            g.vector(stub)


# ---- special registers -----------------------------------------------------------------------------


@recipe("mfxer", "mtxer")
def xer(g, row):
    g.note("reserved bits are not written")
    for register in (3, 0, 13):
        stub = g.stub(row.word(d=register))
        for _ in range(g.count(20)):
            vector = g.vector(stub)
            vector.r[register] &= 0xFFFFFFFFE000007F


@recipe("mflr", "mtlr", "mfctr", "mtctr", "mfvrsave", "mtvrsave")
def special(g, row):
    """The other direction comes from the row of the same name."""
    name = row.mnemonic[2:]
    assembler = {"vrsave": ("mtspr 256, {}", "mfspr {}, 256")}.get(name, (f"mt{name} {{}}", f"mf{name} {{}}"))
    for source, target in ((4, 3), (0, 13), (5, 5), (3, 0)):
        if row.mnemonic.startswith("mt"):
            body = [row.word(d=source), assembler[1].format(target)]
        else:
            body = [assembler[0].format(source), row.word(d=target)]
        if name == "lr":
            body = ["mflr 28"] + body + ["mtlr 28"]
        # VRSAVE has 32 bits, the others are as wide as a register; the oracle keeps 64 of it.
        if name == "vrsave":
            stub = g.stub(*body, oracles=WIDE, low_half=(target,))
        else:
            stub = g.stub(*body)
        for _ in range(g.count(16)):
            g.vector(stub).r[source] = integer(g.rng)


@recipe("mftb", "mfspr_tb", "mftbu", "mfspr_tbu")
def time_base(g, row):
    g.note("two readings are close and ascend; the value itself has no oracle")
    word = row.word(d=6)
    stub = g.stub(row.word(d=5), word, "subf 6, 5, 6", "li 5, 0", "srwi 6, 6, 28")
    for _ in range(g.count(6)):
        g.vector(stub)


@recipe("sync", "lwsync", "ptesync", "eieio", "isync")
def barrier(g, row):
    stub = g.stub(row.word())
    for _ in range(g.count(8)):
        g.vector(stub)
    around = g.stub("stw 5, 0(4)", row.word(), "lwz 6, 0(4)")
    for _ in range(g.count(8)):
        vector = g.vector(around)
        vector.pointers[4] = (64, 0)
        g.memory(vector)
