#!/usr/bin/env bash
# Linux programs on the guest heap: each runs as it is and under libguestrt-preload.so, and must say the
# same. Its trace is replayed with all checks, and must hold the calls that the recorder counted.
#
# usage: tests/preload/run.sh [PART...]
#
# PART is calls, programs, threads, mistakes, options, traces or limits (default: all). PRELOAD and GUESTRT name the
# library and the command (default: those in build). What is made goes to build/preload-test.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
case ${1:-} in -h | --help) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; exit 0 ;; esac
guestrt=$(realpath "${GUESTRT:-$root/build/guestrt}")
preload=$(realpath "${PRELOAD:-$root/build/libguestrt-preload.so}")
work=$root/build/preload-test
for file in "$guestrt" "$preload"; do
    [ -e "$file" ] || { echo "run.sh: there is no $file; build it first" >&2; exit 4; }
done
rm -rf "$work"
mkdir -p "$work/traces"
cd "$work" || exit 4
export LC_ALL=C.UTF-8 PYTHONHASHSEED=0 PYTHONMALLOC=malloc PYTHONDONTWRITEBYTECODE=1 PERL_HASH_SEED=0
unset GUESTRT_LOG GUESTRT_STATS GUESTRT_TRACE GUESTRT_HEAP LD_PRELOAD

passed=0 failed=0
verdict() { # name, condition's exit code
    if [ "$2" -eq 0 ]; then
        echo "PASS $1"
        passed=$((passed + 1))
    else
        echo "FAIL $1 (exit code ${code:-?})"
        head -n 12 why err log 2>/dev/null | sed 's/^/    /'
        failed=$((failed + 1))
    fi
    : >why
}

# ---- running ----------------------------------------------------------------------------------------------

limit=60
plain() { timeout $limit "$@" >out 2>err </dev/null; code=$?; }
# With the heap, figures and a trace; the environment is the program's alone, not timeout's. The program's
# own stderr stays apart from what the library says.
preloaded() {
    rm -f traces/* log
    timeout $limit env LD_PRELOAD="$preload" GUESTRT_STATS=1 GUESTRT_LOG="$work/log" GUESTRT_TRACE="$work/traces/t" \
        "$@" >out 2>err </dev/null
    code=$?
}
ends() { [ "$code" -eq "$1" ]; }
said() { grep -cE -- "$1" log; } # how many lines

same() { # NAME: the two runs say the same, and nothing went wrong
    cmp plain-out out >why 2>&1 && cmp plain-err err >why 2>&1 && [ "$code" -eq "$plain_code" ] &&
        [ "$(grep -vc '^\[STATS\] ' log)" -eq 0 ]
    verdict "$1: the same output as without the heap, no report" $?
}

# What the recorder of process $1 counted, in the words of replay.
counted() {
    sed -nE "s/^\[STATS\] [^ ]+\[$1\]: allocs=([0-9]+) zeroed=([0-9]+) aligned=([0-9]+) reallocs=([0-9]+) frees=([0-9]+) failed=([0-9]+) refused=([0-9]+) .*/\1 alloc, \2 zeroed, \3 aligned, \4 realloc, \5 free, \6 failed, \7 of bad blocks/p" log | tail -n 1
}
replayed() { # of the text in file replay
    sed -nE 's/^calls: [0-9]+ \((.*)\)$/\1/p; s/^recorded: (.*), [0-9]+ left out$/\1/p' replay | paste -sd, | sed 's/,/, /3g; s/,  */, /g'
}

check=--check
check_trace() { # FILE
    local process
    timeout $limit "$guestrt" replay $check "$1" >replay 2>why || { echo "in $1" >>why; return 1; }
    grep -q ' 0 left out$' replay && grep -qE '^refused here: 0$' replay || { cat replay >>why; return 1; }
    process=$(sed -nE 's/^trace: .*, process ([0-9]+), .*/\1/p' replay)
    [ -n "$(counted "$process")" ] || return 0 # it had no exit hook to count in
    counts=$((counts + 1))
    [ "$(counted "$process")" = "$(replayed)" ] && return 0
    printf 'process %s counted %s\nbut its trace has %s\n' "$process" "$(counted "$process")" "$(replayed)" >>why
    return 1
}

# Every trace there is; of at least one the counts must be known.
traces_hold() { # NAME
    local trace result=0 check=--check
    counts=0
    [ "$(find traces -type f | wc -l)" -lt 10 ] || check=--check=500 # a check walks the whole heap
    for trace in traces/*; do
        check_trace "$trace" || result=1
    done
    [ $result -eq 0 ] && [ $counts -gt 0 ]
    verdict "$1: replay --check passes, and the counts are the recorder's" $?
}

# A program with one thread, whose trace was replayed last: each block is where it was.
placed() { # NAME
    grep -q '; 0 blocks at other addresses' replay
    verdict "$1: the replay places every block where it was" $?
}

compare() { # NAME COMMAND...
    local name=$1
    shift
    plain "$@"
    cp out plain-out && cp err plain-err
    plain_code=$code
    preloaded "$@"
    same "$name"
    traces_hold "$name"
}

build() { # NAME
    gcc -std=gnu17 -O1 -Wall -Wextra -Werror -fno-builtin -pthread "$here/programs/$1.c" -o "$1" 2>err
    code=$?
    [ $code -eq 0 ] || verdict "$1 compiles" 1
    return $code
}

# ---- the parts --------------------------------------------------------------------------------------------

part_calls() {
    build calls || return
    preloaded ./calls
    ends 0 && [ ! -s out ] && [ ! -s err ]
    verdict "every call follows the C library's rules" $?
    traces_hold calls
}

part_programs() {
    local cc1
    compare sqlite3 sqlite3 -batch :memory: ".read $here/work.sql"
    placed sqlite3
    compare python3 /usr/bin/python3 "$here/work.py"
    placed python3
    compare perl perl "$here/work.pl"
    compare lua5.4 lua5.4 "$here/work.lua"
    placed lua5.4
    cc1=$(gcc -print-prog-name=cc1)
    gcc -E -I "$root/include" -I "$root/src" "$root/src/heap/heap.c" -o unit.i
    compare cc1 "$cc1" -quiet -fpreprocessed -O2 -fno-working-directory unit.i -o -
    compare git bash "$here/work-git.sh" "$work/repository"
}

part_threads() {
    build threads || return
    preloaded ./threads
    ends 0 && grep -qx '0 broken, 2000 destroyed' out && [ "$(said '^\[(HEAP|PRELOAD|TRACE)')" -eq 0 ]
    verdict "threads and forks: nothing broken" $?
    traces_hold threads
    build signals || return
    limit=20 preloaded ./signals
    ends 0 && grep -qx 'often, 0 broken' out
    verdict "a signal handler that allocates at any point" $?
    check_trace traces/t
    verdict "a signal handler that allocates: the trace replays" $?
    compare "python3 with threads and forks" /usr/bin/python3 "$here/threads.py"
}

part_mistakes() {
    build mistakes || return
    preloaded ./mistakes
    ends 0 && grep -qx 'goes on' out && grep -qx 'realloc: 0' out && grep -qx 'other: whole, 100' out && [ ! -s err ]
    verdict "mistakes: the program goes on" $?
    [ "$(said '^\[HEAP-')" -eq 4 ] && [ "$(said '^\[HEAP-BAD-FREE\] mistakes\[[0-9]+\]: free .*GRT_DOUBLE_FREE')" -eq 1 ] &&
        [ "$(said '^\[HEAP-BAD-FREE\] mistakes\[[0-9]+\]: free .*GRT_INTERIOR_POINTER')" -eq 1 ] &&
        [ "$(said '^\[HEAP-BAD-FREE\] mistakes\[[0-9]+\]: realloc .*GRT_INTERIOR_POINTER')" -eq 1 ] &&
        [ "$(said '^\[HEAP-BAD-FREE\] mistakes\[[0-9]+\]: free pointer=0x.*GRT_OUT_OF_RANGE')" -eq 1 ]
    verdict "mistakes: each is reported, exactly once, with the program's name" $?
    traces_hold mistakes
    LD_PRELOAD=$preload ./mistakes >out 2>err
    code=$?
    ends 0 && [ "$(grep -cE '^\[HEAP-BAD-FREE\] mistakes' err)" -eq 4 ]
    verdict "mistakes: without GUESTRT_LOG the reports go to stderr" $?
    preloaded ./mistakes stack
    ends 0 && [ "$(said '^\[HEAP-BAD-FREE\] .* pointer=0x')" -eq 66 ] && [ "$(said ', number 1000 of such calls$')" -eq 1 ]
    verdict "mistakes: a thousand frees of the stack are 64 lines, the 100th and the 1000th" $?
    GUESTRT_HEAP=redzone=16 preloaded ./mistakes overrun
    ends 0 && [ "$(said '^\[HEAP-DAMAGE\] mistakes\[[0-9]+\]: found at the end, heap=preload: the block .* was overrun: byte 100 is 07')" -eq 1 ]
    verdict "mistakes: an overrun of a block that is never freed" $?
    LD_PRELOAD=$preload GUESTRT_LOG=/no/such/directory/log ./mistakes >out 2>err
    code=$?
    ends 0 && [ "$(grep -cE '^\[HEAP-BAD-FREE\] mistakes' err)" -eq 4 ]
    verdict "mistakes: with a GUESTRT_LOG that cannot be written, too" $?
}

# A program under options of the heap says what it says without them, and so does the heap. The libraries
# of these programs write only to what is theirs.
with_options() { # OPTIONS
    GUESTRT_HEAP=$1 preloaded /usr/bin/python3 "$here/work.py"
    cmp plain-out out >why 2>&1 && ends "$plain_code" && [ "$(grep -vc '^\[STATS\] ' log)" -eq 0 ]
    verdict "python3 with $1: the same output, no report" $?
    timeout $limit "$guestrt" replay --check=100000 --heap="$1" traces/t >replay 2>why
    verdict "replay --check --heap=$1" $?
}

part_options() {
    plain /usr/bin/python3 "$here/work.py"
    cp out plain-out
    plain_code=$code
    with_options fill,slack
    with_options redzone=16,quarantine=1M
    with_options guard=100-120,guard_sample=50,sites=100
    GUESTRT_HEAP=fill,nonsense preloaded /usr/bin/perl -e 'print "here\n"'
    ends 0 && grep -qx here out && [ "$(said "^\[PRELOAD\] perl\[[0-9]+\]: GUESTRT_HEAP is ignored: character 6: 'nonsense' is none of ")" -eq 1 ]
    verdict "a mistake in GUESTRT_HEAP is said once, and the program runs" $?
    "$guestrt" replay --heap=nonsense traces/t >replay 2>err
    [ $? -eq 2 ] && grep -q "^guestrt: --heap='nonsense': character 1: " err
    verdict "a mistake in --heap of replay is refused" $?
}

# A trace of a program that had no time to finish it.
unfinished() { # NAME, EXIT CODE
    local check=--check=500
    preloaded ./leaves "$1"
    ends "$2" && check_trace traces/t && grep -qE '^calls: 7500 \(5000 alloc, .* 2500 free\)' replay
    verdict "a program that ends by $1: its trace is complete" $?
}

part_traces() {
    build leaves || return
    unfinished _exit 7
    unfinished kill 137
    unfinished crash 139
    preloaded bash -c './leaves; ./leaves; :'
    [ "$(find traces -name 't.*' | wc -l)" -eq 2 ] && [ -e traces/t ]
    verdict "programs that a recorded one starts have traces of their own" $?
    traces_hold "bash and its children"
    mkdir elsewhere
    preloaded bash -c "cd elsewhere && for i in \$(seq 3000); do declare x\$i=\$i; done; rm -rf ../elsewhere; :"
    check_trace traces/t && [ "$(sed -nE 's/^calls: ([0-9]+) .*/\1/p' replay)" -gt 3000 ]
    verdict "a program that changes its directory" $?
    (cd traces && env LD_PRELOAD="$preload" GUESTRT_TRACE=relative "$work/leaves")
    [ -e traces/relative ]
    verdict "a relative name" $?
}

part_limits() {
    build leaves || return
    local lua='t={} for i=1,200000 do t[i]={i} end print(#t)'
    preloaded env GUESTRT_TRACE=/dev/full lua5.4 -e "$lua"
    ends 0 && [ "$(cat out)" = 200000 ] && [ ! -s err ] && [ "$(said '^\[TRACE\] lua5.4\[[0-9]+\]: .*/dev/full.* nothing is recorded')" -eq 1 ] &&
        [ "$(grep -vc '^\[STATS\] ' log)" -eq 1 ]
    verdict "a trace that cannot be written: one message, the program is unaffected" $?
    preloaded bash -c "ulimit -f 200; exec lua5.4 -e '$lua'"
    ends 0 && [ "$(cat out)" = 200000 ] && [ ! -s err ] && [ "$(said '^\[TRACE\] lua5.4\[[0-9]+\]: .* recording ends here')" -eq 1 ]
    verdict "a trace that may not grow: one message, the program is unaffected" $?
    timeout $limit "$guestrt" replay --check traces/t >replay 2>why
    verdict "a trace that may not grow: what was recorded can be replayed" $?
    if unshare -rm true 2>/dev/null; then
        preloaded unshare -rm bash -c "mount -t tmpfs -o size=300k none traces && lua5.4 -e '$lua' && cp traces/t kept-trace"
        ends 0 && [ "$(cat out)" = 200000 ] && [ "$(said '^\[TRACE\] lua5.4\[[0-9]+\]: .*No space left.* recording ends here')" -eq 1 ] &&
            timeout $limit "$guestrt" replay --check kept-trace >replay 2>why
        verdict "a disk that gets full: one message, the program is unaffected, the trace is whole so far" $?
    fi
    for file in /dev/null "$work/pipe" "$work"; do
        [ "$file" != "$work/pipe" ] || mkfifo "$file"
        preloaded env GUESTRT_TRACE="$file" ./leaves
        ends 7 && [ "$(said '^\[TRACE\] .* nothing is recorded')" -ge 1 ]
        verdict "a trace into ${file##*/}: refused with a message" $?
    done
    code=0
    (ulimit -v 3000000; LD_PRELOAD=$preload lua5.4 -e "$lua") >out 2>err || code=$?
    [ $code -ne 0 ] && [ "$(grep -cE '^\[PRELOAD\] .*every allocation is refused' err)" -eq 1 ] && grep -q 'RLIMIT_AS' err
    verdict "no address space for the heap: one message, every request is refused" $?
    preloaded /usr/bin/python3 -c 'import resource
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
print(len(bytearray(200 << 20)))'
    ends 0 && grep -qx 209715200 out
    verdict "a program that lowers RLIMIT_AS keeps its heap" $?
    preloaded /usr/bin/python3 -c 'try:
    bytearray(3 << 30)
except MemoryError:
    print("refused")'
    ends 0 && grep -qx refused out && [ "$(said '^\[HEAP-ALLOC-FAIL\] python3')" -ge 1 ]
    verdict "a request beyond the heap: refused, reported, and the program goes on" $?
    traces_hold "a refused request"
}

parts=("$@")
[ ${#parts[@]} -gt 0 ] || parts=(calls programs threads mistakes options traces limits)
for part in "${parts[@]}"; do
    if declare -F "part_$part" >/dev/null; then
        "part_$part"
    else
        echo "run.sh: there is no part '$part'" >&2
        exit 2
    fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
