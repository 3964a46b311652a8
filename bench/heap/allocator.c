/* allocator.c - finds an allocator by name. */
#include "allocator.h"
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    const bench_allocator *allocator;
} known[] = {
    {"null", &bench_null},
    {"mutex", &bench_mutex},
    {"guestrt", &bench_guestrt},
    {"process", &bench_process},
};

void bench_no_thread(void)
{
}

bool bench_allocator_find(const char *name, bench_allocator *allocator)
{
    if (strchr(name, '/'))
        return bench_peer_open(name, allocator);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(known[i].name, name) == 0) {
            *allocator = *known[i].allocator;
            if (known[i].allocator == &bench_process)
                bench_process_name(allocator);
            return true;
        }
    }
    fprintf(stderr, "bench_heap: there is no allocator '%s'\n", name);
    return false;
}
