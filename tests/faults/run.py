#!/usr/bin/env python3
"""Runs the programs of this directory and compares what they print with their head comments.

usage: tests/faults/run.sh [--build DIR] [--show] [NAME...]

Exact text and exit code 0 are a pass. Programs are built with the library, in DIR/tests/faults.
--show prints what each program says instead, for a new one.
"""
import difflib
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
INDENT = "    "


def expected(source):
    """The lines below "expect:" in the head comment; indented ones continue the line before."""
    lines = []
    started = False
    for line in source.read_text().splitlines():
        line = line.removeprefix(" *").removeprefix(" ")
        if line.startswith("/") and started or line == "/":
            break
        if line == "expect:":
            started = True
        elif started and line.startswith(INDENT) and lines:
            lines[-1] += " " + line.strip()
        elif started:
            lines.append(line)
    return lines if started else None


def run(program):
    """What it prints, and why it failed, or None."""
    try:
        done = subprocess.run([program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    except subprocess.TimeoutExpired:
        return [], "it ran for more than 60 seconds"
    except OSError as error:
        return [], str(error)
    text = done.stdout.decode(errors="replace").splitlines()
    return text, None if done.returncode == 0 else f"exit code {done.returncode}"


def check(source, build):
    wanted = expected(source)
    if wanted is None:
        return ["its head comment has no expect:"]
    printed, problem = run(build / "tests" / "faults" / source.stem)
    complaints = list(difflib.unified_diff(wanted, printed, "expected", "printed", lineterm="", n=1))
    return complaints + ([problem] if problem else [])


def main(arguments):
    build = pathlib.Path("build")
    show = False
    names = []
    while arguments:
        argument = arguments.pop(0)
        if argument == "--build" and arguments:
            build = pathlib.Path(arguments.pop(0))
        elif argument == "--show":
            show = True
        elif argument.startswith("-"):
            sys.exit(__doc__)
        else:
            names.append(argument)
    sources = [s for s in sorted(HERE.glob("*.c")) if not names or s.stem in names]
    passed = failed = 0
    for source in sources:
        if show:
            print(source.stem, *run(build / "tests" / "faults" / source.stem)[0], sep="\n  ")
            continue
        complaints = check(source, build)
        passed, failed = (passed, failed + 1) if complaints else (passed + 1, failed)
        print("FAIL" if complaints else "PASS", source.stem)
        for complaint in complaints:
            print("    " + complaint)
    if not show:
        print(f"{passed} passed, {failed} failed")
    return 0 if passed + failed == len(sources) and failed == 0 or show else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
