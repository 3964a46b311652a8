#!/usr/bin/env bash
# Searches every interleaving of the models here with spin. First as they are: nothing may be found.
# Then with one step removed at a time: something must be found, or the properties see nothing.
#
# usage: tests/spin/run.sh [WORD]    only the runs whose names contain WORD
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=${TMPDIR:-/tmp}/guestrt-spin.$$
mkdir -p "$work"
trap 'rm -rf "$work"' EXIT
passed=0 failed=0 only=${1:-}

# search MODEL OPTIONS: prints the errors found; nothing when the search was not complete.
search() {
    local model=$1 dir=$work/run safety=-DSAFETY flags=(-E -m200000)
    shift
    rm -rf "$dir" && mkdir "$dir"
    case " $* " in *" -DFOREVER "*) safety=-DNFAIR=4 flags=(-a -f -m2000000) ;; esac
    (cd "$dir" && spin "$@" -a "$here/$model" >spin.out 2>&1 &&
        cc -O1 -w $safety -DVECTORSZ=2048 -DCOLLAPSE -DMEMLIM=1500 -o pan pan.c >>spin.out 2>&1 &&
        timeout 120 ./pan "${flags[@]}" >pan.out 2>&1)
    if grep -qE 'max search depth too small|out of memory|aborting' "$dir/pan.out" 2>/dev/null; then return; fi
    sed -n 's/.*errors: \([0-9]*\).*/\1/p' "$dir/pan.out" 2>/dev/null
}

# run WANTED NAME MODEL OPTIONS
run() {
    local wanted=$1 name=$2 errors
    shift 2
    [[ $name == *"$only"* ]] || return 0
    errors=$(search "$@")
    if { [ "$wanted" = holds ] && [ "$errors" = 0 ]; } || { [ "$wanted" = fails ] && [ "${errors:-0}" -gt 0 ]; }; then
        passed=$((passed + 1))
        echo "PASS $name $wanted"
    else
        failed=$((failed + 1))
        echo "FAIL $name: wanted that it $wanted, found ${errors:-no answer} errors"
        tail -n 20 "$work/run/"*.out
    fi
}

for scenario in 1 2 3 4 5; do
    run holds "wait $scenario" wait.pml -DSCENARIO=$scenario
    run holds "wait $scenario, early wake-ups" wait.pml -DSCENARIO=$scenario -DWAKE_EARLY
done
# the step that is removed: the scenario that must notice
for mutation in TAKE:1 TOKEN:1 INCREMENT:1 WAKE:1 FLAG:1 FLAG_FIRST:1 LINK:1 SIGNAL_LOCK:2 DONE_ORDER:1 LATE_DONE:2 UNLINK:2 ALL:3 STOP_LOOK:4 STOP_ORDER:4; do
    run fails "wait ${mutation#*:} without ${mutation%:*}" wait.pml -DSCENARIO=${mutation#*:} "-DBREAK_${mutation%:*}"
done

run holds "section" section.pml
run holds "section, a stop" section.pml -DSTOPS -DROUNDS=1
run holds "section, nobody starves" section.pml -DFOREVER -DTHREADS=2 -DROUNDS=1
for mutation in WAKE TOKEN WOKEN READ_FIRST GRANT; do
    run fails "section without $mutation" section.pml "-DBREAK_$mutation"
done
run fails "section, a stop, without PASS_ON" section.pml -DSTOPS -DROUNDS=1 -DBREAK_PASS_ON
run fails "section, nobody starves, without HAND_OVER" section.pml -DFOREVER -DTHREADS=2 -DROUNDS=1 -DBREAK_HAND_OVER

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
