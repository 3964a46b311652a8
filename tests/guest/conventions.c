// Values passed in registers as no compiler would: the register analysis counts on no convention.
// expect: loops 6 6 106
// expect: changed 24
// expect: counter 12
// expect: link 9
#include <stdio.h>

/* Adds r20, which the caller has set. */
__asm__(".text\n"
        ".type add_r20, @function\n"
        "add_r20:\n"
        "    add 3, 3, 20\n"
        "    blr\n"
        ".size add_r20, . - add_r20\n");

/* r20 is set once, before a loop of calls that is run into, and jumped into. */
__asm__(".type loop_r20, @function\n"
        "loop_r20:\n"
        "    stwu 1, -32(1)\n"
        "    mflr 0\n"
        "    stw 0, 36(1)\n"
        "    stw 20, 16(1)\n"
        "    mr 20, 4\n"
        "    mtctr 5\n"
        "    cmpwi 6, 0\n"
        "    beq 1f\n"
        "    addi 3, 3, 100\n"
        "1:  bl add_r20\n"
        "    bdnz 1b\n"
        "    lwz 20, 16(1)\n"
        "    lwz 0, 36(1)\n"
        "    mtlr 0\n"
        "    addi 1, 1, 32\n"
        "    blr\n"
        ".size loop_r20, . - loop_r20\n");

/* The callee changes r12, which the loop uses and changes too. */
__asm__(".type double_r12, @function\n"
        "double_r12:\n"
        "    add 12, 12, 12\n"
        "    blr\n"
        ".size double_r12, . - double_r12\n"
        ".type loop_r12, @function\n"
        "loop_r12:\n"
        "    stwu 1, -32(1)\n"
        "    mflr 0\n"
        "    stw 0, 36(1)\n"
        "    mr 12, 3\n"
        "    mtctr 4\n"
        "1:  addi 12, 12, 1\n"
        "    bl double_r12\n"
        "    bdnz 1b\n"
        "    addi 3, 12, 2\n"
        "    lwz 0, 36(1)\n"
        "    mtlr 0\n"
        "    addi 1, 1, 32\n"
        "    blr\n"
        ".size loop_r12, . - loop_r12\n");

/* A value waits in CTR, and another in LR, while arithmetic goes on around them. */
__asm__(".type park, @function\n"
        "park:\n"
        "    mflr 11\n"
        "    mtctr 3\n"
        "    mtlr 4\n"
        "    li 3, 0\n"
        "    mfctr 5\n"
        "    mflr 6\n"
        "    add 3, 5, 6\n"
        "    mtlr 11\n"
        "    blr\n"
        ".size park, . - park\n");

unsigned loop_r20(unsigned sum, unsigned value, unsigned times, unsigned more);
unsigned loop_r12(unsigned value, unsigned times);
unsigned park(unsigned a, unsigned b);

int main(void)
{
    printf("loops %u %u %u\n", loop_r20(0, 2, 3, 0), loop_r20(3, 1, 3, 0), loop_r20(0, 3, 2, 1));
    printf("changed %u\n", loop_r12(1, 3));
    printf("counter %u\n", park(5, 7));
    printf("link %u\n", park(8, 1));
    return 0;
}
