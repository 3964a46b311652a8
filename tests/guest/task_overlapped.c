// Results of background operations.
// expect: finished ones say how they ended
// expect: one that goes on can be waited for
// expect: bad records are said
// stderr: XamGetOverlappedResult: overlapped leads to 0x00000010, which cannot be read
// stderr: has no event to wait for
#include "check.h"

static XOVERLAPPED operation;

static uint32_t finish(void *argument)
{
    int64_t moment = MILLISECONDS(20);
    (void)argument;
    KeDelayExecutionThread(0, 0, &moment);
    operation.length = 5;
    operation.result = ERROR_SUCCESS;
    NtSetEvent(operation.event, 0);
    return 0;
}

int main(void)
{
    uint32_t length = 1;
    HANDLE thread;
    CHECK(sizeof operation == 0x1C);
    operation = (XOVERLAPPED){.result = ERROR_SUCCESS, .length = 12, .extended = 0x80070001u};
    CHECK(XamGetOverlappedResult(&operation, &length, 0) == ERROR_SUCCESS && length == 12);
    CHECK(XGetOverlappedResult(&operation, 0, 1) == ERROR_SUCCESS);
    CHECK(XGetOverlappedExtendedError(&operation) == 0x80070001u);
    operation.result = 1223;
    CHECK(XGetOverlappedResult(&operation, &length, 1) == 1223 && length == 12);
    operation.result = ERROR_IO_PENDING;
    CHECK(XGetOverlappedResult(&operation, &length, 0) == ERROR_IO_INCOMPLETE && length == 12);
    printf("finished ones say how they ended\n");

    NtCreateEvent(&operation.event, 0, EVENT_AUTO, 0);
    thread = start_thread(finish, 0);
    CHECK(XamGetOverlappedResult(&operation, &length, 1) == ERROR_SUCCESS && length == 5);
    join_thread(thread);
    operation.result = ERROR_IO_PENDING;
    NtSetEvent(operation.event, 0); /* too early: it goes on */
    CHECK(XamGetOverlappedResult(&operation, &length, 1) == ERROR_IO_INCOMPLETE && length == 5);
    printf("one that goes on can be waited for\n");

    NtClose(operation.event);
    CHECK(XamGetOverlappedResult(&operation, &length, 1) == ERROR_INVALID_HANDLE);
    operation.event = CURRENT_THREAD;
    CHECK(XamGetOverlappedResult(&operation, &length, 1) == ERROR_INVALID_HANDLE);
    operation.event = 0;
    CHECK(XamGetOverlappedResult(&operation, &length, 1) == ERROR_IO_INCOMPLETE);
    operation.result = ERROR_SUCCESS;
    CHECK(XamGetOverlappedResult(&operation, (uint32_t *)16, 0) == ERROR_NOACCESS);
    CHECK(XamGetOverlappedResult((XOVERLAPPED *)16, &length, 0) == ERROR_NOACCESS);
    CHECK(XGetOverlappedExtendedError((XOVERLAPPED *)16) == ERROR_NOACCESS);
    CHECK(XGetOverlappedExtendedError(0) != ERROR_SUCCESS);
    printf("bad records are said\n");
    return 0;
}
