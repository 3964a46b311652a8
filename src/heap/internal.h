/*
 * internal.h - the heap's record, and what its files share.
 *
 * One lock guards everything. Functions that end in _locked expect it to be held; none of them
 * writes a line, so a slow log never holds it. Guest memory is touched only by heap.c, which clears
 * and copies blocks under the lock once their pages are known to be accessible.
 */
#ifndef GRT_HEAP_INTERNAL_H
#define GRT_HEAP_INTERNAL_H

#include "guestrt/heap.h"
#include "heap/backing.h"
#include "heap/page_runs.h"
#include "heap/page_table.h"
#include "heap/rate_limit.h"
#include "heap/size_class.h"
#include "heap/span.h"
#include "os/os.h"

#define HEAP_NAME_MAX      32u
#define HEAP_ALIGNMENT_MAX 0x1000000u /* 16 MiB */

typedef struct heap_class {
    heap_span *partial; /* spans with a free block */
    heap_span *empty;   /* the one of them kept although no block of it is live */
} heap_class;

typedef struct heap_counters {
    uint64_t live;       /* bytes */
    uint64_t live_asked; /* bytes */
    uint64_t live_peak;  /* bytes */
    uint64_t span_bytes; /* in spans, live or not */
    uint64_t span_live;  /* the part of [live] that is in spans */
    uint64_t blocks;
    uint64_t allocations;
    uint64_t frees;
    uint64_t bad_frees;
    uint64_t failures;
    uint64_t failures_by_cause[16];
} heap_counters;

_Static_assert(GRT_HEAP_CAUSE_COUNT <= 16, "every cause has its counter");

struct grt_heap {
    os_mutex lock;
    char name[HEAP_NAME_MAX];
    grt_addr first;
    uint64_t capacity;
    uint64_t budget;
    uint32_t log_failures_above;
    grt_log log;
    grt_memory *memory;
    bool shut_down;
    uint32_t inject_countdown; /* 1: the next request fails; 0: nothing is injected */
    bool inject_sticky;

    page_table table;
    page_runs runs;
    heap_backing backing;
    heap_class classes[SIZE_CLASS_COUNT];
    heap_counters counters;
    rate_limit repeats;

    void *metadata; /* the table and the bitmaps, one reservation */
    size_t metadata_size;
};

/* ---- requests (allocate.c) --------------------------------------------------------------------
 */

typedef struct heap_request {
    uint32_t asked;     /* as the caller said */
    uint32_t size;      /* at least 1 */
    uint32_t alignment; /* bytes */
    uint32_t site;      /* guest return address, 0 = none */
    bool quiet;         /* a refusal is an answer: neither counted nor logged */

    /* The answer. */
    grt_addr block;
    bool is_small;
    stale_ranges stale; /* of a large block: what must be cleared to make it zero */

    /* Or the reason why there is none. */
    grt_heap_cause cause;
    uint64_t rounded;
    int host_errno;
} heap_request;

/* Serves the request; false with a cause. */
bool heap_allocate_locked(grt_heap *heap, heap_request *request);

/* Bytes that a large block of [size] bytes occupies. */
static inline uint64_t heap_round_to_pages(uint64_t size)
{
    return (size + GRT_PAGE_SIZE - 1) & ~(uint64_t)(GRT_PAGE_SIZE - 1);
}

/* ---- blocks (find.c) --------------------------------------------------------------------------
 */

typedef struct heap_block {
    heap_span *span; /* null: a large block */
    uint32_t index;  /* in the span, or the page */
    uint32_t asked;
    uint32_t extent;
} heap_block;

/* Finds the live block that starts at [address], or says what is wrong with the address. O(1). */
grt_status heap_find_locked(const grt_heap *heap, grt_addr address, heap_block *block);

void heap_describe_locked(const grt_heap *heap, grt_addr address, grt_block_info *info);

static inline grt_addr heap_page_address(const grt_heap *heap, uint32_t page)
{
    return heap->first + (page << PAGE_SHIFT);
}

/* ---- releasing (release.c) --------------------------------------------------------------------
 */

void heap_free_locked(grt_heap *heap, const heap_block *block);

/* Gives a span without live blocks back to the free runs. */
void heap_release_span_locked(grt_heap *heap, heap_span *span);

/* Gives up all kept spans; true iff there were any. */
bool heap_release_empty_spans_locked(grt_heap *heap);

/* Gives the committed pages of all free runs back; returns how many. */
uint32_t heap_trim_locked(grt_heap *heap);

/* Gives a run's pages back at once when the heap keeps too many free ones. */
void heap_trim_run_locked(grt_heap *heap, uint32_t page);

void heap_class_push(heap_class *list, heap_span *span);
void heap_class_remove(heap_class *list, heap_span *span);

/* ---- accounting (account.c) -------------------------------------------------------------------
 */

void heap_account_alloc(grt_heap *heap, uint64_t extent, uint32_t asked);
void heap_account_free(grt_heap *heap, uint64_t extent, uint32_t asked);
/* A block changed in place. */
void heap_account_resize(grt_heap *heap, const heap_block *before, uint64_t extent, uint32_t asked);
void heap_stats_locked(const grt_heap *heap, grt_heap_stats *stats);

/* ---- reports (failure.c, bad_free.c) ----------------------------------------------------------
 */

/* What is written about a refused request once the lock is released. */
#define HEAP_HOLDERS_MAX 5u

typedef struct heap_holder {
    uint64_t bytes;
    uint32_t blocks;
    uint32_t size; /* bytes a block: asked for a large one, occupied for a small one */
    uint32_t site;
    bool is_small;
} heap_holder;

typedef struct heap_refusal {
    grt_heap_failure failure;
    uint32_t repeat; /* 0: not to be logged */
    uint32_t holders;
    heap_holder holder[HEAP_HOLDERS_MAX];
} heap_refusal;

/* Collects the evidence and, unless the request is quiet, counts the failure. */
void heap_refuse_locked(grt_heap *heap, const heap_request *request, heap_refusal *refusal);

/* Keeps the failure for the calling thread and writes it. [heap] may be null: there is none. */
void heap_report_refusal(const grt_heap *heap, const heap_refusal *refusal);

/* Those who hold the most bytes, largest first (holders.c). */
uint32_t heap_find_holders_locked(const grt_heap *heap, heap_holder *holders, uint32_t max);

/* Unlocks the heap and reports that [address] is no live block; returns [status]. [what] is the
 * operation's name in the line. */
grt_status heap_refuse_address_unlock(grt_heap *heap, grt_addr address, grt_status status,
                                      const char *what);

#endif
