/*
 * kept.h - large blocks that were freed a moment ago, kept as they are for the next request of
 * their size.
 *
 * Programs free and ask for buffers of one size over and over. Merging such a run with its
 * neighbours only to cut it out again would be most of the cost. Only short runs are kept, and few:
 * they are memory that nobody uses. All of them are given up before a request is refused.
 */
#ifndef GRT_HEAP_KEPT_H
#define GRT_HEAP_KEPT_H

#include <stdbool.h>
#include <stdint.h>

#include "guestrt/memory.h"

#define KEPT_LENGTH_MAX 64u /* pages of one run: 256 KiB */
#define KEPT_DEPTH      4u  /* runs of one length */
#define KEPT_PAGES_MAX  1024u

typedef struct kept_runs {
    uint32_t pages;
    uint8_t count[KEPT_LENGTH_MAX + 1];
    uint32_t run[KEPT_LENGTH_MAX + 1][KEPT_DEPTH]; /* first pages, the last freed last */
} kept_runs;

/* How many pages may be kept beside [taken] bytes in blocks. */
static inline uint32_t kept_limit(uint64_t taken)
{
    uint64_t limit = 16 + taken / GRT_PAGE_SIZE / 32;
    return limit < KEPT_PAGES_MAX ? (uint32_t)limit : KEPT_PAGES_MAX;
}

/* Keeps a run of [length] pages; false iff there is no room for it. O(1). */
static inline bool kept_put(kept_runs *kept, uint32_t page, uint32_t length, uint32_t limit)
{
    if (length > KEPT_LENGTH_MAX || kept->count[length] == KEPT_DEPTH ||
        kept->pages + length > limit) {
        return false;
    }
    kept->run[length][kept->count[length]++] = page;
    kept->pages += length;
    return true;
}

/* Takes the run of exactly [length] pages that was kept last; false iff there is none. O(1). */
static inline bool kept_take(kept_runs *kept, uint32_t length, uint32_t *page)
{
    if (length > KEPT_LENGTH_MAX || kept->count[length] == 0) {
        return false;
    }
    *page = kept->run[length][--kept->count[length]];
    kept->pages -= length;
    return true;
}

#endif
