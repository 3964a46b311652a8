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

void RtlInitializeCriticalSection(RTL_CRITICAL_SECTION *section);
void RtlEnterCriticalSection(RTL_CRITICAL_SECTION *section);
uint32_t RtlTryEnterCriticalSection(RTL_CRITICAL_SECTION *section);
void RtlLeaveCriticalSection(RTL_CRITICAL_SECTION *section);

#endif
