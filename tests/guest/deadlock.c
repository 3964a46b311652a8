// Two threads that wait for each other: with a seed the run says so, and ends.
// run: --seed=1
// exit: 1
// stderr: deadlock: every guest thread waits, without a timeout, for another one (seed 1)
// stderr: thread id 00000001 "main": in a kernel call from main
// stderr: thread id 00000002 "": in a kernel call from waits_for_ever
#include "check.h"

static uint32_t waits_for_ever(void *argument)
{
    NtWaitForSingleObjectEx((HANDLE)argument, 0, 0, 0);
    return 0;
}

int main(void)
{
    HANDLE event, thread;
    NtCreateEvent(&event, 0, EVENT_AUTO, 0);
    thread = start_thread(waits_for_ever, (void *)event);
    NtWaitForSingleObjectEx(thread, 0, 0, 0);
    return 0;
}
