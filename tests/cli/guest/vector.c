/*
 * vector.c - a program with one instruction that the recompiler does not know, reached only when
 * there is an argument. No C library: it translates in a moment.
 */
#include <xbox/kernel.h>

struct start_arguments {
    uint32_t count;
    char *strings[];
};

int _start(struct start_arguments *arguments)
{
    DbgPrint("before\n");
    if (arguments->count > 1)
        __asm__ volatile(".machine altivec\n\t.globl add_vectors\nadd_vectors:\n\tvaddubm 0,1,2");
    DbgPrint("after\n");
    return 7;
}
