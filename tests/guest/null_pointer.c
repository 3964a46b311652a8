// A null pointer is a report.
// expect: before
// exit: 139
// stderr: NULL_POINTER
// stderr: main
#include "check.h"

__attribute__((noinline)) static int touch(volatile int *where)
{
    return *where + 1;
}

int main(void)
{
    int *volatile nothing = 0;
    printf("before\n");
    printf("%d\n", touch(nothing));
    return 0;
}
