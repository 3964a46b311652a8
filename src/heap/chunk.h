/*
 * chunk.h - 64 pages that one thread cuts medium blocks out of.
 *
 * A word says which of the pages are in no block, so that finding room, cutting a block out and
 * merging what comes back with its neighbours are a few operations on that word, and need no lock:
 * a chunk belongs to a cache, and only who may use the cache changes it. Another thread that frees
 * a block sets its pages in a second word, and the owner takes them over when it looks for room.
 *
 * Nothing here knows of heaps: pages of a chunk are counted from its first.
 */
#ifndef GRT_HEAP_CHUNK_H
#define GRT_HEAP_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heap/size_class.h"

#define CHUNK_SHIFT 6u /* log2 of its pages */
#define CHUNK_PAGES 64u
#define CHUNK_WHOLE UINT64_MAX /* no page is in a block */

/* Chunks are listed by their longest run of free pages, as far as a block can be long, and those
 * without blocks apart. The list of a chunk may promise more than it has, but never less. */
#define CHUNK_LIST_WHOLE (MEDIUM_PAGES_MAX + 1)
#define CHUNK_LISTS      (MEDIUM_PAGES_MAX + 2)

/* So many chunks may be whole, were what others returned taken over, before the thread that frees
 * the last block of one more sees to it. */
#define CHUNK_RIPE_MAX 8u

/* How many chunks with returned pages a search takes over. Each of them was made one by a free, so
 * most searches meet fewer. */
#define CHUNK_COLLECT_MOST 4u

struct heap_cache;

typedef struct heap_chunk {
    uint64_t free;     /* pages in no block */
    uint64_t heads;    /* first pages of blocks, those in [returned] among them */
    uint64_t starts;   /* where blocks have started: pages that the host surely backs */
    uint64_t older;    /* where they have in chunks that were here before: pages that it may */
    uint64_t returned; /* pages of blocks that other threads freed */
    struct heap_cache *owner;
    uint32_t page;                    /* its first, among the heap's */
    uint32_t list;                    /* 0 and none if it is the current one */
    struct heap_chunk *next, *prev;   /* in the list */
    struct heap_chunk *next_returned; /* in the stack */
} heap_chunk;

/* Of each length, so many places are remembered where a block was freed: most programs ask for that
 * length again, and what they wrote there is in the host's caches, and backed. */
#define CHUNK_RECENT 16u

typedef struct chunk_recent {
    uint32_t pages[CHUNK_RECENT]; /* a ring: first pages, among the heap's */
    uint32_t pushed;
    uint32_t count;
} chunk_recent;

/* The chunks of a cache. */
typedef struct chunk_set {
    heap_chunk *current; /* where blocks are cut out; null: there is none */
    uint64_t listed;     /* a bit a list that is not empty */
    heap_chunk *lists[CHUNK_LISTS];
    heap_chunk *returned; /* a stack of those in which others freed blocks */
    uint32_t ripe;        /* about how many of these would be whole */
    uint32_t count;
    uint32_t whole; /* how many are listed as whole */
    chunk_recent recent[MEDIUM_PAGES_MAX + 1];
} chunk_set;

/* Remembers where a block was freed. It is no more than that: the pages are as free as others. */
static inline void chunk_set_remember(chunk_set *set, uint32_t page, uint32_t pages)
{
    chunk_recent *recent = &set->recent[pages];
    recent->pages[recent->pushed++ % CHUNK_RECENT] = page;
    recent->count += recent->count < CHUNK_RECENT;
}

/* The place that was remembered last; false iff there is none. */
static inline bool chunk_set_recall(chunk_set *set, uint32_t pages, uint32_t *page)
{
    chunk_recent *recent = &set->recent[pages];
    if (recent->count == 0) {
        return false;
    }
    recent->count--;
    *page = recent->pages[--recent->pushed % CHUNK_RECENT];
    return true;
}

/* ---- words ---------------------------------------------------------------------------------- */

/* Pages [first, first + pages) of a chunk. */
static inline uint64_t chunk_mask(uint32_t first, uint32_t pages)
{
    return (UINT64_MAX >> (CHUNK_PAGES - pages)) << first;
}

/* Bit i of the result: pages i to i + [pages] - 1 are free; 1 <= [pages] <= MEDIUM_PAGES_MAX. Each
 * step halves what is left to look at, and steps that have nothing to do are no branches. */
static inline uint64_t chunk_fits(uint64_t free, uint32_t pages)
{
    for (int step = 0; step < 5; step++) {
        uint32_t half = pages / 2;
        free &= free >> half;
        pages -= half;
    }
    return free;
}

_Static_assert(MEDIUM_PAGES_MAX <= 1u << 5, "five steps halve every length down to 1");

/* Pages of the longest free run, MEDIUM_PAGES_MAX at most. */
uint32_t chunk_longest(uint64_t free);

/* Pages of the free run around page [at], which is free. */
static inline uint32_t chunk_run_around(uint64_t free, uint32_t at)
{
    uint64_t upwards = ~(free >> at), downwards = ~(free << (CHUNK_PAGES - 1 - at));
    uint32_t above = upwards != 0 ? (uint32_t)__builtin_ctzll(upwards) : CHUNK_PAGES;
    uint32_t below = downwards != 0 ? (uint32_t)__builtin_clzll(downwards) : CHUNK_PAGES;
    return above + below - 1;
}

/* ---- one chunk ------------------------------------------------------------------------------ */

/* Owners store these and others look, one at a time. */
static inline uint64_t chunk_heads(const heap_chunk *chunk)
{
    return __atomic_load_n(&chunk->heads, __ATOMIC_RELAXED);
}

static inline void chunk_set_heads(heap_chunk *chunk, uint64_t heads)
{
    __atomic_store_n(&chunk->heads, heads, __ATOMIC_RELAXED);
}

static inline void chunk_set_free(heap_chunk *chunk, uint64_t free)
{
    __atomic_store_n(&chunk->free, free, __ATOMIC_RELAXED);
}

static inline struct heap_cache *chunk_owner(const heap_chunk *chunk)
{
    return __atomic_load_n(&chunk->owner, __ATOMIC_RELAXED);
}

/* The first page of the last block that starts at page [at] or before; CHUNK_PAGES: none does. */
static inline uint32_t chunk_head_before(const heap_chunk *chunk, uint32_t at)
{
    uint64_t heads = chunk_heads(chunk) << (CHUNK_PAGES - 1 - at);
    return heads != 0 ? at - (uint32_t)__builtin_clzll(heads) : CHUNK_PAGES;
}

/* ---- a cache's chunks -----------------------------------------------------------------------
 * For who may use the cache.
 */

/* Adds a chunk without blocks, which becomes the current one. */
void chunk_set_add(chunk_set *set, heap_chunk *chunk);

/* Takes a chunk out of the set; none of its pages may be in the stack of returned ones. */
void chunk_set_remove(chunk_set *set, heap_chunk *chunk);

/* Makes a chunk with room for so many pages the current one; false iff there is none. */
bool chunk_set_seek(chunk_set *set, uint32_t pages);

/* Takes over what other threads returned, [most] chunks at most. */
void chunk_set_collect(chunk_set *set, uint32_t most);

/* A chunk that is listed as whole is so no more in a moment. */
void chunk_set_break(chunk_set *set, heap_chunk *chunk);

/* Finds room in the current chunk, or makes another one current that has some: the first page.
 * CHUNK_PAGES iff no chunk has room. */
static inline uint32_t chunk_set_find(chunk_set *set, uint32_t pages)
{
    uint64_t fits = set->current != NULL ? chunk_fits(set->current->free, pages) : 0;
    if (__builtin_expect(fits == 0, 0)) {
        if (!chunk_set_seek(set, pages)) {
            return CHUNK_PAGES;
        }
        fits = chunk_fits(set->current->free, pages);
    }
    uint64_t again = fits & set->current->starts;
    again = again != 0 ? again : fits & set->current->older;
    return (uint32_t)__builtin_ctzll(again != 0 ? again : fits);
}

/* A block starts at page [first] of the chunk, and has so many pages, which are free. The chunk
 * stays on its list, which may promise more than it has from now on, unless it is whole no more. */
static inline void chunk_take(chunk_set *set, heap_chunk *chunk, uint32_t first, uint32_t pages)
{
    if (__builtin_expect(chunk->list == CHUNK_LIST_WHOLE, 0)) {
        chunk_set_break(set, chunk);
    }
    chunk_set_free(chunk, chunk->free & ~chunk_mask(first, pages));
    chunk_set_heads(chunk, chunk->heads | UINT64_C(1) << first);
    chunk->starts |= UINT64_C(1) << first;
}

/* A block of the set's chunk goes back to it. True iff the caller must see to it that whole chunks
 * are given up. */
bool chunk_set_put(chunk_set *set, heap_chunk *chunk, uint32_t first, uint32_t pages);

/* Some pages of a block do, behind those that it keeps. */
void chunk_set_put_tail(chunk_set *set, heap_chunk *chunk, uint32_t first, uint32_t pages);

/* Pages from [first] on become a part of the block before them; false iff the chunk ends before, or
 * they are not all free. */
bool chunk_set_extend(chunk_set *set, heap_chunk *chunk, uint32_t first, uint32_t pages);

/* True iff so many chunks are whole that some should be given up. */
static inline bool chunk_set_is_rich(const chunk_set *set)
{
    return set->whole > 3 + set->count / 16;
}

/* ---- other threads -------------------------------------------------------------------------- */

/* Frees a block of a chunk whose owner is another one, while that cannot give the chunk up. True
 * iff the caller must see to it that the owner's whole chunks are given up. */
bool chunk_return(chunk_set *owners, heap_chunk *chunk, uint32_t first, uint32_t pages);

#endif
