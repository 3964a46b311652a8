// With --continue a fault ends one thread; the others go on.
// run: --continue
// expect: the program goes on
// exit: 0
// stderr: NULL_POINTER: thread id 00000002: access through
// stderr: thread: id 00000002 cpu
#include "check.h"

static uint32_t crash(void *argument)
{
    return *(volatile uint32_t *)argument;
}

int main(void)
{
    join_thread(start_thread(crash, 0));
    printf("the program goes on\n");
    return 0;
}
