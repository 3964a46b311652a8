// Endless recursion ends in a report that names the thread and its calls, not in a damaged block.
// expect: before
// exit: 139
// stderr: STACK_OVERFLOW
// stderr: dive
// stderr: #63
#include "check.h"

__attribute__((noinline)) int dive(volatile int *last)
{
    volatile int here[100];
    here[0] = *last + 1;
    return dive(here) + here[0];
}

int main(void)
{
    volatile int zero = 0;
    printf("before\n");
    return dive(&zero);
}
