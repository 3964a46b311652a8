/* exports.c - the table of exports, the thunk of each row, and the ways to look one up. */
#include "kernel/shortcut.h"
#include "kernel/state.h"

#include <stdlib.h>
#include <string.h>

/* ---- thunks: generated from the table ---------------------------------------------------------
 */

/* The parameter list of a row, empty ones included, for the trace and the documentation. */
#define GRT_TYPE_OF_u32    GRT_TYPE_U32
#define GRT_TYPE_OF_s32    GRT_TYPE_S32
#define GRT_TYPE_OF_u64    GRT_TYPE_U64
#define GRT_TYPE_OF_s64    GRT_TYPE_S64
#define GRT_TYPE_OF_addr   GRT_TYPE_ADDR
#define GRT_TYPE_OF_handle GRT_TYPE_HANDLE
#define GRT_TYPE_OF_status GRT_TYPE_STATUS
#define GRT_TYPE_OF_void   GRT_TYPE_VOID
#define GRT_TYPE_OF_noret  GRT_TYPE_NORET

#define GRT_PARAMETER(index, type, name) {GRT_TYPE_OF_##type, #name},
#define GRT_ROW(library, ordinal, name, returns, count, variadic, callers, statuses, sentence,     \
                ...)                                                                               \
    static const grt_export_parameter parameters_##name[] = {__VA_ARGS__{GRT_TYPE_VOID, NULL}};
#include "kernel/export_rows.h"

static const grt_export table[GRT_INDEX_COUNT];

/* How a thunk hands on what its handler returns. */
#define FINISH_u32(call, result)    grt_call_end_u32(call, result)
#define FINISH_addr(call, result)   grt_call_end_u32(call, result)
#define FINISH_handle(call, result) grt_call_end_u32(call, result)
#define FINISH_status(call, result) grt_call_end_u32(call, result)
#define FINISH_u64(call, result)    grt_call_end_u64(call, result)
#define FINISH_s32(call, result)    grt_call_end_s32(call, result)
#define FINISH_void(call, result)   ((result), grt_call_end(call))
#define FINISH_noret(call, result)  ((result), grt_call_end(call))

/* Eight in registers, then the stack. This is guest code still: a stack pointer that leads nowhere
 * is the guest's fault like any other. */
static inline uint64_t argument(const grt_ppc *ctx, const uint8_t *base, uint32_t index)
{
    return index < 8 ? ctx->r[3 + index]
                     : grt_load64(base + (grt_addr)(ctx->r[1] + 0x50 + 8 * (uint64_t)(index - 8)));
}

#define GRT_PARAMETER(index, type, name) , (grt_guest_##type)argument(ctx, base, index)
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

static grt_ppc_function *const thunks[GRT_INDEX_COUNT] = {
#define GRT_PARAMETER(index, type, name)
#define GRT_ROW(library, ordinal, name, returns, count, variadic, callers, statuses, sentence,     \
                ...)                                                                               \
    thunk_##name,
#include "kernel/export_rows.h"
};

void grt_export_in_full(grt_ppc *ctx, uint8_t *base, uint32_t index)
{
    thunks[index](ctx, base);
}

/* The row's shortcut if it has one: GRT_SHORTCUT_name is then two arguments, else it is one word.
 */
#define SECOND_OF(first, second, ...) second
#define SECOND(...)                   SECOND_OF(__VA_ARGS__, ~)
#define FUNCTION_OF(name)             SECOND(GRT_SHORTCUT_##name, thunk_##name)

static const grt_export table[GRT_INDEX_COUNT] = {
#define GRT_PARAMETER(index, type, name)
#define GRT_ROW(library_, ordinal_, name_, returns_, count_, variadic_, callers_, statuses_,       \
                sentence_, ...)                                                                    \
    {                                                                                              \
        .library = GRT_LIBRARY_##library_,                                                         \
        .ordinal = ordinal_,                                                                       \
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

/* Statuses of waits come with an index; these two words of a row stand for all of them. */
static uint32_t status_range(uint32_t status)
{
    if (status < 64)
        return GRT_NT_SUCCESS;
    bool abandoned = status - GRT_NT_ABANDONED_WAIT_0 < 64;
    return abandoned ? GRT_NT_ABANDONED_WAIT_0 : status;
}

static bool word_is(const char *word, size_t length, const char *name)
{
    return strncmp(word, name, length) == 0 && name[length] == '\0';
}

bool grt_export_may_return(const grt_export *row, uint32_t status)
{
    if (row->returns != GRT_TYPE_STATUS)
        return true;
    const char *name = grt_nt_name(status) + sizeof "STATUS_" - 1;
    const char *range = status_range(status) == GRT_NT_SUCCESS ? "WAIT_0" : "ABANDONED_WAIT_0";
    bool ranged = status_range(status) != status || status == GRT_NT_SUCCESS;
    for (const char *word = row->statuses; *word;) {
        size_t length = strcspn(word, " ");
        if (word_is(word, length, name) || (ranged && word_is(word, length, range)))
            return true;
        word += length + strspn(word + length, " ");
    }
    return false;
}

const char *grt_library_name(uint16_t library)
{
    static const char *const names[] = {"xboxkrnl", "xam", "guestrt"};
    return library < sizeof names / sizeof names[0] ? names[library] : "unknown";
}

const char *grt_export_type_name(grt_export_type type)
{
    static const char *const names[] = {"void", "noret", "u32",    "s32",   "u64",
                                        "s64",  "addr",  "handle", "status"};
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
