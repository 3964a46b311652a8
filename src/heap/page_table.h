/*
 * page_table.h - what every page of a heap's range is.
 *
 * The range is cut into runs of pages: free, one block, one span of small blocks, or one chunk. A
 * run is described by the record of its first page, its head; heads are also bits of a layered
 * bitmap, so that the run around any page is found in a few words without a tag at its end. Records
 * live in host memory that the host backs only where they are touched.
 */
#ifndef GRT_HEAP_PAGE_TABLE_H
#define GRT_HEAP_PAGE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "guestrt/memory.h"
#include "heap/bitmap.h"

#define PAGE_SHIFT 12u
#define NO_PAGE    UINT32_MAX

_Static_assert(1u << PAGE_SHIFT == GRT_PAGE_SIZE, "pages are 4 KiB");

typedef enum page_kind {
    PAGE_INSIDE = 0, /* not a head */
    PAGE_FREE = 1,
    PAGE_LARGE = 2,
    PAGE_SMALL = 3, /* every page of a span, so that a block finds its span in one step */
    PAGE_CHUNK = 4, /* 64 pages, see chunk.h: its other pages are insides, but for who asked */
} page_kind;

/* The size asked for of large blocks that are not live: one that is being made, one that is being
 * freed, and one in quarantine; and of a medium block, whose slot says all of that. Nothing is
 * asked for with any of these sizes. */
#define LARGE_PENDING 0u
#define LARGE_CLAIMED UINT32_MAX
#define LARGE_HELD    (UINT32_MAX - 1)
#define LARGE_MEDIUM  (UINT32_MAX - 2)

struct heap_span;

typedef struct heap_page {
    uint32_t kind : 3;
    uint32_t length : 29; /* pages of the run, in heads */
    uint32_t past;        /* the block that was here last, see past.h; never erased. In the head of
                             a large block in use, whether it is guarded */
    union {
        struct {
            uint32_t next, prev; /* in the bin */
        } free;
        struct {
            uint32_t asked; /* bytes */
            uint32_t site;  /* who asked */
        } large;
        struct heap_span *span;
    } u;
} heap_page;

_Static_assert(sizeof(heap_page) == 16, "the table is sized by this");

typedef struct page_table {
    heap_page *pages;
    layered_bitmap heads;
    uint32_t count;
} page_table;

/* Who asked is written without the lock when a thread takes a block that it has at hand. */
static inline void heap_set_site(heap_page *head, uint32_t site)
{
    __atomic_store_n(&head->u.large.site, site, __ATOMIC_RELAXED);
}

static inline uint32_t heap_get_site(const heap_page *head)
{
    return __atomic_load_n(&head->u.large.site, __ATOMIC_RELAXED);
}

/* Of a head that is in no chunk. */
static inline bool page_is_medium(const heap_page *head)
{
    return head->kind == PAGE_LARGE && head->u.large.asked == LARGE_MEDIUM;
}

/* Turns [page, page + length) into a run of [kind]; the pages were heads or insides before. The
 * interior must be PAGE_INSIDE already, as it is in every run that is not a span. O(1). */
void page_table_set_run(page_table *table, uint32_t page, uint32_t length, page_kind kind);

/* Makes a head an inside page again. O(1). */
void page_table_clear_head(page_table *table, uint32_t page);

/* The head of the run that holds [page]. O(1). */
uint32_t page_table_head_of(const page_table *table, uint32_t page);

#endif
