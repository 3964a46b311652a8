/* xbox/task.h - xam: tasks, and results of background operations. */
#ifndef GUEST_XBOX_TASK_H
#define GUEST_XBOX_TASK_H

#include <xbox/types.h>

#define ERROR_SUCCESS        0u
#define ERROR_INVALID_HANDLE 6u
#define ERROR_IO_INCOMPLETE  996u
#define ERROR_IO_PENDING     997u
#define ERROR_NOACCESS       998u

typedef struct XOVERLAPPED {
    uint32_t result, length, context;
    HANDLE event;
    void *completion;
    uint32_t completion_context, extended;
} XOVERLAPPED;

typedef uint32_t task_routine(void *message);

NTSTATUS XamTaskSchedule(task_routine *routine, void *message, void *options, HANDLE *task);
uint32_t XamTaskCloseHandle(HANDLE task);
uint32_t XamTaskShouldExit(HANDLE task);

uint32_t XamGetOverlappedResult(XOVERLAPPED *overlapped, uint32_t *length, uint32_t wait);
uint32_t XGetOverlappedResult(XOVERLAPPED *overlapped, uint32_t *length, uint32_t wait);
uint32_t XGetOverlappedExtendedError(XOVERLAPPED *overlapped);

#endif
