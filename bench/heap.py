#!/usr/bin/env python3
"""guestrt's heap beside other allocators: one run, interleaved, medians, ratios.

One process measures one allocator with one workload (build/bench/bench_heap). Repetitions are the
outermost loop and allocators are shuffled inside each workload, so that drift hits all alike; every
ratio is of two medians of this run. bench/README.md says what the workloads are and how to add an
allocator of your own through GUESTRT_BENCH_PEERS="name=/path/to/peer.so ...".

usage: bench/heap.py [--quick] [--repeat N] [--workloads PATTERN,...] [--allocators NAME,...]
                     [--build DIR] [--seed N] [--list]
"""
import argparse
import fnmatch
import glob
import json
import math
import os
import random
import statistics
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OURS = "guestrt"
PRELOADED = {"mimalloc": "libmimalloc.so.2", "jemalloc": "libjemalloc.so.2"}
GROUPS = {
    "pairs": ["pair 16", "pair 64", "pair 512", "batch64 64"],
    "churn": ["churn 1000", "churn 10000", "churn 100000"],
    "threads": ["churn 10000 x2", "churn 10000 x4", "churn 10000 x8", "xchg x2", "prodcons x2", "prodcons x4"],
    "context": ["context fresh", "context reused", "context fresh memset", "context reused memset"],
}
TIMEOUT_SECONDS = 60


class Allocator:
    """How bench_heap is asked for one allocator. [version] is what it answered."""

    def __init__(self, label, name, preload=None):
        self.label, self.name, self.preload, self.version = label, name, preload, None

    def environment(self):
        return dict(os.environ, LD_PRELOAD=self.preload) if self.preload else dict(os.environ)

    def check_version(self, version):
        if self.preload and not version.startswith(self.label):
            sys.exit("heap.py: %s was preloaded, but %s answered" % (self.preload, version))
        self.version = version


def preload_path(label):
    found = sorted(glob.glob("/usr/lib/*/" + PRELOADED[label]))
    if not found:
        sys.exit("heap.py: %s of %s is not installed: scripts/setup installs it" % (PRELOADED[label], label))
    return found[0]


def peers(text):
    """The allocators of GUESTRT_BENCH_PEERS."""
    for word in text.split():
        label, _, path = word.partition("=")
        if not path:
            sys.exit("heap.py: GUESTRT_BENCH_PEERS: '%s' is not NAME=PATH" % word)
        if not os.path.isfile(path):
            sys.exit("heap.py: GUESTRT_BENCH_PEERS: there is no file %s for %s" % (path, label))
        yield Allocator(label, os.path.abspath(path))


def known_allocators():
    known = [Allocator(OURS, "guestrt"), Allocator("null", "null"), Allocator("mutex", "mutex")]
    known += peers(os.environ.get("GUESTRT_BENCH_PEERS", ""))
    known += [Allocator(label, "process", label) for label in PRELOADED]
    return known + [Allocator("glibc", "process")]


def chosen_allocators(text):
    known = {allocator.label: allocator for allocator in known_allocators()}
    labels = text.split(",") if text else list(known)
    for label in labels:
        if label not in known:
            sys.exit("heap.py: there is no allocator '%s'; there are: %s" % (label, " ".join(known)))
    chosen = [known[label] for label in labels]
    for allocator in chosen:
        if allocator.preload:
            allocator.preload = preload_path(allocator.label)
    return chosen


def chosen_workloads(patterns):
    patterns = patterns.split(",") if patterns else ["*"]
    chosen = [(group, workload) for group, workloads in GROUPS.items() for workload in workloads
              if any(fnmatch.fnmatch(workload, p) or p == group for p in patterns)]
    if not chosen:
        sys.exit("heap.py: no workload matches " + ",".join(patterns))
    return chosen


class Bench:
    """Runs processes and keeps what they measured: figures[workload][allocator][figure] = [values]."""

    def __init__(self, program, scale):
        self.program, self.scale, self.figures = program, scale, {}

    def measure(self, allocator, workload):
        command = [self.program, "--allocator", allocator.name, "--workload", workload, "--scale", str(self.scale)]
        done = subprocess.run(command, capture_output=True, text=True, env=allocator.environment(),
                              timeout=TIMEOUT_SECONDS)
        if done.returncode != 0:
            sys.exit("heap.py: %s with %s failed (%d):\n%s" % (
                workload, allocator.label, done.returncode, done.stderr[-2000:]))
        figures = json.loads(done.stdout)
        allocator.check_version(figures.pop("allocator"))
        kept = self.figures.setdefault(workload, {}).setdefault(allocator.label, {})
        for figure, value in figures.items():
            kept.setdefault(figure, []).append(value)

    def run(self, allocators, workloads, repeat, shuffle):
        for repetition in range(repeat):
            for _, workload in workloads:
                for allocator in shuffle.sample(allocators, len(allocators)):
                    self.measure(allocator, workload)
            print("heap: repetition %d of %d" % (repetition + 1, repeat), file=sys.stderr)


def geomean(values):
    values = list(values)
    return math.exp(sum(math.log(value) for value in values) / len(values))


def rows_of(bench, workloads):
    """One row a workload and allocator, with the ratio of its median to every allocator's."""
    rows = []
    for group, workload in workloads:
        runs = {label: figures["ns"] for label, figures in bench.figures[workload].items()}
        median = {label: statistics.median(values) for label, values in runs.items()}
        for label in runs:
            rows.append({"group": group, "workload": workload, "allocator": label, "ns_per_op": median[label],
                         "runs": runs[label], "ratio": {peer: median[label] / median[peer] for peer in median}})
    return rows


def geomeans_of(rows):
    """One a group and allocator: the geometric means of the rows' ratios."""
    grouped = {}
    for row in rows:
        grouped.setdefault((row["group"], row["allocator"]), []).append(row["ratio"])
    return [{"group": group, "allocator": label, "rows": len(ratios),
             "ratio": {peer: geomean(ratio[peer] for ratio in ratios) for peer in ratios[0]}}
            for (group, label), ratios in grouped.items()]


def print_line(name, cells):
    print("%-24s" % name + "".join("%10s" % cell for cell in cells))


def print_times(rows, labels):
    print_line("\nns per operation", labels)
    for workload in dict.fromkeys(row["workload"] for row in rows):
        times = {row["allocator"]: row["ns_per_op"] for row in rows if row["workload"] == workload}
        print_line(workload, ["%.1f" % times[label] for label in labels])


def print_ratios(rows, geomeans, labels):
    ours = [row for row in rows if row["allocator"] == OURS]
    if not ours:
        return
    print_line("\ntime of guestrt over", labels)
    for row in ours:
        print_line(row["workload"], ["%.2f" % row["ratio"][label] for label in labels])
    for mean in geomeans:
        if mean["allocator"] == OURS:
            print_line("geomean: " + mean["group"], ["%.2f" % mean["ratio"][label] for label in labels])


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one short repetition: seconds, and noisy")
    parser.add_argument("--repeat", type=int, default=0)
    parser.add_argument("--workloads", default="")
    parser.add_argument("--allocators", default="")
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("--seed", type=int, default=1, help="of the order in which allocators run")
    parser.add_argument("--list", action="store_true", help="name the workloads and allocators")
    return parser.parse_args()


def write_json(path, options, allocators, rows, geomeans):
    with open(path, "w") as file:
        json.dump({"schema": "guestrt-bench-heap", "schema_version": 1, "repeat": options.repeat,
                   "allocators": {a.label: a.version for a in allocators},
                   "rows": rows, "geomeans": geomeans}, file, indent=1)
    print("\nrows: " + os.path.relpath(path, ROOT))


def main():
    options = parse_arguments()
    options.repeat = options.repeat or (1 if options.quick else 7)
    workloads, allocators = chosen_workloads(options.workloads), chosen_allocators(options.allocators)
    if options.list:
        print("\n".join([w for _, w in workloads] + [a.label for a in allocators]))
        return
    out = os.path.join(options.build, "bench")
    bench = Bench(os.path.join(out, "bench_heap"), 0.1 if options.quick else 1)
    bench.run(allocators, workloads, options.repeat, random.Random(options.seed))
    rows = rows_of(bench, workloads)
    geomeans = geomeans_of(rows)
    labels = [allocator.label for allocator in allocators]
    print("\n".join("%-10s %s" % (a.label, a.version) for a in allocators))
    print_times(rows, labels)
    print_ratios(rows, geomeans, [label for label in labels if label not in (OURS, "null")])
    write_json(os.path.join(out, "heap.json"), options, allocators, rows, geomeans)


if __name__ == "__main__":
    main()
