/*
 * thunks.h - makes a table of exports from its rows: parameter lists, thunks, and the table itself,
 * as `static const grt_export table[]`.
 *
 * The includer has what handlers.h declares of the same rows and defines GRT_TABLE_COUNT, how many
 * there are. Included by exports.c; tests make tables of rows of their own with it, see
 * export_rows.h.
 */
#ifndef GRT_KERNEL_THUNKS_H
#define GRT_KERNEL_THUNKS_H

#include "kernel/call.h"
#include "kernel/shortcut.h"

/* The parameter list of a row, empty ones included, for the trace and the documentation. */
#define GRT_TYPE_OF_u8      GRT_TYPE_U8
#define GRT_TYPE_OF_boolean GRT_TYPE_BOOLEAN
#define GRT_TYPE_OF_u32     GRT_TYPE_U32
#define GRT_TYPE_OF_s32     GRT_TYPE_S32
#define GRT_TYPE_OF_u64     GRT_TYPE_U64
#define GRT_TYPE_OF_s64     GRT_TYPE_S64
#define GRT_TYPE_OF_addr    GRT_TYPE_ADDR
#define GRT_TYPE_OF_handle  GRT_TYPE_HANDLE
#define GRT_TYPE_OF_status  GRT_TYPE_STATUS
#define GRT_TYPE_OF_void    GRT_TYPE_VOID
#define GRT_TYPE_OF_noret   GRT_TYPE_NORET

#define GRT_PARAMETER(index, type, name) {GRT_TYPE_OF_##type, #name},
#define GRT_ROW(library, ordinal, name, returns, count, variadic, callers, statuses, sentence,     \
                ...)                                                                               \
    static const grt_export_parameter parameters_##name[] = {__VA_ARGS__{GRT_TYPE_VOID, NULL}};
#include "kernel/export_rows.h"

static const grt_export table[GRT_TABLE_COUNT];

/* How a thunk hands on what its handler returns. */
#define FINISH_u32(call, result)    grt_call_end_u32(call, result)
#define FINISH_addr(call, result)   grt_call_end_u32(call, result)
#define FINISH_handle(call, result) grt_call_end_u32(call, result)
#define FINISH_status(call, result) grt_call_end_u32(call, result)
#define FINISH_u64(call, result)    grt_call_end_u64(call, result)
#define FINISH_s32(call, result)    grt_call_end_s32(call, result)
#define FINISH_void(call, result)   ((result), grt_call_end(call))
#define FINISH_noret(call, result)  ((result), grt_call_end(call))

/* Eight in registers, then the stack; 0, reported, when r1 leads nowhere. */
static inline uint64_t argument(grt_call *call, uint32_t index)
{
    if (index < 8)
        return call->ctx->r[3 + index];
    uint64_t value;
    grt_call_slot(call, index, &value);
    return value;
}

/* As much of a register as its type says: callers leave anything in the rest. */
#define NARROW_u8(value)      (uint8_t)(value)
#define NARROW_boolean(value) ((uint8_t)(value) != 0)
#define NARROW_u32(value)     (uint32_t)(value)
#define NARROW_s32(value)     (int32_t)(value)
#define NARROW_u64(value)     (value)
#define NARROW_s64(value)     (int64_t)(value)
#define NARROW_addr(value)    (grt_addr)(value)
#define NARROW_handle(value)  (uint32_t)(value)

#define GRT_PARAMETER(index, type, name) , NARROW_##type(argument(&call, index))
#define GRT_ROW(library, ordinal, name, returns, count, variadic, callers, statuses, sentence,     \
                ...)                                                                               \
    static void thunk_##name(grt_ppc *ctx, uint8_t *base)                                          \
    {                                                                                              \
        (void)base;                                                                                \
        grt_call call;                                                                             \
        grt_call_begin(&call, ctx, &table[GRT_INDEX_##name]);                                      \
        FINISH_##returns(&call, grt_export_##name(&call __VA_ARGS__));                             \
    }
#include "kernel/export_rows.h"

/* The row's shortcut if it has one: GRT_SHORTCUT_name is then two arguments, else it is one word.
 */
#define SECOND_OF(first, second, ...) second
#define SECOND(...)                   SECOND_OF(__VA_ARGS__, ~)
#define FUNCTION_OF(name)             SECOND(GRT_SHORTCUT_##name, thunk_##name)

static const grt_export table[GRT_TABLE_COUNT] = {
#define GRT_PARAMETER(index, type, name)
#define GRT_ROW(library_, ordinal_, name_, returns_, count_, variadic_, callers_, statuses_,       \
                sentence_, ...)                                                                    \
    {                                                                                              \
        .library = GRT_LIBRARY_##library_,                                                         \
        .ordinal = ordinal_,                                                                       \
        .index = GRT_INDEX_##name_,                                                                \
        .variadic = variadic_,                                                                     \
        .parameter_count = count_,                                                                 \
        .callers = GRT_CALLERS_##callers_,                                                         \
        .statuses = statuses_,                                                                     \
        .returns = GRT_TYPE_OF_##returns_,                                                         \
        .name = #name_,                                                                            \
        .sentence = sentence_,                                                                     \
        .parameters = parameters_##name_,                                                          \
        .function = FUNCTION_OF(name_),                                                            \
    },
#include "kernel/export_rows.h"
};

#endif
