// Waits for several objects: any and all, over events, semaphores, mutants and threads.
// expect: any took the first that was set
// expect: all took everything or nothing
// expect: semaphores count
// expect: mutants belong to threads
// expect: threads stay signalled
// stderr: NtWaitForMultipleObjectsEx: a wait for all of 3 objects, two of which are the same;
// called by stderr: KeWaitForMultipleObjects: a wait for all of 2 objects, two of which are the
// same; called by stderr: adding 1 to a count of 3 is refused: the semaphore's count would pass its
// limit; called by stderr: adding -1 to a count of 3 is refused: an argument is outside stderr: the
// calling thread does not own the mutant; called by
#include "check.h"

static int64_t poll = 0;

static NTSTATUS wait_for(uint32_t count, const HANDLE *handles, uint32_t type)
{
    return NtWaitForMultipleObjectsEx(count, handles, type, 0, 0, &poll);
}

static uint32_t set_later(void *argument)
{
    int64_t moment = MILLISECONDS(30);
    KeDelayExecutionThread(0, 0, &moment);
    NtSetEvent((HANDLE)argument, 0);
    return 0;
}

static uint32_t try_mutant(void *argument)
{
    return NtWaitForSingleObjectEx((HANDLE)argument, 0, 0, &poll) == STATUS_TIMEOUT ? 0 : 1;
}

int main(void)
{
    HANDLE events[3];
    for (int i = 0; i < 3; i++)
        NtCreateEvent(&events[i], 0, EVENT_AUTO, 0);
    CHECK(wait_for(3, events, WAIT_ANY) == STATUS_TIMEOUT);
    CHECK(wait_for(0, events, WAIT_ANY) == STATUS_INVALID_PARAMETER);
    CHECK(wait_for(65, events, WAIT_ANY) == STATUS_INVALID_PARAMETER);
    CHECK(wait_for(3, events, 2) == STATUS_INVALID_PARAMETER);
    NtSetEvent(events[2], 0);
    NtSetEvent(events[1], 0);
    CHECK(wait_for(3, events, WAIT_ANY) == STATUS_WAIT_0 + 1);
    CHECK(wait_for(3, events, WAIT_ANY) == STATUS_WAIT_0 + 2);
    CHECK(wait_for(3, events, WAIT_ANY) == STATUS_TIMEOUT);
    HANDLE helper = start_thread(set_later, (void *)events[0]);
    CHECK(NtWaitForMultipleObjectsEx(3, events, WAIT_ANY, 0, 0, 0) == STATUS_WAIT_0);
    printf("any took the first that was set\n");

    NtSetEvent(events[0], 0);
    NtSetEvent(events[1], 0);
    CHECK(wait_for(3, events, WAIT_ALL) == STATUS_TIMEOUT);
    NtSetEvent(events[2], 0);
    CHECK(wait_for(3, events, WAIT_ALL) == STATUS_WAIT_0);
    CHECK(wait_for(3, events, WAIT_ANY) == STATUS_TIMEOUT);
    HANDLE same[3] = {events[0], events[1], events[0]};
    CHECK(wait_for(3, same, WAIT_ALL) == STATUS_INVALID_PARAMETER_MIX);
    KEVENT event;
    KeInitializeEvent(&event, EVENT_MANUAL, 1);
    void *twice[2] = {&event, &event};
    CHECK(KeWaitForMultipleObjects(2, twice, WAIT_ALL, 0, 0, 0, &poll, 0) ==
          STATUS_INVALID_PARAMETER_MIX);
    printf("all took everything or nothing\n");

    HANDLE semaphore;
    int32_t previous;
    NtCreateSemaphore(&semaphore, 0, 2, 3);
    CHECK(wait_for(1, &semaphore, WAIT_ANY) == STATUS_WAIT_0);
    CHECK(wait_for(1, &semaphore, WAIT_ANY) == STATUS_WAIT_0);
    CHECK(wait_for(1, &semaphore, WAIT_ANY) == STATUS_TIMEOUT);
    CHECK(NtReleaseSemaphore(semaphore, 3, &previous) == STATUS_SUCCESS && previous == 0);
    CHECK(NtReleaseSemaphore(semaphore, 1, &previous) == STATUS_SEMAPHORE_LIMIT_EXCEEDED);
    CHECK(NtReleaseSemaphore(semaphore, -1, &previous) == STATUS_INVALID_PARAMETER);
    printf("semaphores count\n");

    HANDLE mutant, other;
    NtCreateMutant(&mutant, 0, 1);
    CHECK(wait_for(1, &mutant, WAIT_ANY) == STATUS_WAIT_0);
    other = start_thread(try_mutant, (void *)mutant);
    NtWaitForSingleObjectEx(other, 0, 0, 0);
    CHECK(NtReleaseMutant(mutant, 0) == STATUS_SUCCESS);
    CHECK(NtReleaseMutant(mutant, 0) == STATUS_SUCCESS);
    CHECK(NtReleaseMutant(mutant, 0) == STATUS_MUTANT_NOT_OWNED);
    printf("mutants belong to threads\n");

    HANDLE both[2] = {helper, other};
    CHECK(NtWaitForMultipleObjectsEx(2, both, WAIT_ALL, 0, 0, 0) == STATUS_WAIT_0);
    CHECK(wait_for(2, both, WAIT_ALL) == STATUS_WAIT_0);
    CHECK(wait_for(2, both, WAIT_ANY) == STATUS_WAIT_0);
    printf("threads stay signalled\n");
    return 0;
}
