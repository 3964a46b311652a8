/* xbox/thread.h - threads and thread-local slots. */
#ifndef GUEST_XBOX_THREAD_H
#define GUEST_XBOX_THREAD_H

#include <xbox/types.h>

#define CREATE_SUSPENDED    0x00000001u
#define CREATE_SYSTEM       0x00000002u
#define CREATE_RAISED       0x00000020u
#define CREATE_KTHREAD      0x00000080u        /* the answer is a KTHREAD instead of a handle */
#define THREAD_PROCESSOR(n) (1u << (24 + (n))) /* n of 0-5 */

typedef uint32_t thread_entry(void *argument);

NTSTATUS ExCreateThread(HANDLE *handle, uint32_t stack_size, uint32_t *thread_id, void *startup,
                        thread_entry *entry, void *argument, uint32_t flags);
_Noreturn void ExTerminateThread(uint32_t exit_code);
NTSTATUS NtResumeThread(HANDLE thread, uint32_t *previous_count);
NTSTATUS NtSuspendThread(HANDLE thread, uint32_t *previous_count);
NTSTATUS NtYieldExecution(void);
NTSTATUS KeDelayExecutionThread(KPROCESSOR_MODE mode, BOOLEAN alertable, const int64_t *interval);
void KeStallExecutionProcessor(uint32_t microseconds);

/* ---- by KTHREAD ---- */

typedef struct KTHREAD KTHREAD; /* where PCR+0x100 leads */

uint32_t KeResumeThread(KTHREAD *thread); /* both: the previous count */
uint32_t KeSuspendThread(KTHREAD *thread);
NTSTATUS KeSetAffinityThread(KTHREAD *thread, uint32_t mask, uint32_t *previous);
int32_t KeSetBasePriorityThread(KTHREAD *thread, int32_t increment);
int32_t KeQueryBasePriorityThread(KTHREAD *thread);
int32_t KeSetPriorityThread(KTHREAD *thread, int32_t priority);
void KeBoostPriorityThread(KTHREAD *thread, int32_t increment);
uint32_t KeSetDisableBoostThread(KTHREAD *thread, BOOLEAN disable);

/* ---- the calling thread ---- */

uint32_t KeGetCurrentProcessType(void);
void KeSetCurrentProcessType(uint8_t type);
void KeSetBackgroundProcessors(uint32_t mask);
uint32_t KeQueryBackgroundProcessors(void);
void KeEnableFpuExceptions(uint32_t enable);
void KeSaveFloatingPointState(void);
void KeRestoreFloatingPointState(void);
void KeSaveVectorUnitState(void);
void KeRestoreVectorUnitState(void);

/* ---- stacks ---- */

void RtlGetStackLimits(uint32_t *low, uint32_t *high);
char *MmCreateKernelStack(uint32_t size, uint32_t unused); /* its high end */
NTSTATUS MmDeleteKernelStack(char *base, char *limit);
void KeSetCurrentStackPointers(void *stack_pointer, KTHREAD *thread, void *allocation_base,
                               void *base, void *limit);

/* ---- functions that want to know of threads that begin (1) or end (0) ---- */

typedef struct THREAD_REGISTRATION {
    void (*routine)(struct THREAD_REGISTRATION *registration, KTHREAD *thread, uint32_t begins);
    uint32_t priority;
    uint32_t link[2];
} THREAD_REGISTRATION;

typedef struct XTHREAD_NOTIFICATION {
    uint32_t link[2];
    void (*routine)(uint32_t begins);
} XTHREAD_NOTIFICATION;

void ExRegisterThreadNotification(THREAD_REGISTRATION *registration, uint32_t create);
void XRegisterThreadNotifyRoutine(XTHREAD_NOTIFICATION *registration, uint32_t create);

/* ---- of the title library ---- */

HANDLE CreateThread(void *attributes, uint32_t stack_size, thread_entry *entry, void *argument,
                    uint32_t flags, uint32_t *thread_id);
HANDLE XapipCreateThread(void *attributes, uint32_t stack_size, thread_entry *entry, void *argument,
                         uint32_t flags, int32_t processor, uint32_t *thread_id);
uint32_t ResumeThread(HANDLE thread);
_Noreturn void ExitThread(uint32_t exit_code);
uint32_t GetCurrentThreadId(void);

/* ---- thread-local slots ---- */

uint32_t KeTlsAlloc(void); /* 0xFFFFFFFF when there is none left */
uint32_t KeTlsFree(uint32_t slot);
uint32_t KeTlsGetValue(uint32_t slot);
uint32_t KeTlsSetValue(uint32_t slot, uint32_t value);

#endif
