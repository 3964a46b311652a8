// Handles: duplicates, what is said about those that are closed, objects that outlive them.
// expect: duplicates are handles of their own
// expect: a closed handle stays closed
// expect: waits go on when the handle is closed
// expect: a mutant is given up with its last handle
// stderr: NtReleaseSemaphore: handle F8000004 was closed by thread 1 at main+0x
// stderr: NtClose: handle 12345678 was never opened
#include "check.h"

static int64_t poll = 0;

static uint32_t wait_long(void *argument)
{
    return NtWaitForSingleObjectEx((HANDLE)argument, 0, 0, 0);
}

static uint32_t wait_for_both(void *argument)
{
    int64_t moment = MILLISECONDS(20);
    HANDLE *handles = argument;
    while (NtWaitForMultipleObjectsEx(2, handles, WAIT_ALL, 0, 0, &moment) == STATUS_TIMEOUT)
        continue;
    return 0;
}

int main(void)
{
    HANDLE semaphore, twin = 1, third;
    NtCreateSemaphore(&semaphore, 0, 0, 10);
    CHECK(semaphore == 0xF8000004u);
    CHECK(NtDuplicateObject(semaphore, &twin, 0) == STATUS_SUCCESS && twin != semaphore);
    CHECK(NtReleaseSemaphore(twin, 1, 0) == STATUS_SUCCESS);
    CHECK(NtWaitForSingleObjectEx(semaphore, 0, 0, &poll) == STATUS_SUCCESS);
    CHECK(NtDuplicateObject(twin, &third, DUPLICATE_CLOSE_SOURCE) == STATUS_SUCCESS);
    CHECK(NtClose(twin) == STATUS_INVALID_HANDLE);
    CHECK(NtDuplicateObject(third, 0, DUPLICATE_CLOSE_SOURCE) == STATUS_SUCCESS);
    CHECK(NtClose(third) == STATUS_INVALID_HANDLE);
    CHECK(NtDuplicateObject(third, &twin, 0) == STATUS_INVALID_HANDLE && twin == 0);
    CHECK(NtDuplicateObject(semaphore, (HANDLE *)16, DUPLICATE_CLOSE_SOURCE) ==
          STATUS_ACCESS_VIOLATION);
    HANDLE self;
    CHECK(NtDuplicateObject(CURRENT_THREAD, &self, 0) == STATUS_SUCCESS);
    CHECK(NtWaitForSingleObjectEx(self, 0, 0, &poll) == STATUS_TIMEOUT);
    CHECK(NtDuplicateObject(CURRENT_THREAD, 0, DUPLICATE_CLOSE_SOURCE) == STATUS_SUCCESS);
    CHECK(NtClose(self) == STATUS_SUCCESS);
    CHECK(NtClose(CURRENT_THREAD) == STATUS_INVALID_HANDLE);
    CHECK(NtDuplicateObject(0xFFFFFFFFu, &self, 0) == STATUS_INVALID_HANDLE);
    printf("duplicates are handles of their own\n");

    CHECK(NtClose(semaphore) == STATUS_SUCCESS);
    CHECK(NtReleaseSemaphore(semaphore, 1, 0) == STATUS_INVALID_HANDLE);
    CHECK(NtClose(0x12345678u) == STATUS_INVALID_HANDLE);
    CHECK(NtClose(0) == STATUS_INVALID_HANDLE);
    printf("a closed handle stays closed\n");

    HANDLE event, other, thread, waiter;
    NtCreateEvent(&event, 0, EVENT_MANUAL, 0);
    NtDuplicateObject(event, &other, 0);
    thread = start_thread(wait_long, (void *)event);
    int64_t moment = MILLISECONDS(10);
    NtWaitForSingleObjectEx(thread, 0, 0, &moment);
    CHECK(NtClose(event) == STATUS_SUCCESS);
    CHECK(NtWaitForSingleObjectEx(thread, 0, 0, &moment) == STATUS_TIMEOUT);
    NtSetEvent(other, 0);
    join_thread(thread);
    /* The last handle: nobody can set the event any more, but the timeout comes. */
    HANDLE pair[2];
    NtCreateEvent(&pair[0], 0, EVENT_MANUAL, 0);
    NtCreateEvent(&pair[1], 0, EVENT_MANUAL, 1);
    waiter = start_thread(wait_for_both, pair);
    NtWaitForSingleObjectEx(waiter, 0, 0, &moment);
    NtClose(pair[0]);
    NtClose(pair[1]);
    join_thread(waiter);
    printf("waits go on when the handle is closed\n");

    HANDLE mutant, reopened;
    STRING name = {5, 5, "mutex"};
    OBJECT_ATTRIBUTES attributes = {0, &name, 0};
    NtCreateMutant(&mutant, &attributes, 1);
    CHECK(NtClose(mutant) == STATUS_SUCCESS);
    CHECK(NtCreateMutant(&reopened, &attributes, 0) == STATUS_SUCCESS); /* a new one */
    CHECK(NtReleaseMutant(reopened, 0) != STATUS_SUCCESS);
    CHECK(NtWaitForSingleObjectEx(reopened, 0, 0, &poll) == STATUS_SUCCESS);
    printf("a mutant is given up with its last handle\n");
    return 0;
}
