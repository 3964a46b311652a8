#!/usr/bin/env python3
"""Recompiled code beside native -O2 and qemu-ppc: one run, interleaved, medians, ratios.

Every program is the same C source built three ways: for the host by gcc and by clang (the better
one counts as native), as a Linux PowerPC program for qemu-ppc, and as a console program that
`guestrt run` recompiles. All must print the same checksum; a difference fails the benchmark.

usage: bench/recomp.py [--repeat N] [--build DIR] [--qemu-repeat N] [--only NAME,...]
"""
import argparse
import json
import math
import os
import resource
import statistics
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
KERNELS = ["int", "fp", "mem", "ind"]
NATIVE_FLAGS = ["-O2", "-ffp-contract=off", "-w"]


def run(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        sys.exit("%s failed:\n%s%s" % (" ".join(command), done.stdout[-2000:], done.stderr[-2000:]))
    return done


def timed(command, environment):
    """Processor seconds (user and system) of one run, and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = run(command, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


class Program:
    """One benchmark: how to build and start each variant. [sources] are files and compiler options."""

    def __init__(self, name, sources, arguments=()):
        self.name, self.sources, self.arguments = name, sources, list(arguments)
        self.seconds, self.output = {}, {}

    def build(self, out, guestrt):
        base = os.path.join(out, self.name)
        for compiler in ("gcc", "clang"):
            run([compiler, *NATIVE_FLAGS, *self.sources, "-o", base + "." + compiler, "-lm"])
        guest_cc = os.path.join(ROOT, "scripts", "guest-cc")
        run([guest_cc, "-w", "--linux", "-o", base + ".linux.elf", *self.sources])
        run([guest_cc, "-w", "-o", base + ".elf", *self.sources])
        self.elf = base + ".elf"
        self.commands = {
            "gcc": [base + ".gcc"],
            "clang": [base + ".clang"],
            "guestrt": [guestrt, "run", base + ".elf"],
            "overridable": [guestrt, "run", "--overridable", base + ".elf"],
            "qemu": ["qemu-ppc", base + ".linux.elf"],
        }

    def measure(self, variant, environment):
        seconds, output = timed(self.commands[variant] + self.arguments, environment)
        self.seconds.setdefault(variant, []).append(seconds)
        if self.output.setdefault("text", output) != output:
            sys.exit("%s: %s printed\n%s\nbut the first variant printed\n%s"
                     % (self.name, variant, output, self.output["text"]))

    def row(self):
        median = {variant: statistics.median(seconds) for variant, seconds in self.seconds.items()}
        native = min(median["gcc"], median["clang"])
        ratio = {variant: median[variant] / native for variant in median}
        return {"program": self.name, "seconds": median, "native": native, "ratio": ratio}


def geomean(values):
    values = list(values)
    return math.exp(sum(math.log(value) for value in values) / len(values))


def third_party(build):
    """zlib and bzip2 as tests/programs prepares them; left out, with a word, when they are not there."""
    programs = []
    for name in ("zlib", "bzip2"):
        lister = [os.path.join(ROOT, "tests", "programs", "run.sh"), "--build", build, "--arguments", name]
        done = subprocess.run(lister, capture_output=True, text=True)
        if done.returncode != 0:
            print(name + " is left out: " + done.stderr.strip()[-200:], file=sys.stderr)
        else:
            programs.append(Program(name, done.stdout.split("\n")[:-1]))
    return programs


def print_table(title, rows):
    print("\n%-10s %9s %9s %9s %9s %9s | %8s %8s %8s" % (
        title, "gcc s", "clang s", "guestrt s", "overrid.", "qemu s", "guestrt", "overrid.", "qemu"))
    for row in rows:
        s, r = row["seconds"], row["ratio"]
        print("%-10s %9.3f %9.3f %9.3f %9.3f %9.3f | %7.2fx %7.2fx %7.2fx" % (
            row["program"], s["gcc"], s["clang"], s["guestrt"], s["overridable"], s["qemu"],
            r["guestrt"], r["overridable"], r["qemu"]))
    if rows:
        print("%-60s | %7.2fx %7.2fx %7.2fx" % ("geometric mean of time relative to the better native build",
              *(geomean(row["ratio"][v] for row in rows) for v in ("guestrt", "overridable", "qemu"))))


def translation_speed(guestrt, elf, out):
    """Megabytes of guest text a second, whole process, median of 5."""
    seconds, text = [], 0
    for _ in range(5):
        start = time.perf_counter()
        done = run([guestrt, "recompile", elf, "-o", os.path.join(out, "translated")])
        seconds.append(time.perf_counter() - start)
        text = int(done.stderr.split("(")[1].split(" bytes")[0])
    return text / 1e6 / statistics.median(seconds), text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--qemu-repeat", type=int, default=1)
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    out = os.path.join(options.build, "bench")
    os.makedirs(out, exist_ok=True)
    guestrt = os.path.join(options.build, "guestrt")
    environment = dict(os.environ, XDG_CACHE_HOME=os.path.join(out, "cache"))

    kernels = [Program(name, [os.path.join(ROOT, "bench", "kernels", name + ".c")]) for name in KERNELS]
    programs = kernels + third_party(options.build)
    if options.only:
        programs = [p for p in programs if p.name in options.only.split(",")]
    for program in programs:
        print("building " + program.name, file=sys.stderr)
        program.build(out, guestrt)
        for variant in ("guestrt", "overridable"):  # fills the cache, checks the output
            timed(program.commands[variant] + program.arguments, environment)
    for repetition in range(options.repeat):
        for program in programs:
            for variant in program.commands:
                if variant != "qemu" or repetition < options.qemu_repeat:
                    program.measure(variant, environment)
    rows = [program.row() for program in programs]
    print_table("kernel", [row for row in rows if row["program"] in KERNELS])
    print_table("program", [row for row in rows if row["program"] not in KERNELS])
    largest = max(programs, key=lambda p: os.path.getsize(p.elf))
    speed, text = translation_speed(guestrt, largest.elf, out)
    print("\ntranslation: %.2f MB of guest text a second (%s, %d bytes of text)" % (speed, largest.name, text))
    with open(os.path.join(out, "recomp.json"), "w") as file:
        json.dump({"schema": "guestrt-bench-recomp", "schema_version": 1, "rows": rows,
                   "translation_mb_per_second": speed, "repeat": options.repeat}, file, indent=1)
    print("rows: " + os.path.relpath(os.path.join(out, "recomp.json"), ROOT))


if __name__ == "__main__":
    main()
