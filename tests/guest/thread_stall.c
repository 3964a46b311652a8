// KeStallExecutionProcessor takes as long as it was asked to, and can be stopped.
// expect: short stalls
// expect: long stalls
#include "check.h"

static uint64_t now(void)
{
    uint64_t time;
    KeQuerySystemTime(&time);
    return time;
}

static void stall(uint32_t microseconds)
{
    uint64_t start = now();
    KeStallExecutionProcessor(microseconds);
    CHECK(now() - start >= (uint64_t)microseconds * 10);
}

static uint32_t stall_for_an_hour(void *argument)
{
    *(volatile uint32_t *)argument = 1;
    KeStallExecutionProcessor(0xFFFFFFFF);
    return 0;
}

int main(void)
{
    static volatile uint32_t begun;
    stall(0);
    stall(1);
    stall(50);
    printf("short stalls\n");
    stall(51);
    stall(20000);
    printf("long stalls\n");
    start_thread(stall_for_an_hour, (void *)&begun);
    while (!begun)
        NtYieldExecution();
    return 0; /* ends with the program */
}
