#!/usr/bin/env bash
# Short fuzzing of every target with its kept corpus: first the corpus alone, then new inputs for a
# while. What breaks a target stays in build/fuzz/.
#   fuzz/run.sh [SECONDS]      for each target (default 20)
set -uo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-20} passed=0 failed=0
scripts/build clang || exit 1
mkdir -p build/fuzz

try() { # NAME COMMAND...
    local name=$1
    shift
    if "$@" >"build/fuzz/log" 2>&1; then
        passed=$((passed + 1))
        echo "PASS $name"
    else
        failed=$((failed + 1))
        echo "FAIL $name"
        tail -n 30 build/fuzz/log
    fi
}

for source in fuzz/fuzz_*.c; do
    target=$(basename "$source" .c)
    name=${target#fuzz_}
    found=build/fuzz/$name
    mkdir -p "$found"
    try "$name: the kept corpus" "build/clang/fuzz/replay_$name" "fuzz/corpus/$name"/*
    seed=${GUESTRT_SEED:-$RANDOM}
    try "$name: $seconds seconds of new inputs, seed $seed" "build/clang/fuzz/$target" -seed="$seed" \
        -max_total_time="$seconds" -timeout=20 -rss_limit_mb=4096 -artifact_prefix="$found/" "$found" "fuzz/corpus/$name"
done
echo "fuzz: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
