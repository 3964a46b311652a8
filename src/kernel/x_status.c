/* x_status.c - status codes in other numbers. */
#include "kernel/state.h"

#define ERROR_MR_MID_NOT_FOUND   317u
#define NOT_AN_NT_STATUS(status) (((status)&0x20000000u) != 0)
#define FACILITY_WIN32           0x80070000u

/* The public Win32 equivalents of the statuses that exports here return. */
static const struct {
    uint32_t status, error;
} dos_errors[] = {
    {GRT_NT_SUCCESS, 0},
    {GRT_NT_ABANDONED_WAIT_0, 735},
    {GRT_NT_USER_APC, 737},
    {GRT_NT_ALERTED, 739},
    {GRT_NT_TIMEOUT, 258},
    {GRT_NT_PENDING, 997},
    {GRT_NT_OBJECT_NAME_EXISTS, 698},
    {GRT_NT_NO_YIELD_PERFORMED, 721},
    {GRT_NT_TIMER_RESUME_IGNORED, 722},
    {GRT_NT_UNSUCCESSFUL, 31},
    {GRT_NT_NOT_IMPLEMENTED, 1},
    {GRT_NT_INFO_LENGTH_MISMATCH, 24},
    {GRT_NT_ACCESS_VIOLATION, 998},
    {GRT_NT_INVALID_HANDLE, 6},
    {GRT_NT_INVALID_CID, 87},
    {GRT_NT_INVALID_PARAMETER, 87},
    {GRT_NT_NO_MEMORY, 8},
    {GRT_NT_CONFLICTING_ADDRESSES, 487},
    {GRT_NT_ALREADY_COMMITTED, 5},
    {GRT_NT_ACCESS_DENIED, 5},
    {GRT_NT_BUFFER_TOO_SMALL, 122},
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
    {GRT_NT_NOT_FOUND, 1168},
};

uint32_t grt_export_RtlNtStatusToDosError(grt_call *call, uint32_t code)
{
    /* Who asks again and again has a call that fails again and again. */
    if (code >= GRT_NT_FIRST_ERROR)
        grt_alarm_failure(call, code);
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
