/*
 * ntstatus.h - the status codes that exports return to the guest, from one table.
 *
 * The numbers are the console's; a guest sees them in r3.
 */
#ifndef GUESTRT_NTSTATUS_H
#define GUESTRT_NTSTATUS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GRT_NT_MAP(X)                                                                              \
    X(0x00000000, SUCCESS, "the call succeeded, or the first object let the waiter through")       \
    X(0x00000080, ABANDONED_WAIT_0, "the owner of the mutant ended without releasing it")          \
    X(0x000000C0, USER_APC, "an APC ran while the thread waited")                                  \
    X(0x00000101, ALERTED, "another thread alerted the waiting one")                               \
    X(0x00000102, TIMEOUT, "the time given ran out")                                               \
    X(0x00000103, PENDING, "the operation goes on")                                                \
    X(0x40000000, OBJECT_NAME_EXISTS, "an object of this name existed and was opened")             \
    X(0x40000024, NO_YIELD_PERFORMED, "no other thread was ready to run")                          \
    X(0x40000025, TIMER_RESUME_IGNORED, "the timer is armed, but cannot wake the console")         \
    X(0xC0000001, UNSUCCESSFUL, "the call failed")                                                 \
    X(0xC0000002, NOT_IMPLEMENTED, "the export does not exist here")                               \
    X(0xC0000004, INFO_LENGTH_MISMATCH, "the record is not as long as it should be")               \
    X(0xC0000005, ACCESS_VIOLATION, "a pointer argument leads to inaccessible memory")             \
    X(0xC0000008, INVALID_HANDLE, "the handle names no open object")                               \
    X(0xC000000B, INVALID_CID, "no thread has this id")                                            \
    X(0xC000000D, INVALID_PARAMETER, "an argument is outside what the function accepts")           \
    X(0xC0000017, NO_MEMORY, "no memory is left for the request")                                  \
    X(0xC0000018, CONFLICTING_ADDRESSES, "the range is in use by another region")                  \
    X(0xC0000021, ALREADY_COMMITTED, "the pages are committed")                                    \
    X(0xC0000022, ACCESS_DENIED, "the object does not allow this")                                 \
    X(0xC0000023, BUFFER_TOO_SMALL, "the buffer is too small for the result")                      \
    X(0xC0000024, OBJECT_TYPE_MISMATCH, "the handle names an object of another type")              \
    X(0xC0000030, INVALID_PARAMETER_MIX, "two arguments contradict each other")                    \
    X(0xC0000033, OBJECT_NAME_INVALID, "the object's name cannot be used")                         \
    X(0xC0000034, OBJECT_NAME_NOT_FOUND, "no object has this name")                                \
    X(0xC0000035, OBJECT_NAME_COLLISION, "an object of this name and another type exists")         \
    X(0xC0000045, INVALID_PAGE_PROTECTION, "the protection bits are no valid combination")         \
    X(0xC0000046, MUTANT_NOT_OWNED, "the calling thread does not own the mutant")                  \
    X(0xC0000047, SEMAPHORE_LIMIT_EXCEEDED, "the semaphore's count would pass its limit")          \
    X(0xC000004A, SUSPEND_COUNT_EXCEEDED, "the thread's suspend count is at its limit")            \
    X(0xC000004B, THREAD_IS_TERMINATING, "the thread has ended or is ending")                      \
    X(0xC000009A, INSUFFICIENT_RESOURCES, "the runtime's own records are used up")                 \
    X(0xC00000A0, MEMORY_NOT_ALLOCATED, "no region is allocated at this address")                  \
    X(0xC000010A, PROCESS_IS_TERMINATING, "the program is being stopped")                          \
    X(0xC0000225, NOT_FOUND, "what was asked for does not exist")

/* Constants, not an enum: an enumerator above INT_MAX is no C17. */
#define GRT_NT_SUCCESS                  0x00000000u
#define GRT_NT_ABANDONED_WAIT_0         0x00000080u
#define GRT_NT_USER_APC                 0x000000C0u
#define GRT_NT_ALERTED                  0x00000101u
#define GRT_NT_TIMEOUT                  0x00000102u
#define GRT_NT_PENDING                  0x00000103u
#define GRT_NT_OBJECT_NAME_EXISTS       0x40000000u
#define GRT_NT_NO_YIELD_PERFORMED       0x40000024u
#define GRT_NT_TIMER_RESUME_IGNORED     0x40000025u
#define GRT_NT_UNSUCCESSFUL             0xC0000001u
#define GRT_NT_NOT_IMPLEMENTED          0xC0000002u
#define GRT_NT_INFO_LENGTH_MISMATCH     0xC0000004u
#define GRT_NT_ACCESS_VIOLATION         0xC0000005u
#define GRT_NT_INVALID_HANDLE           0xC0000008u
#define GRT_NT_INVALID_CID              0xC000000Bu
#define GRT_NT_INVALID_PARAMETER        0xC000000Du
#define GRT_NT_NO_MEMORY                0xC0000017u
#define GRT_NT_CONFLICTING_ADDRESSES    0xC0000018u
#define GRT_NT_ALREADY_COMMITTED        0xC0000021u
#define GRT_NT_ACCESS_DENIED            0xC0000022u
#define GRT_NT_BUFFER_TOO_SMALL         0xC0000023u
#define GRT_NT_OBJECT_TYPE_MISMATCH     0xC0000024u
#define GRT_NT_INVALID_PARAMETER_MIX    0xC0000030u
#define GRT_NT_OBJECT_NAME_INVALID      0xC0000033u
#define GRT_NT_OBJECT_NAME_NOT_FOUND    0xC0000034u
#define GRT_NT_OBJECT_NAME_COLLISION    0xC0000035u
#define GRT_NT_INVALID_PAGE_PROTECTION  0xC0000045u
#define GRT_NT_MUTANT_NOT_OWNED         0xC0000046u
#define GRT_NT_SEMAPHORE_LIMIT_EXCEEDED 0xC0000047u
#define GRT_NT_SUSPEND_COUNT_EXCEEDED   0xC000004Au
#define GRT_NT_THREAD_IS_TERMINATING    0xC000004Bu
#define GRT_NT_INSUFFICIENT_RESOURCES   0xC000009Au
#define GRT_NT_MEMORY_NOT_ALLOCATED     0xC00000A0u
#define GRT_NT_PROCESS_IS_TERMINATING   0xC000010Au
#define GRT_NT_NOT_FOUND                0xC0000225u

/* "STATUS_NO_MEMORY"; "STATUS_..." for a number not in the table. Any thread. O(table). */
const char *grt_nt_name(uint32_t status);

/* One sentence about the status, without a full stop. Any thread. O(table). */
const char *grt_nt_sentence(uint32_t status);

#ifdef __cplusplus
}
#endif

#endif
