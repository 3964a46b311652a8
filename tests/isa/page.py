"""Writes docs/instructions.md."""

import collections

SIGNS = {"m32": "32", "m64": "64", "p7": "64"}

HEAD = """# Instructions

Made by `tests/isa/run.sh --page`; do not edit. {rows} rows of `recomp/isa.def`: everything that a program of
the console can use in user mode but the vector unit. Each is compared with two oracles, qemu-ppc (32: low halves, CR,
XER, memory) and qemu-ppc64 (64: all 64 bits, and what a 32-bit processor does not have), on {encodings} encodings and
{vectors} vectors in all, twice: with the status bits of FPSCR kept exactly, and without. {functions} random functions that
call each other and {runs} runs of floating-point arithmetic are compared besides. What the oracles cannot decide is listed in `tests/isa/README.md`.

| instruction | form | encodings | vectors | oracles | notes |
|---|---|--:|--:|---|---|
"""


def write(path, rows, made):
    encodings, vectors, oracles = collections.Counter(), collections.Counter(), collections.defaultdict(set)
    for stub in made.stubs[1:]:
        encodings[stub.row.mnemonic] += 1
        oracles[stub.row.mnemonic].update(SIGNS[m] for m in stub.oracles)
    for vector in made.vectors:
        vectors[vector.stub.row.mnemonic] += 1
    notes = dict(made.excluded) | made.notes
    with open(path, "w", encoding="utf-8") as file:
        names = [row.mnemonic for row in rows]
        file.write(HEAD.format(rows=len(rows), encodings=sum(encodings[name] for name in names),
                               vectors=sum(vectors[name] for name in names), functions=encodings["(sequences)"],
                               runs=encodings["(runs)"]))
        for row in sorted(rows, key=lambda r: r.mnemonic):
            name = row.mnemonic
            file.write(f"| `{name}` | {row.form} | {encodings[name]} | {vectors[name]} | "
                       f"{', '.join(sorted(oracles[name]))} | {notes.get(name, '')} |\n")
