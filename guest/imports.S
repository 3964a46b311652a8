/*
 * imports.S - one thunk for each kernel export, in the shape that the console's loader knows, and a
 * record beside it so that a stripped program still says what it imports.
 *
 * Thunk and record share a section group: the linker keeps or drops them together, so a program
 * carries the imports that it uses and no others. guest.ld puts a head and a tail around the
 * records. The table is the kernel's own.
 */
        .macro guest_import library, ordinal, name
        .section .imports.\name, "axG", @progbits, guest_import_\name
        .balign 4
        .globl  \name
        .type   \name, @function
\name:
        .long   0x01000000 | (\library << 16) | \ordinal
        .long   0x02000000 | (\library << 16) | \ordinal
        mtctr   %r11
        bctr
        .size   \name, . - \name

        .section .import_table.\name, "aG", @progbits, guest_import_\name
        .balign 4
        .long   \name, (\library << 16) | \ordinal, 0, .Lname_\name
        .section .import_names.\name, "aG", @progbits, guest_import_\name
.Lname_\name:
        .asciz  "\name"
        .endm

#define GRT_LIBRARY_XBOXKRNL 0
#define GRT_LIBRARY_XAM      1
#define GRT_LIBRARY_GUESTRT  2
#define GRT_EXPORT_ANY(library, ordinal, name, ...) guest_import GRT_LIBRARY_##library, ordinal, name;
#include "guestrt/exports.def"

        /* Exports that the kernel does not have: what a program gets that calls one anyway. */
        guest_import GRT_LIBRARY_XBOXKRNL, 0x001, DbgBreakPoint
        guest_import GRT_LIBRARY_XBOXKRNL, 0x0A8, KeStallExecutionProcessor

        .section .note.GNU-stack, "", @progbits
