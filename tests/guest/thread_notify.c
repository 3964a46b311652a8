// Functions that want to know of threads: called on them, in order, at both ends.
// expect: high begins on the new thread
// expect: low begins on the new thread
// expect: plain begins
// expect: entry
// expect: high ends on the new thread
// expect: low ends on the new thread
// expect: plain ends
// expect: exit code 7
// expect: high begins on the new thread
// expect: high ends on the new thread
// expect: exit code 9
// expect: exit code 7
// stderr: ExRegisterThreadNotification: registration leads to 0x00000010, which cannot be read
// stderr: ExRegisterThreadNotification: 0x00000024 is no function
// stderr: XRegisterThreadNotifyRoutine: 0x00000010 is not registered
#include "check.h"

#include "kthread.h"

static KTHREAD *main_thread;

static void say(const char *who, KTHREAD *thread, uint32_t begins)
{
    if (thread == main_thread)
        return;
    printf("%s %s on %s thread\n", who, begins ? "begins" : "ends",
           thread == kthread() ? "the new" : "another");
}

static THREAD_REGISTRATION high, low, bad;
static XTHREAD_NOTIFICATION plain;

static void told_high(THREAD_REGISTRATION *registration, KTHREAD *thread, uint32_t begins)
{
    CHECK(registration == &high);
    say("high", thread, begins);
}

static void told_low(THREAD_REGISTRATION *registration, KTHREAD *thread, uint32_t begins)
{
    CHECK(registration == &low);
    say("low", thread, begins);
}

static void told_plain(uint32_t begins)
{
    if (kthread() != (void *)main_thread)
        printf("plain %s\n", begins ? "begins" : "ends");
}

static uint32_t entry(void *quiet)
{
    if (!quiet)
        printf("entry\n");
    return 7;
}

static uint32_t leaves_early(void *unused)
{
    (void)unused;
    ExTerminateThread(9);
}

static void run(thread_entry *function, void *argument)
{
    HANDLE handle;
    KTHREAD *thread;
    ExCreateThread(&handle, 0, 0, 0, function, argument, 0);
    ObReferenceObjectByHandle(handle, 0, (void **)&thread);
    NtWaitForSingleObjectEx(handle, 0, 0, 0);
    printf("exit code %u\n", ((uint32_t *)thread)[0x140 / 4]);
    ObDereferenceObject(thread);
    NtClose(handle);
}

int main(void)
{
    main_thread = kthread();
    high = (THREAD_REGISTRATION){told_high, 9, {0, 0}};
    low = (THREAD_REGISTRATION){told_low, 3, {0, 0}};
    plain.routine = told_plain;
    XRegisterThreadNotifyRoutine(&plain, 1);
    ExRegisterThreadNotification(&low, 1);
    ExRegisterThreadNotification(&high, 1);
    run(entry, 0);
    ExRegisterThreadNotification(&low, 0);
    XRegisterThreadNotifyRoutine(&plain, 0);
    run(leaves_early, 0);
    ExRegisterThreadNotification(&high, 0);
    run(entry, (void *)1);
    ExRegisterThreadNotification((void *)0x10, 1);
    bad = (THREAD_REGISTRATION){(void *)0x24, 0, {0, 0}};
    ExRegisterThreadNotification(&bad, 1);
    XRegisterThreadNotifyRoutine((void *)0x10, 0);
    return 0;
}
