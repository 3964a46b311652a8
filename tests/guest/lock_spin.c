// Spin locks, interrupt levels, critical regions.
// expect: spin locks raise the level
// expect: 4 threads counted to 20000
// expect: levels go up and down
// expect: critical regions are each thread's own
// stderr: KfLowerIrql: IRQL 0 cannot be lowered to 2
// stderr: KfRaiseIrql: IRQL 2 cannot be raised to 1
// stderr: KeLeaveCriticalRegion: the thread is in no critical region
// stderr: KeReleaseSpinLockFromRaisedIrql: spin lock 0x
// stderr: KfAcquireSpinLock: lock leads to 0x00000010, which cannot be written
#include "check.h"

static KSPIN_LOCK lock;
static volatile uint32_t counter, inside;

static uint8_t *pcr(void)
{
    uint8_t *value;
    __asm__("mr %0, 13" : "=r"(value));
    return value;
}

static uint32_t level(void)
{
    return pcr()[0x18];
}

static int32_t regions(void)
{
    uint8_t *thread = *(uint8_t **)(pcr() + 0x100);
    return *(int32_t *)(thread + 0xB0);
}

static uint32_t count(void *argument)
{
    (void)argument;
    for (int i = 0; i < 5000; i++) {
        uint32_t old = KfAcquireSpinLock(&lock);
        counter = counter + 1;
        KfReleaseSpinLock(&lock, old);
    }
    return level();
}

/* Waits inside of a region until all are inside of one. */
static uint32_t meet(void *argument)
{
    (void)argument;
    KeEnterCriticalRegion();
    __atomic_fetch_add(&inside, 1, __ATOMIC_SEQ_CST);
    while (inside < 3)
        NtYieldExecution();
    KeLeaveCriticalRegion();
    return 0;
}

int main(void)
{
    HANDLE threads[4];
    CHECK(KfAcquireSpinLock(&lock) == PASSIVE_LEVEL);
    CHECK(level() == DISPATCH_LEVEL && lock == (uint32_t)pcr());
    CHECK(KeTryToAcquireSpinLockAtRaisedIrql(&lock) == 0);
    KfReleaseSpinLock(&lock, PASSIVE_LEVEL);
    CHECK(level() == PASSIVE_LEVEL && lock == 0);
    CHECK(KeRaiseIrqlToDpcLevel() == PASSIVE_LEVEL);
    KeAcquireSpinLockAtRaisedIrql(&lock);
    CHECK(lock == (uint32_t)pcr());
    KeReleaseSpinLockFromRaisedIrql(&lock);
    CHECK(KeTryToAcquireSpinLockAtRaisedIrql(&lock) == 1);
    KeReleaseSpinLockFromRaisedIrql(&lock);
    CHECK(lock == 0 && level() == DISPATCH_LEVEL);
    KeReleaseSpinLockFromRaisedIrql(&lock);
    KfLowerIrql(PASSIVE_LEVEL);
    CHECK(KfAcquireSpinLock((KSPIN_LOCK *)0x10) == PASSIVE_LEVEL);
    KfLowerIrql(PASSIVE_LEVEL);
    printf("spin locks raise the level\n");

    for (int i = 0; i < 4; i++)
        threads[i] = start_thread(count, 0);
    for (int i = 0; i < 4; i++)
        join_thread(threads[i]);
    printf("4 threads counted to %u\n", (unsigned)counter);

    CHECK(KfRaiseIrql(APC_LEVEL) == PASSIVE_LEVEL && level() == APC_LEVEL);
    CHECK(KfRaiseIrql(DISPATCH_LEVEL) == APC_LEVEL && level() == DISPATCH_LEVEL);
    CHECK(KfRaiseIrql(APC_LEVEL) == DISPATCH_LEVEL && level() == DISPATCH_LEVEL);
    KfLowerIrql(PASSIVE_LEVEL);
    KfLowerIrql(DISPATCH_LEVEL);
    CHECK(level() == PASSIVE_LEVEL);
    printf("levels go up and down\n");

    KeEnterCriticalRegion();
    KeEnterCriticalRegion();
    CHECK(regions() == -2);
    KeLeaveCriticalRegion();
    KeLeaveCriticalRegion();
    KeLeaveCriticalRegion();
    CHECK(regions() == 0);
    for (int i = 0; i < 3; i++)
        threads[i] = start_thread(meet, 0);
    for (int i = 0; i < 3; i++)
        join_thread(threads[i]);
    printf("critical regions are each thread's own\n");
    return 0;
}
