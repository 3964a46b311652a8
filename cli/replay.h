/*
 * replay.h - a trace's calls made again on a fresh heap, and what came of it.
 */
#ifndef CLI_REPLAY_H
#define CLI_REPLAY_H

#include "guestrt/heap.h"
#include "guestrt/trace.h"

typedef struct replay_options {
    const char *path;
    const char *heap_options; /* null: none */
    bool check;               /* contents, and the heap's records now and then */
    uint32_t check_every;     /* calls between two checks of records; 0: ever more of them */
    bool json;
    bool verbose; /* the heap's log goes to stderr */
    uint32_t repeat;
} replay_options;

typedef struct replay_result {
    uint64_t operations; /* the sum of those by kind */
    uint64_t calls[GRT_TRACE_FREE + 1];
    uint64_t failed;     /* requests that the program was refused */
    uint64_t bad_blocks; /* frees and reallocs that the program was refused; not made again */
    uint64_t left_out;   /* records behind a missing one */
    uint64_t refused;    /* requests that the program was served, and that were refused here */
    uint64_t live_asked, live_asked_peak; /* bytes, as the program asked */
    uint64_t live_blocks, live_blocks_peak;
    uint64_t committed_peak; /* bytes */
    uint64_t checks;
    uint64_t
        elsewhere; /* with checks: blocks that were returned at another address than recorded */
    uint64_t ns;   /* in heap calls alone */
    grt_heap_stats heap; /* at the end */
} replay_result;

/* One run. An exit code of the command; what is wrong has been said. */
int replay_run(const replay_options *options, grt_trace_reader *reader, replay_result *result);

/* What all runs came to; [ns] has their times, sorted. */
typedef struct replay_summary {
    grt_trace_info trace;
    replay_result result; /* of the last run */
    const uint64_t *ns;
    uint32_t runs;
} replay_summary;

void replay_print_text(const replay_summary *summary);
bool replay_print_json(const replay_summary *summary);

#endif
