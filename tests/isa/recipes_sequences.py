"""Small random programs: functions that call each other, branch forward, loop and return early.

Single instructions say nothing about the recompiler's analysis: which registers a callee reads, what is
live at a return, which values are single precision. These do. They keep to instructions whose low halves
depend on low halves alone, so that qemu-ppc decides everything.

Besides, runs of nothing but floating-point arithmetic in few registers, where most operands are infinite,
zero or NaNs: the recompiler does not test each of their results for NaN (recomp/write/float_run.h).
"""

import values
from catalogue import Row

ORACLE = ("m32",)
POINTER = 12             # always points to the vector's memory window
SAVED_LINK = (28, 27, 26)  # by depth of call
REGISTERS = (0, 3, 4, 5, 6, 7, 8, 9, 10, 11)
FLOATS = (0, 1, 2, 3, 4, 5)
# Without what README.md says the oracle has wrong: VXSNAN, FR, FI, and FPRF's C.
STATUS_MASK = 0xFFFFFFFF & ~0x01070000

THREE = ("add", "add.", "addo.", "addc", "addc.", "adde", "adde.", "subf", "subf.", "subfo", "subfc", "subfe.",
         "mullw", "mullw.", "and", "and.", "andc", "or", "or.", "orc", "xor.", "nand", "nor", "eqv", "slw", "srw.",
         "sraw", "sraw.")
TWO = ("neg", "neg.", "extsb", "extsh.", "cntlzw", "addze", "addme.", "subfze", "subfme")
FLOAT2 = ("fadd", "fsub", "fadds", "fsubs", "fmuls", "fmul", "fdivs", "fdiv")
FLOAT3 = ("fmadd", "fmadds", "fmsub", "fnmsubs", "fnmadd", "fsel")
FLOAT1 = ("fmr", "fneg", "fabs", "fnabs", "frsp")
RUN2 = ("fadd", "fsub", "fmul", "fdiv")
RUN3 = ("fmadd", "fmsub", "fnmadd", "fnmsub")
RUN_REGISTERS = (0, 1, 2, 3)
# A NaN in f1 that only an operation reads whose own result is overwritten; then one that is read after that.
RUNS = (("fsub 1, 3, 3", "fmsub 0, 1, 3, 0", "fmul 0, 2, 2"),
        ("fsub 1, 3, 3", "fmadd 0, 1, 2, 2", "fadd 0, 0, 2", "fmul 0, 2, 2"),
        ("fsub 1, 3, 3", "fadd 0, 1, 2", "fmul 0, 2, 2", "fadd 2, 1, 2"))
LOGIC = ("crand", "cror", "crxor", "crnor", "crandc", "creqv")
SINGLE_CLASSES = (0x00000000, 0x80000000, 0x3FC00000, 0xC0000000, 0x00000003, 0x7F800000, 0xFF800000, 0x7FC00001,
                  0xFF800001)
CONDITIONS = ("blt", "bgt", "beq", "bso", "bge", "ble", "bne", "bns")


class Writer:
    """Writes the text of one function."""

    def __init__(self, g, label):
        self.g, self.rng, self.label = g, g.rng, label
        self.lines = []
        self.labels = 0

    def gpr(self):
        return self.rng.choice(REGISTERS)

    def fpr(self):
        return self.rng.choice(FLOATS)

    def field(self):
        return self.rng.choice((0, 0, 1, 5, 6, 7))

    def integer(self):
        rng, gpr = self.rng, self.gpr
        return rng.choice((
            lambda: f"{rng.choice(THREE)} {gpr()}, {gpr()}, {gpr()}",
            lambda: f"{rng.choice(THREE)} {gpr()}, {gpr()}, {gpr()}",
            lambda: f"{rng.choice(TWO)} {gpr()}, {gpr()}",
            lambda: f"addi {gpr()}, {gpr()}, {rng.randint(-9, 9)}",
            lambda: f"addic. {gpr()}, {gpr()}, {rng.randint(-9, 9)}",
            lambda: f"li {gpr()}, {rng.randint(-32768, 32767)}",
            lambda: f"rlwinm{rng.choice(('', '.'))} {gpr()}, {gpr()}, {rng.randrange(32)}, {rng.randrange(32)}, 31",
            lambda: f"rlwimi {gpr()}, {gpr()}, {rng.randrange(32)}, {rng.randrange(32)}, 31",
            lambda: f"srawi {gpr()}, {gpr()}, {rng.randrange(32)}"))()

    def condition(self):
        rng, gpr = self.rng, self.gpr
        return rng.choice((
            lambda: f"cmpw {self.field()}, {gpr()}, {gpr()}",
            lambda: f"cmplwi {self.field()}, {gpr()}, {rng.randrange(65536)}",
            lambda: f"{rng.choice(LOGIC)} {rng.randrange(32)}, {rng.randrange(32)}, {rng.randrange(32)}",
            lambda: f"mcrf {rng.randrange(8)}, {rng.randrange(8)}",
            lambda: f"mfcr {gpr()}",
            lambda: f"mtcrf {rng.randrange(256)}, {gpr()}",
            lambda: f"mfxer {gpr()}",
            lambda: f"fcmpu {self.field()}, {self.fpr()}, {self.fpr()}"))()

    def memory(self):
        rng, at = self.rng, f"{self.rng.randrange(0, 240)}({POINTER})"
        return rng.choice((
            lambda: f"{rng.choice(('lwz', 'lhz', 'lha', 'lbz', 'stw', 'sth', 'stb'))} {self.gpr()}, {at}",
            lambda: f"{rng.choice(('lfs', 'lfd', 'stfs', 'stfd'))} {self.fpr()}, {at}"))()

    def float(self):
        rng, fpr = self.rng, self.fpr
        return rng.choice((
            lambda: f"{rng.choice(FLOAT2)} {fpr()}, {fpr()}, {fpr()}",
            lambda: f"{rng.choice(FLOAT3)} {fpr()}, {fpr()}, {fpr()}, {fpr()}",
            lambda: f"{rng.choice(FLOAT1)} {fpr()}, {fpr()}"))()

    def plain(self, number):
        for _ in range(number):
            kind = self.rng.choices((self.integer, self.condition, self.memory, self.float), (5, 2, 2, 3))[0]
            self.lines.append(kind())

    def skip(self):
        """A branch over a few instructions."""
        self.labels += 1
        name = f".Lskip_{self.label}_{self.labels}"
        self.lines.append(f"{self.rng.choice(CONDITIONS)} {self.field()}, {name}")
        self.plain(self.rng.randint(1, 4))
        self.lines.append(f"{name}:")

    def loop(self):
        self.labels += 1
        name = f".Lloop_{self.label}_{self.labels}"
        self.lines += [f"li 29, {self.rng.randint(1, 4)}", "mtctr 29", f"{name}:"]
        self.plain(self.rng.randint(2, 5))
        if self.rng.random() < 0.3:
            self.skip()
        self.lines.append(f"{self.rng.choice(('bdnz', 'bdnz', 'bdnzf 2,'))} {name}")

    def leave(self):
        self.lines.append(f"{self.rng.choice(CONDITIONS)}lr {self.field()}")

    def call(self, target, depth):
        if self.rng.random() < 0.3:
            self.lines += [f"lis 29, {target}@ha", f"addi 29, 29, {target}@l", "mtctr 29", "bctrl"]
        else:
            self.lines.append(f"bl {target}")
        assert depth < len(SAVED_LINK)


def function(g, depth, callees):
    """A random function; with [callees] it saves LR and calls some of them."""
    writer = Writer(g, len(g.stubs))
    save = SAVED_LINK[depth]
    if callees:
        writer.lines.append(f"mflr {save}")
    for _ in range(g.rng.randint(2, 5)):
        writer.plain(g.rng.randint(1, 6))
        shape = g.rng.random()
        if callees and shape < 0.6:
            writer.call(f"stub_{g.rng.choice(callees).index}", depth)
        elif shape < 0.75:
            writer.skip()
        elif shape < 0.85:
            writer.loop()
        elif not callees and shape < 0.95:
            writer.leave()
    writer.plain(g.rng.randint(0, 3))
    if callees and g.rng.random() < 0.3:
        writer.lines += [f"mtlr {save}", f"b stub_{g.rng.choice(callees).index}"]
    elif callees:
        writer.lines.append(f"mtlr {save}")
    # A stub may leave CTR and r26-r29 as it likes, but nothing compares them.
    return g.stub(*writer.lines, oracles=ORACLE, branches=True, fpscr_mask=STATUS_MASK)


def run_line(rng, suffix):
    """An operation of a run; sometimes an instruction that may stand between two of them."""
    registers = [rng.choice(RUN_REGISTERS) for _ in range(4)]
    kind = rng.random()
    if kind < 0.45:
        return "{}{} {}, {}, {}".format(rng.choice(RUN2), suffix, *registers[:3])
    if kind < 0.85:
        return "{}{} {}, {}, {}, {}".format(rng.choice(RUN3), suffix, *registers)
    if kind < 0.95:
        name, at = ("lfs", rng.randrange(0, 64, 4)) if suffix else ("lfd", rng.randrange(64, 128, 8))
        return f"{name} {registers[0]}, {at}({POINTER})"
    return "stfd {}, {}({})".format(registers[0], rng.randrange(128, 240), POINTER)


def run_vector(g, stub):
    vector = g.vector(stub)
    vector.low_only = True
    vector.pointers[POINTER] = (0, 0)
    content = {at: g.rng.choice(SINGLE_CLASSES).to_bytes(4, "big") for at in range(0, 64, 4)}
    content |= {at: g.rng.choice(values.CLASSES).to_bytes(8, "big") for at in range(64, 128, 8)}
    g.memory(vector, content)
    for register in RUN_REGISTERS:
        vector.f[register] = g.rng.choice(values.CLASSES)
    return vector


def make_runs(g):
    g.row = Row("RUNS", "(runs)", 0, 0, "")
    for lines in RUNS:
        stub = g.stub(*lines, oracles=ORACLE, fpscr_mask=STATUS_MASK)
        vector = run_vector(g, stub)
        vector.f |= {0: values.bits(1.0), 1: 0, 2: values.bits(2.0), 3: 0x7FF << 52}
    for _ in range(g.count(60)):
        suffix = g.rng.choice(("", "s"))
        lines = [f"lfs {n}, {4 * n}({POINTER})" for n in RUN_REGISTERS] if suffix else []
        lines += [run_line(g.rng, suffix) for _ in range(g.rng.randint(3, 9))]
        stub = g.stub(*lines, oracles=ORACLE, fpscr_mask=STATUS_MASK)
        for _ in range(g.count(30)):
            run_vector(g, stub)


def make_functions(g):
    g.row = Row("SEQUENCES", "(sequences)", 0, 0, "")
    layers = []
    for depth, number in enumerate((g.count(60), g.count(50), g.count(50))):
        layers.append([function(g, depth, layers[-1] if layers else ()) for _ in range(number)])
    for layer in layers:
        for stub in layer:
            for _ in range(g.count(30)):
                vector = g.vector(stub)
                vector.low_only = True
                vector.pointers[POINTER] = (0, 0)
                g.memory(vector)
                for at in range(0, 128, 4):
                    if g.rng.random() < 0.3:
                        word = values.single_word(g.rng).to_bytes(4, "big")
                        vector.memory = vector.memory[:at] + word + vector.memory[at + 4:]
