/* xbox/thread.h - threads and thread-local slots. */
#ifndef GUEST_XBOX_THREAD_H
#define GUEST_XBOX_THREAD_H

#include <xbox/types.h>

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

#endif
