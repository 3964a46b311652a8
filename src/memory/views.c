/*
 * views.c - physical memory, seen at several addresses.
 *
 * The console shows the same 512 MiB at 0xA0000000 and 0xC0000000 from its first byte, and at
 * 0xE0000000 from its second 4 KiB page. Here the three are mappings of one shared object.
 */
#include "diag/log.h"
#include "memory/memory_impl.h"

#define CANONICAL_FIRST 0xA0000000ull

typedef struct mirror {
    uint64_t first;
    uint64_t size;
    uint64_t physical; /* the physical address that [first] shows */
} mirror;

static const mirror mirrors[] = {
    {CANONICAL_FIRST, GRT_PHYSICAL_SIZE, 0},
    {0xC0000000ull, GRT_PHYSICAL_SIZE, 0},
    {0xE0000000ull, 0x1FD00000ull, 0x1000},
};
#define MIRRORS (sizeof mirrors / sizeof mirrors[0])

/* The mirrors are adjacent: what is not in one of them lies below the first or above the last. */
static const uint64_t mirrors_end = 0xE0000000ull + 0x1FD00000ull;

grt_view grt_view_of(const grt_memory *memory, grt_addr address)
{
    if (memory->profile == GRT_PROFILE_FLAT) {
        return (grt_view){0, GRT_WINDOW_SIZE, 0, false};
    }
    for (size_t i = 0; i < MIRRORS; i++) {
        const mirror *m = &mirrors[i];
        if (address >= m->first && address < m->first + m->size) {
            uint64_t delta = CANONICAL_FIRST + m->physical - m->first;
            return (grt_view){m->first, m->first + m->size, delta, true};
        }
    }
    if (address < CANONICAL_FIRST) {
        return (grt_view){0, CANONICAL_FIRST, 0, false};
    }
    return (grt_view){mirrors_end, GRT_WINDOW_SIZE, 0, false};
}

grt_status grt_view_range(const grt_memory *memory, grt_addr address, uint64_t size,
                          grt_addr *first)
{
    grt_view view = grt_view_of(memory, address);
    if (address % GRT_PAGE_SIZE != 0 || size % GRT_PAGE_SIZE != 0 || size == 0 ||
        size > view.end - address) {
        return GRT_INVALID_ARGUMENT;
    }
    *first = (grt_addr)(address + view.delta);
    return GRT_OK;
}

int grt_views_map(grt_memory *memory)
{
    int error = os_shared_create((size_t)GRT_PHYSICAL_SIZE, &memory->shared);
    for (size_t i = 0; i < MIRRORS && error == 0; i++) {
        const mirror *m = &mirrors[i];
        error = os_shared_map(memory->shared, (size_t)m->physical, memory->base + m->first,
                              (size_t)m->size, OS_NONE);
    }
    return error;
}

/* The part of a canonical range that one mirror shows; false when it shows none of it. */
static bool seen_through(const mirror *m, grt_addr first, uint64_t size, uint64_t *from,
                         uint64_t *to)
{
    uint64_t start = first - CANONICAL_FIRST;
    uint64_t end = start + size;
    uint64_t shown_end = m->physical + m->size;
    start = start > m->physical ? start : m->physical;
    end = end < shown_end ? end : shown_end;
    *from = m->first + (start - m->physical);
    *to = m->first + (end - m->physical);
    return start < end;
}

static bool is_physical(const grt_memory *memory, grt_addr first)
{
    return grt_view_of(memory, first).physical;
}

static int protect_views(grt_memory *memory, grt_addr first, uint64_t size, os_access access)
{
    if (!is_physical(memory, first)) {
        return os_protect(memory->base + first, (size_t)size, access);
    }
    for (size_t i = 0; i < MIRRORS; i++) {
        uint64_t from;
        uint64_t to;
        if (seen_through(&mirrors[i], first, size, &from, &to)) {
            int error = os_protect(memory->base + from, (size_t)(to - from), access);
            if (error != 0) {
                return error;
            }
        }
    }
    return 0;
}

int grt_views_commit(grt_memory *memory, grt_addr first, uint64_t size)
{
    if (is_physical(memory, first)) {
        return protect_views(memory, first, size, OS_READ_WRITE);
    }
    return os_commit(memory->base + first, (size_t)size);
}

int grt_views_protect(grt_memory *memory, grt_addr first, uint64_t size, grt_access access)
{
    static const os_access host[] = {
        [GRT_NO_ACCESS] = OS_NONE, [GRT_READ_ONLY] = OS_READ, [GRT_READ_WRITE] = OS_READ_WRITE};
    return protect_views(memory, first, size, host[access]);
}

/* Giving back can only fail where the host runs out of records for mappings. The contents must go
 * in any case, because a later commit promises zeroes; what may be lost is the trap. */
void grt_views_decommit(grt_memory *memory, grt_addr first, uint64_t size)
{
    int error;
    if (is_physical(memory, first)) {
        error = protect_views(memory, first, size, OS_NONE);
        int discarded =
            os_shared_discard(memory->shared, (size_t)(first - CANONICAL_FIRST), (size_t)size);
        error = error != 0 ? error : discarded;
    } else {
        error = os_decommit(memory->base + first, (size_t)size);
        if (error != 0) {
            os_discard(memory->base + first, (size_t)size);
        }
    }
    if (error != 0) {
        char reason[96];
        os_error_text(error, reason, sizeof reason);
        grt_log_line(&memory->log, GRT_LOG_WARN, "MEMORY",
                     "0x%08x, %llu bytes, was given back but may stay accessible: %s", first,
                     (unsigned long long)size, reason);
    }
}
