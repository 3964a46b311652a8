// What objects say of themselves, shared names, signal-and-wait, mutants in memory, alerts.
// expect: objects tell what they are
// expect: names are shared within a kind
// expect: signal and wait
// expect: mutants in memory
// expect: alerts
// stderr: KeReleaseMutant: mutant
// stderr: KeAlertThread: there is no thread at 00000010
#include "check.h"
#include "kthread.h"

static int64_t poll = 0, soon = MILLISECONDS(2), forever = INT64_MIN;

static NTSTATUS look(HANDLE object)
{
    return NtWaitForSingleObjectEx(object, 1, 0, &poll);
}

static uint32_t take_and_end(void *argument)
{
    return NtWaitForSingleObjectEx((HANDLE)argument, 1, 0, 0);
}

static void queries(void)
{
    HANDLE event, semaphore, mutant;
    EVENT_INFORMATION about_event;
    SEMAPHORE_INFORMATION about_semaphore;
    MUTANT_INFORMATION about_mutant;
    NtCreateEvent(&event, 0, EVENT_AUTO, 1);
    NtCreateSemaphore(&semaphore, 0, 2, 5);
    NtCreateMutant(&mutant, 0, 0);
    CHECK(NtQueryEvent(event, &about_event) == STATUS_SUCCESS);
    CHECK(about_event.type == EVENT_AUTO && about_event.state == 1);
    CHECK(look(event) == STATUS_SUCCESS && NtQueryEvent(event, &about_event) == STATUS_SUCCESS);
    CHECK(about_event.state == 0);
    CHECK(NtQuerySemaphore(semaphore, &about_semaphore) == STATUS_SUCCESS);
    CHECK(about_semaphore.count == 2 && about_semaphore.limit == 5);
    CHECK(NtQueryMutant(mutant, &about_mutant) == STATUS_SUCCESS);
    CHECK(about_mutant.count == 1 && !about_mutant.owned && !about_mutant.abandoned);
    look(mutant);
    look(mutant);
    CHECK(NtQueryMutant(mutant, &about_mutant) == STATUS_SUCCESS);
    CHECK(about_mutant.count == -1 && about_mutant.owned);
    NtReleaseMutant(mutant, 0);
    NtReleaseMutant(mutant, 0);
    join_thread(start_thread(take_and_end, (void *)mutant));
    CHECK(NtQueryMutant(mutant, &about_mutant) == STATUS_SUCCESS);
    CHECK(about_mutant.count == 1 && !about_mutant.owned && about_mutant.abandoned);
    CHECK(look(mutant) == STATUS_ABANDONED_WAIT_0);
    CHECK(NtQueryEvent(semaphore, &about_event) == STATUS_OBJECT_TYPE_MISMATCH);
    CHECK(NtQuerySemaphore(event, &about_semaphore) == STATUS_OBJECT_TYPE_MISMATCH);
    CHECK(NtQueryMutant(0x1234, &about_mutant) == STATUS_INVALID_HANDLE);
    CHECK(NtQueryEvent(event, (EVENT_INFORMATION *)16) == STATUS_ACCESS_VIOLATION);
    CHECK(NtQuerySemaphore(semaphore, 0) == STATUS_ACCESS_VIOLATION);
    printf("objects tell what they are\n");
}

static void names(void)
{
    STRING name = {4, 5, "Gate"};
    OBJECT_ATTRIBUTES attributes = {0, &name, 0};
    HANDLE first, second, other = 7;
    CHECK(NtCreateTimer(&first, &attributes, TIMER_MANUAL) == STATUS_SUCCESS);
    CHECK(NtCreateTimer(&second, &attributes, TIMER_MANUAL) == STATUS_OBJECT_NAME_EXISTS);
    CHECK(NtCreateIoCompletion(&other, 0, &attributes, 0) == STATUS_OBJECT_NAME_COLLISION &&
          other == 0);
    CHECK(NtCreateMutant(&other, &attributes, 0) == STATUS_OBJECT_NAME_COLLISION);
    NtSetTimerEx(first, &poll, 0, 1, 0, 0, 0, 0);
    CHECK(look(second) == STATUS_SUCCESS);
    NtClose(first);
    NtClose(second);
    CHECK(NtCreateIoCompletion(&other, 0, &attributes, 0) == STATUS_SUCCESS);
    NtClose(other);
    printf("names are shared within a kind\n");
}

static HANDLE ping, pong;

static uint32_t answer(void *argument)
{
    for (uint32_t i = 0; i < (uint32_t)(uintptr_t)argument; i++) {
        NtWaitForSingleObjectEx(ping, 1, 0, 0);
        NtPulseEvent(pong, 0); /* only who waits already sees it */
    }
    return 0;
}

static void signal_and_wait(void)
{
    HANDLE semaphore, mutant, thread;
    NtCreateEvent(&ping, 0, EVENT_AUTO, 0);
    NtCreateEvent(&pong, 0, EVENT_MANUAL, 0);
    NtCreateSemaphore(&semaphore, 0, 0, 1);
    NtCreateMutant(&mutant, 0, 1);
    thread = start_thread(answer, (void *)100);
    for (int i = 0; i < 100; i++)
        CHECK(NtSignalAndWaitForSingleObjectEx(ping, pong, 1, 0, 0) == STATUS_SUCCESS);
    join_thread(thread);
    CHECK(NtSignalAndWaitForSingleObjectEx(semaphore, pong, 1, 0, &poll) == STATUS_TIMEOUT);
    CHECK(NtSignalAndWaitForSingleObjectEx(semaphore, pong, 1, 0, &poll) ==
          STATUS_SEMAPHORE_LIMIT_EXCEEDED);
    CHECK(NtSignalAndWaitForSingleObjectEx(mutant, semaphore, 1, 0, &poll) == STATUS_SUCCESS);
    CHECK(NtSignalAndWaitForSingleObjectEx(mutant, pong, 1, 0, &poll) == STATUS_MUTANT_NOT_OWNED);
    CHECK(NtSignalAndWaitForSingleObjectEx(CURRENT_THREAD, pong, 1, 0, &poll) ==
          STATUS_OBJECT_TYPE_MISMATCH);
    CHECK(NtSignalAndWaitForSingleObjectEx(ping, 0x1234, 1, 0, &poll) == STATUS_INVALID_HANDLE);
    CHECK(look(ping) == STATUS_TIMEOUT); /* not signalled by a call that was refused */
    printf("signal and wait\n");
}

static KMUTANT mutant;

static uint32_t own_and_end(void *argument)
{
    (void)argument;
    CHECK(KeReleaseMutant(&mutant, 0, 0, 0) == 1);
    CHECK(KeWaitForSingleObject(&mutant, 0, 1, 0, 0) == STATUS_SUCCESS);
    return 0;
}

static void mutants(void)
{
    KEVENT event;
    uint32_t boosted = 7;
    KeInitializeMutant(&mutant, 1);
    CHECK(mutant.header.type == 2 && mutant.header.signal_state == 0 && mutant.owner != 0);
    CHECK(KeWaitForSingleObject(&mutant, 0, 1, 0, 0) == STATUS_SUCCESS);
    CHECK(KeReleaseMutant(&mutant, 0, 0, 0) == -1 && KeReleaseMutant(&mutant, 0, 0, 0) == 0);
    CHECK(mutant.header.signal_state == 1 && mutant.owner == 0);
    join_thread(start_thread(own_and_end, 0));
    CHECK(mutant.abandoned == 1);
    CHECK(KeWaitForSingleObject(&mutant, 0, 1, 0, 0) == STATUS_ABANDONED_WAIT_0);
    CHECK(KeReleaseMutant(&mutant, 0, 1, 0) == 0);
    CHECK(KeWaitForSingleObject(&mutant, 0, 1, 0, &poll) == STATUS_ABANDONED_WAIT_0);
    KeInitializeMutant(&mutant, 0);
    CHECK(KeWaitForSingleObject(&mutant, 0, 1, 0, &poll) == STATUS_SUCCESS);
    KeInitializeEvent(&event, EVENT_AUTO, 0);
    KeSetEventBoostPriority(&event, &boosted);
    CHECK(boosted == 0 && event.header.signal_state == 1);
    KeSetEventBoostPriority(&event, 0);
    CHECK(KeWaitForSingleObject(&event, 0, 1, 0, &poll) == STATUS_SUCCESS);
    printf("mutants in memory\n");
}

static void alerts(void)
{
    void *self = kthread();
    CHECK(KeTestAlertThread(1) == 0);
    CHECK(KeAlertThread(self, 1) == 0 && KeAlertThread(self, 1) == 1);
    CHECK(KeDelayExecutionThread(1, 0, &soon) == STATUS_SUCCESS);
    CHECK(KeDelayExecutionThread(1, 1, &forever) == STATUS_ALERTED);
    CHECK(KeDelayExecutionThread(1, 1, &soon) == STATUS_SUCCESS);
    CHECK(KeAlertResumeThread(self) == 0);
    CHECK(KeTestAlertThread(0) == 1 && KeTestAlertThread(0) == 0);
    CHECK(KeAlertThread((void *)16, 0) == 0);
    printf("alerts\n");
}

int main(void)
{
    queries();
    names();
    signal_and_wait();
    mutants();
    alerts();
    return 0;
}
