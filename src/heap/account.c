/*
 * account.c - the statistics, made of the heap's counters and the tallies of all caches.
 */
#include "heap/internal.h"

static uint64_t at_least_zero(int64_t value)
{
    return value > 0 ? (uint64_t)value : 0;
}

static void add_tallies(const grt_heap *heap, grt_heap_stats *stats)
{
    int64_t live = heap->counters.live_settled;
    int64_t peak = heap->counters.live_peak;
    for (const heap_cache *cache = heap->caches; cache != NULL; cache = cache->next) {
        const cache_tally *tally = &cache->tally;
        stats->allocations += tally->allocations;
        stats->frees += tally->frees;
        stats->live_asked += tally->asked;
        stats->cached_by_threads += cache_bytes(cache) + cache->pending_bytes;
        peak = live + tally->live_peak > peak ? live + tally->live_peak : peak;
        live += tally->live;
    }
    stats->live = at_least_zero(live);
    stats->live_peak = at_least_zero(peak);
    stats->blocks = stats->allocations - stats->frees;
}

void heap_stats_locked(const grt_heap *heap, grt_heap_stats *stats)
{
    const heap_counters *counters = &heap->counters;
    *stats = (grt_heap_stats){
        .capacity = heap->capacity,
        .committed = (uint64_t)heap->backing.committed_pages << PAGE_SHIFT,
        .free = (uint64_t)heap->runs.free_pages << PAGE_SHIFT,
        .largest_free = (uint64_t)page_runs_longest(&heap->runs) << PAGE_SHIFT,
        .bad_frees = counters->bad_frees,
        .failures = counters->failures,
    };
    add_tallies(heap, stats);
    stats->cached = stats->capacity - stats->live - stats->free;
    for (int cause = 0; cause < 16; cause++) {
        stats->failures_by_cause[cause] = counters->failures_by_cause[cause];
    }
    if (stats->free > 0) {
        stats->fragmentation = 1.0 - (double)stats->largest_free / (double)stats->free;
    }
}
