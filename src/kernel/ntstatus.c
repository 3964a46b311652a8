/* ntstatus.c - names and sentences of the guest's status codes. */
#include "guestrt/ntstatus.h"

#include <stddef.h>

static const struct {
    uint32_t status;
    const char *name, *sentence;
} table[] = {
#define GRT_NT_ROW(number, name, sentence) {number, "STATUS_" #name, sentence},
    GRT_NT_MAP(GRT_NT_ROW)
#undef GRT_NT_ROW
};

/* The header spells the constants a second time, for readers; they must agree with the table. */
#define GRT_NT_CHECK(number, name, sentence)                                                       \
    _Static_assert(GRT_NT_##name == (number), "ntstatus.h contradicts itself");
GRT_NT_MAP(GRT_NT_CHECK)
#undef GRT_NT_CHECK

const char *grt_nt_name(uint32_t status)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (table[i].status == status)
            return table[i].name;
    }
    return "STATUS_...";
}

const char *grt_nt_sentence(uint32_t status)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (table[i].status == status)
            return table[i].sentence;
    }
    return "a status without a sentence";
}
