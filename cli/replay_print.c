/* replay_print.c - what a replay came to, for people and as JSON. */
#include "replay.h"
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

static double ratio(double part, double whole)
{
    return whole > 0 ? part / whole : 0;
}

static double ns_per_operation(const replay_summary *summary, uint64_t ns)
{
    return ratio((double)ns, (double)summary->result.operations);
}

static uint64_t median(const replay_summary *summary)
{
    return summary->ns[summary->runs / 2];
}

/* Bytes that the host had to back for each byte that the program had at its peak. */
static double footprint(const replay_result *result)
{
    return ratio((double)result->committed_peak, (double)result->live_asked_peak);
}

static void print_calls(const replay_result *result)
{
    const uint64_t *calls = result->calls;
    printf("calls: %" PRIu64 " (%" PRIu64 " alloc, %" PRIu64 " zeroed, %" PRIu64
           " aligned, %" PRIu64 " realloc, %" PRIu64 " free)\n",
           result->operations, calls[GRT_TRACE_ALLOC], calls[GRT_TRACE_ZEROED],
           calls[GRT_TRACE_ALIGNED], calls[GRT_TRACE_REALLOC], calls[GRT_TRACE_FREE]);
    printf("recorded: %" PRIu64 " failed, %" PRIu64 " of bad blocks, %" PRIu64 " left out\n",
           result->failed, result->bad_blocks, result->left_out);
    printf("refused here: %" PRIu64 "\n", result->refused);
}

static void print_heap(const replay_result *result)
{
    const grt_heap_stats *heap = &result->heap;
    printf("peak: %" PRIu64 " bytes in at most %" PRIu64 " blocks asked for, %" PRIu64
           " taken (rounded, and at hand), %" PRIu64 " committed\n",
           result->live_asked_peak, result->live_blocks_peak, heap->live_peak,
           result->committed_peak);
    printf("footprint: %.3f most committed / most asked for\n", footprint(result));
    printf("at the end: live %" PRIu64 " in %" PRIu64 " blocks, cached %" PRIu64
           ", committed %" PRIu64 ", largest run %" PRIu64 ", fragmentation %.1f %%\n",
           heap->live, heap->blocks, heap->cached, heap->committed, heap->largest_free,
           heap->fragmentation * 100);
}

static void print_time(const replay_summary *summary)
{
    if (summary->result.checks) {
        printf("checks: %" PRIu64 ", all passed; %" PRIu64
               " blocks at other addresses than recorded\n",
               summary->result.checks, summary->result.elsewhere);
        return;
    }
    printf("time: %.3f ms, %.1f ns a call", (double)median(summary) / 1e6,
           ns_per_operation(summary, median(summary)));
    if (summary->runs > 1)
        printf(" (median of %u runs; %.1f to %.1f)", (unsigned)summary->runs,
               ns_per_operation(summary, summary->ns[0]),
               ns_per_operation(summary, summary->ns[summary->runs - 1]));
    putchar('\n');
}

void replay_print_text(const replay_summary *summary)
{
    printf("trace: %s, process %" PRIu64 ", threads %u\n", summary->trace.program,
           summary->trace.process, (unsigned)summary->trace.threads);
    print_calls(&summary->result);
    print_heap(&summary->result);
    print_time(summary);
}

/* ---- JSON
 * ----------------------------------------------------------------------------------------
 */

static json_t *number(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static json_t *calls_object(const replay_result *result)
{
    const uint64_t *calls = result->calls;
    return json_pack("{so so so so so}", "alloc", number(calls[GRT_TRACE_ALLOC]), "zeroed",
                     number(calls[GRT_TRACE_ZEROED]), "aligned", number(calls[GRT_TRACE_ALIGNED]),
                     "realloc", number(calls[GRT_TRACE_REALLOC]), "free",
                     number(calls[GRT_TRACE_FREE]));
}

/* Refused requests by the names of their causes. */
static json_t *causes_object(const grt_heap_stats *heap)
{
    json_t *object = json_object();
    for (unsigned cause = GRT_HEAP_NONE + 1; object && cause < GRT_HEAP_CAUSE_COUNT; cause++)
        json_object_set_new(object, grt_heap_cause_name((grt_heap_cause)cause),
                            number(heap->failures_by_cause[cause]));
    return object;
}

/* What options of the heap keep and find. */
static json_t *options_object(const grt_heap_stats *heap)
{
    return json_pack("{so so so so so}", "quarantined", number(heap->quarantined), "guarded",
                     number(heap->guarded), "overruns", number(heap->overruns), "writes_after_free",
                     number(heap->writes_after_free), "sites_lost", number(heap->sites_lost));
}

static json_t *heap_object(const grt_heap_stats *heap)
{
    return json_pack("{so so so so so so so so so so so so so so so so sf}", "options",
                     options_object(heap), "failures_by_cause", causes_object(heap),
                     "cached_by_threads", number(heap->cached_by_threads), "capacity",
                     number(heap->capacity), "committed", number(heap->committed), "live",
                     number(heap->live), "live_asked", number(heap->live_asked), "cached",
                     number(heap->cached), "free", number(heap->free), "largest_free",
                     number(heap->largest_free), "live_peak", number(heap->live_peak), "blocks",
                     number(heap->blocks), "allocations", number(heap->allocations), "frees",
                     number(heap->frees), "bad_frees", number(heap->bad_frees), "failures",
                     number(heap->failures), "fragmentation", heap->fragmentation);
}

static json_t *time_object(const replay_summary *summary)
{
    return json_pack("{so so so so sf}", "runs", number(summary->runs), "ns",
                     number(median(summary)), "ns_min", number(summary->ns[0]), "ns_max",
                     number(summary->ns[summary->runs - 1]), "ns_per_operation",
                     ns_per_operation(summary, median(summary)));
}

static json_t *summary_object(const replay_summary *summary)
{
    const replay_result *result = &summary->result;
    return json_pack("{ss% so so so so so so so so so so so so so sf so so}", "program",
                     summary->trace.program, strlen(summary->trace.program), "process",
                     number(summary->trace.process), "threads", number(summary->trace.threads),
                     "operations", number(result->operations), "calls", calls_object(result),
                     "failed", number(result->failed), "bad_blocks", number(result->bad_blocks),
                     "left_out", number(result->left_out), "refused", number(result->refused),
                     "elsewhere", number(result->elsewhere), "checks", number(result->checks),
                     "peak_asked", number(result->live_asked_peak), "peak_blocks",
                     number(result->live_blocks_peak), "committed_peak",
                     number(result->committed_peak), "footprint", footprint(result), "time",
                     time_object(summary), "heap", heap_object(&result->heap));
}

bool replay_print_json(const replay_summary *summary)
{
    json_t *object = summary_object(summary);
    bool printed = object && json_dumpf(object, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII) == 0;
    json_decref(object);
    if (printed)
        putchar('\n');
    return printed;
}
