/* x_misc.c - exports about time and status codes. */
#include "kernel/state.h"

#define TIME_BASE_HZ             50000000u
#define ERROR_MR_MID_NOT_FOUND   317u
#define NOT_AN_NT_STATUS(status) (((status)&0x20000000u) != 0)
#define FACILITY_WIN32           0x80070000u

uint32_t grt_export_KeQueryPerformanceFrequency(grt_call *call)
{
    (void)call;
    return TIME_BASE_HZ;
}

void grt_export_KeQuerySystemTime(grt_call *call, grt_addr time_out)
{
    grt_call_write_u64(call, time_out, grt_kernel_time(), "time_out");
}

/* The public Win32 equivalents of the statuses that exports here return. */
static const struct {
    uint32_t status, error;
} dos_errors[] = {
    {GRT_NT_SUCCESS, 0},
    {GRT_NT_ABANDONED_WAIT_0, 735},
    {GRT_NT_TIMEOUT, 258},
    {GRT_NT_OBJECT_NAME_EXISTS, 698},
    {GRT_NT_UNSUCCESSFUL, 31},
    {GRT_NT_NOT_IMPLEMENTED, 1},
    {GRT_NT_ACCESS_VIOLATION, 998},
    {GRT_NT_INVALID_HANDLE, 6},
    {GRT_NT_INVALID_PARAMETER, 87},
    {GRT_NT_NO_MEMORY, 8},
    {GRT_NT_CONFLICTING_ADDRESSES, 487},
    {GRT_NT_OBJECT_TYPE_MISMATCH, 6},
    {GRT_NT_INVALID_PARAMETER_MIX, 87},
    {GRT_NT_OBJECT_NAME_INVALID, 123},
    {GRT_NT_OBJECT_NAME_NOT_FOUND, 2},
    {GRT_NT_OBJECT_NAME_COLLISION, 183},
    {GRT_NT_INVALID_PAGE_PROTECTION, 87},
    {GRT_NT_MUTANT_NOT_OWNED, 288},
    {GRT_NT_SEMAPHORE_LIMIT_EXCEEDED, 298},
    {GRT_NT_SUSPEND_COUNT_EXCEEDED, 156},
    {GRT_NT_THREAD_IS_TERMINATING, 5},
    {GRT_NT_INSUFFICIENT_RESOURCES, 1450},
    {GRT_NT_MEMORY_NOT_ALLOCATED, 487},
    {GRT_NT_PROCESS_IS_TERMINATING, 5},
};

uint32_t grt_export_RtlNtStatusToDosError(grt_call *call, uint32_t code)
{
    (void)call;
    if (NOT_AN_NT_STATUS(code)) /* somebody's own code: stays as it is */
        return code;
    if ((code & 0xFFFF0000u) == FACILITY_WIN32)
        return code & 0xFFFFu;
    for (size_t i = 0; i < sizeof dos_errors / sizeof dos_errors[0]; i++) {
        if (dos_errors[i].status == code)
            return dos_errors[i].error;
    }
    return ERROR_MR_MID_NOT_FOUND;
}
