/*
 * cache.h - the blocks that a thread has at hand, so that most calls meet no other thread.
 *
 * A cache belongs to one thread and one heap. Its owner uses it without a lock between
 * cache_enter() and cache_leave(); whoever holds the heap's lock may use it too, either as the
 * owner, or after closing its gate (caches.c). The owner announces itself by a plain store and
 * looks at the gate by a plain load: the order between the two is imposed from outside, by a
 * barrier that the closing thread makes all threads pass. So the common path has no atomic
 * instruction for it.
 *
 * Where the host offers no such barrier the gates of all caches stay closed for good, and every
 * call takes the heap's lock. Under the thread sanitizer, which does not know the barrier, the two
 * accesses are sequentially consistent instead.
 */
#ifndef GRT_HEAP_CACHE_H
#define GRT_HEAP_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guestrt/heap.h"
#include "heap/chunk.h"
#include "heap/size_class.h"
#include "heap/slots.h"
#include "heap/span.h"

#if defined(__SANITIZE_THREAD__)
#    define CACHE_STRICT 1
#elif defined(__has_feature)
#    if __has_feature(thread_sanitizer)
#        define CACHE_STRICT 1
#    endif
#endif
#ifdef CACHE_STRICT
#    define CACHE_ANNOUNCE __ATOMIC_SEQ_CST
#    define CACHE_LOOK     __ATOMIC_SEQ_CST
#else
#    define CACHE_STRICT   0
#    define CACHE_ANNOUNCE __ATOMIC_RELAXED
#    define CACHE_LOOK     __ATOMIC_ACQUIRE
#endif

#define BIN_BLOCKS_MAX 256u

/* Blocks of one class; the last is handed out next. What finding a block of the class takes is here
 * as well, so that a call touches one line for both. */
typedef struct cache_bin {
    block_place *blocks;
    uint32_t count;
    uint32_t limit;
    uint32_t extent;
    uint32_t reciprocal; /* see reciprocal_of() */
    uint32_t unused[2];  /* a power of two is cheaper to multiply by */
} cache_bin;

_Static_assert(sizeof(cache_bin) == CLASS_UNIT, "a page's information leads to the bin");

/* What a thread's calls add up to. Only sums over all caches mean anything, because blocks are
 * freed by other threads than those that asked for them. The rest of the statistics follows from
 * what is out of the spans and what the bins hold, so that the common path need not count it. */
typedef struct cache_tally {
    uint64_t allocations;
    uint64_t asked; /* bytes of live blocks, modulo 2^64 */
} cache_tally;

enum {
    GATE_CLOSED = 1,  /* somebody who holds the heap's lock is at this cache */
    GATE_SPECIAL = 2, /* every call must take the long way */
};

typedef struct heap_cache {
    uint32_t busy; /* 1: the owner is inside */
    uint32_t gate; /* 0: open */
    cache_tally tally;
    uint64_t pending_bytes; /* in blocks that are being cleared or copied, neither kept nor live */
    uint32_t pending_slots; /* how many of them have slots, and how many are large */
    uint32_t pending_large;
    chunk_set chunks;
    /* What the owner's calls add to the blocks of chunks, whose ever, and to the pages of chunks
     * that are in none. Only sums over all caches mean anything, as with the tally. */
    uint64_t chunk_blocks;
    uint64_t chunk_free;
    cache_bin bins[SIZE_CLASS_COUNT + 1]; /* the last is MEDIUM_CLASS's: no block fits it */

    heap_span *spans[SIZE_CLASS_COUNT]; /* where bins are refilled from first */
    grt_heap *heap;
    struct heap_cache *next; /* among the heap's caches, in use or not */
    bool in_use;
    uint32_t number; /* the owner's os_thread_number() */
    size_t size;     /* bytes of host memory, from os_reserve() */
} heap_cache;

/* True iff the calling thread, the owner, may use the cache; then it must leave it. */
static inline bool cache_enter(heap_cache *cache)
{
    __atomic_store_n(&cache->busy, 1, CACHE_ANNOUNCE);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    return __builtin_expect(__atomic_load_n(&cache->gate, CACHE_LOOK) == 0, 1);
}

static inline void cache_leave(heap_cache *cache)
{
    __atomic_store_n(&cache->busy, 0, __ATOMIC_RELEASE);
}

static inline void cache_count_alloc(heap_cache *cache, uint32_t asked)
{
    cache->tally.allocations++;
    cache->tally.asked += asked;
}

static inline void cache_count_free(heap_cache *cache, uint32_t asked)
{
    cache->tally.asked -= asked;
}

/* A live block changed its size in place. */
static inline void cache_count_resize(heap_cache *cache, uint32_t before, uint32_t after)
{
    cache->tally.asked += (uint64_t)after - before;
}

/* A block leaves its bin or run, but is not live yet. Nobody can free it meanwhile. */
static inline void cache_add_pending(heap_cache *cache, uint64_t extent, bool has_slot)
{
    cache->pending_bytes += extent;
    cache->pending_slots += has_slot;
    cache->pending_large += !has_slot;
}

static inline void cache_end_pending(heap_cache *cache, uint64_t extent, bool has_slot)
{
    cache->pending_bytes -= extent;
    cache->pending_slots -= has_slot;
    cache->pending_large -= !has_slot;
}

/* A block was cut out of a chunk, or goes back. */
static inline void cache_count_cut(heap_cache *cache, uint32_t pages)
{
    cache->chunk_blocks++;
    cache->chunk_free -= pages;
}

static inline void cache_count_uncut(heap_cache *cache, uint32_t pages)
{
    cache->chunk_blocks--;
    cache->chunk_free += pages;
}

/* Host memory for a cache with empty bins; null iff the host refuses. */
heap_cache *cache_create(grt_heap *heap);
void cache_destroy(heap_cache *cache);

/* Adds what the bins hold, what is pending, and what is free in chunks. O(classes). */
void cache_add_up(const heap_cache *cache, uint64_t *blocks, uint64_t *bytes);

#endif
