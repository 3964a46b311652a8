/* exports_print.c - the list of exports as text and as JSON. */
#include "exports_list.h"

#include "cli.h"
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { LIBRARIES = GRT_LIBRARY_GUESTRT + 1 };

typedef struct exports_totals {
    size_t known, functions, variables, missing;
} exports_totals;

/* Of one library, or of all for a negative one. */
static exports_totals totals_of(const exports_list *list, int library)
{
    exports_totals totals = {0};
    for (size_t i = 0; i < list->count; i++) {
        const exports_entry *entry = &list->entries[i];
        if (library >= 0 && entry->library != library)
            continue;
        totals.known++;
        totals.functions += entry->row != NULL;
        totals.variables += entry->variable != NULL;
        totals.missing += !entry->row && !entry->variable;
    }
    return totals;
}

static const char *name_of(const exports_entry *entry)
{
    return entry->name ? entry->name : "(without a name)";
}

/* ---- text ---------------------------------------------------------------------------------- */

static void print_prototype(const grt_export *row)
{
    printf("%s %s(", grt_export_type_name(row->returns), row->name);
    for (unsigned i = 0; i < row->parameter_count; i++)
        printf("%s%s %s", i ? ", " : "", grt_export_type_name(row->parameters[i].type),
               row->parameters[i].name);
    printf("%s)", row->variadic ? ", ..." : row->parameter_count ? "" : "void");
}

static void print_entry(const exports_entry *entry, bool in_image)
{
    printf("%-8s 0x%03X  ", grt_library_name(entry->library), (unsigned)entry->ordinal);
    if (entry->row)
        print_prototype(entry->row);
    else if (entry->variable)
        printf("variable %s, %" PRIu32 " bytes", entry->variable->name, entry->variable->size);
    else
        printf("missing %s%s", entry->is_variable ? "variable " : "", name_of(entry));
    if (in_image)
        printf("  at %08" PRIX32, entry->address);
    putchar('\n');
}

static void print_totals(const char *of, const exports_totals *totals)
{
    printf("%-8s %zu of %zu are there (%zu functions, %zu variables), %zu missing\n", of,
           totals->known - totals->missing, totals->known, totals->functions, totals->variables,
           totals->missing);
}

void exports_print(const exports_list *list, const char *image)
{
    for (size_t i = 0; i < list->count; i++)
        print_entry(&list->entries[i], image != NULL);
    putchar('\n');
    for (int library = 0; library < LIBRARIES; library++) {
        const exports_totals totals = totals_of(list, library);
        if (totals.known > 0)
            print_totals(grt_library_name((uint16_t)library), &totals);
    }
    const exports_totals all = totals_of(list, -1);
    print_totals("all", &all);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static json_t *parameters_of(const grt_export *row)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < row->parameter_count; i++)
        json_array_append_new(array, json_pack("{ss ss}", "type",
                                               grt_export_type_name(row->parameters[i].type),
                                               "name", row->parameters[i].name));
    return array;
}

static json_t *statuses_of(const grt_export *row)
{
    json_t *array = json_array();
    for (const char *word = row->statuses; *word;) {
        size_t length = strcspn(word, " ");
        json_array_append_new(array, json_stringn(word, length));
        word += length + strspn(word + length, " ");
    }
    return array;
}

static void describe_row(json_t *object, const grt_export *row)
{
    json_object_set_new(object, "returns", json_string(grt_export_type_name(row->returns)));
    json_object_set_new(object, "parameters", parameters_of(row));
    json_object_set_new(object, "variadic", json_boolean(row->variadic));
    json_object_set_new(object, "callers", json_string(grt_export_callers_name(row->callers)));
    json_object_set_new(object, "statuses", statuses_of(row));
    json_object_set_new(object, "sentence", json_string(row->sentence));
}

static void describe_variable(json_t *object, const grt_variable *variable)
{
    json_object_set_new(object, "size", json_integer(variable->size));
    json_object_set_new(object, "sentence", json_string(variable->sentence));
}

static json_t *entry_object(const exports_entry *entry, bool in_image)
{
    json_t *object = json_pack("{ss si ss* ss sb}", "library", grt_library_name(entry->library),
                               "ordinal", (int)entry->ordinal, "name", entry->name, "kind",
                               entry->is_variable ? "variable" : "function", "implemented",
                               entry->row || entry->variable);
    if (entry->row)
        describe_row(object, entry->row);
    if (entry->variable)
        describe_variable(object, entry->variable);
    if (in_image)
        json_object_set_new(object, "address", json_integer(entry->address));
    return object;
}

static json_t *totals_object(const exports_list *list, int library)
{
    const exports_totals totals = totals_of(list, library);
    return json_pack("{sI sI sI sI}", "all", (json_int_t)totals.known, "functions",
                     (json_int_t)totals.functions, "variables", (json_int_t)totals.variables,
                     "missing", (json_int_t)totals.missing);
}

static json_t *list_object(const exports_list *list, const char *image)
{
    json_t *entries = json_array(), *totals = json_object();
    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(entries, entry_object(&list->entries[i], image != NULL));
    for (int library = 0; library < LIBRARIES; library++)
        json_object_set_new(totals, grt_library_name((uint16_t)library),
                            totals_object(list, library));
    json_object_set_new(totals, "all", totals_object(list, -1));
    return json_pack("{ss* so so}", "image", image, "exports", entries, "totals", totals);
}

int exports_print_json(const exports_list *list, const char *image)
{
    json_t *object = list_object(list, image);
    bool printed = object && json_dumpf(object, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII) == 0;
    json_decref(object);
    if (printed)
        putchar('\n');
    else
        cli_error("the list cannot be written as JSON");
    return printed ? EXIT_FINE : EXIT_ENVIRONMENT;
}
