// Handles and threads have lives of their own. (In one port closing the handle of a running thread
// blocked, closing one's own handle was a deadlock, and a wait for a thread's end never came back.)
// expect: a closed handle lets the thread run on
// expect: a thread closes its own handle
// expect: waiting sees the end, early and late
// expect: the start block is the thread's own
// expect: no resume comes too early
#include "thread_words.h"

static HANDLE gate, own;
static volatile uint32_t ran;

static uint32_t wait_at_gate(void *argument)
{
    (void)argument;
    NtWaitForSingleObjectEx(gate, 0, 0, 0);
    ran++;
    return 0;
}

static uint32_t close_own(void *argument)
{
    (void)argument;
    CHECK(NtClose(own) == STATUS_SUCCESS);
    ran++;
    return 0;
}

static uint32_t take_argument(void *argument)
{
    ran += (uint32_t)argument;
    return 0;
}

static void wait_until_ran(uint32_t count)
{
    while (ran != count)
        NtYieldExecution();
}

int main(void)
{
    int64_t poll = 0, moment = MILLISECONDS(1);
    NtCreateEvent(&gate, 0, EVENT_MANUAL, 0);
    NtClose(start_thread(wait_at_gate, 0));
    CHECK(ran == 0);
    NtSetEvent(gate, 0);
    wait_until_ran(1);
    printf("a closed handle lets the thread run on\n");

    ExCreateThread(&own, 0, 0, 0, close_own, 0, CREATE_SUSPENDED);
    NtResumeThread(own, 0);
    wait_until_ran(2);
    printf("a thread closes its own handle\n");

    NtClearEvent(gate);
    HANDLE thread = start_thread(wait_at_gate, 0);
    CHECK(NtWaitForSingleObjectEx(thread, 0, 0, &moment) == STATUS_TIMEOUT);
    NtSetEvent(gate, 0);
    CHECK(NtWaitForSingleObjectEx(thread, 0, 0, 0) == STATUS_SUCCESS);
    CHECK(NtWaitForSingleObjectEx(thread, 0, 0, &poll) == STATUS_SUCCESS);
    CHECK(ran == 3);
    NtClose(thread);
    printf("waiting sees the end, early and late\n");

    /* The creator's variables change at once; the thread has what it was given. */
    uint32_t total = ran;
    HANDLE threads[32];
    for (uint32_t i = 0; i < 32; i++) {
        uint32_t parameters[3] = {(uint32_t)take_argument, i, 0};
        threads[i] = start_thread((thread_entry *)parameters[0], (void *)parameters[1]);
        parameters[0] = 0x92AA0003;
        parameters[1] = 0xFFFF;
        total += i;
        join_thread(threads[i]);
    }
    CHECK(ran == total);
    printf("the start block is the thread's own\n");

    for (uint32_t i = 0; i < 300; i++) {
        uint32_t before = 0;
        ExCreateThread(&thread, 0, 0, 0, take_argument, (void *)1, CREATE_SUSPENDED);
        CHECK(NtResumeThread(thread, &before) == STATUS_SUCCESS && before == 1);
        join_thread(thread);
    }
    CHECK(ran == total + 300);
    printf("no resume comes too early\n");
    return 0;
}
