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

#include "heap/call_site.h"

#define LIKELY(condition) __builtin_expect(!!(condition), 1)

/* The less common part of a call, which would cost the common one registers to save. */
#define APART __attribute__((noinline))

/* ---- allocating --------------------------------------------------------------------------------
 */

/* Takes the block on top of a bin; false if there is none. */
static inline bool pop(cache_bin *bin, block_place *place)
{
    uint32_t count = bin->count;
    if (!LIKELY(count > 0)) {
        return false;
    }
    *place = bin->blocks[count - 1];
    bin->count = count - 1;
    return true;
}

/* [base]: see slot_base(); 0 for small blocks. */
static inline void make_live(grt_heap *heap, heap_cache *cache, block_place place, uint32_t size,
                             uint32_t base)
{
    slot_store(&heap->slots.all[place.slot], SLOT_LIVE | (size - base));
    cache_count_alloc(cache, size);
}

/* A block of [size_class] out of the caller's cache; false if that cannot be done here. */
static inline bool take(grt_heap *heap, uint32_t size, uint32_t size_class, grt_addr *block)
{
    heap_cache *cache = heap_cache_at_hand(heap);
    block_place place;
    if (!LIKELY(cache_enter(cache) && pop(&cache->bins[size_class], &place))) {
        cache_leave(cache);
        return false;
    }
    make_live(heap, cache, place, size, 0);
    cache_leave(cache);
    *block = place.address;
    return true;
}

/* A size of 0 counts as 1. */
static inline uint32_t at_least_one(uint32_t size)
{
    return size + (size == 0);
}

/* Cuts a block out of a chunk, for who may use the cache. Nobody else has it yet, so who asks for
 * it can be noted before it is live. */
static inline bool cut(grt_heap *heap, heap_cache *cache, uint32_t pages, uint32_t site,
                       block_place *place)
{
    if (!heap_cut(heap, cache, pages, place)) {
        return false;
    }
    heap_set_site(&heap->table.pages[heap_page_of(heap, place->address)], site);
    return true;
}

/* As take(), for 1 <= [size] <= MEDIUM_MAX: a block of whole pages. */
static inline bool take_medium(grt_heap *heap, uint32_t size, grt_addr *block)
{
    heap_cache *cache = heap_cache_at_hand(heap);
    uint32_t pages = heap_pages_for(size);
    uint32_t site = grt_call_site();
    block_place place;
    if (!LIKELY(cache_enter(cache) && cut(heap, cache, pages, site, &place))) {
        cache_leave(cache);
        return false;
    }
    make_live(heap, cache, place, size, slot_base(pages));
    bool is_rich = chunk_set_is_rich(&cache->chunks); /* of what others returned */
    cache_leave(cache);
    if (!LIKELY(!is_rich)) {
        heap_shed_chunks(heap, cache);
    }
    *block = place.address;
    return true;
}

/* A size above SMALL_MAX. */
static APART grt_addr alloc_pages(grt_heap *heap, uint32_t size)
{
    grt_addr block;
    bool done = size <= MEDIUM_MAX && take_medium(heap, size, &block);
    return LIKELY(done) ? block : heap_alloc_slowly(heap, size, SMALL_ALIGNMENT);
}

/* A size above SIZE_CLASS_TABLE_MAX. */
static APART grt_addr alloc_larger(grt_heap *heap, uint32_t size)
{
    if (size > SMALL_MAX) {
        return alloc_pages(heap, size);
    }
    grt_addr block;
    bool done = take(heap, size, size_class_of(size), &block);
    return LIKELY(done) ? block : heap_alloc_slowly(heap, size, SMALL_ALIGNMENT);
}

grt_addr grt_heap_alloc(grt_heap *heap, uint32_t size)
{
    if (LIKELY(heap != NULL && size - 1 < SIZE_CLASS_TABLE_MAX)) { /* neither 0 nor more */
        grt_addr block;
        if (LIKELY(take(heap, size, size_class_by_table(size), &block))) {
            return block;
        }
    } else if (heap != NULL && size != 0) {
        return alloc_larger(heap, size);
    }
    return heap_alloc_slowly(heap, size, SMALL_ALIGNMENT);
}

/* A medium block that is not live yet. */
typedef struct pending_block {
    block_place place;
    uint32_t pages;
    bool is_rich; /* of the cache, see chunk_set_is_rich() */
} pending_block;

static bool take_pending(grt_heap *heap, heap_cache *cache, uint32_t size, pending_block *block)
{
    uint32_t site = grt_call_site();
    block->pages = heap_pages_for(size);
    bool done = LIKELY(cache_enter(cache)) && cut(heap, cache, block->pages, site, &block->place);
    if (LIKELY(done)) {
        cache_add_pending(cache, block->pages * GRT_PAGE_SIZE, true);
        block->is_rich = chunk_set_is_rich(&cache->chunks);
    }
    cache_leave(cache);
    return done;
}

/* Makes a pending block live, for who may use the cache. [base]: see slot_base(). */
static inline void make_pending_live(grt_heap *heap, heap_cache *cache, block_place place,
                                     uint32_t extent, uint32_t size, uint32_t base)
{
    cache_end_pending(cache, extent, true);
    make_live(heap, cache, place, size, base);
}

static APART grt_addr publish_slowly(grt_heap *heap, heap_cache *cache, block_place place,
                                     uint32_t extent, uint32_t size, uint32_t base)
{
    os_mutex_lock(&heap->lock);
    make_pending_live(heap, cache, place, extent, size, base);
    os_mutex_unlock(&heap->lock);
    return place.address;
}

static inline grt_addr publish(grt_heap *heap, heap_cache *cache, block_place place,
                               uint32_t extent, uint32_t size, uint32_t base)
{
    bool open = cache_enter(cache);
    if (LIKELY(open)) {
        make_pending_live(heap, cache, place, extent, size, base);
    }
    cache_leave(cache);
    return LIKELY(open) ? place.address : publish_slowly(heap, cache, place, extent, size, base);
}

static APART grt_addr alloc_zeroed_larger(grt_heap *heap, uint32_t size)
{
    heap_cache *cache = heap_cache_at_hand(heap);
    pending_block block;
    if (size > MEDIUM_MAX || !LIKELY(take_pending(heap, cache, size, &block))) {
        return heap_alloc_zeroed_slowly(heap, size);
    }
    heap_clear(heap->base + block.place.address, size);
    (void)publish(heap, cache, block.place, block.pages * GRT_PAGE_SIZE, size,
                  slot_base(block.pages));
    if (!LIKELY(!block.is_rich)) {
        heap_shed_chunks(heap, cache);
    }
    return block.place.address;
}

/* What a small block has at least: units of so many bytes, of which none crosses a page. A few of
 * them are cleared and copied here: compilers that know how short blocks are take a string
 * instruction, which costs more than a lookup, and a call has to find out how short they are. */
#define BLOCK_UNIT   SMALL_ALIGNMENT
#define BY_UNITS_MAX 256u

static inline void clear_units(uint8_t *block, uint32_t bytes)
{
    for (uint32_t at = 0; at < bytes; at += BLOCK_UNIT) {
        memset(block + at, 0, BLOCK_UNIT);
    }
}

/* A small block out of the caller's cache that is pending. */
static inline bool take_pending_small(heap_cache *cache, cache_bin *bin, block_place *place)
{
    bool done = LIKELY(cache_enter(cache)) && pop(bin, place);
    if (LIKELY(done)) {
        cache_add_pending(cache, bin->extent, true);
    }
    cache_leave(cache);
    return done;
}

static APART grt_addr clear_by_call(grt_heap *heap, heap_cache *cache, block_place place,
                                    uint32_t extent, uint32_t size)
{
    heap_clear(heap->base + place.address, size);
    return publish(heap, cache, place, extent, size, 0);
}

/* What is out of the ordinary is left to others as the last thing, so that what is not need not
 * save registers. */
grt_addr grt_heap_alloc_zeroed(grt_heap *heap, uint32_t size)
{
    if (!LIKELY(heap != NULL && size - 1 < SMALL_MAX)) {
        return heap != NULL && size != 0 ? alloc_zeroed_larger(heap, size)
                                         : heap_alloc_zeroed_slowly(heap, size);
    }
    heap_cache *cache = heap_cache_at_hand(heap);
    cache_bin *bin = &cache->bins[size_class_of(size)];
    block_place place;
    if (!LIKELY(take_pending_small(cache, bin, &place))) {
        return heap_alloc_zeroed_slowly(heap, size);
    }
    if (!LIKELY(size <= BY_UNITS_MAX)) {
        return clear_by_call(heap, cache, place, bin->extent, size);
    }
    clear_units(heap->base + place.address, size);
    return publish(heap, cache, place, bin->extent, size, 0);
}

grt_addr grt_heap_alloc_aligned(grt_heap *heap, uint32_t size, uint32_t alignment)
{
    if (LIKELY(heap != NULL && size <= SMALL_MAX && (alignment & (alignment - 1)) == 0)) {
        uint32_t wanted = at_least_one(size);
        uint32_t size_class = size_class_for(wanted, alignment > 0 ? alignment : 1);
        grt_addr block;
        if (LIKELY(size_class != SIZE_CLASS_NONE && take(heap, wanted, size_class, &block))) {
            return block;
        }
    }
    return heap_alloc_slowly(heap, size, alignment);
}

/* ---- blocks ------------------------------------------------------------------------------------
 */

static inline page_info info_at(const grt_heap *heap, grt_addr block)
{
    return __atomic_load_n(&heap->slots.pages[block >> PAGE_SHIFT], __ATOMIC_ACQUIRE);
}

/* The caller's bin of the class that a page says. */
static inline cache_bin *bin_of(heap_cache *cache, page_info info)
{
    uint32_t unit = (uint32_t)info & (GRT_PAGE_SIZE - 1);
    return (cache_bin *)(void *)((char *)cache->bins + unit);
}

/* What the slot of an address says. */
typedef struct sighting {
    cache_bin *bin; /* the caller's, of the block's class */
    block_place place;
    heap_slot *slot;
    heap_slot live;
} sighting;

/* True iff a live small block starts at [block]; the reciprocal that a page of a medium one leads
 * to is 0, so none seems to start there. What the page of a small one says holds until the cache is
 * left: before the span's slots serve another span, all caches are stopped. */
static inline bool sight(const grt_heap *heap, heap_cache *cache, grt_addr block, sighting *seen)
{
    page_info info = info_at(heap, block);
    uint32_t in_span = (block & (GRT_PAGE_SIZE - 1)) | ((uint32_t)info & ~(GRT_PAGE_SIZE - 1));
    seen->bin = bin_of(cache, info);
    uint32_t index;
    bool starts = block_at(seen->bin->reciprocal, in_span, &index);
    seen->place = (block_place){block, (uint32_t)(info >> 32) + index};
    seen->slot = &heap->slots.all[seen->place.slot];
    seen->live = slot_load(seen->slot);
    return LIKELY(slot_is_live(seen->live) && starts);
}

/* ---- freeing -----------------------------------------------------------------------------------
 */

static inline bool put(grt_heap *heap, heap_cache *cache, const sighting *seen)
{
    cache_bin *bin = seen->bin;
    uint32_t count = bin->count;
    if (!LIKELY(count < bin->limit && slot_claim(seen->slot, seen->live))) {
        return false;
    }
    bin->blocks[count] = seen->place;
    bin->count = count + 1;
    __builtin_prefetch(heap->base + seen->place.address, 1);
    cache_count_free(cache, slot_asked(seen->live));
    return true;
}

/* Claims a live medium block; false if none starts here. The page may become another's until the
 * block is claimed, and only then is it certain how many [*pages] the block has. */
static bool claim_medium(grt_heap *heap, heap_cache *cache, grt_addr block, uint32_t *pages)
{
    page_info info = info_at(heap, block);
    if (!info_is_medium(info) || block % GRT_PAGE_SIZE != 0) {
        return false;
    }
    heap_slot *slot = &heap->slots.all[info_slot(info)];
    heap_slot live = slot_load(slot);
    if (!slot_is_live(live) || !slot_claim(slot, live)) {
        return false;
    }
    *pages = info_pages(info_at(heap, block));
    cache_count_free(cache, slot_asked(live) + slot_base(*pages));
    return true;
}

/* A claimed block is in no chunk, or the guest changed pages of it. */
static void free_claimed(grt_heap *heap, heap_cache *cache, grt_addr block, uint32_t pages)
{
    cache_add_pending(cache, (uint64_t)pages * GRT_PAGE_SIZE, true);
    cache_leave(cache);
    heap_free_claimed(heap, cache, block);
}

/* A medium block, or one that the common path cannot free. The cache is entered, and left here. */
static APART grt_status free_otherwise(grt_heap *heap, heap_cache *cache, grt_addr block)
{
    uint32_t pages;
    if (!LIKELY(claim_medium(heap, cache, block, &pages))) {
        cache_leave(cache);
        return heap_free_slowly(heap, block);
    }
    heap_chunk *chunk = heap_chunk_at(heap, block);
    if (!LIKELY(chunk_owner(chunk) != NULL &&
                heap_is_writable(heap, block, pages * GRT_PAGE_SIZE))) {
        free_claimed(heap, cache, block, pages);
        return GRT_OK;
    }
    heap_cache *rich = heap_uncut(heap, cache, chunk, block, pages);
    cache_leave(cache);
    if (!LIKELY(rich == NULL)) {
        heap_shed_chunks(heap, rich);
    }
    return GRT_OK;
}

grt_status grt_heap_free(grt_heap *heap, grt_addr block)
{
    heap_cache *cache = heap_cache_at_hand(heap);
    sighting seen;
    if (!LIKELY(cache_enter(cache))) {
        cache_leave(cache);
        return heap_free_slowly(heap, block);
    }
    if (!LIKELY(sight(heap, cache, block, &seen) && put(heap, cache, &seen))) {
        return free_otherwise(heap, cache, block);
    }
    cache_leave(cache);
    return GRT_OK;
}

/* ---- changing a size ---------------------------------------------------------------------------
 */

/* Changes the size of a block where it is. */
static inline bool resize(heap_cache *cache, const sighting *seen, uint32_t size)
{
    if (!heap_stays(seen->bin->extent, size) || !slot_resize(seen->slot, seen->live, size)) {
        return false;
    }
    cache_count_resize(cache, slot_asked(seen->live), size);
    return true;
}

/* Takes a block for the new size and claims the old one: both are pending then. */
static inline bool begin_move(heap_cache *cache, const sighting *from, cache_bin *to,
                              block_place *place)
{
    if (to->count == 0 || !slot_claim(from->slot, from->live)) {
        return false;
    }
    *place = to->blocks[--to->count];
    cache_count_free(cache, slot_asked(from->live));
    cache_add_pending(cache, from->bin->extent, true);
    cache_add_pending(cache, to->extent, true);
    return true;
}

/* Makes the new block live and puts the old one into its bin, with the cache entered or the lock
 * held; false iff the bin is full, and then nothing has changed. */
static inline bool end_move(grt_heap *heap, heap_cache *cache, const sighting *from,
                            const cache_bin *to, block_place place, uint32_t size)
{
    cache_bin *bin = from->bin;
    if (!LIKELY(bin->count < bin->limit)) {
        return false;
    }
    bin->blocks[bin->count++] = from->place;
    cache_end_pending(cache, bin->extent, true);
    cache_end_pending(cache, to->extent, true);
    make_live(heap, cache, place, size, 0);
    return true;
}

static void end_move_slowly(grt_heap *heap, heap_cache *cache, const sighting *from,
                            const cache_bin *to, block_place place, uint32_t size)
{
    os_mutex_lock(&heap->lock);
    heap_make_room_locked(heap, cache, from->bin);
    (void)end_move(heap, cache, from, to, place, size);
    os_mutex_unlock(&heap->lock);
}

/* As clear_units(), of any length. */
static inline void copy(uint8_t *to, const uint8_t *from, uint32_t bytes)
{
    if (!LIKELY(bytes <= BY_UNITS_MAX)) {
        heap_copy(to, from, bytes);
        return;
    }
    for (uint32_t at = 0; at < bytes; at += BLOCK_UNIT) {
        memcpy(to + at, from + at, BLOCK_UNIT);
    }
}

/* Copies a block while both it and the new one are pending, and finishes the move. */
static grt_addr move(grt_heap *heap, heap_cache *cache, const sighting *from, const cache_bin *to,
                     block_place place, uint32_t size)
{
    uint32_t asked = slot_asked(from->live);
    copy(heap->base + place.address, heap->base + from->place.address, asked < size ? asked : size);
    bool done = cache_enter(cache) && end_move(heap, cache, from, to, place, size);
    cache_leave(cache);
    if (!LIKELY(done)) {
        end_move_slowly(heap, cache, from, to, place, size);
    }
    return place.address;
}

grt_addr grt_heap_realloc(grt_heap *heap, grt_addr block, uint32_t size)
{
    if (block == 0 || heap == NULL) {
        return grt_heap_alloc(heap, size);
    }
    heap_cache *cache = heap_cache_at_hand(heap);
    uint32_t wanted = at_least_one(size);
    sighting seen;
    if (!LIKELY(cache_enter(cache) && wanted <= SMALL_MAX && sight(heap, cache, block, &seen))) {
        cache_leave(cache);
        return heap_realloc_slowly(heap, block, size);
    }
    if (resize(cache, &seen, wanted)) {
        cache_leave(cache);
        return block;
    }
    cache_bin *to = &cache->bins[size_class_of(wanted)];
    block_place place = {0, 0};
    bool moving = begin_move(cache, &seen, to, &place);
    cache_leave(cache);
    return moving ? move(heap, cache, &seen, to, place, wanted)
                  : heap_realloc_slowly(heap, block, size);
}
