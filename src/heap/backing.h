/*
 * backing.h - which pages of the heap's range the host backs.
 *
 * Pages are committed when a run over them is handed out and stay committed when it is freed, until
 * the heap gives them back. Every page of a run that is not free is committed.
 */
#ifndef GRT_HEAP_BACKING_H
#define GRT_HEAP_BACKING_H

#include "guestrt/memory.h"
#include "memory/refusal.h"
#include "heap/bitmap.h"

/* Parts of a new run that were accessible to the guest before, hence may hold anything. Pages that
 * are not listed were committed by this very request, and so are known to be zero: a page that was
 * merely never used is not, because the guest can store to it. */
#define STALE_MAX 8u

typedef struct stale_ranges {
    uint32_t count;
    struct {
        uint32_t page, length;
    } ranges[STALE_MAX];
} stale_ranges;

typedef struct heap_backing {
    grt_memory *memory;
    grt_addr first;
    uint64_t *committed; /* a bit a page */
    uint64_t *filled;    /* a bit a page: all of it is the fill of freed blocks; null: not kept */
    uint32_t pages;
    uint32_t committed_pages;
    uint64_t given_back; /* pages, in the heap's life */
    bool commit_zeroes;  /* false where pages may have a second, older mapping */
} heap_backing;

/* Commits what is not committed of [page, page + length), and, when that leaves out the run's end,
 * up to [ahead] pages behind it in the same call to the host. [stale] may be null.
 * On failure some of the pages may have become committed, which is harmless, and [*refusal] says
 * what the memory or the host said. O(length / 64) and a system call for each hole. */
grt_status heap_backing_commit(heap_backing *backing, uint32_t page, uint32_t length,
                               uint32_t ahead, stale_ranges *stale, grt_refusal *refusal);

/* What the pages hold is no longer known. */
static inline void heap_backing_forget_fill(heap_backing *backing, uint32_t page, uint32_t length)
{
    if (backing->filled != NULL) {
        bitmap_fill(backing->filled, page, length, false);
    }
}

/* Gives the committed pages of a range back; returns how many. */
uint32_t heap_backing_decommit(heap_backing *backing, uint32_t page, uint32_t length);

/* Gives the pages of a run that was just taken back, for an owner who backs them on his own. They
 * still count as committed, like those of a block whose pages the guest gave back. */
void heap_backing_strip(heap_backing *backing, uint32_t page, uint32_t length);

/* The guest can decommit and protect the pages of a block it holds. Brings the heap's view of a
 * range up to date, and makes what is committed readable and writable, before the range is free for
 * others. O(length). */
void heap_backing_recover(heap_backing *backing, uint32_t page, uint32_t length);

#endif
