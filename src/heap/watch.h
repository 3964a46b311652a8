/*
 * watch.h - what a heap keeps for its options.
 */
#ifndef GRT_HEAP_WATCH_H
#define GRT_HEAP_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "heap/options.h"
#include "heap/quarantine.h"
#include "heap/sites.h"

/* Tables of the options, from os_reserve(). */
#define WATCH_TABLES_MAX 3u

typedef struct watch_table {
    void *base;
    size_t size;
} watch_table;

typedef struct heap_watch {
    grt_heap_options options;
    bool on;       /* every call takes the long way */
    bool touches;  /* patterns are written and verified */
    bool has_tail; /* behind blocks */
    bool guards;

    uint64_t counted;    /* requests that fail_nth and fail_every count */
    uint64_t guardable;  /* requests that guard_sample counts */
    uint64_t guarded;    /* blocks in guard mode that are live */
    uint32_t bare_pages; /* pages of runs in use that the heap itself gave back to the host */
    uint64_t overruns;
    uint64_t writes_after_free;
    heap_quarantine quarantine;
    site_table sites;
    watch_table tables[WATCH_TABLES_MAX];
    uint32_t table_count;
} heap_watch;

#endif
