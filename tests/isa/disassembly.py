"""Checks the encodings of isa.def against binutils' disassembler."""

import os
import re

import machines

# What the disassembler calls rows whose name is ours, or that share one name.
NAMES = {"cmpw": "cmp", "cmpd": "cmp", "cmplw": "cmpl", "cmpld": "cmpl", "cmpwi": "cmpi", "cmpdi": "cmpi",
         "cmplwi": "cmpli", "cmpldi": "cmpli", "mfspr_tb": "mfspr", "mfspr_tbu": "mfspr", "mfvrsave": "mfspr",
         "mtvrsave": "mtspr", "mfxer": "mfspr", "mflr": "mfspr", "mfctr": "mfspr", "mtxer": "mtspr",
         "mtlr": "mtspr", "mtctr": "mtspr", "lwsync": "sync", "ptesync": "sync", "mftbu": "mftb"}

# Primary opcodes whose instructions may have a record bit.
RECORD_OPCODES = (20, 21, 23, 30, 31, 59, 63)

# BO with the hint of the first processors, which later ones still run and the disassembler refuses.
OLD_HINTS = (1, 3, 9, 11)


def base_name(text):
    """Without the suffixes of record, overflow, link and hint."""
    return re.sub(r"[+-]$", "", text)


def accepted(row, word):
    """The disassembler's names for this word that agree with the row."""
    name = NAMES.get(row.mnemonic, row.mnemonic)
    suffix = ""
    if row.form.startswith("ARITH") and row.has("oe") and word >> 10 & 1:
        suffix += "o"
    if row.mnemonic in ("b", "bc", "bclr", "bcctr"):
        suffix += "l" if word & 1 else ""
        if word >> 21 & 31 in OLD_HINTS:
            return {name + suffix, ".long"}
    elif word >> 26 in RECORD_OPCODES and row.has("rc") and word & 1:
        suffix += "."
    return {name + suffix, row.mnemonic + suffix}


def check(stubs, directory):
    """Returns complaints, one a line."""
    words = sorted({(word, stub.row.mnemonic): (word, stub.row) for stub in stubs for word in stub.body
                    if isinstance(word, int)}.items())
    if not words:
        return []
    path = os.path.join(directory, "encodings.bin")
    with open(path, "wb") as file:
        file.write(b"".join(word.to_bytes(4, "big") for _, (word, _) in words))
    listing = machines.run(["powerpc-linux-gnu-objdump", "-D", "-z", "-b", "binary", "-m", "powerpc:common64",
                            "-EB", "-M", "raw,cell,any", path]).decode()
    shown = re.findall(r"^\s*[0-9a-f]+:\t[0-9a-f ]+\t(\S+)", listing, re.MULTILINE)
    assert len(shown) == len(words), (len(shown), len(words))
    return [f"{word:08x} is {row.mnemonic} by isa.def, {name} by the disassembler"
            for (_, (word, row)), name in zip(words, shown) if base_name(name) not in accepted(row, word)]
