/* exports.c - the table of exports, and the ways to look up a row. */
#include "kernel/state.h"

#include <string.h>

#define GRT_TABLE_COUNT GRT_INDEX_COUNT
#include "kernel/thunks.h"

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
    static const char *const names[] = {"void", "noret",  "u32",    "s32", "u64",    "s64",
                                        "addr", "handle", "status", "u8",  "boolean"};
    return (size_t)type < sizeof names / sizeof names[0] ? names[type] : "unknown";
}

const char *grt_export_callers_name(uint8_t callers)
{
    switch (callers) {
    case GRT_CALLERS_PASSIVE:
        return "PASSIVE";
    case GRT_CALLERS_APC:
        return "APC";
    case GRT_CALLERS_DISPATCH:
        return "DISPATCH";
    case GRT_CALLERS_ANY:
        return "ANY";
    default:
        return "unknown";
    }
}
