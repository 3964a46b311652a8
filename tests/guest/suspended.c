// Suspended creation, suspend counts, resuming before the start.
// expect: not started
// expect: still not started
// expect: ran once with 42
#include "check.h"

static volatile unsigned runs, seen;

static uint32_t run(void *argument)
{
    runs++;
    seen = (unsigned)argument;
    return 0;
}

int main(void)
{
    HANDLE thread;
    uint32_t count = 99, id = 0;
    int64_t moment = MILLISECONDS(30);
    CHECK(ExCreateThread(&thread, 0x8000, &id, 0, run, (void *)42, CREATE_SUSPENDED) ==
          STATUS_SUCCESS);
    CHECK(id != 0);
    CHECK(NtWaitForSingleObjectEx(thread, 0, 0, &moment) == STATUS_TIMEOUT);
    printf(runs ? "started\n" : "not started\n");
    CHECK(NtSuspendThread(thread, &count) == STATUS_SUCCESS && count == 1);
    CHECK(NtResumeThread(thread, &count) == STATUS_SUCCESS && count == 2);
    CHECK(NtWaitForSingleObjectEx(thread, 0, 0, &moment) == STATUS_TIMEOUT);
    printf(runs ? "started\n" : "still not started\n");
    CHECK(NtResumeThread(thread, &count) == STATUS_SUCCESS && count == 1);
    join_thread(thread);
    printf("ran %s with %u\n", runs == 1 ? "once" : "not once", seen);
    CHECK(NtResumeThread(thread, &count) == STATUS_INVALID_HANDLE);
    return 0;
}
