// Critical sections: mutual exclusion, recursion, try.
// expect: 4 threads counted to 40000
// expect: recursion and try work
#include "check.h"

static RTL_CRITICAL_SECTION section;
static volatile unsigned counter;

static uint32_t count(void *argument)
{
    (void)argument;
    for (int i = 0; i < 10000; i++) {
        RtlEnterCriticalSection(&section);
        counter = counter + 1;
        RtlLeaveCriticalSection(&section);
    }
    return 0;
}

static uint32_t try_once(void *argument)
{
    *(uint32_t *)argument = RtlTryEnterCriticalSection(&section);
    if (*(uint32_t *)argument)
        RtlLeaveCriticalSection(&section);
    return 0;
}

int main(void)
{
    HANDLE threads[4];
    uint32_t entered;
    RtlInitializeCriticalSection(&section);
    for (int i = 0; i < 4; i++)
        threads[i] = start_thread(count, 0);
    for (int i = 0; i < 4; i++)
        join_thread(threads[i]);
    printf("4 threads counted to %u\n", counter);

    RtlEnterCriticalSection(&section);
    RtlEnterCriticalSection(&section);
    CHECK(RtlTryEnterCriticalSection(&section) == 1);
    join_thread(start_thread(try_once, &entered));
    CHECK(entered == 0);
    RtlLeaveCriticalSection(&section);
    RtlLeaveCriticalSection(&section);
    join_thread(start_thread(try_once, &entered));
    CHECK(entered == 0);
    RtlLeaveCriticalSection(&section);
    join_thread(start_thread(try_once, &entered));
    CHECK(entered == 1);
    printf("recursion and try work\n");
    return 0;
}
