/* x_overlapped.c - exports about the result of an operation that goes on in the background. */
#include "kernel/state.h"
#include "kernel/waiting.h"

enum {
    OVERLAPPED_RESULT = 0x00,
    OVERLAPPED_LENGTH = 0x04,
    OVERLAPPED_EVENT = 0x0C,
    OVERLAPPED_EXTENDED = 0x18,
    OVERLAPPED_SIZE = 0x1C,
};

/* Error numbers as xam returns them. */
#define ERROR_SUCCESS           0u
#define ERROR_INVALID_HANDLE    6u
#define ERROR_INVALID_PARAMETER 87u
#define ERROR_IO_INCOMPLETE     996u
#define ERROR_IO_PENDING        997u
#define ERROR_NOACCESS          998u

/* Waits until the operation's event is set. Returns an error number. */
static uint32_t wait_for_event(grt_call *call, uint32_t event)
{
    grt_wait wait;
    grt_wait_init(&wait, call->thread, false, UINT64_MAX);
    uint32_t status = grt_call_wait_handle(call, event, GRT_OBJECT_EVENT, &wait);
    return (int32_t)status >= 0 ? ERROR_SUCCESS : ERROR_INVALID_HANDLE;
}

/* Reads the record, after the wait if there is to be one. */
static uint32_t read_result(grt_call *call, grt_addr overlapped, bool wait, uint8_t *record)
{
    if (!grt_call_read(call, record, overlapped, OVERLAPPED_SIZE, "overlapped"))
        return ERROR_NOACCESS;
    uint32_t event = grt_load32(record + OVERLAPPED_EVENT);
    if (!wait || grt_load32(record + OVERLAPPED_RESULT) != ERROR_IO_PENDING)
        return ERROR_SUCCESS;
    if (!event) {
        grt_call_complain(call, "the operation at %08X has no event to wait for",
                          (unsigned)overlapped);
        return ERROR_SUCCESS;
    }
    uint32_t error = wait_for_event(call, event);
    if (error != ERROR_SUCCESS)
        return error;
    return grt_call_read(call, record, overlapped, OVERLAPPED_SIZE, "overlapped") ? ERROR_SUCCESS
                                                                                  : ERROR_NOACCESS;
}

uint32_t grt_export_XamGetOverlappedResult(grt_call *call, grt_addr overlapped, grt_addr length_out,
                                           uint32_t wait)
{
    uint8_t record[OVERLAPPED_SIZE];
    uint32_t error = read_result(call, overlapped, wait != 0, record);
    if (error != ERROR_SUCCESS)
        return error;
    uint32_t result = grt_load32(record + OVERLAPPED_RESULT);
    if (result == ERROR_IO_PENDING)
        return ERROR_IO_INCOMPLETE;
    if (result == ERROR_SUCCESS && length_out &&
        !grt_call_write_u32(call, length_out, grt_load32(record + OVERLAPPED_LENGTH), "length_out"))
        return ERROR_NOACCESS;
    return result;
}

uint32_t grt_export_XGetOverlappedResult(grt_call *call, grt_addr overlapped, grt_addr length_out,
                                         uint32_t wait)
{
    return grt_export_XamGetOverlappedResult(call, overlapped, length_out, wait);
}

uint32_t grt_export_XGetOverlappedExtendedError(grt_call *call, grt_addr overlapped)
{
    uint32_t extended;
    if (!overlapped) {
        grt_call_complain(call, "overlapped is null");
        return ERROR_INVALID_PARAMETER;
    }
    return grt_call_read_u32(call, overlapped + OVERLAPPED_EXTENDED, &extended, "overlapped")
               ? extended
               : ERROR_NOACCESS;
}
