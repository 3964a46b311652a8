#!/usr/bin/env bash
# Mistakes that must not compile: each is a change of one line of a file that compiles, and the compiler has to
# name it. Prints a line for each as the unit tests do.
#
# usage: tests/unit/compile_fail.sh COMPILER
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cc=${1:-cc}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

compile() { # the file from stdin
    LC_ALL=C "$cc" -std=gnu17 -Wall -Wextra -Werror -fsyntax-only -I "$root/include" -I "$root/src" \
        -I "$root/tests/unit" -x c - >"$work/log" 2>&1
}

verdict() { # name, condition's exit code
    if [ "$2" -eq 0 ]; then
        echo "[       OK ] $1"
    else
        echo "[  FAILED  ] $1"
        sed 's/^/    /' "$work/log" | head -n 20
        failed=1
    fi
}

good() { # name; the file from stdin
    compile
    verdict "$1" $?
}

bad() { # name, what the compiler says; the file from stdin
    if compile; then
        echo "it compiles" >"$work/log"
        verdict "$1" 1
    else
        grep -qE -- "$2" "$work/log"
        verdict "$1" $?
    fi
}

# ---- a handler and its row ------------------------------------------------------------------------------

handler() { # the handler's head
    printf '#include "kernel/exports.h"\n%s\n{\n    (void)call;\n    return GRT_NT_SUCCESS;\n}\n' "$1"
}

handler 'uint32_t grt_export_NtSetEvent(grt_call *call, uint32_t event, grt_addr previous_out)' |
    sed 's/(void)call;/(void)call, (void)event, (void)previous_out;/' | good a_handler_as_its_row_says_compiles
handler 'uint32_t grt_export_NtSetEvent(grt_call *call, uint32_t event)' |
    bad a_handler_with_too_few_parameters "conflicting types for '?grt_export_NtSetEvent"
handler 'uint32_t grt_export_NtSetEvent(grt_call *call, uint32_t event, grt_addr previous_out, uint32_t more)' |
    bad a_handler_with_too_many_parameters "conflicting types for '?grt_export_NtSetEvent"
handler 'uint32_t grt_export_NtSetEvent(grt_call *call, uint64_t event, grt_addr previous_out)' |
    bad a_handler_with_a_wider_parameter "conflicting types for '?grt_export_NtSetEvent"
handler 'uint64_t grt_export_NtSetEvent(grt_call *call, uint32_t event, grt_addr previous_out)' |
    bad a_handler_with_a_wider_result "conflicting types for '?grt_export_NtSetEvent"
# An export of ten parameters whose handler takes three of them would never see the rest.
{
    echo '#include "private_table.h"'
    handler 'uint32_t grt_export_TestTen(grt_call *call, uint32_t p1, uint32_t p2, uint32_t p3)'
} | bad a_handler_with_three_of_ten_parameters "conflicting types for '?grt_export_TestTen"

# ---- a row ----------------------------------------------------------------------------------------------

row() { # the rows
    echo "$1" >"$work/rows.def"
    sed -n '/^#undef/p' "$root/tests/unit/private_rows.def" >>"$work/rows.def"
    cat <<END
#include "kernel/call.h"
#include "kernel/exports.h"
#define GRT_ROWS_FILE "$work/rows.def"
#define GRT_TABLE_COUNT ROWS
#include "kernel/handlers.h"
#include "kernel/thunks.h"
const void *use(void);
const void *use(void) { return table; }
END
}

row 'GRT_EXPORT2(XAM, 1, Mine, status, u32, one, addr, two, PASSIVE, "SUCCESS", "A sentence.")' | good a_row_compiles
row 'GRT_EXPORT3(XAM, 1, Mine, status, u32, one, addr, two, PASSIVE, "SUCCESS", "A sentence.")' |
    bad a_row_with_fewer_parameters_than_it_says 'error'
row 'GRT_EXPORT1(XAM, 1, Mine, status, u32, one, addr, two, PASSIVE, "SUCCESS", "A sentence.")' |
    bad a_row_with_more_parameters_than_it_says 'error'
row 'GRT_EXPORT2(XAM, 1, Mine, status, u33, one, addr, two, PASSIVE, "SUCCESS", "A sentence.")' |
    bad a_row_with_an_unknown_type 'grt_guest_u33'
row 'GRT_EXPORT2(XAM, 1, Mine, status, u32, one, addr, two, SOMETIMES, "SUCCESS", "A sentence.")' |
    bad a_row_with_unknown_callers 'GRT_CALLERS_SOMETIMES'
row 'GRT_EXPORT2(NTDLL, 1, Mine, status, u32, one, addr, two, PASSIVE, "SUCCESS", "A sentence.")' |
    bad a_row_of_an_unknown_library 'GRT_LIBRARY_NTDLL'

# ---- addresses and functions ----------------------------------------------------------------------------

# A guest address in the place of a host function, or the other way round, would be a callback that is never called.
call() { # statement
    printf '#include "guestrt/guestrt.h"\nvoid mine(grt_ppc *, uint8_t *);\nvoid use(grt_runtime *);\n'
    printf 'void use(grt_runtime *runtime)\n{\n    %s;\n}\n' "$1"
}

call 'grt_runtime_call(runtime, 0x82000000u, NULL, 0, NULL)' | good a_call_of_a_guest_address_compiles
call 'grt_runtime_call(runtime, mine, NULL, 0, NULL)' |
    bad a_host_function_where_a_guest_address_belongs '(makes integer from pointer|incompatible pointer to integer)'
call 'grt_runtime_register_export(runtime, 0, 1, "Mine", mine)' | good a_host_function_as_an_export_compiles
call 'grt_runtime_register_export(runtime, 0, 1, "Mine", 0x82000000u)' |
    bad a_guest_address_where_a_host_function_belongs '(makes pointer from integer|incompatible integer to pointer)'

exit $failed
