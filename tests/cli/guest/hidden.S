// hidden.S - two switches whose tables nobody can find without running the code: half of the base comes
// from memory that can be written. One function is small, the other large.

    .macro hidden name, words
    .section .text.\name, "ax"
    .globl \name
    .align 2
\name:
    lis 9, base_high@ha
    lwz 9, base_high@l(9)
    lis 11, \name\()_table@l
    srwi 11, 11, 16
    or 9, 9, 11
    clrlwi 3, 3, 30
    slwi 0, 3, 2
    lwzx 0, 9, 0
    add 0, 0, 9
    mtctr 0
\name\()_jump:
    bctr
    .irp n, 0, 1, 2, 3
\name\()_\n:
    addi 3, 3, 100
    .endr
    blr
    .rept \words
    nop
    .endr
    blr
    .type \name, @function
    .size \name, . - \name
    .section .rodata.\name, "a"
    .align 2
\name\()_table:
    .irp n, 0, 1, 2, 3
    .long \name\()_\n - \name\()_table
    .endr
    .endm

    hidden small, 0
    hidden large, 3000

    .section .data, "aw"
    .align 2
base_high:
    .long 0x82000000
