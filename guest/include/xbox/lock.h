/* xbox/lock.h - critical sections, reader-writer locks, spin locks, interrupt levels, lists. */
#ifndef GUEST_XBOX_LOCK_H
#define GUEST_XBOX_LOCK_H

#include <xbox/types.h>

typedef struct RTL_CRITICAL_SECTION {
    uint32_t header[4];
    int32_t lock_count; /* -1: free */
    int32_t recursion;
    uint32_t owner;
} RTL_CRITICAL_SECTION;

#define RTL_CRITICAL_SECTION_INIT                                                                  \
    {                                                                                              \
        {0x01000000, 0, 0, 0}, -1, 0, 0                                                            \
    }

void RtlInitializeCriticalSection(RTL_CRITICAL_SECTION *section);
void RtlEnterCriticalSection(RTL_CRITICAL_SECTION *section);
NTSTATUS RtlInitializeCriticalSectionAndSpinCount(RTL_CRITICAL_SECTION *section,
                                                  uint32_t spin_count);
uint32_t RtlTryEnterCriticalSection(RTL_CRITICAL_SECTION *section);
void RtlLeaveCriticalSection(RTL_CRITICAL_SECTION *section);

/* ---- reader-writer locks: many readers or one writer; not recursive ---- */

typedef struct ERWLOCK {
    int32_t lock_count; /* -1: free */
    uint32_t writers_waiting;
    uint32_t readers_waiting;
    uint32_t readers_in;
    uint32_t writer_event[4];
    uint32_t reader_semaphore[5];
    uint32_t spin_lock;
} ERWLOCK;

void ExInitializeReadWriteLock(ERWLOCK *lock);
void ExAcquireReadWriteLockExclusive(ERWLOCK *lock);
void ExAcquireReadWriteLockShared(ERWLOCK *lock);
uint32_t ExTryToAcquireReadWriteLockExclusive(ERWLOCK *lock);
uint32_t ExTryToAcquireReadWriteLockShared(ERWLOCK *lock);
void ExReleaseReadWriteLock(ERWLOCK *lock);

/* ---- spin locks: 0 is free, else the PCR of the thread that has it ---- */

typedef uint32_t KSPIN_LOCK;

uint32_t KfAcquireSpinLock(KSPIN_LOCK *lock); /* the old level */
void KfReleaseSpinLock(KSPIN_LOCK *lock, KIRQL old_irql);
void KeAcquireSpinLockAtRaisedIrql(KSPIN_LOCK *lock);
uint32_t KeTryToAcquireSpinLockAtRaisedIrql(KSPIN_LOCK *lock);
void KeReleaseSpinLockFromRaisedIrql(KSPIN_LOCK *lock);

/* ---- interrupt levels and critical regions, each the calling thread's own ---- */

enum { PASSIVE_LEVEL = 0, APC_LEVEL = 1, DISPATCH_LEVEL = 2 };

uint32_t KfRaiseIrql(KIRQL irql); /* the old level */
void KfLowerIrql(KIRQL irql);
uint32_t KeRaiseIrqlToDpcLevel(void);
void KeEnterCriticalRegion(void);
void KeLeaveCriticalRegion(void);

/* ---- lists ---- */

typedef struct SLIST_ENTRY {
    struct SLIST_ENTRY *next;
} SLIST_ENTRY;

typedef struct SLIST_HEADER {
    _Alignas(8) SLIST_ENTRY *next;
    uint16_t depth;
    uint16_t sequence;
} SLIST_HEADER;

SLIST_ENTRY *InterlockedPushEntrySList(SLIST_HEADER *list, SLIST_ENTRY *entry);
SLIST_ENTRY *InterlockedPopEntrySList(SLIST_HEADER *list);
SLIST_ENTRY *InterlockedFlushSList(SLIST_HEADER *list);

#endif
