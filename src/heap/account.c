/*
 * account.c - counters, and the statistics made of them.
 */
#include "heap/internal.h"

#include "os/assert.h"

static void raise_peak(heap_counters *counters)
{
    if (counters->live > counters->live_peak) {
        counters->live_peak = counters->live;
    }
}

void heap_account_alloc(grt_heap *heap, uint64_t extent, uint32_t asked)
{
    heap_counters *counters = &heap->counters;
    counters->live += extent;
    counters->live_asked += asked;
    counters->blocks++;
    counters->allocations++;
    raise_peak(counters);
}

void heap_account_free(grt_heap *heap, uint64_t extent, uint32_t asked)
{
    heap_counters *counters = &heap->counters;
    GRT_ASSERT(counters->live >= extent && counters->live_asked >= asked && counters->blocks > 0);
    counters->live -= extent;
    counters->live_asked -= asked;
    counters->blocks--;
    counters->frees++;
}

void heap_account_resize(grt_heap *heap, const heap_block *before, uint64_t extent, uint32_t asked)
{
    heap_counters *counters = &heap->counters;
    counters->live = counters->live - before->extent + extent;
    counters->live_asked = counters->live_asked - before->asked + asked;
    raise_peak(counters);
}

void heap_stats_locked(const grt_heap *heap, grt_heap_stats *stats)
{
    const heap_counters *counters = &heap->counters;
    *stats = (grt_heap_stats){
        .capacity = heap->capacity,
        .committed = (uint64_t)heap->backing.committed_pages << PAGE_SHIFT,
        .live = counters->live,
        .live_asked = counters->live_asked,
        .cached = counters->span_bytes - counters->span_live,
        .free = (uint64_t)heap->runs.free_pages << PAGE_SHIFT,
        .largest_free = (uint64_t)page_runs_longest(&heap->runs) << PAGE_SHIFT,
        .live_peak = counters->live_peak,
        .blocks = counters->blocks,
        .allocations = counters->allocations,
        .frees = counters->frees,
        .bad_frees = counters->bad_frees,
        .failures = counters->failures,
    };
    for (int cause = 0; cause < 16; cause++) {
        stats->failures_by_cause[cause] = counters->failures_by_cause[cause];
    }
    if (stats->free > 0) {
        stats->fragmentation = 1.0 - (double)stats->largest_free / (double)stats->free;
    }
}
