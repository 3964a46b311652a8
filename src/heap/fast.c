/*
 * fast.c - the common path: the calling thread's cache has the block, or room for it.
 *
 * Nothing here takes a lock, calls the host or touches guest memory between entering a cache and
 * leaving it. Whatever is out of the ordinary (no cache yet, an empty or full bin, a closed gate,
 * an address that is not the start of a live block) is left to heap.c, which looks again under the
 * lock, and knows what to say.
 */
#include "heap/fast.h"

#include <string.h>

#define LIKELY(condition) __builtin_expect(!!(condition), 1)

/* ---- allocating --------------------------------------------------------------------------------
 */

/* Takes the block on top of a bin; false if there is none. */
static inline bool pop(heap_cache *cache, uint32_t size_class, uint32_t *offset)
{
    cache_bin *bin = &cache->bins[size_class];
    if (!LIKELY(bin->count > 0)) {
        return false;
    }
    *offset = bin->blocks[--bin->count];
    return true;
}

static inline void make_live(grt_heap *heap, heap_cache *cache, uint32_t size_class,
                             uint32_t offset, uint32_t size)
{
    uint32_t extent = size_class_extents[size_class];
    state_set_live(state_of(&heap->states, size_class, offset), extent - size);
    cache_count_alloc(cache, extent, size);
}

/* A block of [size_class] out of the caller's cache; 0 if that cannot be done here. */
static inline grt_addr take(grt_heap *heap, uint32_t size, uint32_t size_class)
{
    heap_cache *cache = heap_known_cache(heap);
    if (!LIKELY(cache != NULL)) {
        return 0;
    }
    uint32_t offset;
    bool done = LIKELY(cache_enter(cache)) && pop(cache, size_class, &offset);
    if (LIKELY(done)) {
        make_live(heap, cache, size_class, offset, size);
    }
    cache_leave(cache);
    return LIKELY(done) ? heap->first + offset : 0;
}

/* A size of 0 counts as 1. */
static inline uint32_t at_least_one(uint32_t size)
{
    return size + (size == 0);
}

grt_addr grt_heap_alloc(grt_heap *heap, uint32_t size)
{
    if (LIKELY(heap != NULL && size <= SMALL_MAX)) {
        uint32_t wanted = at_least_one(size);
        grt_addr block = take(heap, wanted, size_class_of(wanted));
        if (LIKELY(block != 0)) {
            return block;
        }
    }
    return heap_alloc_slowly(heap, size, SMALL_ALIGNMENT);
}

/* Takes a block that stays pending. */
static inline bool take_pending(grt_heap *heap, uint32_t size_class, uint32_t *offset)
{
    heap_cache *cache = heap_known_cache(heap);
    if (!LIKELY(cache != NULL)) {
        return false;
    }
    bool done = LIKELY(cache_enter(cache)) && pop(cache, size_class, offset);
    if (LIKELY(done)) {
        cache_add_pending(cache, size_class_extents[size_class], 1);
    }
    cache_leave(cache);
    return done;
}

static inline void publish(grt_heap *heap, uint32_t size_class, uint32_t offset, uint32_t size)
{
    heap_cache *cache = heap_known_cache(heap);
    bool open = cache_enter(cache);
    if (!LIKELY(open)) {
        cache_leave(cache);
        os_mutex_lock(&heap->lock);
    }
    cache_end_pending(cache, size_class_extents[size_class], 1);
    make_live(heap, cache, size_class, offset, size);
    if (!LIKELY(open)) {
        os_mutex_unlock(&heap->lock);
        return;
    }
    cache_leave(cache);
}

grt_addr grt_heap_alloc_zeroed(grt_heap *heap, uint32_t size)
{
    if (LIKELY(heap != NULL && size <= SMALL_MAX)) {
        uint32_t wanted = at_least_one(size);
        uint32_t size_class = size_class_of(wanted);
        uint32_t offset;
        if (LIKELY(take_pending(heap, size_class, &offset))) {
            memset(grt_memory_host(heap->memory, heap->first + offset), 0, wanted);
            publish(heap, size_class, offset, wanted);
            return heap->first + offset;
        }
    }
    return heap_alloc_zeroed_slowly(heap, size);
}

grt_addr grt_heap_alloc_aligned(grt_heap *heap, uint32_t size, uint32_t alignment)
{
    if (LIKELY(heap != NULL && size <= SMALL_MAX && (alignment & (alignment - 1)) == 0)) {
        uint32_t wanted = at_least_one(size);
        uint32_t size_class = size_class_for(wanted, alignment > 0 ? alignment : 1);
        grt_addr block = size_class != SIZE_CLASS_NONE ? take(heap, wanted, size_class) : 0;
        if (LIKELY(block != 0)) {
            return block;
        }
    }
    return heap_alloc_slowly(heap, size, alignment);
}

/* ---- blocks ------------------------------------------------------------------------------------
 */

/* What the byte of an address says. */
typedef struct sighting {
    uint8_t *state;
    uint32_t offset;
    uint32_t page_class; /* 1 + class */
    uint8_t live;
} sighting;

static inline uint32_t page_class_of(const grt_heap *heap, uint32_t offset)
{
    return __atomic_load_n(&heap->page_class[offset >> PAGE_SHIFT], __ATOMIC_ACQUIRE);
}

/* True iff a live small block starts at [block]. The class is that of the moment: it holds for as
 * long as the block is live, so whoever claims the block looks at it once more. */
static inline bool sight(const grt_heap *heap, grt_addr block, sighting *seen)
{
    seen->offset = block - heap->first;
    if (!LIKELY(seen->offset <= heap->last_offset)) {
        return false;
    }
    seen->page_class = page_class_of(heap, seen->offset);
    if (!LIKELY(seen->page_class != 0 && state_is_on_grid(seen->page_class - 1, seen->offset))) {
        return false;
    }
    seen->state = state_of(&heap->states, seen->page_class - 1, seen->offset);
    seen->live = state_load(seen->state);
    return LIKELY(state_is_live(seen->live));
}

/* ---- freeing -----------------------------------------------------------------------------------
 */

/* The span was given up and made anew as another class between the two looks, and the claimed block
 * is one of the new span's. It is the caller's now, as live as it was. */
static bool restore(const sighting *seen)
{
    state_store(seen->state, seen->live);
    return false;
}

static inline bool put(grt_heap *heap, heap_cache *cache, const sighting *seen)
{
    uint32_t size_class = seen->page_class - 1;
    cache_bin *bin = &cache->bins[size_class];
    if (!LIKELY(bin->count < bin->limit && state_claim(seen->state, seen->live, STATE_FREED))) {
        return false;
    }
    if (!LIKELY(page_class_of(heap, seen->offset) == seen->page_class)) {
        return restore(seen);
    }
    uint32_t extent = size_class_extents[size_class];
    bin->blocks[bin->count++] = seen->offset;
    cache_count_free(cache, extent, extent - state_slack(seen->state, seen->live));
    return true;
}

grt_status grt_heap_free(grt_heap *heap, grt_addr block)
{
    heap_cache *cache = heap_known_cache(heap);
    if (LIKELY(cache != NULL)) {
        sighting seen;
        bool done =
            LIKELY(cache_enter(cache)) && sight(heap, block, &seen) && put(heap, cache, &seen);
        cache_leave(cache);
        if (LIKELY(done)) {
            return GRT_OK;
        }
    }
    return heap_free_slowly(heap, block);
}

/* ---- changing a size ---------------------------------------------------------------------------
 */

static inline bool resize(const grt_heap *heap, heap_cache *cache, const sighting *seen,
                          uint32_t size)
{
    uint32_t extent = size_class_extents[seen->page_class - 1];
    if (!heap_stays(extent, size) || !state_claim(seen->state, seen->live, STATE_RESIZING)) {
        return false;
    }
    if (!LIKELY(page_class_of(heap, seen->offset) == seen->page_class)) {
        return restore(seen);
    }
    uint32_t asked = extent - state_slack(seen->state, seen->live);
    state_set_live(seen->state, extent - size);
    cache_count_resize(cache, 0, size - asked);
    return true;
}

grt_addr grt_heap_realloc(grt_heap *heap, grt_addr block, uint32_t size)
{
    if (block == 0 || heap == NULL) {
        return grt_heap_alloc(heap, size);
    }
    heap_cache *cache = heap_known_cache(heap);
    if (LIKELY(cache != NULL)) {
        sighting seen;
        bool done = cache_enter(cache) && sight(heap, block, &seen) &&
                    resize(heap, cache, &seen, at_least_one(size));
        cache_leave(cache);
        if (done) {
            return block;
        }
    }
    return heap_realloc_slowly(heap, block, size);
}
