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

enum { TIMER_MANUAL = 0, TIMER_AUTO = 1 };

typedef struct KTIMER {
    DISPATCHER_HEADER header;
    uint64_t due;
    uint32_t link[2];
    uint32_t dpc;
    uint32_t period; /* ms */
} KTIMER;

struct KDPC;

/* What is to be known of objects. */
typedef struct EVENT_INFORMATION {
    uint32_t type;
    int32_t state;
} EVENT_INFORMATION;

typedef struct SEMAPHORE_INFORMATION {
    int32_t count, limit;
} SEMAPHORE_INFORMATION;

typedef struct MUTANT_INFORMATION {
    int32_t count;
    uint8_t owned, abandoned, reserved[2];
} MUTANT_INFORMATION;

typedef struct TIMER_INFORMATION {
    int64_t left; /* 100 ns */
    uint8_t state, reserved[7];
} TIMER_INFORMATION;

NTSTATUS NtCreateEvent(HANDLE *handle, void *attributes, uint32_t type, BOOLEAN state);
NTSTATUS NtSetEvent(HANDLE event, int32_t *previous);
NTSTATUS NtClearEvent(HANDLE event);
NTSTATUS NtPulseEvent(HANDLE event, int32_t *previous);
NTSTATUS NtCreateSemaphore(HANDLE *handle, void *attributes, int32_t count, int32_t limit);
NTSTATUS NtReleaseSemaphore(HANDLE semaphore, int32_t count, int32_t *previous);
NTSTATUS NtCreateMutant(HANDLE *handle, void *attributes, BOOLEAN owned);
NTSTATUS NtReleaseMutant(HANDLE mutant, int32_t *previous);

NTSTATUS NtQueryEvent(HANDLE event, EVENT_INFORMATION *information);
NTSTATUS NtQuerySemaphore(HANDLE semaphore, SEMAPHORE_INFORMATION *information);
NTSTATUS NtQueryMutant(HANDLE mutant, MUTANT_INFORMATION *information);

void KeInitializeEvent(KEVENT *event, uint32_t type, BOOLEAN state);
int32_t KeSetEvent(KEVENT *event, uint32_t increment, BOOLEAN wait);
int32_t KePulseEvent(KEVENT *event, uint32_t increment, BOOLEAN wait);
int32_t KeResetEvent(KEVENT *event);
void KeInitializeSemaphore(KSEMAPHORE *semaphore, int32_t count, int32_t limit);
int32_t KeReleaseSemaphore(KSEMAPHORE *semaphore, uint32_t increment, int32_t adjustment,
                           BOOLEAN wait);

void KeSetEventBoostPriority(KEVENT *event, uint32_t *kthread);
void KeInitializeMutant(KMUTANT *mutant, BOOLEAN owned);
int32_t KeReleaseMutant(KMUTANT *mutant, uint32_t increment, BOOLEAN abandoned, BOOLEAN wait);

/* ---- timers ---- */

/* Gets the time at which the timer fired, 100 ns since 1601, in two halves. */
typedef void timer_routine(void *context, uint32_t low, uint32_t high);

NTSTATUS NtCreateTimer(HANDLE *handle, void *attributes, uint32_t type);
NTSTATUS NtSetTimerEx(HANDLE timer, const int64_t *due, timer_routine *routine,
                      KPROCESSOR_MODE mode, void *context, BOOLEAN resume, int32_t period,
                      uint32_t *previous);
NTSTATUS NtCancelTimer(HANDLE timer, uint32_t *state);
NTSTATUS NtQueryTimer(HANDLE timer, TIMER_INFORMATION *information);

void KeInitializeTimerEx(KTIMER *timer, uint32_t type, uint8_t process_type);
uint32_t KeCancelTimer(KTIMER *timer);

/* The time travels by value, in one register, where this compiler would use two. */
static inline __attribute__((always_inline)) uint32_t KeSetTimerEx(KTIMER *timer, int64_t due,
                                                                   int32_t period, struct KDPC *dpc)
{
    register uint32_t r3 __asm__("r3") = (uint32_t)(uintptr_t)timer;
    register uint32_t r4 __asm__("r4") = (uint32_t)due;
    register uint32_t r5 __asm__("r5") = (uint32_t)period;
    register uint32_t r6 __asm__("r6") = (uint32_t)(uintptr_t)dpc;
    register uint32_t r7 __asm__("r7") = (uint32_t)((uint64_t)due >> 32);
    __asm__ volatile("rldimi 4,7,32,0\n\tbl KeSetTimerEx"
                     : "+r"(r3), "+r"(r4), "+r"(r5), "+r"(r6), "+r"(r7)
                     :
                     : "r0", "r8", "r9", "r10", "r11", "r12", "lr", "ctr", "cr0", "memory");
    return r3;
}

static inline __attribute__((always_inline)) uint32_t KeSetTimer(KTIMER *timer, int64_t due,
                                                                 struct KDPC *dpc)
{
    register uint32_t r3 __asm__("r3") = (uint32_t)(uintptr_t)timer;
    register uint32_t r4 __asm__("r4") = (uint32_t)due;
    register uint32_t r5 __asm__("r5") = (uint32_t)(uintptr_t)dpc;
    register uint32_t r6 __asm__("r6") = (uint32_t)((uint64_t)due >> 32);
    __asm__ volatile("rldimi 4,6,32,0\n\tbl KeSetTimer"
                     : "+r"(r3), "+r"(r4), "+r"(r5), "+r"(r6)
                     :
                     : "r0", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "ctr", "cr0", "memory");
    return r3;
}

/* ---- completion ports ---- */

typedef struct IO_RESULT {
    NTSTATUS status;
    uint32_t information;
} IO_RESULT;

NTSTATUS NtCreateIoCompletion(HANDLE *handle, uint32_t access, void *attributes, uint32_t threads);
NTSTATUS NtSetIoCompletion(HANDLE port, uint32_t key, uint32_t context, NTSTATUS status,
                           uint32_t information);
NTSTATUS NtRemoveIoCompletion(HANDLE port, uint32_t *key, uint32_t *context, IO_RESULT *result,
                              const int64_t *timeout);
NTSTATUS NtQueryIoCompletion(HANDLE port, uint32_t *depth);

/* ---- queues in guest memory ---- */

typedef struct LIST_ENTRY {
    struct LIST_ENTRY *next, *previous;
} LIST_ENTRY;

typedef struct KQUEUE {
    DISPATCHER_HEADER header; /* signal_state: how many entries */
    LIST_ENTRY entries;
    uint32_t current_count, maximum_count;
    LIST_ENTRY threads;
} KQUEUE;

void KeInitializeQueue(KQUEUE *queue, uint32_t count);
int32_t KeInsertQueue(KQUEUE *queue, LIST_ENTRY *entry);
int32_t KeInsertHeadQueue(KQUEUE *queue, LIST_ENTRY *entry);
LIST_ENTRY *KeRemoveQueue(KQUEUE *queue, KPROCESSOR_MODE mode, const int64_t *timeout);
LIST_ENTRY *KeRundownQueue(KQUEUE *queue);

/* ---- alerts ---- */

uint32_t KeAlertThread(void *kthread, KPROCESSOR_MODE mode); /* mode 0 kernel, 1 user */
uint32_t KeAlertResumeThread(void *kthread);
uint32_t KeTestAlertThread(KPROCESSOR_MODE mode);

/* ---- waits ---- */

enum { WAIT_ALL = 0, WAIT_ANY = 1 };

NTSTATUS NtWaitForSingleObjectEx(HANDLE handle, KPROCESSOR_MODE mode, BOOLEAN alertable,
                                 const int64_t *timeout);
NTSTATUS NtWaitForMultipleObjectsEx(uint32_t count, const HANDLE *handles, uint32_t type,
                                    KPROCESSOR_MODE mode, BOOLEAN alertable,
                                    const int64_t *timeout);

NTSTATUS NtSignalAndWaitForSingleObjectEx(HANDLE signal, HANDLE object, KPROCESSOR_MODE mode,
                                          BOOLEAN alertable, const int64_t *timeout);

NTSTATUS KeWaitForSingleObject(void *object, uint32_t reason, KPROCESSOR_MODE mode,
                               BOOLEAN alertable, const int64_t *timeout);
NTSTATUS KeWaitForMultipleObjects(uint32_t count, void *const *objects, uint32_t type,
                                  uint32_t reason, KPROCESSOR_MODE mode, BOOLEAN alertable,
                                  const int64_t *timeout, void *blocks);

#endif
