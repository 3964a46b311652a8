// Objects by address: ObReferenceObjectByHandle and what can be done with what it gives.
// expect: an event keeps its state in its body
// expect: semaphores and mutants have theirs
// expect: types are checked
// expect: threads are their KTHREAD
// expect: pointers are counted
// expect: bad pointers are said
// stderr: ObReferenceObjectByHandle: the object is of kind event, not of type
// stderr: ObDereferenceObject: the program holds no pointer to an object at
// stderr: ObReferenceObject: there is no object at 00000010 whose pointers are counted
// stderr: ExFreePool: 0x
// stderr: holds objects of the kernel
#include "check.h"
#include "kthread.h"

static int64_t poll = 0;

static OBJECT_HEADER *header_of(void *object)
{
    return (OBJECT_HEADER *)object - 1;
}

static void events(void)
{
    HANDLE handle, again;
    int32_t previous = 7;
    KEVENT *event = (KEVENT *)1, *same;
    NtCreateEvent(&handle, 0, EVENT_AUTO, 1);
    CHECK(ObReferenceObjectByHandle(handle, 0, &event) == STATUS_SUCCESS);
    CHECK(event->header.type == 1 && event->header.signal_state == 1);
    CHECK(sizeof(OBJECT_HEADER) == 0x18);
    CHECK(header_of(event)->pointers == 2 && header_of(event)->handles == 1);
    CHECK(NtWaitForSingleObjectEx(handle, 0, 0, &poll) == STATUS_SUCCESS);
    CHECK(event->header.signal_state == 0);
    CHECK(KeWaitForSingleObject(event, 0, 0, 0, &poll) == STATUS_TIMEOUT);
    CHECK(NtSetEvent(handle, &previous) == STATUS_SUCCESS && previous == 0);
    CHECK(KeResetEvent(event) == 1);
    event->header.signal_state = 1; /* as inlined code does */
    CHECK(NtClearEvent(handle) == STATUS_SUCCESS && event->header.signal_state == 0);
    CHECK(KeSetEvent(event, 0, 0) == 0);
    CHECK(NtSetEvent(handle, &previous) == STATUS_SUCCESS && previous == 1);
    CHECK(ObReferenceObjectByHandle(handle, 0, &same) == STATUS_SUCCESS && same == event);
    ObDereferenceObject(same);
    CHECK(NtClose(handle) == STATUS_SUCCESS);
    CHECK(KeWaitForSingleObject(event, 0, 0, 0, &poll) == STATUS_SUCCESS);
    CHECK(ObOpenObjectByPointer(event, &again) == STATUS_SUCCESS);
    CHECK(ObIsTitleObject(event) == 1);
    ObDereferenceObject(event);
    CHECK(NtSetEvent(again, 0) == STATUS_SUCCESS && event->header.signal_state == 1);
    CHECK(NtClose(again) == STATUS_SUCCESS);
    CHECK(ObOpenObjectByPointer(event, &again) == STATUS_UNSUCCESSFUL && again == 0);
    printf("an event keeps its state in its body\n");
}

static void others(void)
{
    HANDLE handle;
    KSEMAPHORE *semaphore;
    KMUTANT *mutant;
    int32_t previous;
    NtCreateSemaphore(&handle, 0, 2, 5);
    CHECK(ObReferenceObjectByHandle(handle, 0, &semaphore) == STATUS_SUCCESS);
    CHECK(semaphore->header.type == 5 && semaphore->header.signal_state == 2);
    CHECK(semaphore->limit == 5);
    CHECK(KeReleaseSemaphore(semaphore, 0, 3, 0) == 2);
    CHECK(NtReleaseSemaphore(handle, 1, &previous) != STATUS_SUCCESS);
    CHECK(KeSetEvent((KEVENT *)semaphore, 0, 0) == 0); /* is none */
    CHECK(semaphore->header.signal_state == 5);
    NtClose(handle);
    ObDereferenceObject(semaphore);

    NtCreateMutant(&handle, 0, 1);
    CHECK(ObReferenceObjectByHandle(handle, 0, &mutant) == STATUS_SUCCESS);
    CHECK(mutant->header.type == 2 && mutant->header.signal_state == 0);
    CHECK(mutant->owner == (uint32_t)(uintptr_t)kthread());
    CHECK(KeWaitForSingleObject(mutant, 0, 0, 0, &poll) == STATUS_SUCCESS);
    CHECK(mutant->header.signal_state == -1);
    CHECK(NtReleaseMutant(handle, 0) == STATUS_SUCCESS);
    CHECK(NtReleaseMutant(handle, 0) == STATUS_SUCCESS);
    CHECK(mutant->header.signal_state == 1 && mutant->owner == 0);
    NtClose(handle);
    ObDereferenceObject(mutant);
    printf("semaphores and mutants have theirs\n");
}

static void types(void)
{
    HANDLE event, link;
    void *object = (void *)1;
    STRING name = {2, 2, "t:"}, target = {4, 4, "\\dev"};
    OBJECT_ATTRIBUTES attributes = {0, &name, 0};
    NtCreateEvent(&event, &attributes, EVENT_MANUAL, 0);
    CHECK(ObReferenceObjectByHandle(event, ExEventObjectType, &object) == STATUS_SUCCESS);
    CHECK(header_of(object)->type == ExEventObjectType);
    ObDereferenceObject(object);
    CHECK(ObReferenceObjectByHandle(event, ExSemaphoreObjectType, &object) ==
          STATUS_OBJECT_TYPE_MISMATCH);
    CHECK(object == 0);
    CHECK(ObReferenceObjectByHandle(event, IoFileObjectType, &object) ==
          STATUS_OBJECT_TYPE_MISMATCH);
    CHECK(ObReferenceObjectByHandle(event, (void *)16, &object) == STATUS_OBJECT_TYPE_MISMATCH);
    CHECK(ObReferenceObjectByHandle(CURRENT_THREAD, ExThreadObjectType, &object) == STATUS_SUCCESS);
    ObDereferenceObject(object);
    CHECK(ObReferenceObjectByHandle(CURRENT_THREAD, ExMutantObjectType, &object) ==
          STATUS_OBJECT_TYPE_MISMATCH);
    CHECK(ObReferenceObjectByName(&name, 0, ExEventObjectType, 0, &object) == STATUS_SUCCESS);
    ObDereferenceObject(object);
    CHECK(ObReferenceObjectByName(&name, 0, ExTimerObjectType, 0, &object) ==
          STATUS_OBJECT_TYPE_MISMATCH);
    CHECK(ObOpenObjectByName(&attributes, ExTimerObjectType, 0, &link) ==
          STATUS_OBJECT_TYPE_MISMATCH);
    CHECK(ObOpenObjectByName(&attributes, ExEventObjectType, 0, &link) == STATUS_SUCCESS);
    NtClose(link);
    ObCreateSymbolicLink(&name, &target);
    NtOpenSymbolicLinkObject(&link, &attributes);
    CHECK(ObReferenceObjectByHandle(link, ObSymbolicLinkObjectType, &object) == STATUS_SUCCESS);
    CHECK(header_of(object)->type == ObSymbolicLinkObjectType);
    ObDereferenceObject(object);
    NtClose(link);
    NtClose(event);
    printf("types are checked\n");
}

static uint32_t nothing(void *argument)
{
    (void)argument;
    return 5;
}

static void threads(void)
{
    HANDLE handle;
    uint8_t *thread, *found;
    uint32_t id;
    CHECK(ObReferenceObjectByHandle(CURRENT_THREAD, 0, &thread) == STATUS_SUCCESS);
    CHECK(thread == kthread());
    ObDereferenceObject(thread);
    CHECK(ObLookupThreadByThreadId(*(uint32_t *)(thread + 0x14C), &found) == STATUS_SUCCESS);
    CHECK(found == thread);
    ObDereferenceObject(found);
    ExCreateThread(&handle, 0, &id, 0, nothing, 0, CREATE_SUSPENDED);
    CHECK(ObLookupAnyThreadByThreadId(id, &found) == STATUS_SUCCESS);
    CHECK(ObReferenceObjectByHandle(handle, 0, &thread) == STATUS_SUCCESS && found == thread);
    ObReferenceObject(kthread());
    ObDereferenceObject(kthread());
    CHECK(NtResumeThread(handle, 0) == STATUS_SUCCESS);
    CHECK(KeWaitForSingleObject(thread, 0, 0, 0, 0) == STATUS_SUCCESS);
    NtClose(handle);
    CHECK(*(int32_t *)(thread + 4) == 1 && *(uint32_t *)(thread + 0x140) == 5);
    CHECK(ObLookupThreadByThreadId(id, &found) == STATUS_INVALID_CID && found == 0);
    CHECK(ObLookupThreadByThreadId(0xFFFFFFF0u, &found) == STATUS_INVALID_CID);
    CHECK(ObLookupThreadByThreadId(id, (void *)16) == STATUS_ACCESS_VIOLATION);
    CHECK(ObOpenObjectByPointer(thread, &handle) == STATUS_SUCCESS);
    CHECK(NtWaitForSingleObjectEx(handle, 0, 0, &poll) == STATUS_SUCCESS);
    NtClose(handle);
    ObDereferenceObject(thread);
    ObDereferenceObject(thread);
    printf("threads are their KTHREAD\n");
}

static void counts(void)
{
    HANDLE handle;
    KEVENT *event, *objects[200];
    NtCreateEvent(&handle, 0, EVENT_MANUAL, 0);
    ObReferenceObjectByHandle(handle, 0, &event);
    ObReferenceObject(event);
    CHECK(header_of(event)->pointers == 3);
    NtClose(handle);
    CHECK(header_of(event)->pointers == 2 && header_of(event)->handles == 0);
    ObDereferenceObject(event);
    CHECK(KeSetEvent(event, 0, 0) == 0);
    ObDereferenceObject(event);
    for (int i = 0; i < 200; i++) { /* more than a page of them */
        NtCreateEvent(&handle, 0, EVENT_MANUAL, 0);
        CHECK(ObReferenceObjectByHandle(handle, 0, &objects[i]) == STATUS_SUCCESS);
        NtClose(handle);
        for (int k = 0; k < i; k++)
            CHECK(objects[k] != objects[i]);
    }
    for (int i = 0; i < 200; i++) {
        CHECK(KeSetEvent(objects[i], 0, 0) == 0);
        ObDereferenceObject(objects[i]);
    }
    printf("pointers are counted\n");
}

static void bad_pointers(void)
{
    static KEVENT own;
    HANDLE handle;
    KEVENT *event;
    KeInitializeEvent(&own, EVENT_MANUAL, 0);
    ObDereferenceObject(&own); /* has no header: nothing is counted */
    ObReferenceObject(&own);
    ObReferenceObject((void *)16);
    ObDereferenceObject(0);
    NtCreateEvent(&handle, 0, EVENT_MANUAL, 0);
    CHECK(ObReferenceObjectByHandle(handle, 0, (void *)16) == STATUS_ACCESS_VIOLATION);
    CHECK(ObReferenceObjectByHandle(handle, 0, &event) == STATUS_SUCCESS);
    CHECK(header_of(event)->pointers == 2);
    ObDereferenceObject(event);
    ObDereferenceObject(event); /* once too often */
    CHECK(NtSetEvent(handle, 0) == STATUS_SUCCESS);
    header_of(event)->pointers = header_of(event)->handles = 0; /* says nothing */
    CHECK(NtSetEvent(handle, 0) == STATUS_SUCCESS);
    ExFreePool((void *)((uintptr_t)event & ~4095u));
    ExFreePool(event);
    ExFreePool(header_of(event));
    CHECK(NtSetEvent(handle, 0) == STATUS_SUCCESS && event->header.signal_state == 1);
    NtClose(handle);
    event = (KEVENT *)1;
    CHECK(ObReferenceObjectByHandle(handle, 0, &event) == STATUS_INVALID_HANDLE && !event);
    CHECK(ObOpenObjectByPointer(&own, &handle) == STATUS_UNSUCCESSFUL);
    CHECK(ObOpenObjectByPointer(kthread(), (HANDLE *)16) == STATUS_ACCESS_VIOLATION);
    CHECK(ObIsTitleObject(&own) == 0);
    CHECK(ObIsTitleObject(kthread()) == 1);
    printf("bad pointers are said\n");
}

int main(void)
{
    events();
    others();
    types();
    threads();
    counts();
    bad_pointers();
    return 0;
}
