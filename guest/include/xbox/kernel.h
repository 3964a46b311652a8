/*
 * xbox/kernel.h - the kernel calls that guest programs here use.
 *
 * Names and argument order are the console's. A 64-bit value never travels by value: this
 * compiler would put it into a pair of registers where the kernel reads one. Timeouts are pointers
 * to a count of 100 ns: null waits for ever, 0 polls, negative is relative, positive absolute since
 * 1601. A handle is a number, 0 is none.
 */
#ifndef GUEST_XBOX_KERNEL_H
#define GUEST_XBOX_KERNEL_H

#include <stdint.h>

typedef uint32_t HANDLE;
typedef uint32_t NTSTATUS;

#define STATUS_SUCCESS              0x00000000u
#define STATUS_WAIT_0               0x00000000u
#define STATUS_ABANDONED_WAIT_0     0x00000080u
#define STATUS_USER_APC             0x000000C0u
#define STATUS_ALERTED              0x00000101u
#define STATUS_TIMEOUT              0x00000102u
#define STATUS_INVALID_HANDLE       0xC0000008u
#define STATUS_INVALID_PARAMETER    0xC000000Du
#define STATUS_NO_MEMORY            0xC0000017u
#define STATUS_OBJECT_TYPE_MISMATCH 0xC0000024u

#define CURRENT_THREAD 0xFFFFFFFEu

/* ---- threads ---- */

#define CREATE_SUSPENDED    0x00000001u
#define THREAD_PROCESSOR(n) (1u << (24 + (n))) /* n of 0-5 */

typedef uint32_t thread_entry(void *argument);

NTSTATUS ExCreateThread(HANDLE *handle, uint32_t stack_size, uint32_t *thread_id, void *startup,
                        thread_entry *entry, void *argument, uint32_t flags);
_Noreturn void ExTerminateThread(uint32_t exit_code);
NTSTATUS NtResumeThread(HANDLE thread, uint32_t *previous_count);
NTSTATUS NtSuspendThread(HANDLE thread, uint32_t *previous_count);
NTSTATUS NtYieldExecution(void);
NTSTATUS KeDelayExecutionThread(uint32_t mode, uint32_t alertable, const int64_t *interval);

/* ---- thread-local slots ---- */

uint32_t KeTlsAlloc(void); /* 0xFFFFFFFF when there is none left */
uint32_t KeTlsFree(uint32_t slot);
uint32_t KeTlsGetValue(uint32_t slot);
uint32_t KeTlsSetValue(uint32_t slot, uint32_t value);

/* ---- events, semaphores, mutants ---- */

enum { EVENT_MANUAL = 0, EVENT_AUTO = 1 };

NTSTATUS NtCreateEvent(HANDLE *handle, void *attributes, uint32_t type, uint32_t state);
NTSTATUS NtSetEvent(HANDLE event, int32_t *previous);
NTSTATUS NtClearEvent(HANDLE event);
NTSTATUS NtPulseEvent(HANDLE event, int32_t *previous);
NTSTATUS NtCreateSemaphore(HANDLE *handle, void *attributes, int32_t count, int32_t limit);
NTSTATUS NtReleaseSemaphore(HANDLE semaphore, int32_t count, int32_t *previous);
NTSTATUS NtCreateMutant(HANDLE *handle, void *attributes, uint32_t owned);
NTSTATUS NtReleaseMutant(HANDLE mutant, int32_t *previous);
NTSTATUS NtClose(HANDLE handle);

/* ---- waits ---- */

enum { WAIT_ALL = 0, WAIT_ANY = 1 };

NTSTATUS NtWaitForSingleObjectEx(HANDLE handle, uint32_t mode, uint32_t alertable,
                                 const int64_t *timeout);
NTSTATUS NtWaitForMultipleObjectsEx(uint32_t count, const HANDLE *handles, uint32_t type,
                                    uint32_t mode, uint32_t alertable, const int64_t *timeout);

/* ---- critical sections ---- */

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

/* ---- memory ---- */

#define HEAP_ZERO_MEMORY 0x8u

#define MEM_COMMIT   0x1000u
#define MEM_RESERVE  0x2000u
#define MEM_DECOMMIT 0x4000u
#define MEM_RELEASE  0x8000u

#define PAGE_READONLY  0x2u
#define PAGE_READWRITE 0x4u

void *RtlAllocateHeap(uint32_t heap, uint32_t flags, uint32_t size);
void *RtlReAllocateHeap(uint32_t heap, uint32_t flags, void *block, uint32_t size);
uint32_t RtlFreeHeap(uint32_t heap, uint32_t flags, void *block);       /* 0: refused */
uint32_t RtlSizeHeap(uint32_t heap, uint32_t flags, const void *block); /* ~0: not a block */
NTSTATUS NtAllocateVirtualMemory(void **base, uint32_t *size, uint32_t type, uint32_t protection,
                                 uint32_t debug_memory);
NTSTATUS NtFreeVirtualMemory(void **base, uint32_t *size, uint32_t type, uint32_t debug_memory);
void *MmAllocatePhysicalMemoryEx(uint32_t type, uint32_t size, uint32_t protection, uint32_t first,
                                 uint32_t last, uint32_t alignment);
void MmFreePhysicalMemory(uint32_t type, void *address);
void *ExAllocatePoolWithTag(uint32_t size, uint32_t tag);
void ExFreePool(void *address);

/* ---- time ---- */

uint32_t KeQueryPerformanceFrequency(void); /* time base ticks a second */
void KeQuerySystemTime(uint64_t *result);   /* 100 ns since 1601 */

/* ---- debugging ---- */

/*
 * The kernel reads further arguments where the console's compiler puts them: r4-r10, then 8-byte
 * slots from r1+0x54. This compiler agrees on the registers only, and passes floating point
 * elsewhere, so hand over at most seven words. printf() formats in the guest for that reason.
 */
uint32_t DbgPrint(const char *format, ...);
void DbgBreakPoint(void);
_Noreturn void KeBugCheckEx(uint32_t code, uint32_t a, uint32_t b, uint32_t c, uint32_t d);

#endif
