/*
 * exports.h - the prototypes of all export handlers, made from the table: a handler whose
 * parameters differ from its row does not compile.
 */
#ifndef GRT_KERNEL_EXPORTS_H
#define GRT_KERNEL_EXPORTS_H

#include "kernel/call.h"

typedef uint32_t grt_guest_u32;
typedef int32_t grt_guest_s32;
typedef uint64_t grt_guest_u64;
typedef int64_t grt_guest_s64;
typedef grt_addr grt_guest_addr;
typedef uint32_t grt_guest_handle;
typedef uint32_t grt_guest_status;
typedef void grt_guest_void;
typedef void grt_guest_noret;

#define GRT_PARAMETER(index, type, name) , grt_guest_##type name
#define GRT_ROW(library, ordinal, name, returns, count, variadic, callers, statuses, sentence,     \
                ...)                                                                               \
    grt_guest_##returns grt_export_##name(grt_call *call __VA_ARGS__);
#include "kernel/export_rows.h"

/* GRT_INDEX_NtClose: the row's place in the table. */
enum {
#define GRT_PARAMETER(index, type, name)
#define GRT_ROW(library, ordinal, name, returns, count, variadic, callers, statuses, sentence,     \
                ...)                                                                               \
    GRT_INDEX_##name,
#include "kernel/export_rows.h"
    GRT_INDEX_COUNT
};

#endif
