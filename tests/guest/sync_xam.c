// The Win32 faces of events, mutants, timers, waits and sleeps, and the errors that they leave.
// expect: events
// expect: mutants
// expect: timers
// expect: sleeps
#include "check.h"

static int64_t soon = MILLISECONDS(2);
static volatile uint32_t calls;

static uint32_t set_it(void *argument)
{
    Sleep(5);
    return SetEvent((HANDLE)argument);
}

static uint32_t own_it(void *argument)
{
    CHECK(ReleaseMutex((HANDLE)argument) == 0 && GetLastError() == 288);
    CHECK(WaitForSingleObject((HANDLE)argument, INFINITE) == WAIT_OBJECT_0);
    return 0;
}

static void count_calls(void *context, uint32_t low, uint32_t high)
{
    (void)low;
    (void)high;
    calls += (uint32_t)(uintptr_t)context;
}

static void events(void)
{
    HANDLE event = CreateEventA(0, 0, 0, "Door"), again = CreateEventA(0, 0, 0, "Door");
    CHECK(event && again && event != again && GetLastError() == 183);
    CHECK(WaitForSingleObject(event, 0) == WAIT_TIMEOUT);
    CHECK(WaitForSingleObject(event, 2) == WAIT_TIMEOUT);
    CHECK(SetEvent(again) == 1);
    CHECK(WaitForSingleObject(event, 0) == WAIT_OBJECT_0);
    CHECK(WaitForSingleObject(event, 0) == WAIT_TIMEOUT);
    HANDLE thread = start_thread(set_it, (void *)event);
    CHECK(WaitForSingleObjectEx(event, INFINITE, 1) == WAIT_OBJECT_0);
    join_thread(thread);
    HANDLE manual = CreateEventA(0, 1, 1, 0);
    CHECK(manual && GetLastError() == 0);
    CHECK(WaitForSingleObject(manual, 0) == WAIT_OBJECT_0);
    CHECK(WaitForSingleObject(manual, 0) == WAIT_OBJECT_0);
    CHECK(ResetEvent(manual) == 1 && WaitForSingleObject(manual, 0) == WAIT_TIMEOUT);
    CHECK(CreateEventA(0, 0, 0, (const char *)16) == 0 && GetLastError() == 998);
    CHECK(CreateMutexA(0, 0, "Door") == 0 && GetLastError() == 183);
    CHECK(SetEvent(0x1234) == 0 && GetLastError() == 6);
    CHECK(ResetEvent(0) == 0 && GetLastError() == 6);
    CHECK(WaitForSingleObject(0x1234, 0) == WAIT_FAILED && GetLastError() == 6);
    NtClose(event);
    NtClose(again);
    CHECK(SetEvent(event) == 0 && GetLastError() == 6);
    printf("events\n");
}

static void mutants(void)
{
    HANDLE mutex = CreateMutexA(0, 1, "Key"), other = OpenMutexA(0, 0, "Key");
    CHECK(mutex && other);
    CHECK(WaitForSingleObject(other, 0) == WAIT_OBJECT_0); /* it is the same, and ours */
    CHECK(ReleaseMutex(mutex) == 1 && ReleaseMutex(other) == 1 && ReleaseMutex(other) == 0);
    CHECK(GetLastError() == 288);
    join_thread(start_thread(own_it, (void *)mutex));
    CHECK(WaitForSingleObject(mutex, INFINITE) == WAIT_ABANDONED);
    CHECK(OpenMutexA(0, 0, "No such key") == 0 && GetLastError() == 2);
    CHECK(OpenMutexA(0, 0, 0) == 0);
    HANDLE event = CreateEventA(0, 0, 0, "Bell");
    CHECK(OpenMutexA(0, 0, "Bell") == 0 && GetLastError() == 6);
    CHECK(ReleaseMutex(event) == 0 && GetLastError() == 6);
    printf("mutants\n");
}

static void timers(void)
{
    HANDLE timer = CreateWaitableTimerA(0, 0, "Clock");
    CHECK(timer && CreateWaitableTimerA(0, 0, "Clock") && GetLastError() == 183);
    CHECK(SetWaitableTimer(timer, &soon, 0, 0, 0, 0) == 1);
    CHECK(WaitForSingleObject(timer, INFINITE) == WAIT_OBJECT_0);
    CHECK(WaitForSingleObject(timer, 0) == WAIT_TIMEOUT);
    CHECK(SetWaitableTimer(timer, &soon, 0, count_calls, (void *)3, 1) == 1);
    CHECK(GetLastError() == 50); /* it cannot wake the console */
    CHECK(SleepEx(INFINITE, 1) == WAIT_IO_COMPLETION && calls == 3);
    CHECK(SetWaitableTimer(timer, &soon, 0, count_calls, (void *)3, 0) == 1);
    HANDLE never = CreateEventA(0, 0, 0, 0);
    CHECK(WaitForSingleObjectEx(never, INFINITE, 1) == WAIT_IO_COMPLETION && calls == 6);
    CHECK(SetWaitableTimer(timer, &soon, 0, 0, 0, 0) == 1 && CancelWaitableTimer(timer) == 1);
    CHECK(WaitForSingleObject(timer, 0) != WAIT_FAILED);
    CHECK(SetWaitableTimer(never, &soon, 0, 0, 0, 0) == 0 && GetLastError() == 6);
    CHECK(SetWaitableTimer(timer, 0, 0, 0, 0, 0) == 0 && GetLastError() == 998);
    CHECK(SetWaitableTimer(timer, &soon, -1, 0, 0, 0) == 0 && GetLastError() == 87);
    CHECK(CancelWaitableTimer(0) == 0 && GetLastError() == 6);
    printf("timers\n");
}

static void sleeps(void)
{
    uint64_t before, after;
    KeQuerySystemTime(&before);
    Sleep(3);
    CHECK(SleepEx(3, 0) == 0 && SleepEx(3, 1) == 0);
    CHECK(RtlSleep(3, 0) == STATUS_SUCCESS && RtlSleep(3, 1) == STATUS_SUCCESS);
    KeQuerySystemTime(&after);
    CHECK(after - before >= 140000);
    Sleep(0);
    printf("sleeps\n");
}

int main(void)
{
    events();
    mutants();
    timers();
    sleeps();
    return 0;
}
