/* names.c - the exports that are known by name, also those that do not exist here. */
#include "guestrt/kernel.h"

#include <stdlib.h>

static const grt_known_export known[] = {
#define GRT_NAME(library_, ordinal_, name_, failure_)                                              \
    {GRT_LIBRARY_##library_, ordinal_, GRT_FAILURE_##failure_, #name_},
#include "kernel/names.def"
};

uint32_t grt_known_export_count(void)
{
    return sizeof known / sizeof known[0];
}

const grt_known_export *grt_known_export_at(uint32_t index)
{
    return index < grt_known_export_count() ? &known[index] : NULL;
}

static int compare(const void *a, const void *b)
{
    const grt_known_export *left = a, *right = b;
    int libraries = (int)left->library - (int)right->library;
    return libraries != 0 ? libraries : (int)left->ordinal - (int)right->ordinal;
}

const grt_known_export *grt_known_export_find(uint16_t library, uint16_t ordinal)
{
    grt_known_export wanted = {.library = library, .ordinal = ordinal};
    return bsearch(&wanted, known, grt_known_export_count(), sizeof known[0], compare);
}

const char *grt_export_name(uint16_t library, uint16_t ordinal)
{
    const grt_known_export *found = grt_known_export_find(library, ordinal);
    return found != NULL ? found->name : NULL;
}
