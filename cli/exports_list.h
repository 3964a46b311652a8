/* exports_list.h - the exports that `guestrt exports` shows: all that are known, or a program's. */
#ifndef CLI_EXPORTS_LIST_H
#define CLI_EXPORTS_LIST_H

#include "guestrt/kernel.h"

/* At most one of [row] and [variable] is set; neither: it is missing. */
typedef struct exports_entry {
    uint16_t library, ordinal;
    const char *name; /* or null */
    char *own_name;   /* the same when it is the program's, freed with the list */
    bool is_variable; /* also when it is missing */
    const grt_export *row;
    const grt_variable *variable;
    uint32_t address; /* in the program: of the thunk, or of a variable's word */
} exports_entry;

typedef struct exports_list {
    exports_entry *entries; /* ascending by library and ordinal */
    size_t count, capacity;
    bool out_of_memory;
} exports_list;

/* Fill an empty list. Return the command's exit code, after saying on stderr what was wrong. */
int exports_list_known(exports_list *list);
int exports_list_image(exports_list *list, const char *path);
void exports_list_free(exports_list *list);

size_t exports_missing(const exports_list *list);

/* To stdout. [image] is the program's path, or null. */
void exports_print(const exports_list *list, const char *image);
int exports_print_json(const exports_list *list, const char *image);

#endif
