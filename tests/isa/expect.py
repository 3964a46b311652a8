"""What the oracles say a vector must give, which bits of it count, and how a result differs.

qemu-ppc (m32) decides the low halves of GPRs, CR, XER, FPSCR, memory: it is a 32-bit processor, as is
ours in its 32-bit mode. qemu-ppc64 (m64, p7) decides all 64 bits of the GPRs, and everything for the
instructions that qemu-ppc does not have. It runs in 64-bit mode, so for those CR0 is taken from the low
half of its result, as in 32-bit mode.
"""

import struct

import record
import values

GPR_OFFSET = {n: 32 + 8 * i for i, n in enumerate(record.GPRS)}
FPR_OFFSET = {n: 128 + 8 * i for i, n in enumerate(record.FPRS)}
RESULT_CLASS, SUBNORMAL_CLASS, LESS, GREATER = 0x1F000, 0x10000, 0x8000, 0x4000
SINGLE_MINIMUM = 897  # exponent field of the smallest normal single
INFINITY = 0x7FF << 52
CONTROL_BITS = 0xFF  # of FPSCR: what fast translation keeps


class OracleError(Exception):
    pass


def put(target, offset, size, value):
    target[offset:offset + size] = value.to_bytes(size, "big")


def get(data, offset, size):
    return int.from_bytes(data[offset:offset + size], "big")


class Expectation:
    """[want] and [mask] as integers over the whole record; [fast_mask] without FPSCR's status."""

    __slots__ = ("vector", "offset", "want", "mask", "fast_mask")

    def __init__(self, vector, offset, outputs):
        self.vector, self.offset = vector, offset
        want, mask = merge(vector, offset, outputs)
        self.want = int.from_bytes(want, "big")
        self.mask = int.from_bytes(mask, "big")
        self.fast_mask = int.from_bytes(fast_mask(vector.stub, mask), "big")

    def holds(self, data, fast):
        got = int.from_bytes(data[self.offset:self.offset + self.vector.size()], "big")
        return not (got ^ self.want) & (self.fast_mask if fast else self.mask)


def merge(vector, offset, outputs):
    stub, size = vector.stub, vector.size()
    available = [m for m in stub.oracles if not (vector.low_only and m != "m32")]
    records = {m: outputs[m][offset:offset + size] for m in available}
    want = bytearray(records[available[0]])
    mask = bytearray(b"\0" * 4 + b"\xff" * (size - 4))
    put(mask, 24, 8, 0)
    trap = get(want, 4, 4)
    if trap > 0x100:
        raise OracleError(f"{stub.row.mnemonic}: the oracle {available[0]} got signal {trap - 256}")
    wide = next((m for m in available if m != "m32"), None)
    merge_registers(vector, records, wide, want, mask)
    if stub.cr0_of is not None:
        put(want, 8, 4, low_cr0(want, stub.cr0_of))
    put(mask, 8, 4, 0xFFFFFFFF & ~vector.ignore_cr)
    put(mask, 16, 8, stub.fpscr_mask)
    merge_float(vector, want, mask)
    return want, mask


def merge_float(vector, want, mask):
    stub = vector.stub
    for register in stub.ignore_fpr_high:
        put(mask, FPR_OFFSET[register], 4, 0)
    put(want, 16, 8, get(want, 16, 8) | vector.more_fpscr)
    for register, value in vector.defined_fpr.items():
        put(want, FPR_OFFSET[register], 8, value)
        put(mask, 16, 8, get(mask, 16, 8) & ~RESULT_CLASS)
    if stub.negated is not None:
        negate(want, FPR_OFFSET[stub.negated])
    if stub.single_result is not None:
        exponent = get(want, FPR_OFFSET[stub.single_result], 8) >> 52 & 0x7FF
        if 0 < exponent < SINGLE_MINIMUM:
            put(want, 16, 8, get(want, 16, 8) | SUBNORMAL_CLASS)


def negate(want, at):
    """Changes the sign of a result that is no NaN, in the register and in FPRF."""
    value = get(want, at, 8)
    if value & values.NO_SIGN > INFINITY:
        return
    put(want, at, 8, value ^ 1 << 63)
    status = get(want, 16, 8)
    if value & values.NO_SIGN == 0:
        status ^= SUBNORMAL_CLASS  # of the two zeros, the negative one has it
    else:
        status ^= LESS | GREATER
    put(want, 16, 8, status)


def merge_registers(vector, records, wide, want, mask):
    for register, at in GPR_OFFSET.items():
        if register in vector.ignore_gpr:
            put(mask, at, 8, 0)
            continue
        if wide is None:
            put(mask, at, 4, 0)
            continue
        if register in vector.stub.low_half:
            put(mask, at, 4, 0)
        full = records[wide][at:at + 8]
        if "m32" in records and full[4:] != records["m32"][at + 4:at + 8]:
            raise OracleError(f"{vector.stub.row.mnemonic}: the oracles disagree about r{register}: "
                              f"{full.hex()} and {records['m32'][at:at + 8].hex()}")
        want[at:at + 4] = full[:4]


def low_cr0(want, register):
    low = get(want, GPR_OFFSET[register] + 4, 4)
    field = 8 if low >> 31 else 4 if low else 2
    overflow = get(want, 12, 4) >> 31
    return get(want, 8, 4) & 0x0FFFFFFF | (field | overflow) << 28


def fast_mask(stub, mask):
    result = bytearray(mask)
    put(result, 16, 8, stub.fpscr_mask & CONTROL_BITS)
    if stub.status:
        put(result, 8, 4, 0)
    for register in stub.status_fpr:
        put(result, FPR_OFFSET[register], 8, CONTROL_BITS)
    return result


# ---- describing a difference -------------------------------------------------------------------------


def describe(expectation, data, before, fast, words):
    """Some lines of text: the encoding, what went in, what came out, what should have."""
    vector = expectation.vector
    size = vector.size()
    got = data[expectation.offset:expectation.offset + size]
    given = before[expectation.offset:expectation.offset + size]
    want = expectation.want.to_bytes(size, "big")
    mask = (expectation.fast_mask if fast else expectation.mask).to_bytes(size, "big")
    lines = [f"  {vector.stub.row.mnemonic} (stub {vector.stub.index}: {' '.join(f'{w:08x}' for w in words)})"]
    lines.append("    in:   " + " ".join(state(given)))
    for name, at, width in places(size):
        if (get(got, at, width) ^ get(want, at, width)) & get(mask, at, width):
            lines.append(f"    {name}: got {got[at:at + width].hex()}, want {want[at:at + width].hex()}, "
                         f"was {given[at:at + width].hex()}")
    return "\n".join(lines)


def places(size):
    yield "trap", 4, 4
    yield "cr", 8, 4
    yield "xer", 12, 4
    yield "fpscr", 20, 4
    for register, at in GPR_OFFSET.items():
        yield f"r{register}", at, 8
    for register, at in FPR_OFFSET.items():
        yield f"f{register}", at, 8
    for at in range(record.WINDOW, size, 8):
        yield f"memory+{at - record.WINDOW}", at, 8


def state(data):
    cr, xer = struct.unpack_from(">II", data, 8)
    yield f"cr={cr:08x} xer={xer:08x} fpscr={get(data, 20, 4):08x}"
    for register, at in list(GPR_OFFSET.items())[:6]:
        yield f"r{register}={get(data, at, 8):x}"
    for register, at in FPR_OFFSET.items():
        yield f"f{register}={get(data, at, 8):016x}"
