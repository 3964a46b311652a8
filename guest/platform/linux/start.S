/*
 * start.S - where Linux enters: the argument count lies at r1, the strings behind it.
 */
        .section .text._start, "ax"
        .globl  _start
        .type   _start, @function
_start:
        lwz     %r3, 0(%r1)
        addi    %r4, %r1, 4
        rlwinm  %r1, %r1, 0, 0, 27
        li      %r0, 0
        stwu    %r0, -16(%r1)
        bl      guest_run_main
        li      %r0, 234                /* exit_group */
        sc
        .size   _start, . - _start

/* long linux_call(long number, long a, long b, long c, long d, long e, long f):
 * minus the error number on failure. */
        .section .text.linux_call, "ax"
        .globl  linux_call
        .type   linux_call, @function
linux_call:
        mr      %r0, %r3
        mr      %r3, %r4
        mr      %r4, %r5
        mr      %r5, %r6
        mr      %r6, %r7
        mr      %r7, %r8
        mr      %r8, %r9
        sc
        bnslr
        neg     %r3, %r3
        blr
        .size   linux_call, . - linux_call

        .section .note.GNU-stack, "", @progbits
