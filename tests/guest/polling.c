// A thread that only sleeps at one place polls; one that calls something else in between does not.
// expect: polled
// stderr: the thread polls, it makes no other kernel call: 10000 times at poll+
// stderr: this time on thread id 00000001 "main"
// silent: busy+
// silent: 20000 times
#include "check.h"

static int64_t now = 0;

static __attribute__((noipa)) void poll(const volatile int *flag)
{
    for (int i = 0; i < 20000 && !*flag; i++)
        KeDelayExecutionThread(0, 0, &now);
}

static __attribute__((noipa)) void busy(void)
{
    for (int i = 0; i < 20000; i++) {
        KeDelayExecutionThread(0, 0, &now);
        GetTickCount();
    }
}

int main(void)
{
    static volatile int flag;
    poll(&flag);
    busy();
    printf("polled\n");
    return 0;
}
