"""The record that carries one vector to a stub and its results back (layout in harness.s)."""

import struct

BUFFER = 0x30000000
BUFFER_SIZE = 0x10000000
STUBS = 0x10100000
PLAIN_SIZE = 256
MEMORY_SIZE = 512
WINDOW = 256  # offset of the memory window, and its size
LOW_WINDOW = 0x4000  # address of the copy that absolute (rA = 0) addressing reaches

GPRS = (0, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13)
FPRS = (0, 1, 2, 3, 4, 5)
XER_BITS = 0xE000007F
M64 = (1 << 64) - 1


class Vector:
    """One input. Registers hold plain values, or offsets into the vector's own memory window."""

    __slots__ = ("stub", "r", "f", "cr", "xer", "fpscr", "memory", "pointers", "low_only",
                 "ignore_gpr", "ignore_cr", "defined_fpr", "more_fpscr")

    def __init__(self, stub):
        self.stub = stub
        self.r = {}
        self.f = {}
        self.cr = 0
        self.xer = 0
        self.fpscr = 0
        self.memory = None
        self.pointers = {}     # register -> (offset from the window, value of the high half)
        self.low_only = False  # the 64-bit oracle cannot run this one
        self.ignore_gpr = ()   # results that the architecture leaves undefined for this input
        self.ignore_cr = 0
        self.more_fpscr = 0    # bits that the oracle forgets
        self.defined_fpr = {}  # results that the oracle has wrong, as the architecture has them

    def size(self):
        return PLAIN_SIZE if self.memory is None else MEMORY_SIZE

    def pack(self, address):
        """The record's bytes when it lies at guest address [address]."""
        values = dict(self.r)
        for register, (offset, high) in self.pointers.items():
            values[register] = (high << 32) | ((address + WINDOW + offset) & 0xFFFFFFFF)
        head = struct.pack(">IIIIQII", self.stub.index, 0, self.cr, self.xer, self.fpscr,
                           self.size(), 0)
        body = struct.pack(">12Q", *(values[n] & M64 for n in GPRS))
        body += struct.pack(">6Q", *(self.f[n] for n in FPRS))
        return (head + body).ljust(PLAIN_SIZE, b"\0") + (self.memory or b"")


class Result:
    """A record as it came back."""

    def __init__(self, data):
        (self.stub, self.trap, self.cr, self.xer, self.fpscr, self.size,
         _) = struct.unpack_from(">IIIIQII", data)
        self.r = dict(zip(GPRS, struct.unpack_from(">12Q", data, 32)))
        self.f = dict(zip(FPRS, struct.unpack_from(">6Q", data, 128)))
        self.fpscr &= 0xFFFFFFFF
        self.memory = data[WINDOW:self.size] if self.size > PLAIN_SIZE else b""


def pack_all(vectors, runnable):
    """The whole buffer. Where [runnable] says no, stub 0 (a bare return) takes the vector's place,
    so that every machine has every record at the same address."""
    parts = []
    address = BUFFER
    for vector in vectors:
        data = vector.pack(address)
        if not runnable(vector):
            data = b"\0\0\0\0" + data[4:]
        parts.append(data)
        address += len(data)
    parts.append(b"\0" * PLAIN_SIZE)
    total = address + PLAIN_SIZE - BUFFER
    if total > BUFFER_SIZE:
        raise SystemExit(f"isa: {total} bytes of vectors, the buffer has {BUFFER_SIZE}")
    return b"".join(parts)
