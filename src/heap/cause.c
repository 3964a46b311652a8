/*
 * cause.c - names, sentences and remedies of GRT_HEAP_CAUSE_MAP.
 */
#include "guestrt/heap.h"

typedef struct cause_row {
    const char *name;
    const char *sentence;
    const char *remedy;
} cause_row;

static const cause_row cause_rows[] = {
#define CAUSE_ROW(number, name, sentence, remedy) [number] = {"GRT_HEAP_" #name, sentence, remedy},
    GRT_HEAP_CAUSE_MAP(CAUSE_ROW)
#undef CAUSE_ROW
};

static const cause_row unknown_row = {"GRT_HEAP_UNKNOWN", "the cause is not in the table",
                                      "check the number"};

static const cause_row *find_row(grt_heap_cause cause)
{
    return (unsigned)cause < GRT_HEAP_CAUSE_COUNT ? &cause_rows[cause] : &unknown_row;
}

const char *grt_heap_cause_name(grt_heap_cause cause)
{
    return find_row(cause)->name;
}

const char *grt_heap_cause_sentence(grt_heap_cause cause)
{
    return find_row(cause)->sentence;
}

const char *grt_heap_cause_remedy(grt_heap_cause cause)
{
    return find_row(cause)->remedy;
}
