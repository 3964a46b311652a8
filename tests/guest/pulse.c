// A pulse lets those through who wait at that moment, and leaves the event clear.
// expect: both came through
// expect: nothing is left of it
// expect: bad arguments are refused
#include "check.h"

static uint32_t wait_for(void *event)
{
    return NtWaitForSingleObjectEx((HANDLE)event, 0, 0, 0);
}

int main(void)
{
    static int64_t poll = 0;
    HANDLE event, semaphore, threads[2];
    int32_t previous = 5;
    NtCreateEvent(&event, 0, EVENT_MANUAL, 0);
    for (int i = 0; i < 2; i++)
        threads[i] = start_thread(wait_for, (void *)event);
    while (NtWaitForMultipleObjectsEx(2, threads, WAIT_ALL, 0, 0, &poll) == STATUS_TIMEOUT) {
        CHECK(NtPulseEvent(event, &previous) == STATUS_SUCCESS && previous == 0);
        NtYieldExecution();
    }
    printf("both came through\n");
    CHECK(NtWaitForSingleObjectEx(event, 0, 0, &poll) == STATUS_TIMEOUT);
    NtSetEvent(event, 0);
    CHECK(NtPulseEvent(event, &previous) == STATUS_SUCCESS && previous != 0);
    CHECK(NtWaitForSingleObjectEx(event, 0, 0, &poll) == STATUS_TIMEOUT);
    printf("nothing is left of it\n");
    NtCreateSemaphore(&semaphore, 0, 0, 1);
    CHECK(NtPulseEvent(semaphore, 0) == STATUS_OBJECT_TYPE_MISMATCH);
    CHECK(NtPulseEvent(0x12345678, 0) == STATUS_INVALID_HANDLE);
    CHECK(NtPulseEvent(event, (int32_t *)0x10) == 0xC0000005);
    printf("bad arguments are refused\n");
    return 0;
}
