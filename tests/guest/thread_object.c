// Exports that take a KTHREAD: suspension, priorities, processors; and what is no KTHREAD.
// expect: counts by KTHREAD are those by handle
// expect: priorities saturate and come back
// expect: affinity answers through its pointer
// expect: what is no KTHREAD is refused
// stderr: KeResumeThread: 0x00001234 is no thread's KTHREAD
// stderr: KeSuspendThread: thread 2 has ended, or its suspend count is at its limit
// stderr: KeSetPriorityThread: there is no priority 32
// stderr: KeSetAffinityThread: mask 00000040 names processors that do not exist
#include "thread_words.h"

#define NOBODY ((KTHREAD *)0x1234)

static HANDLE gate;

static uint32_t wait_at_gate(void *argument)
{
    (void)argument;
    NtWaitForSingleObjectEx(gate, 0, 0, 0);
    return byte_at(pcr() + 0x10C);
}

static uint32_t suspend_itself(void *argument)
{
    *(volatile uint32_t *)argument = 1;
    return KeSuspendThread(SELF) + 100;
}

static void check_counts(KTHREAD *thread)
{
    for (uint32_t count = 1; count < 127; count++)
        CHECK(KeSuspendThread(thread) == count);
    CHECK(KeSuspendThread(thread) == 127);
    for (uint32_t count = 127; count > 1; count--)
        CHECK(KeResumeThread(thread) == count);
    CHECK(byte_at((uint32_t)thread + 0xBC) == 1);
}

static void check_priorities(KTHREAD *thread)
{
    uint32_t at = (uint32_t)thread + 0x70, usual = byte_at(at);
    CHECK(KeQueryBasePriorityThread(thread) == 0);
    CHECK(KeSetBasePriorityThread(thread, 2) == 0 && byte_at(at) == usual + 2);
    CHECK(KeSetBasePriorityThread(thread, 1000) == 2);
    CHECK(KeQueryBasePriorityThread(thread) == 16);
    CHECK(KeSetBasePriorityThread(thread, -1000) == 16 && byte_at(at) == 1);
    CHECK(KeSetBasePriorityThread(thread, 0) == -16 && byte_at(at) == usual);
    CHECK(KeSetPriorityThread(thread, 31) == (int32_t)usual && byte_at(at) == 31);
    CHECK(KeSetPriorityThread(thread, 32) == 0 && byte_at(at) == 31);
    CHECK(KeSetPriorityThread(thread, 9) == 31);
    KeBoostPriorityThread(thread, 2);
    CHECK(byte_at(at) == 11);
    KeBoostPriorityThread(thread, 0x7FFFFFFF);
    CHECK(byte_at(at) == 15);
    CHECK(KeSetDisableBoostThread(thread, 1) == 0 && byte_at((uint32_t)thread + 0xBB) == 1);
    KeSetPriorityThread(thread, 9);
    KeBoostPriorityThread(thread, 2);
    CHECK(byte_at(at) == 9);
    CHECK(KeSetDisableBoostThread(thread, 0) == 1 && KeSetDisableBoostThread(thread, 0) == 0);
}

static void check_affinity(KTHREAD *thread)
{
    uint32_t previous = 99;
    CHECK(KeSetAffinityThread(thread, 0x12, &previous) == STATUS_SUCCESS);
    CHECK(previous == 1u << byte_at(pcr() + 0x10C)); /* the parent's processor */
    CHECK(KeSetAffinityThread(thread, 0x08, &previous) == STATUS_SUCCESS && previous == 0x12);
    CHECK(byte_at((uint32_t)thread + 0xBF) == 3);
    CHECK(KeSetAffinityThread(thread, 0, &previous) == STATUS_INVALID_PARAMETER);
    CHECK(KeSetAffinityThread(thread, 0x40, 0) == STATUS_INVALID_PARAMETER);
    CHECK(KeSetAffinityThread(thread, 8, (uint32_t *)16) == 0xC0000005u);
    CHECK(KeSetAffinityThread(thread, 8, 0) == STATUS_SUCCESS);
}

static void check_nobody(void)
{
    CHECK(KeResumeThread(NOBODY) == 0 && KeSuspendThread(NOBODY) == 0);
    CHECK(KeSetBasePriorityThread(NOBODY, 1) == 0 && KeQueryBasePriorityThread(NOBODY) == 0);
    CHECK(KeSetPriorityThread(NOBODY, 1) == 0 && KeSetDisableBoostThread(NOBODY, 1) == 0);
    KeBoostPriorityThread(NOBODY, 1);
    CHECK(KeSetAffinityThread(NOBODY, 1, 0) == STATUS_INVALID_PARAMETER);
}

int main(void)
{
    static volatile uint32_t phase;
    uint32_t thread, sleeper;
    NtCreateEvent(&gate, 0, EVENT_MANUAL, 1);
    ExCreateThread((HANDLE *)&thread, 0, 0, 0, wait_at_gate, 0, CREATE_SUSPENDED | CREATE_KTHREAD);
    check_counts((KTHREAD *)thread);
    ExCreateThread((HANDLE *)&sleeper, 0, 0, 0, suspend_itself, (void *)&phase, CREATE_KTHREAD);
    while (byte_at(sleeper + 0xBC) == 0)
        NtYieldExecution();
    CHECK(phase == 1 && KeResumeThread((KTHREAD *)sleeper) == 1);
    while (word_at(sleeper + 4) == 0)
        NtYieldExecution();
    CHECK(exit_code_at(sleeper) == 100);
    CHECK(KeResumeThread((KTHREAD *)sleeper) == 0); /* it has ended: no error */
    printf("counts by KTHREAD are those by handle\n");
    check_priorities((KTHREAD *)thread);
    printf("priorities saturate and come back\n");
    check_affinity((KTHREAD *)thread);
    CHECK(KeResumeThread((KTHREAD *)thread) == 1);
    while (word_at(thread + 4) == 0)
        NtYieldExecution();
    CHECK(exit_code_at(thread) == 3);
    printf("affinity answers through its pointer\n");
    check_nobody();
    printf("what is no KTHREAD is refused\n");
    return 0;
}
