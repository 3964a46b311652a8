// Events: manual ones stay set, automatic ones let one waiter through, timeouts run out.
// expect: auto: taken once
// expect: manual: stays
// expect: previous states 0 1 1
// expect: released 1 of 3, then 3 of 3
// expect: done
#include "check.h"

static HANDLE gate, counted;
static volatile unsigned through;
static RTL_CRITICAL_SECTION lock;

static uint32_t pass(void *argument)
{
    (void)argument;
    NtWaitForSingleObjectEx(gate, 0, 0, 0);
    RtlEnterCriticalSection(&lock);
    through++;
    RtlLeaveCriticalSection(&lock);
    NtSetEvent(counted, 0);
    return 0;
}

int main(void)
{
    HANDLE event;
    int64_t poll = 0, wait = MILLISECONDS(20);
    int32_t previous[3] = {7, 7, 7};

    NtCreateEvent(&event, 0, EVENT_AUTO, 1);
    CHECK(NtWaitForSingleObjectEx(event, 0, 0, &poll) == STATUS_SUCCESS);
    CHECK(NtWaitForSingleObjectEx(event, 0, 0, &poll) == STATUS_TIMEOUT);
    CHECK(NtWaitForSingleObjectEx(event, 0, 0, &wait) == STATUS_TIMEOUT);
    CHECK(NtClose(event) == STATUS_SUCCESS);
    CHECK(NtSetEvent(event, 0) == STATUS_INVALID_HANDLE);
    printf("auto: taken once\n");

    NtCreateEvent(&event, 0, EVENT_MANUAL, 0);
    NtSetEvent(event, &previous[0]);
    NtSetEvent(event, &previous[1]);
    CHECK(NtWaitForSingleObjectEx(event, 0, 0, 0) == STATUS_SUCCESS);
    CHECK(NtWaitForSingleObjectEx(event, 0, 0, 0) == STATUS_SUCCESS);
    printf("manual: stays\n");
    NtSetEvent(event, &previous[2]);
    NtClearEvent(event);
    CHECK(NtWaitForSingleObjectEx(event, 0, 0, &poll) == STATUS_TIMEOUT);
    printf("previous states %d %d %d\n", (int)previous[0], (int)previous[1], (int)previous[2]);

    HANDLE threads[3];
    RtlInitializeCriticalSection(&lock);
    NtCreateEvent(&gate, 0, EVENT_AUTO, 0);
    NtCreateEvent(&counted, 0, EVENT_AUTO, 0);
    for (int i = 0; i < 3; i++)
        threads[i] = start_thread(pass, 0);
    NtSetEvent(gate, 0);
    NtWaitForSingleObjectEx(counted, 0, 0, 0);
    KeDelayExecutionThread(0, 0, &wait);
    unsigned first = through;
    for (int i = 0; i < 2; i++) {
        NtSetEvent(gate, 0);
        NtWaitForSingleObjectEx(counted, 0, 0, 0);
    }
    for (int i = 0; i < 3; i++)
        join_thread(threads[i]);
    printf("released %u of 3, then %u of 3\ndone\n", first, through);
    return 0;
}
