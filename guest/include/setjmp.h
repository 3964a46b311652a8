/* setjmp.h - jumps out of nested calls. A translated program hands both to its host. */
#ifndef GUEST_SETJMP_H
#define GUEST_SETJMP_H

/* r1, r2, cr, lr, r13-r31, two spare words, f14-f31. */
typedef struct guest_jump_buffer {
    unsigned words[24];
    unsigned spare[2];
    double floats[18];
} jmp_buf[1];

int setjmp(jmp_buf buffer) __attribute__((returns_twice));
_Noreturn void longjmp(jmp_buf buffer, int value);

#endif
