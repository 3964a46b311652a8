#!/usr/bin/env bash
# The guestrt command from the outside: what it prints where, its exit codes, its cache, what it does with
# broken files, and its output as part of a native program.
#
# usage: tests/cli/run.sh [PART...]
#
# PART is usage, run, seeds, faults, arguments, environment, cache, recompile, embed, inputs, variants, replay or
# exports (default: all). GUESTRT names the command (default: build/guestrt), beside which libguestrt.a is. What is built goes
# to build/cli-test.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
case ${1:-} in -h | --help) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; exit 0 ;; esac
guestrt=$(realpath "${GUESTRT:-$root/build/guestrt}")
work=$root/build/cli-test
if [ ! -x "$guestrt" ]; then
    echo "run.sh: there is no $guestrt; build it first" >&2
    exit 4
fi
rm -rf "$work"
mkdir -p "$work/tools"
cd "$work" || exit 4
export XDG_CACHE_HOME=$work/cache
export GUESTRT_GUEST_LIBRARY=${GUESTRT_GUEST_LIBRARY:-$root/build/guest}
export LC_ALL=C.UTF-8
unset CC GUESTRT_CC GUESTRT_INCLUDE_DIR

passed=0 failed=0
verdict() { # name, condition's exit code
    if [ "$2" -eq 0 ]; then
        echo "PASS $1"
        passed=$((passed + 1))
    else
        echo "FAIL $1 (exit code ${code:-?})"
        head -n 10 out err | sed 's/^/    /'
        failed=$((failed + 1))
    fi
}

# ---- running the command and looking at what came of it -----------------------------------------------

guestrt() { timeout 60 "$guestrt" "$@" >out 2>err </dev/null; code=$?; }
ends() { [ "$code" -eq "$1" ]; }
quiet() { [ ! -s err ]; }       # nothing to report
silent() { [ ! -s out ]; }      # no output of the guest
says() { grep -qE -- "$1" out; }
reports() { grep -qE -- "$1" err; }
prints() { [ "$(cat out; echo .)" = "$1"$'\n.' ]; } # exactly this, one newline at the end

# ---- compilers that do something besides --------------------------------------------------------------

tool() { # name; the script from stdin
    { echo '#!/bin/sh'; cat; } >"tools/$1"
    chmod +x "tools/$1"
}
tool fast-cc <<<'exec cc "$@" -O0'
tool counting-cc <<<"echo x >>'$work/compiles'; exec cc \"\$@\" -O0"
tool hanging-cc <<<"echo \$\$ >>'$work/hanging'; exec sleep 300"
tool broken-cc <<<'echo "broken-cc: no luck today" >&2; exit 1'
tool without-relocations <<'END'
for word; do
    shift
    [ "$word" = -Wl,--emit-relocs ] || set -- "$@" "$word"
done
exec powerpc-linux-gnu-gcc "$@"
END
export GUESTRT_CC=$work/tools/fast-cc

compiles() { if [ -e compiles ]; then wc -l <compiles; else echo 0; fi; }
entries() { find "$XDG_CACHE_HOME/guestrt" -mindepth 1 -maxdepth 1 | wc -l; }

guest() { "$root/scripts/guest-cc" -Wall -Wextra -Werror "$@"; } # options and files
address() { powerpc-linux-gnu-nm "$1" | awk -v name="$2" '$3 == name { print toupper($1) }'; }
build_guests() {
    guest -o probe.elf "$here/guest/probe.c" && guest -o plain.elf "$here/guest/plain.c" &&
        guest -o vector.elf "$here/guest/vector.c" && guest -o race.elf "$here/guest/race.c" &&
        guest -o lacking.elf "$here/guest/missing.c" && guest -o hidden.elf "$here/guest/hidden.c"
}
probe_output=$'b6216097 7.484470860550 8641975230861\ntwice 21 is 42\nsetjmp gave 0\nsetjmp gave 1\nsetjmp gave 2\nsetjmp gave 3'

# ---- the parts ------------------------------------------------------------------------------------------

part_usage() {
    local command
    guestrt
    ends 2 && silent && reports '^usage: guestrt COMMAND' && [ "$(grep -cE '^  guestrt (run|recompile) ' err)" -eq 2 ]
    verdict "no arguments: short help with two examples on stderr, 2" $?
    guestrt --help
    ends 0 && quiet && says '^usage: guestrt COMMAND' && says '^exit codes: 0 fine'
    verdict "--help: on stdout, 0" $?
    cp out help
    guestrt -h
    ends 0 && quiet && cmp -s out help
    verdict "-h is --help" $?
    guestrt help
    ends 0 && quiet && cmp -s out help
    verdict "help is --help" $?
    guestrt --version
    ends 0 && quiet && [ "$(wc -l <out)" -eq 1 ] &&
        says "^guestrt $(sed -n 's/^#define GRT_VERSION  *"\(.*\)"/\1/p' "$root/include/guestrt/version.h")\$"
    verdict "--version: one line" $?
    guestrt --version --verbose
    ends 0 && quiet && [ "$(wc -l <out)" -gt 1 ] && says '^compiler ' && says '^generated-code contract [0-9]+$'
    verdict "--version --verbose: how it was built" $?

    for command in run recompile replay exports; do
        guestrt $command --help
        ends 0 && quiet && says "^usage: guestrt $command"
        verdict "$command --help: on stdout, 0" $?
        cp out help
        guestrt help $command
        ends 0 && quiet && cmp -s out help
        verdict "help $command is $command --help" $?
        guestrt $command --no-such-option x
        ends 2 && silent && reports "^guestrt $command: .*--no-such-option"
        verdict "$command: an unknown option is named, 2" $?
        grep -q "^  $command " <("$guestrt" --help)
        verdict "$command is in the overview" $?
    done

    guestrt rnu x.elf
    ends 2 && silent && reports "unknown command 'rnu'" && reports "did you mean 'run'"
    verdict "a slip of the finger: did you mean, 2" $?
    guestrt recompil x.elf
    ends 2 && reports "did you mean 'recompile'"
    verdict "a missing letter: did you mean" $?
    guestrt xyzzy
    ends 2 && silent && ! reports 'did you mean'
    verdict "nothing alike: no guess" $?
    guestrt ''
    ends 2 && ! reports 'did you mean'
    verdict "an empty command" $?
    guestrt run
    ends 2 && silent && reports 'run takes a FILE.elf'
    verdict "run without a file: 2" $?
    guestrt recompile plain.elf
    ends 2 && silent && reports 'recompile takes one FILE.elf and -o DIR'
    verdict "recompile without -o: 2" $?
    guestrt recompile a.elf b.elf -o gen
    ends 2 && [ ! -e gen ]
    verdict "recompile with two files: 2" $?
    guestrt recompile plain.elf -o gen --name=9x
    ends 2 && reports "9x" && [ ! -e gen ]
    verdict "recompile with a bad name: 2" $?
    local name
    for name in all clean help install package test; do
        guestrt recompile plain.elf -o gen --name=$name
        ends 2 && reports "--name=$name cannot be the name of a CMake target" && [ ! -e gen ]
        verdict "recompile --name=$name, which CMake keeps for itself: 2" $?
    done

    local bad
    guestrt replay
    ends 2 && silent && reports 'replay takes one FILE'
    verdict "replay without a file: 2" $?
    guestrt replay a b
    ends 2 && silent && reports 'replay takes one FILE'
    verdict "replay of two files: 2" $?
    for bad in --check=0 --check=x --check=-1 --repeat=0 --repeat=x --repeat=10001 --heap=x; do
        guestrt replay $bad "$work/calls.trace"
        ends 2 && silent && reports "${bad%%=*}.*'${bad#*=}'"
        verdict "replay $bad: 2, says what is wrong" $?
    done
    for bad in --profile=x --layout=x --fpscr=x --stack-size=x --stack-size=-1 --stack-size=4095 --stack-size=0x20000000 \
        --heap-budget=0 --heap-budget=5000000000 --heap=x --seed=0 --seed=-1 --seed=x --function=main --jump-anywhere=main --setjmp= --longjmp=0x100000000; do
        guestrt run $bad plain.elf
        ends 2 && silent && reports "${bad%%=*}.*'${bad#*=}'"
        verdict "run $bad: 2, says what is wrong" $?
    done

    guestrt exports
    ends 0 && quiet && says '^xboxkrnl 0x003  .* DbgPrint\('
    verdict "exports: lists them" $?
    guestrt exports --markdown
    ends 0 && quiet && cmp -s out "$root/docs/exports.md"
    verdict "exports --markdown is docs/exports.md" $?
    "$guestrt" exports >/dev/full 2>err
    code=$?
    ends 4 && reports 'cannot write to stdout: No space left'
    verdict "a full disk is not success" $?
}

part_run() {
    guestrt run probe.elf
    ends 0 && quiet && prints "$probe_output"
    verdict "run: the guest's output on stdout, nothing on stderr" $?
    guestrt run -s probe.elf
    ends 0 && prints "$probe_output" && reports '^threads: 1 created, 1 ended' && reports '^user heap: .* 0 bad frees'
    verdict "run --summary: figures on stderr only" $?
    guestrt run -v -v probe.elf
    ends 0 && prints "$probe_output" && reports '^\[IMAGE\]'
    verdict "run -v -v: the log on stderr only" $?
    local wanted
    for wanted in 0 1 2 3 42 127 128 139 255; do
        guestrt run probe.elf exit $wanted
        ends $wanted && quiet && silent
        verdict "run: the guest's exit code $wanted" $?
    done
    guestrt run probe.elf exit 256
    ends 0
    verdict "run: of a larger exit code the low 8 bits" $?
    guestrt run probe.elf exit -1
    ends 255
    verdict "run: exit code -1 is 255" $?
    "$guestrt" run probe.elf >/dev/full 2>err
    code=$?
    ends 4 && reports 'cannot write to stdout'
    verdict "run: lost output of the guest is not success" $?
}

fault() { # argument of the probe, exit code, fault's number, pattern of the report
    guestrt run probe.elf "$1"
    ends "$2" && silent && reports "^\[FAULT\] SUMMARY $3: thread id 00000001 \"main\"" && reports "$4"
    verdict "$1: $2 and a report ($3)" $?
}

part_seeds() {
    local seed sums= first=
    for seed in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
        guestrt run --seed=$seed race.elf
        first=$code
        guestrt run --seed=$seed race.elf
        ends "$first" && quiet || break
        sums="$sums $code "
    done
    ends "$first" && [[ $sums =~ \ [2345]\  ]] && [ "$(tr ' ' '\n' <<<"$sums" | sort -u | grep -c .)" -gt 1 ]
    verdict "run --seed: some seeds lose an update, each one always the same" $?
    guestrt run -vv --seed=5 race.elf
    grep '^.EXPORT' err >first.err
    guestrt run -vv --seed=5 race.elf
    grep '^.EXPORT' err | cmp -s - first.err && [ "$(wc -l <first.err)" -gt 10 ]
    verdict "run -vv --seed: the same calls in the same order" $?
}

part_faults() {
    local twice
    twice=$(address probe.elf twice)
    fault wild-call 132 'GRT-F009 BAD_CALL' "no function: $(printf %08X $((0x$twice + 4)))"
    fault null-call 132 'GRT-F010 NULL_CALL' 'pc: [0-9A-F]{8} main\+'
    fault trap 133 'GRT-F011 TRAP' 'instruction word is 7FE00008'
    fault bug-check 134 'GRT-F019 BUG_CHECK' 'bug check 0x00001234, parameters 0x00000001 0x00000002 0x00000003 0x00000004'
    fault abort 134 'GRT-F019 BUG_CHECK' 'abort\+0x'
    fault null-write 139 'GRT-F004 NULL_POINTER' 'page 0'
    fault stack-overflow 139 'GRT-F006 STACK_OVERFLOW' 'descend'
    guestrt run --stack-size=0x1000000 probe.elf stack-overflow
    ends 139 && reports 'GRT-F006' && reports '16777[0-9]{3} bytes used'
    verdict "--stack-size: more stack before the overflow" $?
    guestrt run --continue probe.elf null-write
    ends 139 && reports 'GRT-F004' && ! reports 'the runtime stops'
    verdict "--continue: the fault of the only thread still shows in the exit code" $?
    guestrt run hidden.elf
    ends 0 && quiet && prints '400 301 202 103 '
    verdict "a table that nobody can find, in a small function: the jump may go anywhere in it" $?
    guestrt run hidden.elf 1
    ends 132 && silent && reports '^\[FAULT\] SUMMARY GRT-F025 BAD_JUMP: thread id 00000001 "main": jump' && reports 'address: .* is code: large\+0x2C'
    verdict "the same in a large function: 132, and the report says that it is the table" $?
    guestrt run "$(grep -oE -m 1 -- '--jump-anywhere=0x[0-9A-F]{8}' err)" hidden.elf 1
    ends 0 && quiet && prints '400 301 202 103 400 301 202 103 '
    verdict "--jump-anywhere: the report's advice, word by word, makes it right" $?
    guestrt run hidden.elf 1
    ends 132
    verdict "--jump-anywhere: the cache tells with and without apart" $?
    guestrt run --heap-budget=1 plain.elf
    ends 4 && silent && reports 'no guest memory is left'
    verdict "--heap-budget: too little for the main thread: 4" $?
    guestrt run --heap=fail_every=1 plain.elf
    ends 4 && silent && reports 'no guest memory is left'
    verdict "--heap: options reach the heaps" $?
    GUESTRT_HEAP=fail_every=1 guestrt run plain.elf
    ends 4 && silent && reports 'no guest memory is left'
    verdict "GUESTRT_HEAP: the same from the environment" $?
    GUESTRT_HEAP=fail_every=1 guestrt run --heap=fill,redzone=16,quarantine=1M,guard_sample=2,sites=1 probe.elf
    ends 0 && quiet && prints "$probe_output"
    verdict "--heap wins over GUESTRT_HEAP, and a sound program is not disturbed" $?
    guestrt run -s --heap=slack,fill probe.elf
    ends 0 && prints "$probe_output" && reports '^user heap with fill,slack: 0 overruns, 0 writes after free'
    verdict "run --summary: what the heap options came to" $?
    guestrt run --heap=redzone=16 probe.elf overrun
    ends 0 && reports '^\[HEAP-DAMAGE\] found at the end, heap=user: the block 0x[0-9A-F]{8} of 60 bytes was overrun: byte 60 is 07$'
    verdict "--heap=redzone: an overrun of a block that is never freed" $?
    guestrt run --heap=fill,quarantine=1M probe.elf stale
    ends 0 && reports '^\[HEAP-DAMAGE\] found at the end, heap=user: the freed block 0x[0-9A-F]{8} of [0-9]+ bytes was written to: byte 50 is 01$'
    verdict "--heap=fill,quarantine: a write to a block that is still kept" $?
    guestrt run --heap-budget=1M --stack-size=64K plain.elf
    ends 5 && quiet
    verdict "--heap-budget and --stack-size take K, M and G" $?
    GUESTRT_HEAP=fill,redzone=5K guestrt run plain.elf
    ends 2 && silent && reports "GUESTRT_HEAP: character 14: redzone takes .* not '5K'"
    verdict "GUESTRT_HEAP: what is wrong in it, and where: 2" $?
}

part_arguments() {
    guestrt run probe.elf arguments -x --help --version '' 'a b' ' ' -- 'größe ✓ 猫' "tab	quote\"'\\" $'two\nlines' -
    ends 0 && quiet && prints $'<-x>\n<--help>\n<--version>\n<>\n<a b>\n< >\n<-->\n<größe ✓ 猫>\n<tab\tquote"\'\\>\n<two\nlines>\n<->'
    verdict "arguments reach the guest: options, empty, spaces, UTF-8" $?
    guestrt run -- probe.elf arguments -s
    ends 0 && quiet && prints '<-s>'
    verdict "-- before the file" $?
    cp probe.elf ./-odd.elf
    guestrt run -- -odd.elf arguments 1
    ends 0 && quiet && prints '<1>'
    verdict "a file whose name starts with -" $?
    local many
    many=$(seq 1 3000)
    guestrt run probe.elf arguments $many
    ends 0 && quiet && prints "$(sed 's/.*/<&>/' <<<"$many")"
    verdict "3,000 arguments" $?
}

part_environment() {
    local arguments
    GUESTRT_CC=/nonexistent/cc guestrt run --no-cache plain.elf
    ends 4 && silent && reports "cannot run the C compiler '/nonexistent/cc': No such file" && [ "$(wc -l <err)" -eq 1 ]
    verdict "no compiler: 4, one line" $?
    GUESTRT_CC=$work/tools/broken-cc guestrt run --no-cache plain.elf
    ends 4 && silent && reports 'no luck today'
    verdict "a compiler that fails: 4, its words are shown" $?
    GUESTRT_CC='env VARIABLE=1 cc -O0' guestrt run --no-cache plain.elf
    ends 5 && quiet && prints plain
    verdict "a compiler with arguments" $?
    GUESTRT_CC= guestrt run --no-cache probe.elf
    ends 0 && quiet && prints "$probe_output"
    verdict "the default compiler, with our optimisation" $?
    GUESTRT_CC= CC=$work/tools/counting-cc guestrt run --no-cache plain.elf
    ends 5 && [ "$(compiles)" -gt 0 ]
    verdict "CC, when GUESTRT_CC is empty" $?
    XDG_CACHE_HOME=/dev/null/x guestrt run plain.elf
    ends 4 && silent && reports "cache directory '/dev/null/x/guestrt'"
    verdict "a cache that cannot be made: 4" $?
    XDG_CACHE_HOME=/proc guestrt run plain.elf
    ends 4 && silent && reports "cache directory '/proc/guestrt'"
    verdict "a cache that cannot be written: 4" $?
    code=0
    env -u XDG_CACHE_HOME -u HOME "$guestrt" run plain.elf >out 2>err || code=$?
    ends 4 && silent && reports 'XDG_CACHE_HOME or HOME'
    verdict "neither XDG_CACHE_HOME nor HOME: 4" $?
    code=0
    env -u XDG_CACHE_HOME HOME="$work/home" "$guestrt" run plain.elf >out 2>err || code=$?
    ends 5 && quiet && prints plain && [ -d home/.cache/guestrt ]
    verdict "HOME: the cache is in .cache/guestrt" $?
    mkdir -p elsewhere/bin
    cp "$guestrt" elsewhere/bin/guestrt
    code=0
    elsewhere/bin/guestrt run plain.elf >out 2>err || code=$?
    ends 4 && silent && reports 'GUESTRT_INCLUDE_DIR'
    verdict "no headers: 4, says how to name them" $?
    code=0
    GUESTRT_INCLUDE_DIR=$root/include elsewhere/bin/guestrt run plain.elf >out 2>err || code=$?
    ends 5 && quiet && prints plain
    verdict "GUESTRT_INCLUDE_DIR names the headers" $?
    for arguments in "recompile plain.elf -o /dev/null" "recompile plain.elf -o /proc/x"; do
        # shellcheck disable=SC2086
        guestrt $arguments
        ends 4 && silent && reports "^guestrt: cannot make the directory '${arguments##* }'"
        verdict "$arguments: 4" $?
    done
    mkdir -p taken/module.h
    guestrt recompile plain.elf -o taken
    ends 4 && silent && reports 'could not be written'
    verdict "an output file that cannot be written: 4" $?
}

part_cache() {
    local before first second pids
    export XDG_CACHE_HOME=$work/cache-test GUESTRT_CC=$work/tools/counting-cc
    rm -f compiles
    guestrt run plain.elf
    ends 5 && prints plain && before=$(compiles) && [ "$before" -gt 0 ] && guestrt run plain.elf &&
        ends 5 && prints plain && quiet && [ "$(compiles)" -eq "$before" ]
    verdict "the second run does not compile" $?
    cp plain.elf renamed.elf
    guestrt run renamed.elf
    ends 5 && [ "$(compiles)" -eq "$before" ]
    verdict "the cache goes by content, not by name" $?
    guestrt run --no-cache plain.elf
    ends 5 && [ "$(compiles)" -eq $((2 * before)) ] && [ "$(entries)" -eq 1 ]
    verdict "--no-cache compiles anew and leaves nothing" $?
    guestrt run --full-state plain.elf
    ends 5 && [ "$(compiles)" -eq $((3 * before)) ] && [ "$(entries)" -eq 2 ]
    verdict "other options are another entry" $?

    # Cut short, as after a loss of power: it must not be used, and not be in the way.
    for first in "$XDG_CACHE_HOME"/guestrt/*/module.so; do : >"$first"; done
    guestrt run plain.elf
    ends 5 && prints plain && quiet && guestrt run plain.elf && ends 5 && [ "$(compiles)" -eq $((4 * before)) ]
    verdict "a damaged entry is built again, once" $?

    export XDG_CACHE_HOME=$work/cache-race
    "$guestrt" run plain.elf >first 2>first.err & pids=$!
    "$guestrt" run plain.elf >second 2>second.err & pids="$pids $!"
    code=0
    # shellcheck disable=SC2086
    for first in $pids; do wait "$first"; [ $? -eq 5 ] || code=1; done
    ends 0 && cat first second >out && cat first.err second.err >err && quiet && prints $'plain\nplain' && [ "$(entries)" -eq 1 ]
    verdict "two first runs at once: both right, one entry" $?

    export XDG_CACHE_HOME=$work/cache-killed
    rm -f hanging
    GUESTRT_CC=$work/tools/hanging-cc "$guestrt" run plain.elf >out 2>err &
    second=$!
    for _ in $(seq 100); do [ -s hanging ] && break; sleep 0.05; done
    kill -9 "$second"
    wait "$second" 2>/dev/null
    # shellcheck disable=SC2046
    kill $(cat hanging) 2>/dev/null
    [ -s hanging ] && [ -z "$(find "$XDG_CACHE_HOME" -name module.so)" ] && [ "$(entries)" -eq 1 ]
    verdict "a killed build leaves no entry" $?
    export GUESTRT_CC=$work/tools/counting-cc
    guestrt run plain.elf
    ends 5 && prints plain && quiet
    verdict "after a killed build the next run builds" $?
    touch -d '1 hour ago' "$XDG_CACHE_HOME"/guestrt/*.??????
    guestrt run plain.elf
    ends 5 && [ "$(entries)" -eq 1 ]
    verdict "what the killed build left is removed later" $?
    export XDG_CACHE_HOME=$work/cache GUESTRT_CC=$work/tools/fast-cc
}

part_recompile() {
    guestrt recompile probe.elf -o gen
    ends 0 && silent && reports '^guestrt: [0-9]+ functions, .* files in gen$'
    verdict "recompile: a summary on stderr, nothing on stdout" $?
    reports " $(find gen -type f | wc -l) files in gen\$"
    verdict "recompile: the summary counts the files right" $?
    guestrt recompile -q probe.elf --output=gen2
    ends 0 && silent && quiet && diff -r gen gen2 >out
    verdict "recompile twice: identical files; -q is quiet" $?
    (cd / && "$guestrt" recompile -q "$work/probe.elf" -o "$work/gen3") && diff -r gen gen3 >out
    verdict "recompile from another directory: identical files" $?
    ! grep -rqF "$work" gen
    verdict "no path of this machine in the output" $?
    guestrt recompile -q plain.elf -o named --name=game
    ends 0 && quiet && [ -e named/game.h ] && [ -e named/game_code_0.c ]
    verdict "recompile --name" $?
    cp gen2/module_code_0.c gen2/module_code_7.c
    cp gen2/module_code_0.c "gen2/module_code_$(find gen2 -name 'module_code_*' | wc -l).c" # next in number, then a gap
    guestrt recompile -q plain.elf -o gen2
    ends 0 && [ ! -e gen2/module_code_1.c ] && [ ! -e gen2/module_code_2.c ]
    verdict "recompile into the same directory: the longer program's files are gone" $?
    guestrt recompile hidden.elf -o hidden
    ends 0 && [ "$(grep -c 'is not understood' err)" -eq 1 ] && reports 'jump at ([0-9A-F]{8}) is .*; --jump-anywhere=0x\1 '
    verdict "recompile names the jump whose table is not understood, with what to do" $?
    guestrt recompile "$(grep -oE -- '--jump-anywhere=0x[0-9A-F]{8}' err)" hidden.elf -o hidden
    ends 0 && ! reports 'understood'
    verdict "recompile --jump-anywhere" $?
    guestrt recompile --jump-anywhere=0x82000000 hidden.elf -o hidden
    ends 2 && reports '82000000: the jump given by option is no jump through CTR'
    verdict "recompile --jump-anywhere of what is no jump: 2" $?
    local mode
    for mode in --fpscr=exact --fpscr=fast --full-state --trap-untranslated; do
        guestrt recompile -q $mode probe.elf -o "gen$mode" && ends 0 && quiet
        verdict "recompile $mode" $?
    done
}

compile_module() { # compiler, directory of objects, options
    local compiler=$1 objects=$2 source
    shift 2
    mkdir -p "$objects"
    for source in gen/*.c; do
        "$compiler" -std=c11 -Wall -Wextra -Werror -ffp-contract=off -fno-math-errno -I "$root/include" "$@" \
            -c "$source" -o "$objects/$(basename "$source").o" || return 1
    done
}

link_port() { # compiler, objects, program, options
    local compiler=$1 objects=$2 program=$3
    shift 3
    "$compiler" -std=c11 -Wall -Wextra -Werror -I "$root/include" -I gen "$@" "$here/embed/main.c" "$objects"/*.o \
        "$(dirname "$guestrt")/libguestrt.a" -pthread -lm -o "$program"
}

part_embed() {
    local compiler mode options twice
    twice=$(address probe.elf twice)
    [ -d gen ] || guestrt recompile -q probe.elf -o gen
    for compiler in gcc clang; do
        for mode in open closed; do
            options=(-O1)
            [ $mode = open ] || options+=(-DGRT_CLOSED)
            compile_module $compiler "$compiler-$mode" "${options[@]}" >out 2>err && quiet
            verdict "$compiler, $mode: the generated C compiles without a warning" $?
            link_port $compiler "$compiler-$mode" "port-$compiler-$mode" "${options[@]}" >out 2>err
            verdict "$compiler, $mode: links with libguestrt.a" $?
            code=0
            timeout 60 "./port-$compiler-$mode" >out 2>err || code=$?
            ends 0 && quiet && prints "$probe_output"
            verdict "$compiler, $mode: the native program prints the same" $?
        done
        link_port $compiler "$compiler-open" "port-$compiler-override" -DOVERRIDE="$twice" >out 2>err
        verdict "$compiler: links with an override" $?
        code=0
        timeout 60 "./port-$compiler-override" >out 2>err || code=$?
        ends 0 && quiet && prints "${probe_output/is 42/is 1042}"
        verdict "$compiler: an override is called, and reaches the original" $?
    done
    code=0
    timeout 60 ./port-gcc-open exit 77 >out 2>err || code=$?
    ends 77
    verdict "a port gets arguments and passes on the exit code" $?
    ! nm port-gcc-closed | grep -q orig_sub_
    verdict "closed: no overridable functions are left" $?
}

refused() { # name, file, pattern
    guestrt run "$2"
    ends 3 && silent && reports "^guestrt: .*'$2'" && reports "$3"
    verdict "$1: 3, says why" $?
    rm -rf refused
    guestrt recompile "$2" -o refused
    ends 3 && silent && reports "^guestrt: .*'$2'" && [ -z "$(find refused -type f 2>/dev/null)" ]
    verdict "$1: recompile writes nothing" $?
}

part_inputs() {
    local size bytes
    : >empty.elf
    refused "an empty file" empty.elf 'not an ELF file|ends inside the ELF header'
    refused "a directory" "$work" 'Is a directory'
    refused "no file" missing.elf 'No such file'
    refused "a device" /dev/null 'not a regular file|Invalid argument'
    cp "$root/LICENSE" text.elf
    refused "a text file" text.elf 'not an ELF file'
    cp "$guestrt" x86.elf
    refused "a program of this machine" x86.elf 'not a (32-bit|big-endian|PowerPC)'
    printf '\t.globl f\nf: blr\n' | powerpc-linux-gnu-as -mlittle -a32 -o little.o && powerpc-linux-gnu-ld -EL -m elf32lppc -e f little.o -o little.elf
    refused "a little-endian program" little.elf 'not a big-endian'
    echo 'f: blr' | powerpc-linux-gnu-as -a32 -o object.o
    refused "an object file" object.o 'executable'
    size=$(stat -c %s plain.elf)
    for bytes in 3 15 51 52 60 84 100 116 1000 $((size / 3)) $((size / 2)) $((size * 2 / 3)); do
        head -c "$bytes" plain.elf >"cut$bytes.elf"
        guestrt run "cut$bytes.elf"
        # Cut behind the code it may well run: sections are not needed. Never a crash, never silence.
        { ends 3 && silent && reports "'cut$bytes.elf'"; } || { [ "$bytes" -gt 200 ] && ends 5 && prints plain; }
        verdict "cut off after $bytes bytes" $?
    done

    local where
    where=$(address vector.elf add_vectors)
    guestrt run vector.elf
    ends 3 && silent && reports "  $where: .*vaddubm" && reports 'cannot be translated'
    verdict "an instruction that cannot be translated: 3, address and mnemonic" $?
    guestrt recompile vector.elf -o refused
    ends 3 && reports "  $where: .*vaddubm" && [ -z "$(find refused -type f 2>/dev/null)" ]
    verdict "recompile of it: 3, nothing written" $?
    guestrt run --trap-untranslated vector.elf
    ends 7 && prints $'before\nafter' && quiet
    verdict "--trap-untranslated: runs when it is not reached" $?
    guestrt run --trap-untranslated vector.elf x
    ends 132 && prints before && reports 'SUMMARY GRT-F012 UNTRANSLATED' && reports "pc: $where"
    verdict "--trap-untranslated: a report at run time when it is" $?
    guestrt recompile --trap-untranslated vector.elf -o trapping
    ends 0 && reports '1 instructions? became'
    verdict "recompile --trap-untranslated: counts them" $?
}

same() { # name, options and file
    local name=$1
    shift
    guestrt run "$@"
    ends 0 && quiet && prints "$probe_output"
    verdict "$name: the same output" $?
}

part_variants() {
    same "--full-state" --full-state probe.elf
    same "--fpscr=exact" --fpscr=exact probe.elf
    same "--fpscr=fast" --fpscr=fast probe.elf
    same "--fpscr=auto" --fpscr=auto probe.elf
    same "--overridable" --overridable probe.elf
    same "--trap-untranslated" --trap-untranslated probe.elf
    same "--layout=console" --layout=console probe.elf
    same "--profile=console" --profile=console probe.elf
    same "console profile and layout" --profile=console --layout console probe.elf
    same "--stack-size" --stack-size=65536 probe.elf
    cp probe.elf stripped.elf && powerpc-linux-gnu-strip stripped.elf
    same "stripped" stripped.elf
    GUESTRT_GUEST_CC=$work/tools/without-relocations guest -o bare.elf "$here/guest/probe.c" 2>err
    if powerpc-linux-gnu-readelf -S bare.elf | grep -q '\.rela'; then
        verdict "linked without --emit-relocs" 1
    else
        same "without --emit-relocs" bare.elf
    fi
    cp bare.elf stripped-bare.elf && powerpc-linux-gnu-strip stripped-bare.elf
    same "stripped, without --emit-relocs" stripped-bare.elf
    # Without its marks in the import table setjmp is only known by address.
    same "--setjmp and --longjmp" --setjmp="0x$(address probe.elf setjmp)" --longjmp="0x$(address probe.elf longjmp)" stripped.elf
    guestrt run --function="0x$(printf %X $((0x$(address probe.elf twice) + 4)))" probe.elf wild-call
    ends 0 && quiet
    verdict "--function: what was no function is one" $?
    local layout profile
    for profile in flat console; do
        for layout in unleashed console; do
            guestrt run --profile=$profile --layout=$layout probe.elf null-write
            ends 139 && silent && reports 'GRT-F004 NULL_POINTER'
            verdict "profile $profile, layout $layout: a fault is reported" $?
        done
    done
}

trace_refused() { # name, file, pattern
    guestrt replay "$2"
    ends 3 && silent && [ "$(wc -l <err)" -eq 1 ] && reports "^guestrt: '$2': $3"
    verdict "replay of $1: 3, says why and where" $?
}

part_replay() {
    guestrt replay calls.trace
    ends 0 && quiet && says '^calls: 244 \(38 alloc, 21 zeroed, 43 aligned, 49 realloc, 93 free\)$' &&
        says '^recorded: 11 failed, 0 of bad blocks, 0 left out$' && says '^refused here: 0$' &&
        says '^peak: 1048576 bytes in at most 2 blocks' && says '^time: .* ns a call$'
    verdict "replay: the trace's figures" $?
    guestrt replay --check=1 calls.trace
    ends 0 && quiet && says '^checks: 245, all passed; [0-9]+ blocks'
    verdict "replay --check=1: a check for every call, and one at the end" $?
    guestrt replay --check calls.trace
    ends 0 && quiet && says '^checks: ' && ! says '^time'
    verdict "replay --check" $?
    guestrt replay --repeat=3 calls.trace
    ends 0 && quiet && says 'median of 3 runs'
    verdict "replay --repeat" $?
    guestrt replay -v calls.trace
    ends 0 && reports '^\[HEAP-ALLOC-FAIL\] .*heap=replay'
    verdict "replay -v: the heap's log on stderr" $?
    guestrt replay --json --repeat=2 calls.trace
    ends 0 && quiet && python3 -c 'import json, sys
got = json.load(open("out"))
assert got["program"] == "calls" and got["operations"] == 244 and got["failed"] == 11 and got["refused"] == 0
assert got["calls"] == {"alloc": 38, "zeroed": 21, "aligned": 43, "realloc": 49, "free": 93}
assert got["peak_asked"] == 1048576 and got["time"]["runs"] == 2 and got["time"]["ns"] > 0
assert got["heap"]["blocks"] == 0 and got["heap"]["failures"] == 11
assert abs(got["footprint"] - got["committed_peak"] / got["peak_asked"]) < 1e-9' 2>err
    verdict "replay --json: the same figures" $?
    "$guestrt" replay --json calls.trace >/dev/full 2>err
    code=$?
    ends 4 && reports 'cannot write'
    verdict "replay: lost output is not success" $?
    : >empty.trace
    trace_refused "an empty file" empty.trace 'byte 0: this is not a trace'
    cp "$root/LICENSE" text.trace
    trace_refused "a text file" text.trace 'byte 0: this is not a trace'
    tail -c +2 "$root/fuzz/corpus/trace/seed-version" >version.trace
    trace_refused "another version" version.trace 'byte 8: the trace has version 7'
    head -c 100 calls.trace >head.trace
    trace_refused "half a head" head.trace 'byte 100: the file ends inside the head'
    head -c 6000 calls.trace >cut.trace
    trace_refused "a file cut short" cut.trace 'byte 4096: the file ends inside a chunk'
    { head -c 4120 calls.trace; printf '\005\001\002'; tail -c +4124 calls.trace; } >unknown.trace
    trace_refused "a free of an unknown block" unknown.trace 'byte 4120: free of block 0x00000010, which is unknown'
    { head -c 4120 calls.trace; printf '\001\001\200\200\200\200\020\002'; tail -c +4129 calls.trace; } >large.trace
    trace_refused "a size beyond 32 bits" large.trace 'byte 4122: a size of 4294967296 bytes'
    { head -c 4400 calls.trace; printf '\377\377\377\377'; tail -c +4405 calls.trace; } >garbage.trace
    trace_refused "garbage among the records" garbage.trace 'byte [0-9]+: '
    trace_refused "no file" missing.trace 'No such file'
    trace_refused "a directory" "$work" 'Is a directory'
    trace_refused "a device" /dev/null 'Invalid argument|not a regular file'
    (ulimit -v 3000000; timeout 60 "$guestrt" replay calls.trace >out 2>err)
    code=$?
    ends 4 && silent && reports 'no memory for the heap'
    verdict "replay without address space: 4" $?
}

part_exports() {
    guestrt exports
    ends 0 && quiet && says '^xboxkrnl 0x003  status DbgPrint\(addr format, \.\.\.\)$' &&
        says '^xboxkrnl 0x005  missing DumpGetRawDumpInfo$' && says '^xboxkrnl 0x00E  variable ExEventObjectType, 28 bytes$' &&
        says '^xam +[0-9]+ of 91 are there' && says '^all +[0-9]+ of 355 are there'
    verdict "exports: what is there, what is missing, how many" $?
    [ "$(grep -cE '^(xboxkrnl|xam|guestrt) +0x' out)" -eq 355 ] && [ "$(grep -cE '  missing ' out)" -eq "$(sed -n 's/^all.*, \([0-9]*\) missing$/\1/p' out)" ]
    verdict "exports: a line for each, and the totals agree" $?
    cp out all
    guestrt exports --json
    ends 0 && quiet && python3 -c 'import json
got, text = json.load(open("out")), open("all").read().splitlines()
rows, totals = got["exports"], got["totals"]
assert "image" not in got and len(rows) == 355
assert totals["all"]["all"] == 355 and totals["all"]["missing"] == sum(not r["implemented"] for r in rows)
assert sum(totals[l]["functions"] for l in ["xboxkrnl", "xam", "guestrt"]) == totals["all"]["functions"]
assert text[-1].startswith("all") and " %d missing" % totals["all"]["missing"] in text[-1]
print_row = [r for r in rows if r["name"] == "DbgPrint"][0]
assert print_row["kind"] == "function" and print_row["variadic"] and print_row["callers"] == "ANY"
assert print_row["parameters"] == [{"type": "addr", "name": "format"}]
assert print_row["statuses"] == ["SUCCESS", "ACCESS_VIOLATION"]
clock = [r for r in rows if r["name"] == "KeTimeStampBundle"][0]
assert clock["kind"] == "variable" and clock["implemented"] and clock["size"] == 24' 2>err
    verdict "exports --json: the same" $?
    guestrt exports --image=probe.elf
    ends 0 && quiet && says '^xboxkrnl 0x003  .* at 82[0-9A-F]{6}$' && says '^all .* 0 missing$' && ! says missing\ [A-Z]
    verdict "exports --image: a program that has all it needs: 0" $?
    guestrt exports --image=lacking.elf
    ends 1 && quiet && says '^xam      0x191  missing XamInputGetState  at 82' &&
        says '^xboxkrnl 0x1BE  missing variable VdGlobalDevice  at 82' && says '^xboxkrnl 0x0AD  variable KeTimeStampBundle, 24 bytes  at 82' &&
        says '^all .* 1 variables\), 2 missing$'
    verdict "exports --image: what is missing is named: 1" $?
    guestrt exports --image=lacking.elf --json
    ends 1 && quiet && python3 -c 'import json
got = json.load(open("out"))
missing = {r["name"]: r["kind"] for r in got["exports"] if not r["implemented"]}
assert got["image"] == "lacking.elf" and missing == {"XamInputGetState": "function", "VdGlobalDevice": "variable"}
assert all(r["address"] >= 0x82000000 for r in got["exports"]) and got["totals"]["all"]["missing"] == 2' 2>err
    verdict "exports --image --json: the same" $?
    cp lacking.elf missing-stripped.elf && powerpc-linux-gnu-strip missing-stripped.elf
    guestrt exports --image=missing-stripped.elf
    ends 1 && says '^all .* 2 missing$'
    verdict "exports --image of a stripped program" $?
    guestrt exports --image=vector.elf
    ends 0 && says '^all '
    verdict "exports --image of a program that cannot be translated" $?
    guestrt exports --image=none.elf
    ends 3 && silent && reports "cannot read 'none.elf'"
    verdict "exports --image without the file: 3" $?
    cp "$root/LICENSE" text.elf
    guestrt exports --image=text.elf --json
    ends 3 && silent && reports "'text.elf'"
    verdict "exports --image of a text file: 3" $?
    guestrt exports probe.elf
    ends 2 && silent && reports '--image=FILE.elf'
    verdict "exports with a bare file: 2" $?
    guestrt exports --markdown --json
    ends 2 && silent && reports '--markdown'
    verdict "exports --markdown --json: 2" $?
    "$guestrt" exports --json >/dev/full 2>err
    code=$?
    ends 4 && reports 'cannot'
    verdict "exports: lost output is not success" $?
}

# ---- all of it --------------------------------------------------------------------------------------------

tail -c +2 "$root/fuzz/corpus/trace/seed-file" >calls.trace
build_guests >out 2>err
code=$?
verdict "the guest programs build" $code
if [ $code -eq 0 ]; then
    parts=("$@")
    [ ${#parts[@]} -gt 0 ] || parts=(usage run seeds faults arguments environment cache recompile embed inputs variants replay exports)
    for part in "${parts[@]}"; do
        if declare -F "part_$part" >/dev/null; then
            "part_$part"
        else
            echo "run.sh: there is no part '$part'" >&2
            exit 2
        fi
    done
fi
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
