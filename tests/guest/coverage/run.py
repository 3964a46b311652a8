#!/usr/bin/env python3
"""Looks for exports that no guest program here imports, and for prototypes that do not fit their rows.

usage: run.py GUESTRT WORK     the command, and the directory with the programs built by ../run.sh
"""
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))


def exports(guestrt, *options):
    done = subprocess.run([guestrt, "exports", "--json", *options], capture_output=True, text=True)
    if done.returncode not in (0, 1):
        sys.exit("run.py: %s" % done.stderr)
    return {(e["library"], e["ordinal"]): e for e in json.loads(done.stdout)["exports"]}


def without_program(guestrt, work):
    table = exports(guestrt)
    rows = {key for key, e in table.items() if e["implemented"]}
    for name in sorted(os.listdir(work)):
        if name.endswith(".elf") and os.path.exists(os.path.join(ROOT, "tests/guest", name[:-4] + ".c")):
            rows -= set(exports(guestrt, "--image=" + os.path.join(work, name)))
    return ["%s is imported by no program here" % table[key].get("name") for key in sorted(rows)]


def compile_prototypes(work, *options):
    return subprocess.run([os.path.join(ROOT, "scripts/guest-cc"), "-c", "-Wall", "-Werror", "-fmax-errors=0", *options,
                           "-I", os.path.join(ROOT, "include"), "-o", os.path.join(work, "prototypes.o"),
                           os.path.join(HERE, "prototypes.c")], capture_output=True, text=True,
                          env={**os.environ, "LC_ALL": "C"})


def unfit_widths(work):
    """Parameters of one byte in the rows, but not in the prototypes, or the other way round."""
    done = compile_prototypes(work, "-Wno-error", "-DWIDE=0x10000", "-DNARROW=0x10000", "-ftrack-macro-expansion=0")
    warned = {}
    for file, line in re.findall(r"(\w+\.def):(\d+):.*warning: .*-Woverflow", done.stderr):
        warned[file, int(line)] = warned.get((file, int(line)), 0) + 1
    problems = []
    folder = os.path.join(ROOT, "include/guestrt/exports")
    for file in sorted(os.listdir(folder)):
        text = open(os.path.join(folder, file)).read()
        for row in re.finditer(r"^GRT_EXPORT\w+\((\w+, \w+, (\w+), .*)", text, re.M):
            first = text.count("\n", 0, row.start()) + 1
            last = text.count("\n", 0, text.index('")\n', row.start())) + 1
            found = sum(warned.get((file, line), 0) for line in range(first, last + 1))
            wanted = len(re.findall(r"\b(?:u8|boolean), \w+", row.group(1)))
            if found != wanted:
                problems.append("%s has %d parameters of one byte, not %d" % (row.group(2), found, wanted))
    return problems


def unfit_prototypes(work):
    done = compile_prototypes(work)
    problems = {}
    for text in re.findall(r"error: (.*)", done.stderr):
        name = re.search(r"'(\w+)'|result of (\w+)|the word of (\w+)", text)
        name = next(filter(None, name.groups())) if name else "?"
        text = re.sub(r" \[-W.*", "", text)
        if "implicit declaration" in text or "undeclared" in text:
            text = "%s has no prototype in guest/include/xbox" % name
        if "is not an integer" not in text: # what follows from the one before
            problems.setdefault(name, text)
    if done.returncode and not problems:
        problems["?"] = done.stderr
    return sorted(problems.values()) or unfit_widths(work)


def main():
    guestrt, work = sys.argv[1:3]
    failed = 0
    for name, problems in [("every export has a program", without_program(guestrt, work)),
                           ("every prototype fits its row", unfit_prototypes(work))]:
        print("%s %s%s" % ("FAIL" if problems else "PASS", name, " (%d do not)" % len(problems) if problems else ""))
        for problem in problems:
            print("  " + problem)
        failed += bool(problems)
    return failed


if __name__ == "__main__":
    sys.exit(main())
