// Reader-writer locks: many readers or one writer, the words, mistakes.
// expect: a fresh lock is free
// expect: readers share, writers do not
// expect: 4 threads counted to 4000
// expect: mistakes are reported
// stderr: ExReleaseReadWriteLock: nobody is in lock 0x
// stderr: ExAcquireReadWriteLockShared: lock leads to 0x00000010, which cannot be written
#include "check.h"

static ERWLOCK lock;
static volatile uint32_t first, second, torn;

static uint32_t work(void *argument)
{
    (void)argument;
    for (int i = 0; i < 2000; i++) {
        if (i % 2) {
            ExAcquireReadWriteLockExclusive(&lock);
            first = first + 1;
            second = second + 1;
        } else {
            ExAcquireReadWriteLockShared(&lock);
            if (first != second)
                torn = 1;
        }
        ExReleaseReadWriteLock(&lock);
    }
    return 0;
}

static uint32_t tries(void *argument)
{
    uint32_t *results = argument;
    results[0] = ExTryToAcquireReadWriteLockShared(&lock);
    if (results[0])
        ExReleaseReadWriteLock(&lock);
    results[1] = ExTryToAcquireReadWriteLockExclusive(&lock);
    if (results[1])
        ExReleaseReadWriteLock(&lock);
    return 0;
}

static uint32_t tried(void)
{
    uint32_t results[2] = {7, 7};
    join_thread(start_thread(tries, results));
    return results[0] * 10 + results[1];
}

int main(void)
{
    HANDLE threads[4];
    ExInitializeReadWriteLock(&lock);
    CHECK(lock.lock_count == -1 && lock.readers_in == 0);
    CHECK(tried() == 11);
    printf("a fresh lock is free\n");

    ExAcquireReadWriteLockShared(&lock);
    CHECK(lock.lock_count == 0 && lock.readers_in == 1);
    CHECK(tried() == 10);
    ExReleaseReadWriteLock(&lock);
    ExAcquireReadWriteLockExclusive(&lock);
    CHECK(lock.lock_count == 0 && lock.readers_in == 0);
    CHECK(tried() == 0);
    ExReleaseReadWriteLock(&lock);
    CHECK(lock.lock_count == -1 && tried() == 11);
    printf("readers share, writers do not\n");

    for (int i = 0; i < 4; i++)
        threads[i] = start_thread(work, 0);
    for (int i = 0; i < 4; i++)
        join_thread(threads[i]);
    CHECK(torn == 0 && second == first);
    CHECK(lock.lock_count == -1 && lock.writers_waiting == 0 && lock.readers_waiting == 0);
    printf("4 threads counted to %u\n", (unsigned)first);

    ExReleaseReadWriteLock(&lock);
    CHECK(lock.lock_count == -1);
    ExAcquireReadWriteLockShared((ERWLOCK *)0x10);
    CHECK(ExTryToAcquireReadWriteLockShared((ERWLOCK *)0x10) == 0);
    CHECK(ExTryToAcquireReadWriteLockExclusive((ERWLOCK *)0x10) == 0);
    printf("mistakes are reported\n");
    return 0;
}
