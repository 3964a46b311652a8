#!/usr/bin/env bash
# Builds real programs three times - for this machine, for PowerPC Linux, for the console - runs them and
# compares what they print: natively, under qemu-ppc, and recompiled on guest threads by `guestrt run`.
#
# usage: tests/programs/run.sh [--build DIR] [--guestrt FILE] [--without-guestrt] [PROGRAM...]
#        tests/programs/run.sh [--build DIR] --arguments PROGRAM     only prints what to compile
#
# PROGRAM is libc, jump, zlib, bzip2, lz4 or lua (default: all). DIR (default: build) holds what is built and
# fetched, in programs/. Exit code: 0 all passed, 1 some failed, 3 the sources cannot be fetched.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$root/build guestrt= without= arguments= programs=()
while [ $# -gt 0 ]; do
    case $1 in
        --build) build=$2; shift ;;
        --guestrt) guestrt=$2; shift ;;
        --without-guestrt) without=1 ;;
        --arguments) arguments=1 ;;
        -h | --help) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; exit 0 ;;
        -*) echo "run.sh: unknown option $1" >&2; exit 2 ;;
        *) programs+=("$1") ;;
    esac
    shift
done
[ ${#programs[@]} -gt 0 ] || programs=(libc jump zlib bzip2 lz4 lua)
mkdir -p "$build/programs"
work=$(cd "$build" && pwd)/programs
sources=$work/sources
guestrt=${guestrt:-$build/guestrt}
export GUESTRT_GUEST_LIBRARY=${GUESTRT_GUEST_LIBRARY:-$build/guest}
library_console=$("$root/scripts/guest-cc" --library) || exit 4
library_linux=$("$root/scripts/guest-cc" --linux --library) || exit 4

if [[ " ${programs[*]} " == *\ @(zlib|bzip2|lz4|lua)\ * ]]; then
    "$here/fetch-sources" "$sources" || exit $?
fi

# 2 MB of what people compress: program text, a program, something compressed already, zeros.
make_data() {
    local data=$work/data.bin
    [ -e "$data" ] && return
    {
        find "$sources"/{zlib,bzip2,lz4,lua5.4} -name '*.[ch]' | LC_ALL=C sort | xargs cat | head -c 900000
        head -c 700000 /bin/bash
        cat "$sources"/archives/zlib_*.orig.tar.* | head -c 300000
        head -c 100000 /dev/zero
    } >"$data.new" 2>/dev/null
    mv "$data.new" "$data"
}

# The scripts as arrays, in one C file for all machines.
make_scripts() {
    local file name index=0
    {
        echo '#include "scripts.h"'
        for file in "$here"/lua/*.lua; do
            printf '__asm__(".section .rodata.scripts, \\"a\\"\\nscript_%d: .incbin \\"%s\\"\\nscript_%d_end: .byte 0\\n.text");\n' \
                $index "$file" $index
            printf 'extern const char script_%d[], script_%d_end[];\n' $index $index
            index=$((index + 1))
        done
        echo "const unsigned script_count = $index;"
        echo 'const script scripts[] = {'
        index=0
        for file in "$here"/lua/*.lua; do
            name=$(basename "$file")
            printf '    {"@%s", script_%d, script_%d_end},\n' "$name" $index $index
            index=$((index + 1))
        done
        echo '};'
    } >"$work/scripts.c"
}

inputs() { # program -> options and files
    local s=$sources file
    common=("$here/parts.c" "$here/data.S" "-DDATA_FILE=\"$work/data.bin\"")
    case $1 in
        libc) files=("$here/libc_main.c") ;;
        jump) files=("$here/jump_main.c" "$here/jump_shapes.S") ;;
        zlib)
            files=("$here/zlib_main.c" "${common[@]}" -I "$s/zlib")
            for file in adler32 crc32 deflate inffast inflate inftrees trees zutil; do
                files+=("$s/zlib/$file.c")
            done ;;
        bzip2)
            files=("$here/bzip2_main.c" "${common[@]}" -I "$s/bzip2" -DBZ_NO_STDIO)
            for file in blocksort bzlib compress crctable decompress huffman randtable; do
                files+=("$s/bzip2/$file.c")
            done ;;
        lz4) files=("$here/lz4_main.c" "${common[@]}" -I "$s/lz4/lib" "$s"/lz4/lib/{lz4,lz4hc,lz4frame,xxhash}.c) ;;
        lua)
            make_scripts
            # Debian's header names the machine, for the paths of modules, which are not used here.
            echo '#define DEB_HOST_MULTIARCH ""' >"$work/lua5.4-deb-multiarch.h"
            files=("$here/lua_main.c" "$here/parts.c" "$work/scripts.c" -I "$work" -I "$s/lua5.4/src" -DLUA_COMPAT_5_3)
            for file in "$s"/lua5.4/src/*.c; do
                case ${file##*/} in
                    lua.c | luac.c | linit.c | liolib.c | loslib.c | loadlib.c) ;;
                    *) files+=("$file") ;;
                esac
            done ;;
        *) echo "run.sh: there is no program '$1'" >&2; exit 2 ;;
    esac
    files+=(-I "$here")
}

outdated() { # output, library
    [ ! -e "$1" ] || [ "$2" -nt "$1" ] || [ -n "$(find "$here" -newer "$1" -print -quit)" ]
}

build_program() { # program
    inputs "$1"
    local out=$work/$1
    if outdated "$out.native" "$library_linux"; then
        cc -O2 -w "${files[@]}" -o "$out.native" -lm || return 1
    fi
    if outdated "$out.linux.elf" "$library_linux"; then
        "$root/scripts/guest-cc" --linux -w "${files[@]}" -o "$out.linux.elf" || return 1
    fi
    if outdated "$out.elf" "$library_console"; then
        "$root/scripts/guest-cc" -w "${files[@]}" -o "$out.elf" || return 1
    fi
}

passed=0 failed=0
verdict() { # name, condition's exit code, detail
    if [ "$2" -eq 0 ]; then
        echo "PASS $1${3:+ ($3)}"
        passed=$((passed + 1))
    else
        echo "FAIL $1${3:+ ($3)}"
        failed=$((failed + 1))
    fi
}

run() { # output file, command...; keeps the exit code in [code], the seconds in [seconds]
    local out=$1 start=$EPOCHREALTIME
    shift
    timeout 600 "$@" >"$out" 2>"$out.err"
    code=$?
    seconds=$(awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.2f s", b - a }')
}

# Everywhere the same exit code and output; "~" lines depend on the byte order.
compare() { # expected, actual, [pattern of lines to leave out]
    if [ -n "${3:-}" ]; then
        diff -a <(grep -av "$3" "$1") <(grep -av "$3" "$2") >"$2.diff"
    else
        diff -a "$1" "$2" >"$2.diff"
    fi || { head -n 6 "$2.diff"; return 1; }
}

test_program() { # program
    local out=$work/$1 expected_code native_code
    run "$out.native.out" "$out.native"
    native_code=$code
    case $1 in libc) expected_code=42 ;; *) expected_code=0 ;; esac
    if [ "$1" = lua ]; then
        (cd "$here/lua" && for script in *.lua; do lua5.4 "$script" || exit 1; done) >"$out.host.out"
        verdict "lua: the host's lua5.4 runs every script" $?
        compare "$out.host.out" "$out.native.out"
        verdict "lua: native prints what lua5.4 prints" $? "$seconds"
    fi
    [ "$native_code" -eq "$expected_code" ]
    verdict "$1: native ends with $expected_code" $? "$seconds"

    run "$out.linux.out" qemu-ppc "$out.linux.elf"
    [ "$code" -eq "$native_code" ] && compare "$out.native.out" "$out.linux.out" '^~'
    verdict "$1: qemu-ppc agrees with native" $? "$seconds, exit code $code"

    [ -z "$without" ] || return
    run "$out.console.out" "$guestrt" run "$out.elf"
    [ "$code" -eq "$native_code" ] && compare "$out.linux.out" "$out.console.out"
    verdict "$1: guestrt agrees with qemu-ppc" $? "$seconds with translation, exit code $code"
    tail -n 5 "$out.console.out.err" | sed 's/^/    /'
    if [ "$1" = jump ]; then
        "$guestrt" recompile "$out.elf" -o "$out.generated" 2>"$out.err"
        grep -q ' jump tables, 0 run-time jumps, ' "$out.err"
        verdict "jump: every table is understood" $?
    fi
    run "$out.console.out" "$guestrt" run "$out.elf"
    [ "$code" -eq "$native_code" ] && compare "$out.linux.out" "$out.console.out"
    verdict "$1: guestrt agrees a second time" $? "$seconds, from the cache"
}

[[ " ${programs[*]} " != *\ @(zlib|bzip2|lz4|lua)\ * ]] || make_data
if [ -n "$arguments" ]; then # one a line, for benchmarks
    inputs "${programs[0]}"
    printf '%s\n' "${files[@]}"
    exit 0
fi
if [ -z "$without" ] && [ ! -x "$guestrt" ]; then
    echo "run.sh: there is no $guestrt; build it or say --without-guestrt" >&2
    exit 4
fi
for program in "${programs[@]}"; do
    if build_program "$program"; then
        test_program "$program"
    else
        verdict "$program: builds" 1
    fi
done
echo "programs: $passed passed, $failed failed"
[ $failed -eq 0 ]
