/* xbox/sync.h - events, semaphores, mutants, timers, queues, APCs, and the waits for them. */
#ifndef GUEST_XBOX_SYNC_H
#define GUEST_XBOX_SYNC_H

#include <xbox/types.h>

enum { EVENT_MANUAL = 0, EVENT_AUTO = 1 };

/* The head of everything that can be waited for. */
typedef struct DISPATCHER_HEADER {
    uint8_t type, absolute, size, inserted;
    int32_t signal_state;
    uint32_t waiters[2];
} DISPATCHER_HEADER;

typedef struct KEVENT {
    DISPATCHER_HEADER header;
} KEVENT;

typedef struct KSEMAPHORE {
    DISPATCHER_HEADER header;
    int32_t limit;
} KSEMAPHORE;

typedef struct KMUTANT {
    DISPATCHER_HEADER header;
    uint32_t link[2];
    uint32_t owner; /* KTHREAD */
    uint8_t abandoned, apc_disable, reserved[2];
} KMUTANT;

NTSTATUS NtCreateEvent(HANDLE *handle, void *attributes, uint32_t type, uint32_t state);
NTSTATUS NtSetEvent(HANDLE event, int32_t *previous);
NTSTATUS NtClearEvent(HANDLE event);
NTSTATUS NtPulseEvent(HANDLE event, int32_t *previous);
NTSTATUS NtCreateSemaphore(HANDLE *handle, void *attributes, int32_t count, int32_t limit);
NTSTATUS NtReleaseSemaphore(HANDLE semaphore, int32_t count, int32_t *previous);
NTSTATUS NtCreateMutant(HANDLE *handle, void *attributes, uint32_t owned);
NTSTATUS NtReleaseMutant(HANDLE mutant, int32_t *previous);

void KeInitializeEvent(KEVENT *event, uint32_t type, uint32_t state);
int32_t KeSetEvent(KEVENT *event, uint32_t increment, uint32_t wait);
int32_t KePulseEvent(KEVENT *event, uint32_t increment, uint32_t wait);
int32_t KeResetEvent(KEVENT *event);
void KeInitializeSemaphore(KSEMAPHORE *semaphore, int32_t count, int32_t limit);
int32_t KeReleaseSemaphore(KSEMAPHORE *semaphore, uint32_t increment, int32_t adjustment,
                           uint32_t wait);

/* ---- waits ---- */

enum { WAIT_ALL = 0, WAIT_ANY = 1 };

NTSTATUS NtWaitForSingleObjectEx(HANDLE handle, uint32_t mode, uint32_t alertable,
                                 const int64_t *timeout);
NTSTATUS NtWaitForMultipleObjectsEx(uint32_t count, const HANDLE *handles, uint32_t type,
                                    uint32_t mode, uint32_t alertable, const int64_t *timeout);

NTSTATUS KeWaitForSingleObject(void *object, uint32_t reason, uint32_t mode, uint32_t alertable,
                               const int64_t *timeout);
NTSTATUS KeWaitForMultipleObjects(uint32_t count, void *const *objects, uint32_t type,
                                  uint32_t reason, uint32_t mode, uint32_t alertable,
                                  const int64_t *timeout, void *blocks);

#endif
