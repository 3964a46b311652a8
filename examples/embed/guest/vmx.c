/* vmx.c - uses the vector unit, which is not translated yet. */
#include <stdio.h>

static int clear(int count)
{
    __asm__ volatile("addi %0, %0, -1\n\t"
                     ".machine push\n\t"
                     ".machine altivec\n\t"
                     "vxor 0, 0, 0\n\t"
                     ".machine pop"
                     : "+r"(count));
    return count;
}

int main(int argc, char **argv)
{
    (void)argv;
    printf("before the vector instruction\n");
    fflush(stdout);
    printf("%d\n", clear(argc));
    return 0;
}
