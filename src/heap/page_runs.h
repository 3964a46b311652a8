/*
 * page_runs.h - the free runs of a heap, found by size.
 *
 * Free runs are kept in bins by their number of pages, thirty-two bins a doubling, with bitmaps
 * over the bins: the smallest bin whose every run is long enough is found in a few instructions.
 * Neighbouring free runs never exist: they are merged at once.
 *
 * Nothing here touches guest memory or takes a lock.
 */
#ifndef GRT_HEAP_PAGE_RUNS_H
#define GRT_HEAP_PAGE_RUNS_H

#include "heap/page_table.h"

#define BIN_COLUMNS 32u
#define BIN_ROWS    17u /* up to 2^20 pages, 4 GiB */

typedef struct page_runs {
    page_table *table;
    uint32_t first_page; /* guest page number of page 0, for alignments */
    uint32_t free_pages;
    uint32_t row_bits;
    uint32_t column_bits[BIN_ROWS];
    uint32_t bins[BIN_ROWS * BIN_COLUMNS]; /* head of each bin's list, NO_PAGE if empty */
} page_runs;

/* Starts with one free run over the whole table, whose records are zeroed. */
void page_runs_init(page_runs *runs, page_table *table, uint32_t first_page);

/* Takes [length] free pages whose guest page number is a multiple of [alignment] pages (a power of
 * two) and returns the first: their record is a head of [kind]. NO_PAGE iff no free run holds
 * them. O(1); a request that no bin promises to hold costs O(free runs) before it is refused. */
uint32_t page_runs_take(page_runs *runs, uint32_t length, uint32_t alignment, page_kind kind);

/* The same, but it may miss a run that would hold them. O(1). */
uint32_t page_runs_take_at_once(page_runs *runs, uint32_t length, uint32_t alignment,
                                page_kind kind);

/* Where a run may lie: from page [lowest] on, and before page [end] but for its last [spare] pages;
 * pages are counted from the heap's first. */
typedef struct page_bounds {
    uint32_t lowest, end, spare;
    bool top_down; /* as high as possible, else as low */
} page_bounds;

/* As page_runs_take(), between bounds. O(runs between them). */
uint32_t page_runs_take_within(page_runs *runs, uint32_t length, uint32_t alignment,
                               const page_bounds *bounds, page_kind kind);

/* Pages of the longest run that page_runs_take_within() could take. O(runs between the bounds). */
uint32_t page_runs_longest_within(const page_runs *runs, uint32_t alignment,
                                  const page_bounds *bounds);

/* Gives a run back and merges it with free neighbours; returns the head of the merged run. The
 * run's interior must be PAGE_INSIDE. O(1). */
uint32_t page_runs_give(page_runs *runs, uint32_t page);

/* Cuts a run after [keep] pages and gives the rest back; returns the head of the free run. O(1). */
uint32_t page_runs_cut(page_runs *runs, uint32_t page, uint32_t keep);

/* Lengthens a run to [length] pages out of the free run behind it. False iff that is too short.
 * O(1). */
bool page_runs_extend(page_runs *runs, uint32_t page, uint32_t length);

/* Pages of the longest free run. O(runs in the highest bin). */
uint32_t page_runs_longest(const page_runs *runs);

/* The most pages that an aligned request could take. O(free runs) if [alignment] > 1. */
uint32_t page_runs_longest_aligned(const page_runs *runs, uint32_t alignment);

/* The bin of runs of [length] pages. O(1). */
uint32_t page_runs_bin(uint32_t length);

#endif
