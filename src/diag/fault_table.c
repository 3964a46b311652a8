/* fault_table.c - the table of guest faults as functions. */
#include "guestrt/fault.h"

#include <stddef.h>

typedef struct fault_row {
    const char *name, *sentence, *remedy;
    uint32_t exit_code;
} fault_row;

static const fault_row rows[GRT_FAULT_COUNT] = {
    [0] = {"UNKNOWN", "an unknown fault", "please report it", 0xC0000001u},
#define FAULT_ROW(number, name, sentence, remedy, code) [number] = {#name, sentence, remedy, code},
    GRT_FAULT_MAP(FAULT_ROW)
#undef FAULT_ROW
};

static const fault_row *row_of(grt_fault_id id)
{
    size_t index = (size_t)id;
    return &rows[index < GRT_FAULT_COUNT ? index : 0];
}

const char *grt_fault_name(grt_fault_id id)
{
    return row_of(id)->name;
}

const char *grt_fault_sentence(grt_fault_id id)
{
    return row_of(id)->sentence;
}

const char *grt_fault_remedy(grt_fault_id id)
{
    return row_of(id)->remedy;
}

uint32_t grt_fault_exit_code(grt_fault_id id)
{
    return row_of(id)->exit_code;
}
