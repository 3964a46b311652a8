/* exports_list.c - gathers the exports to show. */
#include "exports_list.h"

#include "cli.h"
#include "compile.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static exports_entry *add(exports_list *list, uint16_t library, uint16_t ordinal)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? 2 * list->capacity : 256;
        exports_entry *entries = realloc(list->entries, capacity * sizeof *entries);
        if (!entries) {
            list->out_of_memory = true;
            return NULL;
        }
        list->entries = entries;
        list->capacity = capacity;
    }
    exports_entry *entry = &list->entries[list->count++];
    *entry = (exports_entry){.library = library,
                             .ordinal = ordinal,
                             .row = grt_export_find(library, ordinal),
                             .variable = grt_variable_find(library, ordinal)};
    const grt_known_export *known = grt_known_export_find(library, ordinal);
    entry->is_variable = known && known->failure == GRT_FAILURE_DATA;
    return entry;
}

static int finish(const exports_list *list)
{
    if (list->out_of_memory)
        cli_error("out of memory");
    return list->out_of_memory ? EXIT_ENVIRONMENT : EXIT_FINE;
}

int exports_list_known(exports_list *list)
{
    for (uint32_t i = 0; i < grt_known_export_count(); i++) {
        const grt_known_export *known = grt_known_export_at(i);
        exports_entry *entry = add(list, known->library, known->ordinal);
        if (entry)
            entry->name = known->name;
    }
    return finish(list);
}

/* ---- a program's --------------------------------------------------------------------------- */

/* The kernel's own name is preferred: the program's may be anything. */
static void name_entry(exports_entry *entry, const char *name)
{
    entry->name = grt_export_name(entry->library, entry->ordinal);
    if (!entry->name && name)
        entry->name = entry->own_name = strdup(name);
}

static void take_import(void *user, const grc_import_entry *import)
{
    exports_entry *entry = add(user, import->library, import->ordinal);
    if (!entry)
        return;
    name_entry(entry, import->name);
    entry->address = import->address;
    entry->is_variable = import->variable;
    /* A function's row is no help to who wants a variable, and the other way round. */
    if (import->variable)
        entry->row = NULL;
    else
        entry->variable = NULL;
}

static int by_ordinal(const void *left, const void *right)
{
    const exports_entry *a = left, *b = right;
    int libraries = (int)a->library - (int)b->library;
    return libraries ? libraries : (int)a->ordinal - (int)b->ordinal;
}

static int read_imports(exports_list *list, const char *path, const uint8_t *image, size_t size)
{
    grc_report *report = calloc(1, sizeof *report);
    if (!report) {
        cli_error("out of memory");
        return EXIT_ENVIRONMENT;
    }
    grc_status status = grc_list_imports(image, size, take_import, list, report);
    if (status != GRC_OK)
        compile_print_messages(path, status, report);
    free(report);
    return compile_exit_code(status);
}

int exports_list_image(exports_list *list, const char *path)
{
    uint8_t *image;
    size_t size;
    int exit_code;
    if (!compile_read_image(path, &image, &size, &exit_code))
        return exit_code;
    exit_code = read_imports(list, path, image, size);
    free(image);
    if (list->count > 0)
        qsort(list->entries, list->count, sizeof *list->entries, by_ordinal);
    return exit_code == EXIT_FINE ? finish(list) : exit_code;
}

void exports_list_free(exports_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->entries[i].own_name);
    free(list->entries);
    *list = (exports_list){0};
}

size_t exports_missing(const exports_list *list)
{
    size_t missing = 0;
    for (size_t i = 0; i < list->count; i++)
        missing += !list->entries[i].row && !list->entries[i].variable;
    return missing;
}
