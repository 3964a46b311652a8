#!/usr/bin/env bash
# House rules that a machine can check. Each rule is one test; what breaks it is printed.
set -uo pipefail
shopt -s lastpipe # the rules count in this shell, not in a pipeline's
cd "$(dirname "$0")/../.."
passed=0 failed=0

# rule NAME: reads offending lines from stdin; none is a pass.
rule() {
    local found
    found=$(head -n 20)
    if [ -z "$found" ]; then
        passed=$((passed + 1))
        echo "PASS $1"
    else
        failed=$((failed + 1))
        printf 'FAIL %s\n%s\n' "$1" "$found"
    fi
}

sources() { git ls-files -co --exclude-standard -- "$@" | while read -r f; do [ -f "$f" ] && echo "$f"; done; }
library() { sources 'src/*.c' 'src/*.h' 'include/*.h' | grep -v '^src/os/tool/'; }
# Code without comments and string literals is enough to look for calls in.
calls() { # PATTERN FILES...
    local pattern=$1
    shift
    grep -nE "(^|[^_a-zA-Z0-9.>\"])($pattern) *\(" "$@" /dev/null | grep -vE '^[^:]+:[0-9]+: *(\*|/\*|//)'
}

sources '*.c' '*.h' | grep -v '^tests/isa/out' | while read -r f; do
    n=$(wc -l <"$f")
    [ "$n" -le 900 ] || echo "$f: $n lines, at most 900"
done | rule "no file is longer than 900 lines"

sources '*.c' '*.h' | xargs -d '\n' clang-format --dry-run -Werror 2>&1 | grep -E 'error:' | rule "clang-format has nothing to change"

calls 'mmap|munmap|mprotect|madvise|pthread_[a-z_]+|sigaction|sigaltstack|futex|syscall|clock_gettime|nanosleep|usleep|fork|open|mkdir' \
    $(library | grep -v '^src/os/') | rule "no host call outside src/os"

calls 'printf|puts|putchar|abort|exit|_exit|quick_exit' $(library | grep -vE '^src/os/assert\.c$') | rule "the library neither prints to stdout nor exits"

grep -nE 'stdout' $(library) /dev/null | grep -vE ': *(\*|/\*)|never writes to stdout' | rule "the library does not name stdout"

grep -nE '#include "(memory|heap|thread|kernel|diag)/' $(sources 'src/os/*.c' 'src/os/*.h') /dev/null | rule "os includes no room above it"
grep -nE '#include "(heap|thread|kernel)/' $(sources 'src/memory/*') /dev/null | rule "memory includes no room above it"
grep -nE '#include "(thread|kernel)/' $(sources 'src/heap/*') /dev/null | rule "heap includes no room above it"
grep -nE '#include "kernel/' $(sources 'src/thread/*') /dev/null | rule "thread includes no kernel header"
grep -nE '#include "(os|memory|heap|thread|kernel|diag)/|#include "guestrt/(runtime|thread|heap|memory|kernel)\.h"' \
    $(sources 'recomp/*') /dev/null | rule "the recompiler includes nothing of the runtime"

sources | xargs -d '\n' grep -nIE '(^|[^A-Za-z0-9_.])/(work|farm|root)/' 2>/dev/null | grep -v '^tests/style/' | rule "no path of one machine"

sources '*.c' '*.h' '*.sh' '*.py' '*.cmake' | grep -v '^tests/style/' | xargs -d '\n' grep -nE '\b(TODO|FIXME|XXX|HACK)\b' | rule "nothing is left marked unfinished"

for header in include/guestrt/*.h; do
    echo "#include \"guestrt/${header##*/}\"" | gcc -std=c17 -Wall -Wextra -Werror -Iinclude -fsyntax-only -x c - 2>&1
    echo "#include \"guestrt/${header##*/}\"" | g++ -std=c++17 -Wall -Wextra -Werror -Iinclude -fsyntax-only -x c++ - 2>&1
done | rule "every public header compiles alone, as C and as C++"

sed -n 's/^#define GRT_VERSION  *"\(.*\)"/\1/p' include/guestrt/version.h | while read -r version; do
    grep -q "VERSION $version " CMakeLists.txt || echo "CMakeLists.txt does not say $version"
    grep -q "$version" CHANGELOG.md || echo "CHANGELOG.md does not mention $version"
done | rule "the version agrees everywhere"

# Relative links of the documents lead somewhere.
sources '*.md' | while read -r doc; do
    grep -oE '\]\([^)#]+' "$doc" | sed 's/^](//' | grep -vE '^(https?|mailto):' | while read -r link; do
        [ -e "$(dirname "$doc")/$link" ] || echo "$doc: $link"
    done
done | rule "every relative link in the documents leads somewhere"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
