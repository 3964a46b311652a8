"""What recipes are written with: the rows of isa.def, stubs, and inputs for them."""

import random
import re

import record
import values


class Row:
    """One row of isa.def."""

    def __init__(self, ident, mnemonic, mask, match, form):
        self.id, self.mnemonic, self.mask, self.match, self.form = ident, mnemonic, mask, match, form

    def word(self, **fields):
        """The row's encoding with [fields] filled in; a field may not contradict the fixed bits."""
        word = self.match
        for name, value in fields.items():
            shift, width = FIELDS[name]
            bits = ((1 << width) - 1) << shift
            part = value << shift & bits
            if (part ^ self.match) & self.mask & bits:
                raise SystemExit(f"isa: {self.id}: {name}={value} contradicts the row's fixed bits")
            word |= part
        return word

    def has(self, field):
        """Whether the row leaves [field] open."""
        shift, width = FIELDS[field]
        return not self.mask >> shift & ((1 << width) - 1)


# name: (shift, width). sh and mb of the 64-bit rotates are split: use split_sh() and split_mb().
FIELDS = {
    "d": (21, 5), "a": (16, 5), "b": (11, 5), "c": (6, 5), "rc": (0, 1), "oe": (10, 1),
    "imm": (0, 16), "ds": (2, 14), "sh": (11, 5), "mb": (6, 5), "me": (1, 5),
    "sh5": (1, 1), "mb5": (5, 1), "bf": (23, 3), "bfa": (18, 3), "l": (21, 1),
    "bo": (21, 5), "bi": (16, 5), "bd": (2, 14), "li": (2, 24), "lk": (0, 1), "bh": (11, 2),
    "fxm": (12, 8), "flm": (17, 8), "u": (12, 4),
}

ROW = re.compile(r"^GRC_INSN\((\w+), \"([^\"]+)\", (0x[0-9A-F]+)u, (0x[0-9A-F]+)u, (\w+)\)",
                 re.MULTILINE)


def read_rows(path):
    """The rows of isa.def, in its order. Every GRC_INSN of the file must have been understood."""
    text = re.sub(r"/\*.*?\*/", "", open(path, encoding="utf-8").read(), flags=re.DOTALL)
    rows = [Row(i, m, int(mask, 0), int(match, 0), form) for i, m, mask, match, form
            in ROW.findall(text)]
    if len(rows) != len(re.findall(r"^GRC_INSN\(", text, re.MULTILINE)) or not rows:
        raise SystemExit(f"isa: {path}: rows that could not be read")
    return rows


class Stub:
    """A few instructions around the tested one, run once for each of its vectors."""

    def __init__(self, index, row, body, options):
        self.index, self.row, self.body = index, row, body
        self.oracles = options.pop("oracles", ("m32", "m64"))
        # Destinations whose high half is undefined.
        self.low_half = options.pop("low_half", ())
        # A 64-bit instruction with Rc: CR0 is that of the low half of this register, because the
        # oracle runs in 64-bit mode.
        self.cr0_of = options.pop("cr0_of", None)
        # Reads FP status bits (FPSCR), which fast translation does not keep.
        self.status = options.pop("status", False)
        self.status_fpr = options.pop("status_fpr", ())  # FPRs that then get those bits
        self.fpscr_mask = options.pop("fpscr_mask", 0xFFFFFFFF)
        self.ignore_fpr_high = options.pop("ignore_fpr_high", ())
        # The oracle runs the instruction without its final negation, which it would do before
        # rounding: expect.py negates this FPR.
        self.negated = options.pop("negated", None)
        # A single-precision result: the oracle takes a subnormal one for a normal double in FPRF.
        self.single_result = options.pop("single_result", None)
        # Contains branches: only the whole recompiler can run it, not the emitter alone.
        self.branches = options.pop("branches", False)
        # What the oracles run instead, when they cannot run the body itself.
        self.oracle_body = options.pop("oracle_body", None)
        assert not options, options


class Catalogue:
    def __init__(self, seed, scale):
        self.rng = random.Random(seed)
        self.scale = scale
        self.stubs = []
        self.vectors = []
        self.excluded = []  # (mnemonic, reason)
        self.notes = {}     # mnemonic -> note
        self.row = None
        self._filler_stub()

    def _filler_stub(self):
        self.stubs.append(Stub(0, None, [], {}))

    def count(self, number):
        return max(1, int(number * self.scale))

    def stub(self, *body, **options):
        """[body]: instruction words (integers) and assembler lines. Ends with blr by itself."""
        stub = Stub(len(self.stubs), self.row, list(body), options)
        self.stubs.append(stub)
        return stub

    def vector(self, stub, **registers):
        """An input with noise everywhere but in [registers] (r3=..., f1=...), so that a result which
        depends on anything else shows."""
        rng = self.rng
        vector = record.Vector(stub)
        vector.r = {n: values.integer(rng) for n in record.GPRS}
        vector.f = {n: values.double(rng) for n in record.FPRS}
        vector.cr = rng.getrandbits(32)
        vector.xer = rng.getrandbits(32) & record.XER_BITS
        vector.fpscr = 0
        for name, value in registers.items():
            bank = vector.r if name[0] == "r" else vector.f
            bank[int(name[1:])] = value
        self.vectors.append(vector)
        return vector

    def memory(self, vector, content=None):
        """Gives [vector] a window of noise, with [content] (offset -> bytes) in it."""
        window = bytearray(self.rng.randbytes(256))
        for offset, data in (content or {}).items():
            window[offset:offset + len(data)] = data
        vector.memory = bytes(window)

    def exclude(self, reason):
        self.excluded.append((self.row.mnemonic, reason))

    def note(self, text):
        self.notes[self.row.mnemonic] = text


RECIPES = {}


def recipe(*mnemonics, **arguments):
    """Registers a function (catalogue, row, **arguments) as the recipe of these mnemonics."""
    def register(function):
        for mnemonic in mnemonics:
            assert mnemonic not in RECIPES, mnemonic
            RECIPES[mnemonic] = lambda g, row: function(g, row, **arguments)
        return function
    return register
