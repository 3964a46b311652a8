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
    GRT_TYPE_U8,      /* the lowest byte of the register */
    GRT_TYPE_BOOLEAN, /* the same: true unless it is 0 */
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
    uint16_t index; /* its place in the table */
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

/* What a call of an export that does not exist here puts into r3: what its callers take for a
 * failure. (name, value, sentence) */
#define GRT_FAILURE_MAP(X)                                                                         \
    X(UNKNOWN, 0xC0000002u, "what it returns is not known: a status that says so")                 \
    X(STATUS, 0xC0000002u, "a status: STATUS_NOT_IMPLEMENTED")                                     \
    X(HRESULT, 0x80004001u, "a result of xam: E_NOTIMPL")                                          \
    X(ERROR, 120u, "a Win32 error: ERROR_CALL_NOT_IMPLEMENTED")                                    \
    X(ADDR, 0u, "an address: null")                                                                \
    X(HANDLE, 0u, "a handle: none")                                                                \
    X(BOOL, 0u, "a truth value: false")                                                            \
    X(COUNT, 0u, "a number: 0")                                                                    \
    X(ONES, 0xFFFFFFFFu, "a number whose failure is -1")                                           \
    X(VOID, 0u, "nothing: r3 stays as it is")                                                      \
    X(NORET, 0xC0000002u, "it does not return: the thread ends with this exit code")               \
    X(DATA, 0u, "it is a variable")

typedef enum grt_failure {
#define GRT_FAILURE_ENUM(name, value, sentence) GRT_FAILURE_##name,
    GRT_FAILURE_MAP(GRT_FAILURE_ENUM)
#undef GRT_FAILURE_ENUM
} grt_failure;

/* An export that is known by name, whether it is implemented here or not; static, never freed. */
typedef struct grt_known_export {
    uint16_t library, ordinal;
    grt_failure failure;
    const char *name;
} grt_known_export;

/* All of them, ascending by library and ordinal: index 0 to grt_known_export_count() - 1, null
 * beyond. O(1). */
uint32_t grt_known_export_count(void);
const grt_known_export *grt_known_export_at(uint32_t index);

/* The one of this ordinal, or null when nobody knows it. O(log names). */
const grt_known_export *grt_known_export_find(uint16_t library, uint16_t ordinal);

/* Its name, or null. O(log names). */
const char *grt_export_name(uint16_t library, uint16_t ordinal);

/* ---- variables ------------------------------------------------------------------------------ */

/* A data export; static, never freed. */
typedef struct grt_variable {
    uint16_t library, ordinal;
    uint32_t size; /* bytes */
    const char *name, *sentence;
} grt_variable;

/* The data exports that exist here, in the order of the file; null beyond. O(1). */
uint32_t grt_variable_count(void);
const grt_variable *grt_variable_at(uint32_t index);
/* The data export of this ordinal, or null. O(variables). */
const grt_variable *grt_variable_find(uint16_t library, uint16_t ordinal);

/* The guest address of a data export; 0 when it does not exist here, or when the program that is
 * loaded imports no variable at all. O(variables). */
grt_addr grt_runtime_variable(const grt_runtime *runtime, uint16_t library, uint16_t ordinal);

/* "xboxkrnl", "xam", "guestrt"; "unknown" for others. O(1). */
const char *grt_library_name(uint16_t library);

/* "u32", "status", ...: as written in exports.def. O(1). */
const char *grt_export_type_name(grt_export_type type);

/* "PASSIVE", "APC", "DISPATCH", "ANY": likewise. O(1). */
const char *grt_export_callers_name(uint8_t callers);

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
