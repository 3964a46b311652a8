// Critical sections as titles rely on them: their words, sections never or statically initialised,
// spin counts, mistakes.
// expect: the words are the console's
// expect: a section needs no initialising
// expect: spin counts are kept
// expect: mistakes change nothing
// stderr: RtlLeaveCriticalSection: section 0x
// stderr: is not owned
// stderr: belongs to thread 2
// stderr: RtlEnterCriticalSection: section leads to 0x00000010, which cannot be written
#include "check.h"

static RTL_CRITICAL_SECTION section = RTL_CRITICAL_SECTION_INIT;
static RTL_CRITICAL_SECTION zeros;

static uint32_t holds(void *argument)
{
    int64_t moment = MILLISECONDS(30);
    RtlEnterCriticalSection(&section);
    *(volatile uint32_t *)argument = section.owner;
    KeDelayExecutionThread(0, 0, &moment);
    RtlLeaveCriticalSection(&section);
    return 0;
}

int main(void)
{
    RtlEnterCriticalSection(&section);
    CHECK(section.lock_count == 0 && section.recursion == 1 && section.owner != 0);
    RtlEnterCriticalSection(&section);
    CHECK(section.lock_count == 1 && section.recursion == 2);
    RtlLeaveCriticalSection(&section);
    CHECK(section.lock_count == 0 && section.recursion == 1 && section.owner != 0);
    RtlLeaveCriticalSection(&section);
    CHECK(section.lock_count == -1 && section.recursion == 0 && section.owner == 0);
    printf("the words are the console's\n");

    RtlEnterCriticalSection(&zeros);
    CHECK(RtlTryEnterCriticalSection(&zeros) == 1);
    RtlLeaveCriticalSection(&zeros);
    RtlLeaveCriticalSection(&zeros);
    CHECK(zeros.lock_count == -1 && zeros.owner == 0);
    printf("a section needs no initialising\n");

    CHECK(RtlInitializeCriticalSectionAndSpinCount(&zeros, 257) == STATUS_SUCCESS);
    CHECK(((uint8_t *)&zeros)[0] == 1 && ((uint8_t *)&zeros)[1] == 2);
    RtlInitializeCriticalSectionAndSpinCount(&zeros, 0x12345678);
    CHECK(((uint8_t *)&zeros)[1] == 255);
    printf("spin counts are kept\n");

    volatile uint32_t owner = 0;
    RtlLeaveCriticalSection(&zeros);
    CHECK(zeros.lock_count == -1 && zeros.owner == 0);
    HANDLE thread = start_thread(holds, (void *)&owner);
    while (!owner)
        NtYieldExecution();
    RtlLeaveCriticalSection(&section);
    CHECK(RtlTryEnterCriticalSection(&section) == 0);
    CHECK(section.owner == owner && section.recursion == 1);
    RtlEnterCriticalSection(&section);
    CHECK(section.owner != owner);
    RtlLeaveCriticalSection(&section);
    join_thread(thread);
    RtlEnterCriticalSection((RTL_CRITICAL_SECTION *)0x10);
    printf("mistakes change nothing\n");
    return 0;
}
