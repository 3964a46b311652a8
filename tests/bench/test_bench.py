#!/usr/bin/env python3
"""The heap's benchmark against allocators whose cost is known, and whether that of threads has all its
rows. No test depends on how fast the machine is: the slow peer waits a microsecond by the clock, and the null allocator does nothing."""
import json
import os
import struct
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BENCH = os.path.join(ROOT, "build", "bench")
SLOW = "slow=" + os.path.join(BENCH, "bench_slow_peer.so")
ALLOC, ZEROED, REALLOC, FREE = range(4)


def write_events(path):
    """64 blocks of 10,000 bytes, zeroed or not, made larger and smaller, freed: peak 1,280,000."""
    events = [(ZEROED if i % 2 else ALLOC, i, 10000) for i in range(64)]
    events += [(REALLOC, i, 20000) for i in range(64)] + [(REALLOC, i, 5000) for i in range(64)]
    events += [(FREE, i, 0) for i in range(64)]
    with open(path, "wb") as file:
        file.write(struct.pack("<8sQQQQ", b"GRTEVNT1", len(events), 64, 1280000, 127))
        file.write(b"".join(struct.pack("<II", op | slot << 2, size) for op, slot, size in events))


def heap(directory, *arguments, peers=SLOW):
    command = [sys.executable, os.path.join(ROOT, "bench", "heap.py"), "--traces", directory,
               "--output", os.path.join(directory, "heap.json"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=100,
                          env=dict(os.environ, GUESTRT_BENCH_PEERS=peers))


def measured(directory):
    """One run that the tests of figures share."""
    workloads = "pair 64,churn 1000,churn 10000 x2,prodcons x2,replay*,footprint*,latency 1000"
    done = heap(directory, "--quick", "--repeat", "3", "--allocators", "null,guestrt,slow,glibc",
                "--workloads", workloads)
    assert done.returncode == 0, done.stdout + done.stderr
    with open(os.path.join(directory, "heap.json")) as file:
        return json.load(file)


def row(result, workload, allocator):
    found = [r for r in result["rows"] if r["workload"] == workload and r["allocator"] == allocator]
    assert len(found) == 1, "%d rows for %s, %s" % (len(found), workload, allocator)
    return found[0]


def test_null_is_the_floor(result):
    # The best of three runs, and some room: a busy machine may disturb even that.
    for workload in ("pair 64", "churn 1000", "latency 1000, p50"):
        for allocator in ("guestrt", "slow", "glibc"):
            best, floor = min(row(result, workload, allocator)["runs"]), min(row(result, workload, "null")["runs"])
            assert floor <= 1.5 * best, "%s: null %g, %s %g" % (workload, floor, allocator, best)


def test_the_slow_peer_is_slow(result):
    # An allocation and a free are an operation each, and only one of them waits.
    assert row(result, "pair 64", "slow")["ns_per_op"] >= 500
    assert row(result, "churn 1000", "slow")["ns_per_op"] >= 500
    assert row(result, "latency 1000, p99", "slow")["value"] >= 900
    assert row(result, "replay tiny, cold", "slow")["ns_per_op"] >= 750
    assert row(result, "pair 64", "slow")["ratio"]["null"] > 10


def test_every_row_is_there(result):
    one = ["pair 64", "churn 1000", "churn 10000 x2", "prodcons x2", "replay tiny, cold", "replay tiny, warm",
           "replay tiny x2, warm"] + ["latency 1000, " + p for p in ("p50", "p99", "p99.9", "p99.99", "max")]
    wanted = {(workload, allocator) for workload in one for allocator in ("null", "guestrt", "slow", "glibc")}
    wanted |= {("footprint tiny", allocator) for allocator in ("guestrt", "slow", "glibc")}
    assert {(r["workload"], r["allocator"]) for r in result["rows"]} == wanted
    assert len(result["rows"]) == len(wanted)


def test_ratios_are_of_this_run(result):
    ours, theirs = row(result, "pair 64", "guestrt"), row(result, "pair 64", "glibc")
    assert len(ours["runs"]) == 3 and ours["value"] == sorted(ours["runs"])[1]
    assert abs(ours["ratio"]["glibc"] * theirs["value"] - ours["value"]) < 1e-6 * ours["value"]
    churn = [m for m in result["geomeans"] if m["group"] == "churn" and m["allocator"] == "slow"]
    assert abs(churn[0]["ratio"]["null"] - row(result, "churn 1000", "slow")["ratio"]["null"]) < 1e-9


def test_footprint_is_of_what_was_asked(result):
    for allocator in ("guestrt", "slow", "glibc"):
        figure = row(result, "footprint tiny", allocator)["value"]
        assert 1 <= figure < 4, "%s: %g" % (allocator, figure)


def test_allocators_say_who_they_are(result):
    assert result["allocators"]["slow"] == "a microsecond more than malloc"
    assert result["allocators"]["glibc"].startswith("glibc ")


def refused(directory, peers, *arguments, says):
    done = heap(directory, "--quick", "--workloads", "pair 64", *arguments, peers=peers)
    assert done.returncode != 0, "it was not refused"
    assert says in done.stderr and "Traceback" not in done.stderr, done.stderr


def test_a_missing_peer_is_an_error(directory):
    refused(directory, "gone=/nonexistent/gone.so", says="there is no file /nonexistent/gone.so for gone")
    refused(directory, "gone", says="'gone' is not NAME=PATH")


def test_a_broken_peer_is_an_error(directory):
    path = os.path.join(directory, "empty.so")
    subprocess.run(["gcc", "-shared", "-xc", "/dev/null", "-o", path], check=True)
    refused(directory, "empty=" + path, "--allocators", "empty", says="has no peer_alloc")
    with open(path, "w") as file:
        file.write("no library")
    refused(directory, "empty=" + path, "--allocators", "empty", says="cannot be loaded")


def test_unknown_names_are_errors(directory):
    refused(directory, "", "--allocators", "guestrt,nobody", says="there is no allocator 'nobody'")
    refused(directory, "", "--workloads", "nothing", says="no workload matches 'nothing'")


def test_a_damaged_file_of_events_is_an_error(directory):
    with open(os.path.join(directory, "cut.events"), "wb") as file:
        file.write(struct.pack("<8sQQQQ", b"GRTEVNT1", 3, 1, 10, 0))
    refused(directory, "", "--allocators", "null", "--workloads", "replay cut", says="is damaged")


THREADS = ["create, start and join a thread", "a context, all blocks written", "section enter+leave",
           "event ping-pong, a round trip", "set one, wait for any of 8", "1000 blocked, until all have woken",
           "set + clear, 1000 wait for another", "set + clear, 1000 wait for it and another"]


def test_threads_and_waits_are_all_measured(directory):
    subprocess.run([sys.executable, "bench/threads.py"], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    with open(os.path.join(BENCH, "threads.json")) as file:
        rows = json.load(file)
    for workload in THREADS:
        assert any(row["workload"] == workload for row in rows), "no row '%s'" % workload
    for row in rows:
        assert row["ns"] > 0 and row["peer_ns"] > 0, row
        assert abs(row["ns"] / row["peer_ns"] / row["ratio"] - 1) < 0.01, row


def main():
    failed = 0
    tests = {name: test for name, test in globals().items() if name.startswith("test_")}
    with tempfile.TemporaryDirectory() as directory:
        write_events(os.path.join(directory, "tiny.events"))
        result = measured(directory)
        for name, test in tests.items():
            try:
                test(result if "result" in test.__code__.co_varnames[:1] else directory)
                print("PASS " + name)
            except AssertionError as error:
                failed += 1
                print("FAIL %s: %s" % (name, error))
    print("%d passed, %d failed" % (len(tests) - failed, failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
