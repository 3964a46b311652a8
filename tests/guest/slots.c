// Thread-local slots: each thread has its own values, a new slot reads zero.
// expect: 4 threads kept their own values
// expect: a new slot reads 0
// exit: 3
#include "check.h"

static uint32_t slots[3];

static uint32_t keep(void *argument)
{
    uint32_t number = (uint32_t)argument;
    int64_t moment = MILLISECONDS(1);
    for (uint32_t i = 0; i < 3; i++) {
        CHECK(KeTlsGetValue(slots[i]) == 0);
        KeTlsSetValue(slots[i], number * 10 + i);
    }
    for (int round = 0; round < 20; round++) {
        KeDelayExecutionThread(0, 0, &moment);
        for (uint32_t i = 0; i < 3; i++)
            CHECK(KeTlsGetValue(slots[i]) == number * 10 + i);
    }
    return 0;
}

int main(void)
{
    HANDLE threads[4];
    for (int i = 0; i < 3; i++)
        slots[i] = KeTlsAlloc();
    CHECK(slots[0] != slots[1] && slots[1] != slots[2]);
    for (uint32_t i = 0; i < 4; i++)
        threads[i] = start_thread(keep, (void *)(i + 1));
    for (int i = 0; i < 4; i++)
        join_thread(threads[i]);
    printf("4 threads kept their own values\n");
    KeTlsSetValue(slots[1], 99);
    CHECK(KeTlsFree(slots[1]) == 1);
    uint32_t again = KeTlsAlloc();
    printf("a new slot reads %u\n", (unsigned)KeTlsGetValue(again));
    return 3;
}
