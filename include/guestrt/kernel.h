/*
 * kernel.h - the kernel's exports: what exists, by which name and number, and what it has done.
 *
 * The exports come from one table, exports.def. All functions may be called from any thread.
 */
#ifndef GUESTRT_KERNEL_H
#define GUESTRT_KERNEL_H

#include "guestrt/ntstatus.h"
#include "guestrt/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum grt_export_type {
    GRT_TYPE_VOID,
    GRT_TYPE_NORET,
    GRT_TYPE_U32,
    GRT_TYPE_S32,
    GRT_TYPE_U64,
    GRT_TYPE_S64,
    GRT_TYPE_ADDR,
    GRT_TYPE_HANDLE,
    GRT_TYPE_STATUS,
} grt_export_type;

typedef struct grt_export_parameter {
    grt_export_type type;
    const char *name;
} grt_export_parameter;

/* The highest interrupt level at which an export may be called. */
typedef enum grt_export_callers {
    GRT_CALLERS_PASSIVE = 0,
    GRT_CALLERS_APC = 1,
    GRT_CALLERS_DISPATCH = 2,
    GRT_CALLERS_ANY = 255,
} grt_export_callers;

/* One row of the table; static, never freed. */
typedef struct grt_export {
    uint16_t library; /* GRT_LIBRARY_... */
    uint16_t ordinal;
    bool variadic;
    uint8_t parameter_count;
    uint8_t callers; /* GRT_CALLERS_... */
    grt_export_type returns;
    const char *name;
    const char *statuses; /* "SUCCESS TIMEOUT": what it may return, "" if it returns no status */
    const char *sentence;
    const grt_export_parameter *parameters;
    grt_ppc_function *function;
} grt_export;

/* The rows in the order of the file: index 0 to grt_export_count() - 1, null beyond. O(1). */
uint32_t grt_export_count(void);
const grt_export *grt_export_at(uint32_t index);

/* The row of an implemented export, or null. O(rows). */
const grt_export *grt_export_find(uint16_t library, uint16_t ordinal);
const grt_export *grt_export_find_name(const char *name);

/* True iff the row says that it returns [status], which is always so if it returns no status.
 * O(statuses). */
bool grt_export_may_return(const grt_export *row, uint32_t status);

/* The name of an export whether it is implemented here or not, or null when nobody knows it.
 * O(log names). */
const char *grt_export_name(uint16_t library, uint16_t ordinal);

/* "xboxkrnl", "xam", "guestrt"; "unknown" for others. O(1). */
const char *grt_library_name(uint16_t library);

/* "u32", "status", ...: as written in exports.def. O(1). */
const char *grt_export_type_name(grt_export_type type);

/* Writes docs/exports.md piece by piece. */
void grt_export_write_docs(grt_output_fn *output, void *user);

typedef struct grt_kernel_stats {
    uint32_t handles;         /* open now */
    uint32_t handles_peak;    /* never falls */
    uint32_t objects;         /* alive now */
    uint32_t waiting;         /* threads that wait for objects now */
    uint64_t waits;           /* waits that had to sleep so far; never falls */
    uint32_t virtual_regions; /* of NtAllocateVirtualMemory, now */
    uint32_t sections;        /* critical sections that threads are inside of, now */
    uint32_t missing_exports; /* imports called so far that do not exist */
} grt_kernel_stats;

void grt_runtime_get_kernel_stats(grt_runtime *runtime, grt_kernel_stats *stats);

#ifdef __cplusplus
}
#endif

#endif
