/* xbox/types.h - what the kernel's headers share. */
#ifndef GUEST_XBOX_TYPES_H
#define GUEST_XBOX_TYPES_H

#include <stdint.h>

typedef uint32_t HANDLE;
typedef uint32_t NTSTATUS;

#define STATUS_SUCCESS                 0x00000000u
#define STATUS_WAIT_0                  0x00000000u
#define STATUS_ABANDONED_WAIT_0        0x00000080u
#define STATUS_USER_APC                0x000000C0u
#define STATUS_ALERTED                 0x00000101u
#define STATUS_TIMEOUT                 0x00000102u
#define STATUS_UNSUCCESSFUL            0xC0000001u
#define STATUS_ACCESS_VIOLATION        0xC0000005u
#define STATUS_INVALID_HANDLE          0xC0000008u
#define STATUS_INVALID_PARAMETER       0xC000000Du
#define STATUS_NO_MEMORY               0xC0000017u
#define STATUS_CONFLICTING_ADDRESSES   0xC0000018u
#define STATUS_ACCESS_DENIED           0xC0000022u
#define STATUS_BUFFER_TOO_SMALL        0xC0000023u
#define STATUS_OBJECT_TYPE_MISMATCH    0xC0000024u
#define STATUS_INVALID_PAGE_PROTECTION 0xC0000045u
#define STATUS_MEMORY_NOT_ALLOCATED    0xC00000A0u

#define CURRENT_THREAD 0xFFFFFFFEu

#endif
