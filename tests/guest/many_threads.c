// A thousand threads one after the other, then thirty at once; stacks of every size.
// expect: 1000 threads ran
// expect: 30 threads met
#include "check.h"

static volatile unsigned ran;
static HANDLE ready, go;

static uint32_t run(void *argument)
{
    volatile char used[2000];
    used[0] = 1;
    used[1999] = (char)(uint32_t)argument;
    ran += (unsigned)used[0];
    return 0;
}

static uint32_t meet(void *argument)
{
    (void)argument;
    NtReleaseSemaphore(ready, 1, 0);
    NtWaitForSingleObjectEx(go, 0, 0, 0);
    return 0;
}

int main(void)
{
    for (uint32_t i = 0; i < 1000; i++) {
        HANDLE thread;
        CHECK(ExCreateThread(&thread, (i % 8) << 14, 0, 0, run, (void *)i, 0) == STATUS_SUCCESS);
        join_thread(thread);
    }
    printf("%u threads ran\n", ran);
    HANDLE threads[30];
    NtCreateSemaphore(&ready, 0, 0, 100);
    NtCreateEvent(&go, 0, EVENT_MANUAL, 0);
    for (int i = 0; i < 30; i++)
        threads[i] = start_thread(meet, 0);
    for (int i = 0; i < 30; i++)
        NtWaitForSingleObjectEx(ready, 0, 0, 0);
    NtSetEvent(go, 0);
    CHECK(NtWaitForMultipleObjectsEx(30, threads, WAIT_ALL, 0, 0, 0) == STATUS_WAIT_0);
    printf("30 threads met\n");
    return 0;
}
