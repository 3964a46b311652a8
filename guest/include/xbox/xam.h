/* xbox/xam.h - the Win32 faces of events, mutants, timers, waits and sleeps. */
#ifndef GUEST_XBOX_XAM_H
#define GUEST_XBOX_XAM_H

#include <xbox/sync.h>

#define INFINITE           0xFFFFFFFFu
#define WAIT_OBJECT_0      0x00000000u
#define WAIT_ABANDONED     0x00000080u
#define WAIT_IO_COMPLETION 0x000000C0u
#define WAIT_TIMEOUT       0x00000102u
#define WAIT_FAILED        0xFFFFFFFFu

/* All return 0 when they fail, and leave why in the last error. Names may be null. */
HANDLE CreateEventA(void *attributes, uint32_t manual, uint32_t state, const char *name);
uint32_t SetEvent(HANDLE event);
uint32_t ResetEvent(HANDLE event);
HANDLE CreateMutexA(void *attributes, uint32_t owned, const char *name);
HANDLE OpenMutexA(uint32_t access, uint32_t inherit, const char *name);
uint32_t ReleaseMutex(HANDLE mutex);
HANDLE CreateWaitableTimerA(void *attributes, uint32_t manual, const char *name);
uint32_t SetWaitableTimer(HANDLE timer, const int64_t *due, int32_t period, timer_routine *routine,
                          void *argument, uint32_t resume);
uint32_t CancelWaitableTimer(HANDLE timer);

uint32_t WaitForSingleObject(HANDLE object, uint32_t milliseconds);
uint32_t WaitForSingleObjectEx(HANDLE object, uint32_t milliseconds, uint32_t alertable);
void Sleep(uint32_t milliseconds);
uint32_t SleepEx(uint32_t milliseconds, uint32_t alertable);
NTSTATUS RtlSleep(uint32_t milliseconds, uint32_t alertable);

/* As programs have it inlined: the KTHREAD is at 0x100 of the PCR. */
static inline uint32_t GetLastError(void)
{
    uint32_t kthread;
    __asm__ volatile("lwz %0,0x100(13)" : "=r"(kthread));
    return *(volatile uint32_t *)(uintptr_t)(kthread + 0x160);
}

#endif
