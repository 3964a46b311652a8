/*
 * status.c - the words of the status table.
 */
#include "guestrt/status.h"

#include <stddef.h>

typedef struct status_row {
    const char *name;
    const char *sentence;
    const char *remedy;
} status_row;

static const status_row rows[] = {
#define ROW(number, name, sentence, remedy) [number] = {"GRT_" #name, sentence, remedy},
    GRT_STATUS_MAP(ROW)
#undef ROW
};

static const status_row *row_of(grt_status status)
{
    static const status_row unknown = {"GRT_STATUS_UNKNOWN",
                                       "the number is not a status of guestrt",
                                       "check that library and headers have the same version"};
    size_t number = (size_t)status;
    if (number >= sizeof rows / sizeof rows[0] || rows[number].name == NULL) {
        return &unknown;
    }
    return &rows[number];
}

const char *grt_status_name(grt_status status)
{
    return row_of(status)->name;
}

const char *grt_status_sentence(grt_status status)
{
    return row_of(status)->sentence;
}

const char *grt_status_remedy(grt_status status)
{
    return row_of(status)->remedy;
}
