// xam's tasks: each runs on a thread of its own.
// expect: a task gets its message
// expect: a closed task goes on
// expect: bad calls are refused
// stderr: XamTaskCloseHandle: handle 00000000 was never opened
#include "check.h"
#include "kthread.h"

static void *task_thread;
static HANDLE go;

static uint32_t task(void *message)
{
    task_thread = kthread();
    uint32_t *words = message;
    NtWaitForSingleObjectEx(go, 0, 0, 0);
    return words[0] += XamTaskShouldExit(0) ? 100 : 1;
}

static void wait_until(volatile uint32_t *word, uint32_t value)
{
    int64_t moment = MILLISECONDS(1);
    while (*word != value)
        KeDelayExecutionThread(0, 0, &moment);
}

int main(void)
{
    static uint32_t message[7] = {41};
    HANDLE handle = 0;
    NtCreateEvent(&go, 0, EVENT_AUTO, 1);
    CHECK(XamTaskSchedule(task, message, 0, &handle) == STATUS_SUCCESS && handle != 0);
    CHECK(NtWaitForSingleObjectEx(handle, 0, 0, 0) == STATUS_SUCCESS);
    CHECK(message[0] == 42 && task_thread != kthread());
    CHECK(XamTaskCloseHandle(handle) == 1);
    printf("a task gets its message\n");

    CHECK(XamTaskSchedule(task, message, 0, &handle) == STATUS_SUCCESS);
    CHECK(XamTaskCloseHandle(handle) == 1);
    NtSetEvent(go, 0);
    wait_until(message, 43);
    HANDLE before, after;
    NtCreateEvent(&before, 0, 0, 0);
    CHECK(XamTaskSchedule(task, message, 0, 0) == STATUS_SUCCESS);
    NtCreateEvent(&after, 0, 0, 0);
    CHECK(after == before + 4); /* the task has no handle that nobody could close */
    NtSetEvent(go, 0);
    wait_until(message, 44);
    printf("a closed task goes on\n");

    uint32_t *last_error = (uint32_t *)((uint8_t *)kthread() + 0x160);
    *last_error = 0;
    CHECK(XamTaskCloseHandle(0) == 0 && *last_error == ERROR_INVALID_HANDLE);
    CHECK(XamTaskSchedule((task_routine *)16, 0, 0, &handle) == STATUS_INVALID_PARAMETER);
    CHECK(handle == 0);
    CHECK(XamTaskSchedule(task, message, 0, (HANDLE *)16) == STATUS_ACCESS_VIOLATION);
    printf("bad calls are refused\n");
    return 0;
}
