// A call through a pointer that is no function is a report with target and caller.
// expect: before
// exit: 132
// stderr: BAD_CALL
// stderr: 12345678
// stderr: main
#include "check.h"

int main(void)
{
    void (*volatile function)(void) = (void (*)(void))0x12345678;
    printf("before\n");
    function();
    printf("after\n");
    return 0;
}
