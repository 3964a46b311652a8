// User APCs: in alertable waits only, in the order in which they came.
// expect: they wait for an alertable wait
// expect: all that are queued run, in order
// expect: one that waits lets others run inside of it
// expect: what is signalled comes first
// expect: they reach threads that wait, and threads that have not started
// expect: they may end the thread
// expect: bad calls are refused
// stderr: is no function: it was not called
#include "check.h"
#include "kthread.h"

static int64_t poll = 0;
static char order[64];
static int count;

static void note(void *context, void *first, void *second)
{
    (void)second;
    CHECK(first == context);
    order[count++] = (char)(uintptr_t)context;
    order[count] = 0;
}

static void forget(void)
{
    count = 0;
    order[0] = 0;
}

static int noted(const char *text)
{
    int i = 0;
    while (order[i] && order[i] == text[i])
        i++;
    return order[i] == text[i];
}

static NTSTATUS queue(HANDLE thread, apc_routine *routine, char mark)
{
    void *context = (void *)(uintptr_t)mark;
    return NtQueueApcThread(thread, routine, context, context, 0);
}

static void nest(void *context, void *first, void *second)
{
    note(context, first, second);
    if (context == (void *)(uintptr_t)'n') {
        queue(CURRENT_THREAD, note, 'i');
        CHECK(KeDelayExecutionThread(0, 1, &poll) == STATUS_USER_APC);
        note((void *)(uintptr_t)'N', (void *)(uintptr_t)'N', 0);
    }
}

static void leave(void *context, void *first, void *second)
{
    (void)context;
    (void)first;
    (void)second;
    ExTerminateThread(77);
}

static void on_itself(void)
{
    int64_t moment = MILLISECONDS(1);
    HANDLE event;
    CHECK(queue(CURRENT_THREAD, note, 'a') == STATUS_SUCCESS);
    CHECK(KeDelayExecutionThread(0, 0, &moment) == STATUS_SUCCESS);
    NtYieldExecution();
    CHECK(count == 0);
    CHECK(KeDelayExecutionThread(0, 1, &moment) == STATUS_USER_APC && noted("a"));
    CHECK(KeDelayExecutionThread(0, 1, &poll) == STATUS_SUCCESS);
    printf("they wait for an alertable wait\n");

    forget();
    for (char mark = 'a'; mark <= 'z'; mark++)
        queue(CURRENT_THREAD, note, mark);
    CHECK(KeDelayExecutionThread(0, 1, &poll) == STATUS_USER_APC);
    CHECK(noted("abcdefghijklmnopqrstuvwxyz"));
    printf("all that are queued run, in order\n");

    forget();
    queue(CURRENT_THREAD, nest, 'n');
    queue(CURRENT_THREAD, note, 'o');
    CHECK(KeDelayExecutionThread(0, 1, &poll) == STATUS_USER_APC && noted("noiN"));
    printf("one that waits lets others run inside of it\n");

    forget();
    NtCreateEvent(&event, 0, EVENT_MANUAL, 1);
    queue(CURRENT_THREAD, note, 's');
    CHECK(NtWaitForSingleObjectEx(event, 0, 1, 0) == STATUS_SUCCESS && count == 0);
    NtClearEvent(event);
    CHECK(NtWaitForSingleObjectEx(event, 0, 1, &poll) == STATUS_USER_APC && noted("s"));
    CHECK(NtWaitForSingleObjectEx(event, 0, 1, &poll) == STATUS_TIMEOUT);
    printf("what is signalled comes first\n");
}

static uint32_t wait_alertable(void *argument)
{
    (void)argument;
    NTSTATUS status = STATUS_SUCCESS;
    while (status == STATUS_SUCCESS) {
        int64_t moment = MILLISECONDS(10000);
        status = KeDelayExecutionThread(0, 1, &moment);
    }
    return status;
}

static uint32_t exit_code(HANDLE handle)
{
    uint8_t *thread;
    NtWaitForSingleObjectEx(handle, 0, 0, 0);
    ObReferenceObjectByHandle(handle, 0, &thread);
    uint32_t code = *(uint32_t *)(thread + 0x140);
    ObDereferenceObject(thread);
    NtClose(handle);
    return code;
}

static uint32_t say_what_came(void *argument)
{
    (void)argument;
    return (uint32_t)count;
}

static void on_others(void)
{
    HANDLE thread;
    int64_t moment = MILLISECONDS(20);
    forget();
    thread = start_thread(wait_alertable, 0);
    NtWaitForSingleObjectEx(thread, 0, 0, &moment);
    queue(thread, note, 'w');
    CHECK(exit_code(thread) == STATUS_USER_APC && noted("w"));
    ExCreateThread(&thread, 0, 0, 0, say_what_came, 0, CREATE_SUSPENDED);
    queue(thread, note, 'x');
    queue(thread, note, 'y');
    NtResumeThread(thread, 0);
    CHECK(exit_code(thread) == 3 && noted("wxy"));
    printf("they reach threads that wait, and threads that have not started\n");

    thread = start_thread(wait_alertable, 0);
    queue(thread, leave, 'l');
    CHECK(exit_code(thread) == 77);
    ExCreateThread(&thread, 0, 0, 0, say_what_came, 0, CREATE_SUSPENDED);
    queue(thread, leave, 'l');
    NtResumeThread(thread, 0);
    CHECK(exit_code(thread) == 77);
    printf("they may end the thread\n");
}

int main(void)
{
    HANDLE event, thread;
    on_itself();
    on_others();
    NtCreateEvent(&event, 0, EVENT_MANUAL, 0);
    CHECK(queue(event, note, 'b') == STATUS_OBJECT_TYPE_MISMATCH);
    CHECK(queue(0, note, 'b') == STATUS_INVALID_HANDLE);
    CHECK(queue(CURRENT_THREAD, (apc_routine *)16, 'b') == STATUS_SUCCESS);
    CHECK(KeDelayExecutionThread(0, 1, &poll) == STATUS_USER_APC);
    thread = start_thread(say_what_came, 0);
    NtWaitForSingleObjectEx(thread, 0, 0, 0);
    CHECK(queue(thread, note, 'b') == STATUS_UNSUCCESSFUL);
    printf("bad calls are refused\n");
    return 0;
}
