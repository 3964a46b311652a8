/*
 * exports.h - the prototypes of all export handlers, made from the table: a handler whose
 * parameters differ from its row does not compile.
 */
#ifndef GRT_KERNEL_EXPORTS_H
#define GRT_KERNEL_EXPORTS_H

#include "kernel/call.h"

typedef uint8_t grt_guest_u8;
typedef bool grt_guest_boolean;
typedef uint32_t grt_guest_u32;
typedef int32_t grt_guest_s32;
typedef uint64_t grt_guest_u64;
typedef int64_t grt_guest_s64;
typedef grt_addr grt_guest_addr;
typedef uint32_t grt_guest_handle;
typedef uint32_t grt_guest_status;
typedef void grt_guest_void;
typedef void grt_guest_noret;

#define GRT_TABLE_COUNT GRT_INDEX_COUNT
#include "kernel/handlers.h"
#undef GRT_TABLE_COUNT

#endif
