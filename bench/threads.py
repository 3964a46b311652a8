#!/usr/bin/env python3
"""Runs the programs that measure threads and what they wait for, prints a table of their rows and
writes them to build/bench/threads.json. Each program appends lines of JSON to the file it is given:
{"workload", "peer", "ns", "peer_ns", "ratio"}, where ratio is ours by the peer's.

usage: bench/threads.py [--build DIR]
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

PROGRAMS = ["bench_threads", "bench_locks", "bench_waits"]


def rows_of(program):
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "rows")
        subprocess.run([program, path], check=True)
        with open(path) as file:
            return [json.loads(line) for line in file]


def print_table(rows):
    width = max(len(row["workload"]) for row in rows)
    peer_width = max(len(row["peer"]) for row in rows)
    for row in rows:
        print(f'{row["workload"]:{width}}  {row["ns"] / 1000:9.3f} us  {row["ratio"]:6.2f}x of '
              f'{row["peer"]:{peer_width}}  {row["peer_ns"] / 1000:9.3f} us')


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--build", default="build", help="the build's directory")
    build = parser.parse_args().build
    programs = [os.path.join(build, "bench", name) for name in PROGRAMS]
    if not all(os.path.exists(program) for program in programs):
        sys.exit("threads.py: not all of it is built; use scripts/bench threads")
    rows = [row for program in programs for row in rows_of(program)]
    with open(os.path.join(build, "bench", "threads.json"), "w") as file:
        json.dump(rows, file, indent=1)
        file.write("\n")
    print_table(rows)


if __name__ == "__main__":
    main()
