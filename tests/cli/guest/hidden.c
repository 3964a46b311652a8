/* hidden.c - two switches whose tables nobody can find without running the code: half of the base
 * comes from memory that can be written. One function is small, the other large; with an argument
 * the program takes the large one too. */
#include <stdio.h>

__asm__("    .macro hidden name, words\n"
        "    .section .text.\\name, \"ax\"\n"
        "    .globl \\name\n"
        "    .align 2\n"
        "\\name:\n"
        "    lis 9, base_high@ha\n"
        "    lwz 9, base_high@l(9)\n"
        "    lis 11, \\name\\()_table@l\n"
        "    srwi 11, 11, 16\n"
        "    or 9, 9, 11\n"
        "    clrlwi 3, 3, 30\n"
        "    slwi 0, 3, 2\n"
        "    lwzx 0, 9, 0\n"
        "    add 0, 0, 9\n"
        "    mtctr 0\n"
        "\\name\\()_jump:\n"
        "    bctr\n"
        "    .irp n, 0, 1, 2, 3\n"
        "\\name\\()_\\n:\n"
        "    addi 3, 3, 100\n"
        "    .endr\n"
        "    blr\n"
        "    .rept \\words\n"
        "    nop\n"
        "    .endr\n"
        "    blr\n"
        "    .type \\name, @function\n"
        "    .size \\name, . - \\name\n"
        "    .section .rodata.\\name, \"a\"\n"
        "    .align 2\n"
        "\\name\\()_table:\n"
        "    .irp n, 0, 1, 2, 3\n"
        "    .long \\name\\()_\\n - \\name\\()_table\n"
        "    .endr\n"
        "    .endm\n"

        "    hidden small, 0\n"
        "    hidden large, 3000\n"

        "    .section .data, \"aw\"\n"
        "    .align 2\n"
        "base_high:\n"
        "    .long 0x82000000\n");

unsigned small(unsigned number), large(unsigned number);

int main(int argc, char **argv)
{
    (void)argv;
    for (unsigned i = 0; i < 4; i++)
        printf("%u ", small(i));
    for (unsigned i = 0; argc > 1 && i < 4; i++)
        printf("%u ", large(i));
    printf("\n");
    return 0;
}
