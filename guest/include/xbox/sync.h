/* xbox/sync.h - events, semaphores, mutants, timers, queues, APCs, and the waits for them. */
#ifndef GUEST_XBOX_SYNC_H
#define GUEST_XBOX_SYNC_H

#include <xbox/types.h>

enum { EVENT_MANUAL = 0, EVENT_AUTO = 1 };

NTSTATUS NtCreateEvent(HANDLE *handle, void *attributes, uint32_t type, uint32_t state);
NTSTATUS NtSetEvent(HANDLE event, int32_t *previous);
NTSTATUS NtClearEvent(HANDLE event);
NTSTATUS NtPulseEvent(HANDLE event, int32_t *previous);
NTSTATUS NtCreateSemaphore(HANDLE *handle, void *attributes, int32_t count, int32_t limit);
NTSTATUS NtReleaseSemaphore(HANDLE semaphore, int32_t count, int32_t *previous);
NTSTATUS NtCreateMutant(HANDLE *handle, void *attributes, uint32_t owned);
NTSTATUS NtReleaseMutant(HANDLE mutant, int32_t *previous);

/* ---- waits ---- */

enum { WAIT_ALL = 0, WAIT_ANY = 1 };

NTSTATUS NtWaitForSingleObjectEx(HANDLE handle, uint32_t mode, uint32_t alertable,
                                 const int64_t *timeout);
NTSTATUS NtWaitForMultipleObjectsEx(uint32_t count, const HANDLE *handles, uint32_t type,
                                    uint32_t mode, uint32_t alertable, const int64_t *timeout);

#endif
