/* private_table.h - prototypes and enumerators of private_rows.def, as exports.h makes them. */
#ifndef GRT_PRIVATE_TABLE_H
#define GRT_PRIVATE_TABLE_H

#include "kernel/exports.h"

#define GRT_ROWS_FILE "private_rows.def"

#define GRT_PARAMETER(index, type, name) , grt_guest_##type name
#define GRT_ROW(library, ordinal, name, returns, count, variadic, callers, statuses, sentence,     \
                ...)                                                                               \
    grt_guest_##returns grt_export_##name(grt_call *call __VA_ARGS__);
#include "kernel/export_rows.h"

enum {
#define GRT_PARAMETER(index, type, name)
#define GRT_ROW(library, ordinal, name, returns, count, variadic, callers, statuses, sentence,     \
                ...)                                                                               \
    GRT_INDEX_##name,
#include "kernel/export_rows.h"
    PRIVATE_COUNT
};

#endif
