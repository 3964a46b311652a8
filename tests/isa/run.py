#!/usr/bin/env python3
"""Differential test of every translated instruction; see README.md."""

import argparse
import collections
import os
import random
import shutil
import sys
import tempfile
import time

import catalogue
import disassembly
import expect
import machines
import page
import record
import recipes_float  # noqa: F401  (registers its recipes)
import recipes_integer  # noqa: F401
import recipes_memory  # noqa: F401
import recipes_sequences
import recipes_system  # noqa: F401

ORACLES = ("m32", "m64", "p7")
SHOWN_PER_MNEMONIC = 2
SHOWN = 40


def build_catalogue(seed, scale, only):
    rows = catalogue.read_rows(os.path.join(machines.ROOT, "recomp", "isa.def"))
    missing = [row.mnemonic for row in rows if row.mnemonic not in catalogue.RECIPES]
    if missing:
        raise SystemExit(f"isa: rows without a recipe: {' '.join(missing)}")
    made = catalogue.Catalogue(seed, scale)
    for row in rows:
        if only and row.mnemonic not in only:
            continue
        made.row = row
        before = len(made.vectors)
        catalogue.RECIPES[row.mnemonic](made, row)
        if len(made.vectors) == before:
            raise SystemExit(f"isa: the recipe of {row.mnemonic} made no vector")
    if not only or "(sequences)" in only:
        recipes_sequences.make_functions(made)
    if not only or "(runs)" in only:
        recipes_sequences.make_runs(made)
    return rows, made


def expectations(made, directory):
    """Runs the oracles and merges what they say."""
    outputs = {machine: machines.run_oracle(made, directory, machine) for machine in ORACLES}
    result, offset = [], 0
    for vector in made.vectors:
        try:
            result.append(expect.Expectation(vector, offset, outputs))
        except expect.OracleError as error:
            raise SystemExit(f"isa: {error}") from error
        offset += vector.size()
    return result


def compare(title, wanted, given, output, fast, branches, words):
    """Prints the differences; returns how many vectors differ."""
    if len(output) != len(given):
        raise SystemExit(f"isa: {title}: {len(output)} bytes came back of {len(given)}")
    wrong = collections.Counter()
    shown = 0
    checked = 0
    for expectation in wanted:
        stub = expectation.vector.stub
        if stub.branches and not branches:
            continue
        checked += 1
        if expectation.holds(output, fast):
            continue
        wrong[stub.row.mnemonic] += 1
        if wrong[stub.row.mnemonic] <= SHOWN_PER_MNEMONIC and shown < SHOWN:
            shown += 1
            print(expect.describe(expectation, output, given, fast, words[stub.index][1]))
    total = sum(wrong.values())
    print(f"isa: {title}: {checked} vectors, {total} wrong"
          + (": " + ", ".join(f"{name} {count}" for name, count in wrong.most_common()) if wrong else ""))
    return total


def check_ours(made, wanted, directory, arguments):
    ours = machines.Ours(made, directory, arguments.compiler)
    given = record.pack_all(made.vectors, lambda vector: True)
    runs = failed = 0
    for way in arguments.ways:
        for mode in arguments.modes:
            start = time.monotonic()
            host = getattr(ours, way)(mode)
            output = ours.run(host, given)
            title = f"{way}, {mode} FPSCR ({time.monotonic() - start:.0f} s)"
            failed += compare(title, wanted, given, output, mode == "fast", way != "direct", ours.words) > 0
            runs += 1
    return runs, failed


def parse():
    parser = argparse.ArgumentParser(description="Differential test of every translated instruction.")
    parser.add_argument("--seed", type=int, help="default: $GUESTRT_SEED, else random; printed")
    parser.add_argument("--scale", type=float, default=1.0, help="factor on the number of vectors")
    parser.add_argument("--only", nargs="*", help="these mnemonics, (sequences), (runs)")
    parser.add_argument("--ways", nargs="*", default=["direct", "translated"],
                        help="direct (the emitter's text alone), translated (the whole recompiler), "
                        "full_state (the same without its register analysis)")
    parser.add_argument("--modes", nargs="*", default=["exact", "fast"], help="of FPSCR")
    parser.add_argument("--compiler", default=os.environ.get("CC", "cc"))
    parser.add_argument("--keep", help="work in this directory and keep it")
    parser.add_argument("--page", help="write the table of instructions to this file and end")
    return parser.parse_args()


def main():
    arguments = parse()
    seed = arguments.seed
    if seed is None and "GUESTRT_SEED" in os.environ:
        seed = int(os.environ["GUESTRT_SEED"], 0)
    if seed is None:  # the page must not change from one run to the next
        seed = 1 if arguments.page else random.SystemRandom().getrandbits(32)
    rows, made = build_catalogue(seed, arguments.scale, arguments.only)
    print(f"isa: seed {seed}: {len(rows)} rows, {len(made.stubs) - 1} encodings, {len(made.vectors)} vectors",
          flush=True)
    for mnemonic, reason in made.excluded:
        print(f"isa: not tested: {mnemonic}: {reason}")
    if arguments.page:
        page.write(arguments.page, rows, made)
        return 0
    directory = arguments.keep or tempfile.mkdtemp(prefix="isa")
    os.makedirs(directory, exist_ok=True)
    try:
        complaints = disassembly.check(made.stubs, directory)
        print("\n".join(complaints[:20] + [f"isa: encodings: {len(complaints)} disagreements with the disassembler"]))
        runs, failed = check_ours(made, expectations(made, directory), directory, arguments)
    finally:
        if not arguments.keep:
            shutil.rmtree(directory)
    failed += bool(complaints)
    print(f"isa: {runs + 1 - failed} passed, {failed} failed (a comparison of all vectors each)")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
