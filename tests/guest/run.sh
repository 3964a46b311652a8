#!/usr/bin/env bash
# Builds every program here for the console, runs it with `guestrt run` and compares what it does with
# what its comments promise:
#
#   // expect: TEXT   the next line of stdout (with `lines:`, some line of stdout, in this order)
#   // lines: N       stdout has N lines; those that are not expected must match "thread N says NNN: ..."
#   // exit: N        the exit code, 0 if there is none
#   // stderr: TEXT   stderr contains it
#   // silent: TEXT   stderr does not contain it
#   // run: OPTIONS   of guestrt run
#
# Without NAMEs it also looks for exports that none of the programs imports, and for prototypes of the guest's
# headers that do not fit their rows.
#
# usage: tests/guest/run.sh [--build DIR] [--guestrt FILE] [NAME...]
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$root/build guestrt= names=()
while [ $# -gt 0 ]; do
    case $1 in
        --build) build=$2; shift ;;
        --guestrt) guestrt=$2; shift ;;
        -h | --help) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; exit 0 ;;
        *) names+=("$1") ;;
    esac
    shift
done
guestrt=${guestrt:-$build/guestrt}
work=$build/tests/guest
mkdir -p "$work"
rm -f "$work"/*.verdict
export GUESTRT_GUEST_LIBRARY=${GUESTRT_GUEST_LIBRARY:-$build/guest}
if [ ! -x "$guestrt" ]; then
    echo "run.sh: there is no $guestrt" >&2
    exit 4
fi

directive() { # file, name
    sed -n "s|^// $2: ||p" "$1"
}

# Says what is wrong, nothing when all is well.
complaints() { # source, stdout, stderr, exit code
    local wanted text
    wanted=$(directive "$1" exit)
    [ "$4" -eq "${wanted:-0}" ] || echo "exit code $4, not ${wanted:-0}"
    directive "$1" expect >"$2.expect"
    wanted=$(directive "$1" lines)
    if [ -n "$wanted" ]; then
        [ "$(wc -l <"$2")" -eq "$wanted" ] || echo "$(wc -l <"$2") lines, not $wanted"
        diff "$2.expect" <(grep -avE '^thread [0-9] says [0-9]{3}: the quick brown fox jumps over the lazy dog$' "$2")
    else
        diff "$2.expect" "$2"
    fi
    while IFS= read -r text; do
        grep -aqF -- "$text" "$3" || echo "stderr lacks: $text"
    done < <(directive "$1" stderr)
    while IFS= read -r text; do
        ! grep -aqF -- "$text" "$3" || echo "stderr has: $text"
    done < <(directive "$1" silent)
}

for name in "${names[@]}"; do
    if [ ! -e "$here/$name.c" ]; then
        echo "run.sh: there is no $name.c here" >&2
        exit 2
    fi
done

# Builds and runs one program; what is to be said about it goes to its .verdict.
check() { # source
    local name out options found
    name=$(basename "$1" .c)
    out=$work/$name
    if ! "$root/scripts/guest-cc" -Wall -Wextra -Werror -Wno-infinite-recursion -I "$here" -o "$out.elf" "$1" 2>"$out.err"; then
        { echo "FAIL $name: does not build"; cat "$out.err"; } >"$out.verdict"
        return
    fi
    read -ra options < <(directive "$1" run; echo)
    timeout 120 "$guestrt" run "${options[@]}" "$out.elf" >"$out.out" 2>"$out.err"
    found=$(complaints "$1" "$out.out" "$out.err" $?)
    if [ -z "$found" ]; then
        echo "PASS $name"
    else
        printf 'FAIL %s\n%s\n' "$name" "$found"
        tail -n 3 "$out.err" | sed 's/^/    /'
    fi >"$out.verdict"
}

chosen=()
for source in "$here"/*.c; do
    name=$(basename "$source" .c)
    [ ${#names[@]} -eq 0 ] || [[ " ${names[*]} " == *" $name "* ]] || continue
    chosen+=("$source")
done
"$root/scripts/guest-cc" --library >/dev/null || exit 4 # once, not by several at a time

# As many at a time as there are processors: most of the time goes to two compilers.
jobs=$(nproc)
for source in "${chosen[@]}"; do
    while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n; done
    check "$source" &
done
wait

passed=0 failed=0
for source in "${chosen[@]}"; do
    verdict=$work/$(basename "$source" .c).verdict
    cat "$verdict"
    if grep -q '^PASS' "$verdict"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
done
if [ ${#names[@]} -eq 0 ]; then
    python3 "$here/coverage/run.py" "$guestrt" "$work"
    found=$?
    passed=$((passed + 2 - found)) failed=$((failed + found))
fi
echo "guest: $passed passed, $failed failed"
[ $failed -eq 0 ]
