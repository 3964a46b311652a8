#!/usr/bin/env python3
"""guestrt's heap beside other allocators: one run, interleaved, medians, ratios.

One process measures one allocator with one workload (build/bench/bench_heap). Repetitions are the
outermost loop and allocators are shuffled inside each workload, so that drift hits all alike; every
ratio is of two medians of this run. bench/README.md says what the workloads are and how to add an
allocator of your own through GUESTRT_BENCH_PEERS="name=/path/to/peer.so ...".

usage: bench/heap.py [--quick] [--repeat N] [--workloads PATTERN,...] [--allocators NAME,...]
                     [--traces DIR] [--build DIR] [--output FILE] [--seed N] [--list]
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

import traces

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OURS = "guestrt"
PRELOADED = {"mimalloc": "libmimalloc.so.2", "jemalloc": "libjemalloc.so.2"}
TIMES = {
    "pairs": ["pair 16", "pair 64", "pair 512", "batch64 64"],
    "churn": ["churn 1000", "churn 10000", "churn 100000"],
    "threads": ["churn 10000 x2", "churn 10000 x4", "churn 10000 x8", "xchg x2", "prodcons x2", "prodcons x4"],
    "context": ["context fresh", "context reused", "context fresh memset", "context reused memset"],
}
LATENCIES = ["p50", "p99", "p99.9", "p99.99", "max"]
EMPTY = ["null", "mutex"]
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


class Job:
    """One kind of process. [rows] says what becomes of each figure that it reports: (row, group).
    [most] limits its repetitions, [without] names allocators that make no sense there."""

    def __init__(self, name, workload, rows, trace=None, most=99, without=(), unit="ns"):
        self.name, self.workload, self.rows, self.trace = name, workload, rows, trace
        self.most, self.without, self.unit = most, without, unit
        self.figures = {}  # allocator -> figure -> one value a repetition

    def is_in(self, pattern):
        return fnmatch.fnmatch(self.name, pattern) or any(group == pattern for _, group in self.rows.values())

    def arguments(self):
        return ["--workload", self.workload] + (["--trace", self.trace] if self.trace else [])


def jobs_of_trace(path):
    name = os.path.splitext(os.path.basename(path))[0]
    passes = {figure: ("replay %s, %s" % (name, figure), "replay " + figure) for figure in ("cold", "warm")}
    two = {"warm": ("replay %s x2, warm" % name, "replay x2")}
    return [Job("replay " + name, "replay", passes, path),
            Job("replay %s x2" % name, "replay x2", two, path),
            Job("footprint " + name, "footprint", {"of live": ("footprint " + name, "footprint")}, path,
                most=1, without=EMPTY, unit="of live bytes")]


def all_jobs(events):
    jobs = [Job(name, name, {"ns": (name, group)}) for group, names in TIMES.items() for name in names]
    for live in ("1000", "10000"):
        name = "latency " + live
        jobs.append(Job(name, name, {point: (name + ", " + point, "latency") for point in LATENCIES}, most=3))
    return jobs + [job for path in events for job in jobs_of_trace(path)]


def chosen_jobs(jobs, patterns):
    chosen = [job for job in jobs if any(job.is_in(pattern) for pattern in patterns.split(","))]
    if not chosen:
        sys.exit("heap.py: no workload matches '%s'; --list names them" % patterns)
    return chosen


class Bench:
    """Starts the processes and collects what they measured."""

    def __init__(self, program, scale):
        self.program, self.scale = program, scale

    def measure(self, allocator, job):
        command = [self.program, "--allocator", allocator.name, "--scale", str(self.scale)] + job.arguments()
        done = subprocess.run(command, capture_output=True, text=True, env=allocator.environment(),
                              timeout=TIMEOUT_SECONDS)
        if done.returncode != 0:
            sys.exit("heap.py: %s with %s failed (%d):\n%s" % (
                job.name, allocator.label, done.returncode, done.stderr[-2000:]))
        figures = json.loads(done.stdout)
        allocator.check_version(figures.pop("allocator"))
        kept = job.figures.setdefault(allocator.label, {})
        for figure, value in figures.items():
            kept.setdefault(figure, []).append(value)

    def run(self, allocators, jobs, repeat, shuffle):
        for repetition in range(repeat):
            for job in (job for job in jobs if repetition < job.most):
                for allocator in shuffle.sample(allocators, len(allocators)):
                    if allocator.label not in job.without:
                        self.measure(allocator, job)
            print("heap: repetition %d of %d" % (repetition + 1, repeat), file=sys.stderr)


def geomean(values):
    values = list(values)
    return math.exp(sum(math.log(value) for value in values) / len(values))


def rows_of_figure(job, figure):
    """One row an allocator, with the ratio of its median to every allocator's, and of its best."""
    name, group = job.rows[figure]
    runs = {label: figures[figure] for label, figures in job.figures.items()}
    median = {label: statistics.median(values) for label, values in runs.items()}
    best = {label: min(values) for label, values in runs.items()}
    for label in runs:
        row = {"group": group, "workload": name, "allocator": label, "unit": job.unit, "value": median[label],
               "runs": runs[label], "ratio": {peer: median[label] / median[peer] for peer in median},
               "ratio_of_best": {peer: best[label] / best[peer] for peer in best}}
        if job.unit == "ns":
            row["ns_per_op"] = row["value"]
        yield row


def rows_of(jobs):
    order = list(TIMES) + ["replay cold", "replay warm", "replay x2", "footprint", "latency"]
    rows = [row for job in jobs for figure in job.rows for row in rows_of_figure(job, figure)]
    return sorted(rows, key=lambda row: order.index(row["group"]))


def geomeans_of(rows):
    """One a group and allocator: the geometric means of the rows' ratios."""
    grouped = {}
    for row in rows:
        grouped.setdefault((row["group"], row["allocator"]), []).append(row)
    return [{"group": group, "allocator": label, "rows": len(of), "value": geomean(row["value"] for row in of),
             **{kind: {peer: geomean(row[kind][peer] for row in of) for peer in of[0][kind]}
                for kind in ("ratio", "ratio_of_best")}}
            for (group, label), of in grouped.items()]


def print_line(name, cells):
    print("%-26s" % name + "".join("%10s" % cell for cell in cells))


def print_values(title, rows, labels):
    print_line("\n" + title, labels)
    name = "workload" if "workload" in rows[0] else "group"
    for one in dict.fromkeys(row[name] for row in rows):
        values = {row["allocator"]: row["value"] for row in rows if row[name] == one}
        print_line(one, ["%.*f" % (2 if values[label] < 100 else 0, values[label]) if label in values else "-"
                         for label in labels])


def print_ratios(title, rows, labels, kind="ratio"):
    print_line("\n" + title, labels)
    for row in rows:
        print_line(row.get("workload", row["group"]),
                   ["%.2f" % row[kind][label] if label in row[kind] else "-" for label in labels])


def print_report(rows, geomeans, labels):
    def ours(of):
        return [one for one in of if one["allocator"] == OURS]
    peers_only = [label for label in labels if label not in (OURS, "null")]
    print_values("ns; footprint: of live", rows, labels)
    print_values("geomeans", geomeans, labels)
    if ours(rows):
        print_ratios("guestrt / peer", ours(rows), peers_only)
        print_ratios("geomeans, guestrt / peer", ours(geomeans), peers_only)
        print_ratios("likewise, of the best runs", ours(geomeans), peers_only, "ratio_of_best")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one short repetition: seconds, and noisy")
    parser.add_argument("--repeat", type=int, default=0)
    parser.add_argument("--workloads", default="*", help="names, shell patterns, or groups")
    parser.add_argument("--allocators", default="")
    parser.add_argument("--traces", default="", help="a directory of files of events, or traces, of your own")
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("--output", default="", help="instead of DIR/bench/heap.json")
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
    out = os.path.join(options.build, "bench")
    allocators = chosen_allocators(options.allocators)
    events = traces.given(options.build, options.traces) if options.traces else traces.recorded(options.build)
    jobs = chosen_jobs(all_jobs(events), options.workloads)
    if options.list:
        print("\n".join([job.name for job in jobs] + ["allocators: " + " ".join(a.label for a in allocators)]))
        return
    bench = Bench(os.path.join(out, "bench_heap"), 0.1 if options.quick else 1)
    bench.run(allocators, jobs, options.repeat, random.Random(options.seed))
    rows = rows_of(jobs)
    geomeans = geomeans_of(rows)
    allocators = [allocator for allocator in allocators if allocator.version]  # some have no footprint
    print("\n".join("%-10s %s" % (a.label, a.version) for a in allocators))
    print_report(rows, geomeans, [allocator.label for allocator in allocators])
    write_json(options.output or os.path.join(out, "heap.json"), options, allocators, rows, geomeans)


if __name__ == "__main__":
    main()
