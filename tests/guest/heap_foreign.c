// What is no heap block is refused and said to be what it is: a stack, a thread's own block, an
// image. (A port that freed such memory handed a running thread's stack out again.)
// expect: refused
// stderr: is no heap block: the stack of thread id 00000001 "main"
// stderr: is no heap block: the PCR of thread id 00000001 "main"
// stderr: owner=image module
#include "check.h"
#include <stdlib.h>

static char in_the_image[64];
static void *volatile hidden;

static int is_refused(void *block)
{
    hidden = block;
    return RtlFreeHeap(0, 0, hidden) == 0;
}

int main(void)
{
    char on_stack[64];
    uintptr_t pcr;
    __asm__("mr %0,13" : "=r"(pcr));
    CHECK(is_refused(on_stack));
    CHECK(is_refused((void *)(pcr + 0x10)));
    CHECK(is_refused(in_the_image));
    printf("refused\n");
    return 0;
}
