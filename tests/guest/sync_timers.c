// Timers: by handle and in the program's own memory, once and again, with APCs, cancelled.
// expect: timers fire when they are due
// expect: timers tell what they are
// expect: timer APCs run in alertable waits
// expect: timers in memory
// stderr: NtSetTimerEx: due is null
// stderr: KeSetTimer: object 00000010 is in memory that cannot be read
#include "check.h"

static int64_t poll = 0, soon = MILLISECONDS(2), hour = MILLISECONDS(3600000), past = 1;
static int64_t forever = INT64_MIN;
static volatile uint32_t calls;
static uint64_t called_at;

static NTSTATUS look(HANDLE object)
{
    return NtWaitForSingleObjectEx(object, 1, 0, &poll);
}

static NTSTATUS arm(HANDLE timer, const int64_t *due, int32_t period)
{
    return NtSetTimerEx(timer, due, 0, 1, 0, 0, period, 0);
}

static void count_calls(void *context, uint32_t low, uint32_t high)
{
    called_at = (uint64_t)high << 32 | low;
    calls += (uint32_t)(uintptr_t)context;
}

static void by_handle(void)
{
    HANDLE manual, automatic, again = 0;
    CHECK(NtCreateTimer(&manual, 0, TIMER_MANUAL) == STATUS_SUCCESS);
    CHECK(NtCreateTimer(&automatic, 0, TIMER_AUTO) == STATUS_SUCCESS);
    CHECK(NtCreateTimer(&again, 0, 2) == STATUS_INVALID_PARAMETER && again == 0);
    CHECK(look(manual) == STATUS_TIMEOUT);
    CHECK(arm(manual, &hour, 1) == STATUS_SUCCESS && look(manual) == STATUS_TIMEOUT);
    CHECK(arm(manual, &soon, 0) == STATUS_SUCCESS);
    CHECK(NtWaitForSingleObjectEx(manual, 1, 0, 0) == STATUS_SUCCESS);
    CHECK(look(manual) == STATUS_SUCCESS);
    CHECK(arm(automatic, &past, 0) == STATUS_SUCCESS);
    CHECK(look(automatic) == STATUS_SUCCESS && look(automatic) == STATUS_TIMEOUT);
    CHECK(arm(automatic, &soon, 1) == STATUS_SUCCESS);
    for (int i = 0; i < 5; i++)
        CHECK(NtWaitForSingleObjectEx(automatic, 1, 0, 0) == STATUS_SUCCESS);
    uint64_t now;
    KeQuerySystemTime(&now);
    int64_t then = (int64_t)now + 20000;
    CHECK(arm(manual, &then, 0) == STATUS_SUCCESS);
    CHECK(NtWaitForSingleObjectEx(manual, 1, 0, 0) == STATUS_SUCCESS);
    KeQuerySystemTime(&now);
    CHECK((int64_t)now >= then - 10000);
    NtClose(automatic);
    NtClose(manual);
    printf("timers fire when they are due\n");
}

static void what_they_are(void)
{
    HANDLE timer, event;
    TIMER_INFORMATION information;
    uint32_t state = 7;
    NtCreateTimer(&timer, 0, TIMER_MANUAL);
    NtCreateEvent(&event, 0, EVENT_AUTO, 0);
    CHECK(NtSetTimerEx(timer, 0, 0, 1, 0, 0, 0, 0) == STATUS_ACCESS_VIOLATION);
    CHECK(NtSetTimerEx(timer, &hour, 0, 1, 0, 0, -1, 0) == STATUS_INVALID_PARAMETER);
    CHECK(NtSetTimerEx(event, &hour, 0, 1, 0, 0, 0, 0) == STATUS_OBJECT_TYPE_MISMATCH);
    CHECK(NtSetTimerEx(0x1234, &hour, 0, 1, 0, 0, 0, 0) == STATUS_INVALID_HANDLE);
    CHECK(NtSetTimerEx(timer, &poll, 0, 1, 0, 0, 0, &state) == STATUS_SUCCESS && state == 0);
    CHECK(NtSetTimerEx(timer, &hour, 0, 1, 0, 1, 0, &state) == STATUS_TIMER_RESUME_IGNORED);
    CHECK(state == 1);
    CHECK(NtQueryTimer(timer, &information) == STATUS_SUCCESS);
    CHECK(information.left > 0 && information.left <= -hour && information.state == 0);
    CHECK(NtCancelTimer(timer, &state) == STATUS_SUCCESS && state == 0);
    CHECK(NtCancelTimer(event, &state) == STATUS_OBJECT_TYPE_MISMATCH);
    CHECK(NtQueryTimer(event, &information) == STATUS_OBJECT_TYPE_MISMATCH);
    CHECK(NtQueryTimer(timer, (TIMER_INFORMATION *)16) == STATUS_ACCESS_VIOLATION);
    arm(timer, &poll, 0);
    CHECK(NtCancelTimer(timer, &state) == STATUS_SUCCESS && state == 1); /* it stays */
    CHECK(NtQueryTimer(timer, &information) == STATUS_SUCCESS && information.state == 1);
    CHECK(information.left <= 0);
    NtClose(timer);
    printf("timers tell what they are\n");
}

static void with_apcs(void)
{
    HANDLE timer;
    uint64_t now;
    NtCreateTimer(&timer, 0, TIMER_AUTO);
    CHECK(NtSetTimerEx(timer, &soon, count_calls, 1, (void *)5, 0, 0, 0) == STATUS_SUCCESS);
    CHECK(NtWaitForSingleObjectEx(timer, 1, 0, 0) == STATUS_SUCCESS && calls == 0);
    CHECK(KeDelayExecutionThread(1, 1, &forever) == STATUS_USER_APC && calls == 5);
    KeQuerySystemTime(&now);
    CHECK(called_at <= now && now - called_at < 600000000u);
    CHECK(KeDelayExecutionThread(1, 1, &soon) == STATUS_SUCCESS && calls == 5);
    CHECK(NtSetTimerEx(timer, &soon, count_calls, 1, (void *)5, 0, 1, 0) == STATUS_SUCCESS);
    for (uint32_t i = 2; i < 5; i++)
        CHECK(KeDelayExecutionThread(1, 1, &forever) == STATUS_USER_APC && calls == 5 * i);
    CHECK(NtCancelTimer(timer, 0) == STATUS_SUCCESS);
    CHECK(KeDelayExecutionThread(1, 1, &soon) == STATUS_SUCCESS && calls == 20);
    NtClose(timer);
    printf("timer APCs run in alertable waits\n");
}

static void in_memory(void)
{
    static KTIMER timer;
    KeInitializeTimerEx(&timer, TIMER_AUTO, 1);
    CHECK(timer.header.type == 9 && timer.header.size == 1 && timer.header.signal_state == 0);
    CHECK(KeSetTimer(&timer, hour, 0) == 0 && timer.header.inserted == 1);
    CHECK(KeWaitForSingleObject(&timer, 0, 1, 0, &poll) == STATUS_TIMEOUT);
    CHECK(KeSetTimer(&timer, soon, 0) ==
          1); /* the whole register counts: low halves differ little */
    CHECK(KeWaitForSingleObject(&timer, 0, 1, 0, 0) == STATUS_SUCCESS);
    CHECK(timer.header.signal_state == 0 && timer.header.inserted == 0);
    CHECK(KeSetTimer(&timer, past, 0) == 0 && timer.header.signal_state == 1);
    CHECK(KeSetTimerEx(&timer, soon, 1, 0) == 0 && timer.period == 1);
    for (int i = 0; i < 5; i++)
        CHECK(KeWaitForSingleObject(&timer, 0, 1, 0, 0) == STATUS_SUCCESS);
    CHECK(KeCancelTimer(&timer) == 1 && KeCancelTimer(&timer) == 0);
    CHECK(KeSetTimer((KTIMER *)16, soon, 0) == 0 && KeCancelTimer((KTIMER *)16) == 0);
    printf("timers in memory\n");
}

int main(void)
{
    by_handle();
    what_they_are();
    with_apcs();
    in_memory();
    return 0;
}
