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
static inline bool pop(heap_cache *cache, uint32_t size_class, block_place *place)
{
    cache_bin *bin = &cache->bins[size_class];
    if (!LIKELY(bin->count > 0)) {
        return false;
    }
    *place = bin->blocks[--bin->count];
    return true;
}

static inline void make_live(grt_heap *heap, heap_cache *cache, uint32_t size_class,
                             block_place place, uint32_t size)
{
    uint32_t extent = size_class_extents[size_class];
    slot_store(&heap->slots.all[place.slot], SLOT_LIVE | (extent - size));
    cache_count_alloc(cache, size);
}

/* A block of [size_class] out of the caller's cache; 0 if that cannot be done here. */
static inline grt_addr take(grt_heap *heap, uint32_t size, uint32_t size_class)
{
    const cache_ref *ref = heap_cache_ref(heap);
    if (!heap_knows(heap, ref)) {
        return 0;
    }
    heap_cache *cache = ref->cache;
    block_place place;
    if (!LIKELY(cache_enter(cache) && pop(cache, size_class, &place))) {
        cache_leave(cache);
        return 0;
    }
    make_live(heap, cache, size_class, place, size);
    cache_leave(cache);
    return heap->first + place.offset;
}

/* A size of 0 counts as 1. */
static inline uint32_t at_least_one(uint32_t size)
{
    return size + (size == 0);
}

static grt_addr alloc_medium(grt_heap *heap, uint32_t size)
{
    grt_addr block = take(heap, size, size_class_of(size));
    return LIKELY(block != 0) ? block : heap_alloc_slowly(heap, size, SMALL_ALIGNMENT);
}

grt_addr grt_heap_alloc(grt_heap *heap, uint32_t size)
{
    if (LIKELY(heap != NULL && size - 1 < SIZE_CLASS_TABLE_MAX)) { /* neither 0 nor more */
        grt_addr block = take(heap, size, size_class_by_table(size));
        if (LIKELY(block != 0)) {
            return block;
        }
    } else if (heap != NULL && size - 1 < SMALL_MAX) {
        return alloc_medium(heap, size);
    }
    return heap_alloc_slowly(heap, size, SMALL_ALIGNMENT);
}

/* Takes a block that stays pending. */
static inline bool take_pending(grt_heap *heap, uint32_t size_class, block_place *place)
{
    heap_cache *cache = heap_known_cache(heap);
    if (!LIKELY(cache != NULL)) {
        return false;
    }
    bool done = LIKELY(cache_enter(cache)) && pop(cache, size_class, place);
    if (LIKELY(done)) {
        cache_add_pending(cache, size_class_extents[size_class], true);
    }
    cache_leave(cache);
    return done;
}

static inline void publish(grt_heap *heap, uint32_t size_class, block_place place, uint32_t size)
{
    heap_cache *cache = heap_known_cache(heap);
    bool open = cache_enter(cache);
    if (!LIKELY(open)) {
        cache_leave(cache);
        os_mutex_lock(&heap->lock);
    }
    cache_end_pending(cache, size_class_extents[size_class], true);
    make_live(heap, cache, size_class, place, size);
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
        block_place place;
        if (LIKELY(take_pending(heap, size_class, &place))) {
            memset(grt_memory_host(heap->memory, heap->first + place.offset), 0, wanted);
            publish(heap, size_class, place, wanted);
            return heap->first + place.offset;
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

/* What the slot of an address says. */
typedef struct sighting {
    block_place place;
    uint32_t size_class;
    uint32_t extent;
    heap_slot live;
} sighting;

/* True iff a live small block starts at [block]. What the page says holds until the cache is left:
 * before the span's slots serve another span, all caches are stopped. */
static inline bool sight(const grt_heap *heap, grt_addr block, sighting *seen)
{
    uint32_t offset = block - heap->first;
    if (!LIKELY(offset <= heap->last_offset)) {
        return false;
    }
    page_info info = __atomic_load_n(&heap->slots.pages[offset >> PAGE_SHIFT], __ATOMIC_ACQUIRE);
    if (!LIKELY(info != 0)) {
        return false;
    }
    seen->size_class = (uint32_t)info & (PAGE_HAS_SPAN - 1);
    const class_geometry *class = &heap->slots.classes[seen->size_class];
    uint32_t in_span = (offset & (GRT_PAGE_SIZE - 1)) + ((uint32_t)info >> 8);
    uint32_t index = block_at(class, in_span);
    seen->extent = class->extent;
    seen->place = (block_place){offset, (uint32_t)(info >> 32) + index};
    seen->live = slot_load(&heap->slots.all[seen->place.slot]);
    return LIKELY(slot_is_live(seen->live) && index * class->extent == in_span);
}

static inline bool claim(grt_heap *heap, const sighting *seen, uint32_t next)
{
    return LIKELY(slot_claim(&heap->slots.all[seen->place.slot], seen->live, next));
}

/* ---- freeing -----------------------------------------------------------------------------------
 */

static inline bool put(grt_heap *heap, heap_cache *cache, const sighting *seen)
{
    cache_bin *bin = &cache->bins[seen->size_class];
    uint32_t count = bin->count;
    if (!LIKELY(count < bin->limit && claim(heap, seen, SLOT_FREED))) {
        return false;
    }
    bin->blocks[count] = seen->place;
    bin->count = count + 1;
    cache_count_free(cache, seen->extent - slot_slack(seen->live));
    return true;
}

grt_status grt_heap_free(grt_heap *heap, grt_addr block)
{
    const cache_ref *ref = heap_cache_ref(heap);
    if (!heap_knows(heap, ref)) {
        return heap_free_slowly(heap, block);
    }
    heap_cache *cache = ref->cache;
    sighting seen;
    if (!LIKELY(cache_enter(cache) && sight(heap, block, &seen) && put(heap, cache, &seen))) {
        cache_leave(cache);
        return heap_free_slowly(heap, block);
    }
    cache_leave(cache);
    return GRT_OK;
}

/* ---- changing a size ---------------------------------------------------------------------------
 */

static inline bool resize(grt_heap *heap, heap_cache *cache, const sighting *seen, uint32_t size)
{
    if (!heap_stays(seen->extent, size) || !claim(heap, seen, SLOT_RESIZING)) {
        return false;
    }
    slot_store(&heap->slots.all[seen->place.slot], SLOT_LIVE | (seen->extent - size));
    cache_count_resize(cache, seen->extent - slot_slack(seen->live), size);
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
