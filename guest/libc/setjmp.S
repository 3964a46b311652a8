/*
 * setjmp.S - setjmp and longjmp for a processor that has the stack in guest memory only.
 *
 * Under qemu this code runs as it stands. On the console the import table marks both as intrinsics
 * (library 2, ordinals 1 and 2): a translated program has a host stack to unwind as well, so its
 * translator replaces the calls. The records share a group with the code, like imports.S.
 *
 * Registers are saved as words: the ABI lets callees clobber the upper halves.
 */
        .macro each_float operation
        \operation %f14, 104(%r3)
        \operation %f15, 112(%r3)
        \operation %f16, 120(%r3)
        \operation %f17, 128(%r3)
        \operation %f18, 136(%r3)
        \operation %f19, 144(%r3)
        \operation %f20, 152(%r3)
        \operation %f21, 160(%r3)
        \operation %f22, 168(%r3)
        \operation %f23, 176(%r3)
        \operation %f24, 184(%r3)
        \operation %f25, 192(%r3)
        \operation %f26, 200(%r3)
        \operation %f27, 208(%r3)
        \operation %f28, 216(%r3)
        \operation %f29, 224(%r3)
        \operation %f30, 232(%r3)
        \operation %f31, 240(%r3)
        .endm

        .section .text.setjmp, "axG", @progbits, guest_intrinsic_setjmp
        .globl  setjmp
        .type   setjmp, @function
setjmp:
        stw     %r1, 0(%r3)
        stw     %r2, 4(%r3)
        mfcr    %r0
        stw     %r0, 8(%r3)
        mflr    %r0
        stw     %r0, 12(%r3)
        stmw    %r13, 16(%r3)
        each_float stfd
        li      %r3, 0
        blr
        .size   setjmp, . - setjmp

        .section .import_table.setjmp, "aG", @progbits, guest_intrinsic_setjmp
        .long   setjmp, (2 << 16) | 1, 2, 0

        .section .text.longjmp, "axG", @progbits, guest_intrinsic_longjmp
        .globl  longjmp
        .type   longjmp, @function
longjmp:
        lwz     %r1, 0(%r3)
        lwz     %r2, 4(%r3)
        lwz     %r0, 8(%r3)
        mtcrf   0xFF, %r0
        lwz     %r0, 12(%r3)
        mtlr    %r0
        lmw     %r13, 16(%r3)
        each_float lfd
        cmpwi   %r4, 0
        mr      %r3, %r4
        bnelr
        li      %r3, 1
        blr
        .size   longjmp, . - longjmp

        .section .import_table.longjmp, "aG", @progbits, guest_intrinsic_longjmp
        .long   longjmp, (2 << 16) | 2, 2, 0

        .section .note.GNU-stack, "", @progbits
