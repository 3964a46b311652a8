/* x_rwlock.c - exports about reader-writer locks. */
#include "kernel/state.h"

void grt_export_ExInitializeReadWriteLock(grt_call *call, grt_addr lock)
{
    grt_rwlock_initialise(call, lock);
}

void grt_export_ExAcquireReadWriteLockExclusive(grt_call *call, grt_addr lock)
{
    grt_rwlock_acquire(call, lock, true);
}

void grt_export_ExAcquireReadWriteLockShared(grt_call *call, grt_addr lock)
{
    grt_rwlock_acquire(call, lock, false);
}

uint32_t grt_export_ExTryToAcquireReadWriteLockExclusive(grt_call *call, grt_addr lock)
{
    return grt_rwlock_try(call, lock, true);
}

uint32_t grt_export_ExTryToAcquireReadWriteLockShared(grt_call *call, grt_addr lock)
{
    return grt_rwlock_try(call, lock, false);
}

void grt_export_ExReleaseReadWriteLock(grt_call *call, grt_addr lock)
{
    grt_rwlock_release(call, lock);
}
