/* docs.c - writes docs/exports.md from the table of exports. */
#include "guestrt/kernel.h"

#include <stdio.h>
#include <string.h>

typedef struct docs_sink {
    grt_output_fn *output;
    void *user;
} docs_sink;

static void put(const docs_sink *sink, const char *text)
{
    sink->output(sink->user, text, strlen(text));
}

static void put_signature(const docs_sink *sink, const grt_export *row)
{
    put(sink, grt_export_type_name(row->returns));
    put(sink, " (");
    for (uint32_t i = 0; i < row->parameter_count; i++) {
        put(sink, i == 0 ? "" : ", ");
        put(sink, grt_export_type_name(row->parameters[i].type));
        put(sink, " ");
        put(sink, row->parameters[i].name);
    }
    put(sink, row->variadic ? ", ...)" : row->parameter_count == 0 ? "void)" : ")");
}

static void put_row(const docs_sink *sink, const grt_export *row)
{
    char ordinal[32];
    snprintf(ordinal, sizeof ordinal, "| 0x%03X | ", (unsigned)row->ordinal);
    put(sink, ordinal);
    put(sink, row->name);
    put(sink, " | `");
    put_signature(sink, row);
    put(sink, "` | ");
    put(sink, row->sentence);
    put(sink, " | ");
    put(sink, grt_export_callers_name(row->callers));
    put(sink, " | ");
    put(sink, row->statuses);
    put(sink, " |\n");
}

static void put_library(const docs_sink *sink, uint16_t library)
{
    put(sink, "\n## ");
    put(sink, grt_library_name(library));
    put(sink, "\n\n| ordinal | export | signature | what it does | up to IRQL | statuses "
              "|\n|---|---|---|---|---|---|\n");
    for (uint32_t i = 0; i < grt_export_count(); i++) {
        if (grt_export_at(i)->library == library)
            put_row(sink, grt_export_at(i));
    }
}

static void put_variables(const docs_sink *sink)
{
    char start[64];
    put(sink,
        "\n## Variables\n\nWho imports one gets its address, and with it all of them: they share a "
        "page of guest memory. The word of an import that is none of these reads `D...BEEF` with "
        "the ordinal in the middle, and is reported when the program is loaded.\n\n"
        "| ordinal | variable | bytes | what it holds |\n|---|---|--:|---|\n");
    for (uint32_t i = 0; i < grt_variable_count(); i++) {
        const grt_variable *variable = grt_variable_at(i);
        snprintf(start, sizeof start, "| 0x%03X | %s | %u | ", (unsigned)variable->ordinal,
                 variable->name, (unsigned)variable->size);
        put(sink, start);
        put(sink, variable->sentence);
        put(sink, " |\n");
    }
}

static void put_failure(const docs_sink *sink, const char *kind, uint32_t value,
                        const char *sentence)
{
    char start[64];
    snprintf(start, sizeof start, "| %s | `%08X` | ", kind, (unsigned)value);
    put(sink, start);
    put(sink, sentence);
    put(sink, " |\n");
}

static void put_failures(const docs_sink *sink)
{
    put(sink,
        "\n## What is missing\n\nA call of an export that is not there is reported by name, once, "
        "and leaves in r3 what its callers take for a failure. `guestrt exports` lists which are "
        "missing, [names.def](../src/kernel/names.def) what each returns.\n\n"
        "| kind | r3 | what it returns |\n|---|---|---|\n");
#define GRT_FAILURE_LINE(name, value, sentence) put_failure(sink, #name, value, sentence);
    GRT_FAILURE_MAP(GRT_FAILURE_LINE)
#undef GRT_FAILURE_LINE
}

static void put_statuses(const docs_sink *sink)
{
    put(sink, "\n## Status codes\n\n| value | name | meaning |\n|---|---|---|\n");
#define GRT_NT_LINE(number, name, sentence)                                                        \
    put(sink, "| `" #number "` | STATUS_" #name " | " sentence " |\n");
    GRT_NT_MAP(GRT_NT_LINE)
#undef GRT_NT_LINE
}

void grt_export_write_docs(grt_output_fn *output, void *user)
{
    docs_sink sink = {output, user};
    put(&sink,
        "# Exports\n\n"
        "Generated from include/guestrt/exports/; the unit test test_kernel_table compares "
        "the two.\n\n"
        "Arguments are 32 bits wide: a `u32` or `s32` value, a guest address (`addr`) or a "
        "`handle`; `u64` and `s64` fill their register. Of a `u8` and a `boolean` (true unless it "
        "is 0) only the lowest byte counts. They come in r3 to r10, further ones on "
        "the stack, results in r3. \"Up to IRQL\" is the highest interrupt level at which a call "
        "is allowed; one from above is reported and served. A pointer argument that leads to "
        "inaccessible memory is reported with the name of the export, and the call returns "
        "STATUS_ACCESS_VIOLATION; names that end in `_out` are stored through, null is "
        "allowed where nothing else is said.\n");
    for (uint16_t library = GRT_LIBRARY_XBOXKRNL; library <= GRT_LIBRARY_GUESTRT; library++)
        put_library(&sink, library);
    put_variables(&sink);
    put_failures(&sink);
    put_statuses(&sink);
}
