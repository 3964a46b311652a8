/* exports.c - the table of exports, the thunk of each row, and the ways to look one up. */
#include "kernel/state.h"

#include <stdlib.h>
#include <string.h>

/* ---- thunks: generated from the table ---------------------------------------------------------
 */

/* The parameter list of a row, empty ones included, for the trace and the documentation. */
#define GRT_TYPE_OF_u32    GRT_TYPE_U32
#define GRT_TYPE_OF_s32    GRT_TYPE_S32
#define GRT_TYPE_OF_addr   GRT_TYPE_ADDR
#define GRT_TYPE_OF_handle GRT_TYPE_HANDLE
#define GRT_TYPE_OF_status GRT_TYPE_STATUS
#define GRT_TYPE_OF_void   GRT_TYPE_VOID
#define GRT_TYPE_OF_noret  GRT_TYPE_NORET

#define GRT_PARAMETER(index, type, name) {GRT_TYPE_OF_##type, #name},
#define GRT_ROW(library, ordinal, name, returns, count, variadic, sentence, ...)                   \
    static const grt_export_parameter parameters_##name[] = {__VA_ARGS__{GRT_TYPE_VOID, NULL}};
#include "kernel/export_rows.h"

static const grt_export table[GRT_INDEX_COUNT];

/* How a thunk hands on what its handler returns. */
#define FINISH_u32(call, result)    grt_call_end_u32(call, result)
#define FINISH_addr(call, result)   grt_call_end_u32(call, result)
#define FINISH_handle(call, result) grt_call_end_u32(call, result)
#define FINISH_status(call, result) grt_call_end_u32(call, result)
#define FINISH_s32(call, result)    grt_call_end_s32(call, result)
#define FINISH_void(call, result)   ((result), grt_call_end(call))
#define FINISH_noret(call, result)  ((result), grt_call_end(call))

/* No row has more than eight parameters, so they are all in registers. */
#define GRT_PARAMETER(index, type, name) , (grt_guest_##type)ctx->r[3 + (index)]
#define GRT_ROW(library, ordinal, name, returns, count, variadic, sentence, ...)                   \
    static void thunk_##name(grt_ppc *ctx, uint8_t *base)                                          \
    {                                                                                              \
        (void)base;                                                                                \
        grt_call call;                                                                             \
        grt_call_begin(&call, ctx, &table[GRT_INDEX_##name]);                                      \
        FINISH_##returns(&call, grt_export_##name(&call __VA_ARGS__));                             \
    }
#include "kernel/export_rows.h"

static const grt_export table[GRT_INDEX_COUNT] = {
#define GRT_PARAMETER(index, type, name)
#define GRT_ROW(library_, ordinal_, name_, returns_, count_, variadic_, sentence_, ...)            \
    {                                                                                              \
        .library = GRT_LIBRARY_##library_,                                                         \
        .ordinal = ordinal_,                                                                       \
        .variadic = variadic_,                                                                     \
        .parameter_count = count_,                                                                 \
        .returns = GRT_TYPE_OF_##returns_,                                                         \
        .name = #name_,                                                                            \
        .sentence = sentence_,                                                                     \
        .parameters = parameters_##name_,                                                          \
        .function = thunk_##name_,                                                                 \
    },
#include "kernel/export_rows.h"
};

/* ---- lookup -------------------------------------------------------------------------------- */

uint32_t grt_export_count(void)
{
    return GRT_INDEX_COUNT;
}

const grt_export *grt_export_at(uint32_t index)
{
    return index < GRT_INDEX_COUNT ? &table[index] : NULL;
}

const grt_export *grt_export_find(uint16_t library, uint16_t ordinal)
{
    for (uint32_t i = 0; i < GRT_INDEX_COUNT; i++) {
        if (table[i].library == library && table[i].ordinal == ordinal)
            return &table[i];
    }
    return NULL;
}

const grt_export *grt_export_find_name(const char *name)
{
    for (uint32_t i = 0; name && i < GRT_INDEX_COUNT; i++) {
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    }
    return NULL;
}

const char *grt_library_name(uint16_t library)
{
    static const char *const names[] = {"xboxkrnl", "xam", "guestrt"};
    return library < sizeof names / sizeof names[0] ? names[library] : "unknown";
}

const char *grt_export_type_name(grt_export_type type)
{
    static const char *const names[] = {"void", "noret", "u32", "s32", "addr", "handle", "status"};
    return (size_t)type < sizeof names / sizeof names[0] ? names[type] : "unknown";
}

/* ---- names, also of what does not exist here
 * ----------------------------------------------------- */

typedef struct known_name {
    uint32_t key; /* library << 16 | ordinal */
    const char *name;
} known_name;

static const known_name known_names[] = {
#define GRT_NAME(library, ordinal, name) {(uint32_t)GRT_LIBRARY_##library << 16 | (ordinal), #name},
#include "kernel/names.def"
};

static int compare_names(const void *a, const void *b)
{
    uint32_t left = ((const known_name *)a)->key, right = ((const known_name *)b)->key;
    return (left > right) - (left < right);
}

const char *grt_export_name(uint16_t library, uint16_t ordinal)
{
    known_name wanted = {(uint32_t)library << 16 | ordinal, NULL};
    const known_name *found =
        bsearch(&wanted, known_names, sizeof known_names / sizeof *known_names, sizeof *known_names,
                compare_names);
    return found ? found->name : NULL;
}
