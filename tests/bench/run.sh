#!/usr/bin/env bash
# Are the benchmarks honest? What must be slow is measured as slow, nothing is left out.
set -euo pipefail
cd "$(dirname "$0")/../.."
scripts/build release bench_heap bench_slow_peer bench_threads bench_locks bench_waits
exec python3 tests/bench/test_bench.py
