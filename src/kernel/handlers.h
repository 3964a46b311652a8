/*
 * handlers.h - what a table of exports declares of its rows: the prototypes of the handlers, and
 * GRT_INDEX_NtClose, the row's place in the table.
 *
 * The includer has the types of exports.h and defines GRT_TABLE_COUNT, the name of the enumerator
 * that says how many rows there are; it stays defined for thunks.h. The rows are those of
 * export_rows.h. No include guard, as there.
 */
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
    GRT_TABLE_COUNT
};
