/*
 * failure.c - the evidence for a refused request, and the lines about it.
 */
#include "heap/internal.h"

#include <inttypes.h>
#include <stdio.h>

#include "diag/log.h"
#include "heap/quiet.h"

/* Part of the "current guest thread" state: each thread keeps its own last failure. */
static _Thread_local grt_heap_failure last_failure;

bool grt_heap_last_failure(grt_heap_failure *failure)
{
    *failure = last_failure;
    return last_failure.cause != GRT_HEAP_NONE;
}

/* ---- what would have fitted --------------------------------------------------------------------
 */

/* The limits that the heap's state puts on a next request. */
typedef struct heap_room {
    uint64_t budget; /* bytes that may become live */
    uint64_t host;   /* bytes of new pages that the memory will surely back */
    uint64_t run;    /* bytes of the longest free run */
} heap_room;

static uint64_t min_of(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static heap_room measure_room(const grt_heap *heap, const heap_request *request)
{
    heap_room room = {.budget = heap_budget_room(heap), .host = UINT64_MAX};
    room.run = (uint64_t)page_runs_longest(&heap->runs) << PAGE_SHIFT;
    grt_memory_stats stats;
    grt_memory_get_stats(heap->memory, &stats);
    if (request->bare) {
        return room;
    }
    if (request->cause == GRT_HEAP_HOST_REFUSED) {
        room.host = 0; /* only a request that needs no page is certain */
    } else if (stats.budget != 0) {
        room.host = stats.budget - min_of(stats.budget, stats.committed);
    }
    return room;
}

static bool pages_fit(const heap_room *room, uint64_t bytes)
{
    return bytes <= room->run && bytes <= room->host;
}

static bool class_fits(const grt_heap *heap, const heap_room *room, uint32_t size_class)
{
    uint64_t extent = size_class_extent(size_class);
    uint64_t span_bytes = (uint64_t)size_class_pages(size_class) << PAGE_SHIFT;
    uint64_t page_bytes = heap_round_to_pages(extent);
    if (extent <= room->budget &&
        (heap->classes[size_class].partial != NULL || pages_fit(room, span_bytes))) {
        return true;
    }
    return page_bytes <= room->budget && pages_fit(room, page_bytes);
}

static uint64_t largest_small_fit(const grt_heap *heap, const heap_room *room, uint32_t alignment)
{
    for (uint32_t i = SIZE_CLASS_COUNT; i-- > 0;) {
        if (size_class_aligns(i, alignment) && class_fits(heap, room, i)) {
            return min_of(size_class_extent(i), SMALL_MAX);
        }
    }
    return 0;
}

/* The longest run that the request could have been given a part of. */
static uint64_t longest_run(const grt_heap *heap, const heap_request *request, uint32_t alignment)
{
    uint32_t pages = alignment > GRT_PAGE_SIZE ? alignment >> PAGE_SHIFT : 1;
    uint32_t longest = request->bounded
                           ? page_runs_longest_within(&heap->runs, pages, &request->bounds)
                           : page_runs_longest_aligned(&heap->runs, pages);
    return (uint64_t)longest << PAGE_SHIFT;
}

/* No size would be served, whatever room there is. */
static bool refuses_all(const grt_heap *heap, const heap_request *request)
{
    const grt_heap_options *options = &heap->watch.options;
    bool every = options->fail_every == 1 && !heap_sizes_any(options->fail_size);
    return request->cause == GRT_HEAP_SHUT_DOWN || request->cause == GRT_HEAP_BAD_ALIGNMENT ||
           heap->inject_countdown == 1 || every;
}

/* The largest block of this alignment that there is room for. */
static uint64_t largest_fit(const grt_heap *heap, const heap_request *request)
{
    uint32_t alignment = request->alignment;
    if (refuses_all(heap, request)) {
        return 0;
    }
    heap_room room = measure_room(heap, request);
    uint64_t run = longest_run(heap, request, alignment);
    uint64_t large = min_of(run, min_of(room.budget, room.host)) & ~(uint64_t)(GRT_PAGE_SIZE - 1);
    if (large > SMALL_MAX || alignment > GRT_PAGE_SIZE || request->bounded || request->bare) {
        return large;
    }
    return largest_small_fit(heap, &room, alignment);
}

/* The largest request that would be served now: the red zone takes its part. */
static uint64_t would_fit(const grt_heap *heap, const heap_request *request)
{
    uint64_t fit = largest_fit(heap, request);
    uint64_t redzone = request->bare ? 0 : heap->watch.options.redzone;
    return fit > redzone ? fit - redzone : 0;
}

/* ---- collecting --------------------------------------------------------------------------------
 */

/* Titles look for the largest block there is by asking for a little less each time. That is one
 * event: a request of the same site that is refused for the same reason, and asks for at most an
 * eighth less than the one before it, counts as its repetition. */
static bool continues_search(const heap_search *search, const heap_request *request)
{
    return search->first.what == (uint32_t)request->cause && search->first.site == request->site &&
           request->asked <= search->asked && search->asked - request->asked <= search->asked / 8;
}

static uint32_t count_refusal(grt_heap *heap, const heap_request *request)
{
    heap_search *search = &heap->search;
    bool alignment =
        request->cause == GRT_HEAP_BAD_ALIGNMENT; /* then the size is not the mistake */
    if (alignment || !continues_search(search, request)) {
        search->first = (rate_key){(uint32_t)request->cause,
                                   alignment ? request->alignment : request->asked, request->site};
    }
    search->asked = request->asked;
    return rate_limit_count(&heap->repeats, search->first);
}

void heap_refuse_locked(grt_heap *heap, const heap_request *request, heap_refusal *refusal)
{
    if (!request->quiet) {
        heap->counters.failures++;
        heap->counters.failures_by_cause[request->cause]++;
    }
    /* The figures tell what the next request meets, and that could have all that is merely kept. */
    (void)heap_reclaim_locked(heap);
    heap_stop_caches_locked(heap);
    grt_heap_failure *failure = &refusal->failure;
    failure->cause = request->cause;
    failure->asked = request->asked;
    failure->rounded = request->rounded;
    failure->alignment = request->alignment;
    failure->host_errno = request->refusal.error;
    failure->call_site = request->site;
    failure->would_fit = would_fit(heap, request);
    heap_stats_locked(heap, &failure->stats);
    refusal->repeat = 0;
    refusal->holders = 0;
    refusal->sampled.every = 0;
    bool is_worth_a_line =
        request->asked > heap->log_failures_above || request->cause == GRT_HEAP_INJECTED;
    if (!request->quiet && is_worth_a_line) {
        refusal->repeat = count_refusal(heap, request);
    }
    if (refusal->repeat > 0) {
        refusal->holders = heap_find_holders_locked(heap, refusal->holder, HEAP_HOLDERS_MAX);
        site_table_sum_up(&heap->watch.sites, &refusal->sampled);
    }
    heap_start_caches_locked(heap);
}

/* ---- writing -----------------------------------------------------------------------------------
 */

static void write_request(const grt_log *log, const char *name, const heap_refusal *refusal)
{
    const grt_heap_failure *failure = &refusal->failure;
    grt_log_line(log, GRT_LOG_ERROR, "HEAP-ALLOC-FAIL",
                 "size=%" PRIu64 " cause=%s rounded=%" PRIu64
                 " alignment=%u heap=%s call_site=0x%08X repeat=%u: %s",
                 failure->asked, grt_heap_cause_name(failure->cause), failure->rounded,
                 failure->alignment, name, failure->call_site, refusal->repeat,
                 grt_heap_cause_sentence(failure->cause));
}

static void write_state(const grt_log *log, const grt_heap_failure *failure)
{
    const grt_heap_stats *stats = &failure->stats;
    grt_log_line(log, GRT_LOG_ERROR, "HEAP-DIAG",
                 "capacity=%" PRIu64 " allocated=%" PRIu64 " peak_allocated=%" PRIu64
                 " oom_count=%" PRIu64 " free_space=%" PRIu64 " fragmentation=%.1f%%",
                 stats->capacity, stats->live, stats->live_peak, stats->failures, stats->free,
                 stats->fragmentation * 100.0);
    grt_log_line(log, GRT_LOG_ERROR, "HEAP-DIAG",
                 "largest_free=%" PRIu64 " would_fit=%" PRIu64 " cached=%" PRIu64
                 " committed=%" PRIu64 " blocks=%" PRIu64 " asked=%" PRIu64,
                 stats->largest_free, failure->would_fit, stats->cached, stats->committed,
                 stats->blocks, stats->live_asked);
}

static void write_host_limit(const grt_log *log, const grt_heap_failure *failure)
{
    if (failure->cause != GRT_HEAP_HOST_REFUSED) {
        return;
    }
    char limit[128];
    os_memory_limit_text(limit, sizeof limit);
    grt_log_line(log, GRT_LOG_ERROR, "HEAP-DIAG", "errno=%d limit: %s", failure->host_errno,
                 limit[0] != '\0' ? limit : "none visible");
}

/* Both are named, for the cause does not say which of them it was. */
static void write_budgets(const grt_log *log, const grt_heap *heap, const grt_heap_failure *failure)
{
    if (failure->cause != GRT_HEAP_OVER_BUDGET) {
        return;
    }
    grt_memory_stats memory;
    grt_memory_get_stats(heap->memory, &memory);
    grt_log_line(log, GRT_LOG_ERROR, "HEAP-DIAG",
                 "budget=%" PRIu64 " memory_budget=%" PRIu64 " memory_committed=%" PRIu64
                 " (0: none)",
                 heap->budget != UINT64_MAX ? heap->budget : 0, memory.budget, memory.committed);
}

static void write_holder(const grt_log *log, const heap_holder *holder, uint32_t place)
{
    char kind[64];
    if (holder->is_small) {
        snprintf(kind, sizeof kind, "of up to %u bytes", holder->size);
    } else if (holder->size == 0) {
        snprintf(kind, sizeof kind, "of other sizes");
    } else {
        snprintf(kind, sizeof kind, "of %u bytes from call site 0x%08X", holder->size,
                 holder->site);
    }
    grt_log_line(log, GRT_LOG_ERROR, "HEAP-DIAG", "owner %u: %" PRIu64 " bytes in %u blocks %s",
                 place, holder->bytes, holder->blocks, kind);
}

/* A sample of one request in so many stands for all of them. */
static void write_sampled_row(const grt_log *log, uint32_t every, uint32_t place, const char *who,
                              const site_holder *row)
{
    grt_log_line(log, GRT_LOG_ERROR, "HEAP-DIAG",
                 "owner %u by %s: about %" PRIu64 " bytes in %" PRIu64
                 " blocks (sampled, 1 request in %u)",
                 place, who, row->bytes * every, (uint64_t)row->blocks * every, every);
}

static void write_sampled_site(const grt_log *log, uint32_t every, uint32_t place,
                               const site_holder *row)
{
    char who[32];
    snprintf(who, sizeof who, "call site 0x%08X", row->key);
    write_sampled_row(log, every, place, who, row);
}

static void write_sampled_thread(const grt_log *log, uint32_t every, uint32_t place,
                                 const site_holder *row)
{
    char who[32];
    snprintf(who, sizeof who, "thread %u", row->key);
    write_sampled_row(log, every, place, who, row);
}

static void write_sampled(const grt_log *log, const site_summary *sampled)
{
    if (sampled->every == 0) {
        return;
    }
    for (uint32_t i = 0; i < sampled->sites; i++) {
        write_sampled_site(log, sampled->every, i + 1, &sampled->site[i]);
    }
    for (uint32_t i = 0; i < sampled->threads; i++) {
        write_sampled_thread(log, sampled->every, i + 1, &sampled->thread[i]);
    }
    if (sampled->lost > 0) {
        grt_log_line(log, GRT_LOG_ERROR, "HEAP-DIAG",
                     "%" PRIu64
                     " sampled blocks found no room in the table and are not among these",
                     sampled->lost);
    }
}

void grt_heap_forget_failure(void)
{
    last_failure.cause = GRT_HEAP_NONE;
}

void heap_report_refusal(const grt_heap *heap, const heap_refusal *refusal)
{
    last_failure = refusal->failure;
    if (refusal->repeat == 0) {
        return;
    }
    grt_log log = heap != NULL ? heap->log : grt_log_default();
    write_request(&log, heap != NULL ? heap->name : "none", refusal);
    grt_log_line(&log, GRT_LOG_ERROR, "HEAP-DIAG", "remedy: %s",
                 grt_heap_cause_remedy(refusal->failure.cause));
    if (heap != NULL) {
        write_state(&log, &refusal->failure);
        write_host_limit(&log, &refusal->failure);
        write_budgets(&log, heap, &refusal->failure);
    }
    for (uint32_t i = 0; i < refusal->holders; i++) {
        write_holder(&log, &refusal->holder[i], i + 1);
    }
    write_sampled(&log, &refusal->sampled);
}
