/*
 * imports.S - one thunk for each kernel export, in the shape that the console's loader knows, and a
 * record beside it so that a stripped program still says what it imports. A variable has a word,
 * which the loader sets to the variable's address, in the place of a thunk.
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

        .macro guest_variable library, ordinal, name
        .section .import_words.\name, "aG", @progbits, guest_import_\name
        .balign 4
        .globl  \name
        .type   \name, @object
\name:
        .long   (\library << 16) | \ordinal
        .size   \name, 4

        .section .import_table.\name, "aG", @progbits, guest_import_\name
        .balign 4
        .long   \name, (\library << 16) | \ordinal, 1, .Lname_\name
        .section .import_names.\name, "aG", @progbits, guest_import_\name
.Lname_\name:
        .asciz  "\name"
        .endm

        /*
         * The same export for C: the kernel returns 64 bits in r3, this compiler wants them in r3
         * and r4. xbox/time.h binds the plain name to this one.
         */
        .macro guest_pair name
        .section .text.\name\()_pair, "ax", @progbits
        .globl  \name\()_pair
        .type   \name\()_pair, @function
\name\()_pair:
        mflr    %r0
        stw     %r0, 4(%r1)
        stwu    %r1, -16(%r1)
        bl      \name
        mr      %r4, %r3
        srdi    %r3, %r3, 32
        lwz     %r0, 20(%r1)
        mtlr    %r0
        addi    %r1, %r1, 16
        blr
        .size   \name\()_pair, . - \name\()_pair
        .endm

#define GRT_LIBRARY_XBOXKRNL 0
#define GRT_LIBRARY_XAM      1
#define GRT_LIBRARY_GUESTRT  2
#define GRT_EXPORT_ANY(library, ordinal, name, ...) guest_import GRT_LIBRARY_##library, ordinal, name;
#define GRT_VARIABLE(library, ordinal, name, ...) guest_variable GRT_LIBRARY_##library, ordinal, name;
#include "guestrt/exports.def"

        guest_pair KeQueryInterruptTime

        /* What the kernel does not have and will not have (dumps, interrupts, the debugger, input,
           graphics): what a program gets that asks for it anyway. */
        guest_import GRT_LIBRARY_XBOXKRNL, 0x005, DumpGetRawDumpInfo
        guest_import GRT_LIBRARY_XBOXKRNL, 0x071, KeInitializeInterrupt
        guest_import GRT_LIBRARY_XBOXKRNL, 0x1AB, MmDbgReadCheck
        guest_import GRT_LIBRARY_XAM, 0x191, XamInputGetState
        guest_variable GRT_LIBRARY_XBOXKRNL, 0x1BE, VdGlobalDevice

        .section .note.GNU-stack, "", @progbits
