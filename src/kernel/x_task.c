/* x_task.c - xam's tasks: functions that run on a thread of their own. */
#include "kernel/state.h"
#include "thread/layout.h"

#define ERROR_INVALID_HANDLE 6u

/* Without a place for the handle none is made, since nobody could close it. */
uint32_t grt_export_XamTaskSchedule(grt_call *call, grt_addr routine, uint32_t message,
                                    grt_addr options, grt_addr handle_out)
{
    (void)options; /* which processor, in a form that is not known well */
    uint32_t flags = handle_out ? 0 : GRT_THREAD_RETURN_KTHREAD;
    return grt_export_ExCreateThread(call, handle_out, 0, 0, 0, routine, message, flags);
}

uint32_t grt_export_XamTaskCloseHandle(grt_call *call, uint32_t task)
{
    if (grt_export_NtClose(call, task) == GRT_NT_SUCCESS)
        return 1;
    grt_thread_show_word(call->thread, GRT_KTHREAD_LAST_ERROR, ERROR_INVALID_HANDLE);
    return 0;
}

uint32_t grt_export_XamTaskShouldExit(grt_call *call, uint32_t task)
{
    (void)call;
    (void)task;
    return 0;
}
