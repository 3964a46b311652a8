// A trap instruction is a report.
// expect: before
// exit: 133
// stderr: TRAP
#include "check.h"

int main(void)
{
    printf("before\n");
    __builtin_trap();
}
