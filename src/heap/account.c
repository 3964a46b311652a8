/*
 * account.c - the statistics, made of the heap's counters and the tallies of all caches.
 */
#include "heap/internal.h"

#include "os/assert.h"

void heap_count_taken(grt_heap *heap, uint64_t blocks, uint64_t bytes)
{
    heap_counters *counters = &heap->counters;
    counters->taken_blocks += blocks;
    counters->taken_bytes += bytes;
    if (counters->taken_bytes > counters->taken_peak) {
        counters->taken_peak = counters->taken_bytes;
    }
}

void heap_count_returned(grt_heap *heap, uint64_t blocks, uint64_t bytes)
{
    heap_counters *counters = &heap->counters;
    GRT_ASSERT(counters->taken_blocks >= blocks && counters->taken_bytes >= bytes);
    counters->taken_blocks -= blocks;
    counters->taken_bytes -= bytes;
}

/* What is taken and in no cache is live. */
static void add_caches(const grt_heap *heap, grt_heap_stats *stats)
{
    uint64_t cached_blocks = 0, chunk_blocks = 0;
    for (const heap_cache *cache = heap->caches; cache != NULL; cache = cache->next) {
        stats->allocations += cache->tally.allocations;
        stats->live_asked += cache->tally.asked;
        chunk_blocks += cache->chunk_blocks;
        cache_add_up(cache, &cached_blocks, &stats->cached_by_threads);
    }
    const heap_quarantine *held = &heap->watch.quarantine;
    stats->quarantined = held->bytes;
    stats->live = heap->counters.taken_bytes - stats->cached_by_threads - held->bytes;
    stats->blocks = heap->counters.taken_blocks + chunk_blocks - cached_blocks - held->count;
    stats->frees = stats->allocations - stats->blocks;
}

void heap_stats_locked(const grt_heap *heap, grt_heap_stats *stats)
{
    const heap_counters *counters = &heap->counters;
    *stats = (grt_heap_stats){
        .capacity = heap->capacity,
        .committed = (uint64_t)heap->backing.committed_pages << PAGE_SHIFT,
        .free = (uint64_t)heap->runs.free_pages << PAGE_SHIFT,
        .largest_free = (uint64_t)page_runs_longest(&heap->runs) << PAGE_SHIFT,
        .live_peak = counters->taken_peak,
        .bad_frees = counters->bad_frees,
        .failures = counters->failures,
        .guarded = heap->watch.guarded,
        .overruns = heap->watch.overruns,
        .writes_after_free = heap->watch.writes_after_free,
        .sites_lost = heap->watch.sites.lost,
    };
    add_caches(heap, stats);
    stats->cached = stats->capacity - stats->live - stats->free;
    for (int cause = 0; cause < GRT_HEAP_CAUSE_ROOM; cause++) {
        stats->failures_by_cause[cause] = counters->failures_by_cause[cause];
    }
    if (stats->free > 0) {
        stats->fragmentation = 1.0 - (double)stats->largest_free / (double)stats->free;
    }
}
