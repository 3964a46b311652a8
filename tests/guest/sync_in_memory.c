// Events and semaphores in the program's own memory, also those that the kernel never saw made.
// expect: events keep their state in the header
// expect: events that nobody initialised through the kernel work
// expect: memory that is used again has no past
// expect: semaphores count in memory
// expect: mixed waits
// stderr: is initialised while 1 thread waits for what was there before
// stderr: there is no dispatcher object at
#include "check.h"

static int64_t poll = 0;

static uint32_t wait_and_count(void *argument)
{
    return KeWaitForSingleObject(argument, 0, 1, 0, 0) == STATUS_SUCCESS ? 7 : 0;
}

static void let_it_wait(const DISPATCHER_HEADER *header)
{
    int64_t moment = MILLISECONDS(1);
    while (*(volatile const uint32_t *)&header->waiters[0] == (uint32_t)(uintptr_t)header->waiters)
        KeDelayExecutionThread(0, 0, &moment);
}

static void inline_init(KEVENT *event, uint8_t type, int32_t state)
{
    event->header.type = type;
    event->header.signal_state = state;
    event->header.waiters[0] = event->header.waiters[1] =
        (uint32_t)(uintptr_t)event->header.waiters;
}

int main(void)
{
    static KEVENT event;
    static union {
        KEVENT event;
        KSEMAPHORE semaphore;
    } place;
    KEVENT *other = &place.event;
    KeInitializeEvent(&event, EVENT_AUTO, 0);
    CHECK(event.header.type == 1 && event.header.signal_state == 0);
    CHECK(KeSetEvent(&event, 0, 0) == 0 && event.header.signal_state == 1);
    CHECK(KeSetEvent(&event, 0, 0) == 1);
    CHECK(KeWaitForSingleObject(&event, 0, 1, 0, &poll) == STATUS_SUCCESS);
    CHECK(event.header.signal_state == 0);
    CHECK(KeWaitForSingleObject(&event, 0, 1, 0, &poll) == STATUS_TIMEOUT);
    event.header.signal_state = 1; /* as inlined code does */
    CHECK(KeResetEvent(&event) == 1 && event.header.signal_state == 0);
    CHECK(KePulseEvent(&event, 0, 0) == 0 && event.header.signal_state == 0);
    printf("events keep their state in the header\n");

    inline_init(other, 0, 1);
    CHECK(KeWaitForSingleObject(other, 0, 1, 0, 0) == STATUS_SUCCESS);
    CHECK(other->header.signal_state == 1);
    inline_init(other, 1, 0);
    HANDLE thread = start_thread(wait_and_count, other);
    let_it_wait(&other->header);
    CHECK(KeSetEvent(other, 0, 0) == 0);
    join_thread(thread);
    CHECK(other->header.signal_state == 0);
    CHECK(other->header.waiters[0] == (uint32_t)(uintptr_t)other->header.waiters);
    printf("events that nobody initialised through the kernel work\n");

    thread = start_thread(wait_and_count, other);
    let_it_wait(&other->header);
    KeInitializeEvent(other, EVENT_MANUAL, 0);
    CHECK(KeSetEvent(other, 0, 0) == 0);
    join_thread(thread);
    thread = start_thread(wait_and_count, other);
    join_thread(thread); /* it is manual now */
    KeInitializeSemaphore(&place.semaphore, 0, 1);
    CHECK(KeWaitForSingleObject(other, 0, 1, 0, &poll) == STATUS_TIMEOUT);
    other->header.type = 77;
    CHECK(KeWaitForSingleObject(other, 0, 1, 0, &poll) == STATUS_INVALID_PARAMETER);
    CHECK(KeWaitForSingleObject(0, 0, 1, 0, &poll) != STATUS_SUCCESS);
    printf("memory that is used again has no past\n");

    static KSEMAPHORE semaphore;
    KeInitializeSemaphore(&semaphore, 1, 3);
    CHECK(KeReleaseSemaphore(&semaphore, 0, 2, 0) == 1 && semaphore.header.signal_state == 3);
    CHECK(KeReleaseSemaphore(&semaphore, 0, 1, 0) == 3 && semaphore.header.signal_state == 3);
    for (int i = 0; i < 3; i++)
        CHECK(KeWaitForSingleObject(&semaphore, 0, 1, 0, &poll) == STATUS_SUCCESS);
    CHECK(KeWaitForSingleObject(&semaphore, 0, 1, 0, &poll) == STATUS_TIMEOUT);
    printf("semaphores count in memory\n");

    void *objects[2] = {&event, &semaphore};
    KeSetEvent(&event, 0, 0);
    CHECK(KeWaitForMultipleObjects(2, objects, WAIT_ALL, 0, 1, 0, &poll, 0) == STATUS_TIMEOUT);
    CHECK(event.header.signal_state == 1);
    CHECK(KeWaitForMultipleObjects(2, objects, WAIT_ANY, 0, 1, 0, &poll, 0) == STATUS_WAIT_0);
    KeReleaseSemaphore(&semaphore, 0, 1, 0);
    CHECK(KeWaitForMultipleObjects(2, objects, WAIT_ANY, 0, 1, 0, &poll, 0) == STATUS_WAIT_0 + 1);
    KeSetEvent(&event, 0, 0);
    KeReleaseSemaphore(&semaphore, 0, 1, 0);
    CHECK(KeWaitForMultipleObjects(2, objects, WAIT_ALL, 0, 1, 0, &poll, 0) == STATUS_WAIT_0);
    CHECK(event.header.signal_state == 0 && semaphore.header.signal_state == 0);
    printf("mixed waits\n");
    return 0;
}
