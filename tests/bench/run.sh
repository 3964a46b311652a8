#!/usr/bin/env bash
# Is the heap's benchmark honest? What must be slow is measured as slow, nothing is left out.
set -euo pipefail
cd "$(dirname "$0")/../.."
scripts/build release bench_heap bench_slow_peer
exec python3 tests/bench/test_heap.py
