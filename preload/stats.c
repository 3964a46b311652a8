/*
 * stats.c - counts of the program's calls, and the line about them at exit.
 */
#include "preload.h"

#include <inttypes.h>
#include <stdlib.h>

static bool wanted;
static uint64_t counts[COUNT_KINDS];

void preload_stats_start(void)
{
    const char *value = preload_variable("GUESTRT_STATS");
    wanted = value != NULL && !(value[0] == '0' && value[1] == '\0');
}

static void add(preload_count kind)
{
    __atomic_fetch_add(&counts[kind], 1, __ATOMIC_RELAXED);
}

void preload_stats_count(preload_count kind, bool failed, bool bad_block)
{
    if (!wanted) {
        return;
    }
    add(kind);
    if (failed) {
        add(COUNT_FAILED);
    }
    if (bad_block) {
        add(COUNT_BAD_BLOCK);
    }
}

static void write_counts(grt_heap *heap)
{
    grt_heap_stats stats;
    grt_heap_get_stats(heap, &stats);
    preload_say(
        "STATS",
        "allocs=%" PRIu64 " zeroed=%" PRIu64 " aligned=%" PRIu64 " reallocs=%" PRIu64
        " frees=%" PRIu64 " failed=%" PRIu64 " refused=%" PRIu64 " live=%" PRIu64 " blocks=%" PRIu64
        " live_peak=%" PRIu64 " committed=%" PRIu64 " fragmentation=%.3f",
        counts[COUNT_ALLOC], counts[COUNT_ZEROED], counts[COUNT_ALIGNED], counts[COUNT_REALLOC],
        counts[COUNT_FREE], counts[COUNT_FAILED], counts[COUNT_BAD_BLOCK], stats.live, stats.blocks,
        stats.live_peak, stats.committed, stats.fragmentation);
}

/* Blocks that were never freed, and freed ones that were never handed out again, were looked at by
 * nobody yet. */
static void check_at_end(grt_heap *heap)
{
    char text[256];
    if (!grt_heap_check(heap, text, sizeof text)) {
        preload_say("HEAP-DAMAGE", "found at the end, heap=preload: %s", text);
    }
}

__attribute__((destructor)) static void at_exit(void)
{
    preload_inside++;
    const preload_heap *found = preload_heap_get();
    if (found != NULL && found->has_patterns) {
        check_at_end(found->heap);
    }
    if (found != NULL && wanted) {
        write_counts(found->heap);
    }
    preload_inside--;
}
