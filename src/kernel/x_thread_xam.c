/* x_thread_xam.c - the title library's functions about threads: they return handles and numbers,
 * and leave the reason for a failure in the thread's last error. */
#include "kernel/x_thread.h"

#include "thread/layout.h"

#define CREATE_SUSPENDED 0x4u
#define FAILED           0xFFFFFFFFu
#define ANY_PROCESSOR    (-1)

/* Inlined guest code does the same: the word in the PCR switches it off. */
static void set_last_error(grt_call *call, uint32_t status)
{
    uint32_t suppressed;
    if (!grt_call_read_u32(call, call->thread->pcr + GRT_PCR_ERROR_SUPPRESSION, &suppressed,
                           "the PCR") ||
        suppressed)
        return;
    grt_thread_show_word(call->thread, GRT_KTHREAD_LAST_ERROR,
                         grt_export_RtlNtStatusToDosError(call, status));
}

uint32_t grt_export_CreateThread(grt_call *call, grt_addr attributes, uint32_t stack_size,
                                 grt_addr entry, uint32_t argument, uint32_t flags, grt_addr id_out)
{
    return grt_export_XapipCreateThread(call, attributes, stack_size, entry, argument, flags,
                                        ANY_PROCESSOR, id_out);
}

uint32_t grt_export_XapipCreateThread(grt_call *call, grt_addr attributes, uint32_t stack_size,
                                      grt_addr entry, uint32_t argument, uint32_t flags,
                                      int32_t processor, grt_addr id_out)
{
    (void)attributes; /* handles are not inherited and have no security here */
    grt_thread_config config = grt_thread_config_default();
    config.entry = entry;
    config.argument = argument;
    config.stack_size = stack_size;
    config.flags = flags & CREATE_SUSPENDED ? GRT_THREAD_SUSPENDED : 0;
    if (processor < ANY_PROCESSOR || processor >= (int32_t)GRT_CPU_COUNT)
        grt_call_complain(call, "there is no processor %d, so any will do", (int)processor);
    else if (processor != ANY_PROCESSOR)
        config.flags |= 1u << (GRT_THREAD_AFFINITY_SHIFT + processor);
    grt_creation wanted = {0, id_out, true, 0};
    uint32_t status = grt_call_create_thread(call, &config, &wanted);
    if (status == GRT_NT_SUCCESS)
        return wanted.name;
    set_last_error(call, status);
    return 0;
}

uint32_t grt_export_ResumeThread(grt_call *call, uint32_t handle)
{
    uint32_t status, previous = 0;
    grt_thread *thread = grt_call_thread(call, handle, &status);
    if (!thread) {
        set_last_error(call, status);
        return FAILED;
    }
    (void)grt_thread_resume(thread, &previous); /* that it has ended is no error */
    grt_thread_release(thread);
    return previous;
}

void grt_export_ExitThread(grt_call *call, uint32_t exit_code)
{
    grt_export_ExTerminateThread(call, exit_code);
}

uint32_t grt_export_GetCurrentThreadId(grt_call *call)
{
    return call->thread->id;
}
