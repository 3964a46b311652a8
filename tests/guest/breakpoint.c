// By policy a breakpoint ends the program, as a trap does.
// expect: before
// run: --stop-on-breakpoint
// exit: 133
// stderr: SUMMARY GRT-F011 TRAP
// stderr: detail: DbgBreakPointWithStatus asks for a debugger, with 00000005
// stderr: fail+0x
#include "check.h"

static __attribute__((noinline)) void fail(void)
{
    DbgBreakPointWithStatus(5);
    printf("after\n");
}

int main(void)
{
    printf("before\n");
    fail();
    return 0;
}
