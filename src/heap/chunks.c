/*
 * chunks.c - makes chunks out of free runs, and makes free runs of them again.
 *
 * A chunk is a run of the page table whose insides are the business of its owner. It ends in one of
 * two ways: whole, when the owner has too many like it, or dissolved: then its blocks become runs
 * of their own, and what is between them goes back to the free runs. So nothing is ever refused
 * because a chunk holds free pages.
 */
#include "heap/internal.h"

#include "os/assert.h"

/* Smaller heaps have no chunks: one would be too large a part of them. */
#define CHUNK_HEAP_PAGES 1024u

#define CHUNK_BYTES ((uint64_t)CHUNK_PAGES << PAGE_SHIFT)

bool heap_add_chunk_locked(grt_heap *heap, heap_cache *cache, heap_request *request)
{
    if (heap->table.count < CHUNK_HEAP_PAGES || heap_budget_room(heap) < CHUNK_BYTES) {
        return false;
    }
    uint32_t page =
        heap_take_run_locked(heap, request, CHUNK_PAGES, CHUNK_PAGES, PAGE_CHUNK, CHUNK_PAGES);
    if (page == NO_PAGE) {
        return false;
    }
    heap_chunk *chunk = heap_chunk_of_page(heap, page);
    GRT_ASSERT(chunk->owner == NULL && chunk->returned == 0);
    chunk->page = page;
    chunk_set_free(chunk, CHUNK_WHOLE);
    chunk_set_heads(chunk, 0);
    chunk->older |= chunk->starts;
    chunk->starts = 0;
    __atomic_store_n(&chunk->owner, cache, __ATOMIC_RELAXED);
    chunk_set_add(&cache->chunks, chunk);
    cache->chunk_free += CHUNK_PAGES;
    heap_count_taken(heap, 0, CHUNK_BYTES);
    return true;
}

bool heap_recut(grt_heap *heap, heap_chunk *chunk, uint32_t page, uint32_t have, uint32_t want)
{
    heap_cache *owner = chunk->owner;
    uint32_t first = page - chunk->page;
    if (want > have && !chunk_set_extend(&owner->chunks, chunk, first + have, want - have)) {
        return false;
    }
    if (want < have) {
        chunk_set_put_tail(&owner->chunks, chunk, first + want, have - want);
    }
    owner->chunk_free += (uint64_t)have - want;
    heap_set_page_info(heap, page, medium_info_of(page, want));
    return true;
}

/* ---- what was there before ---------------------------------------------------------------------
 */

/* True iff a block was ever handed out at the page, as far as the page itself says. */
static bool was_head(const grt_heap *heap, uint32_t page, page_info *info)
{
    *info = heap_get_page_info(heap, page);
    return info_is_medium(*info) && slot_load(&heap->slots.all[info_slot(*info)]) != SLOT_NEVER;
}

uint32_t heap_past_of_chunk(const grt_heap *heap, const heap_chunk *chunk, uint32_t page)
{
    page_info info;
    for (uint32_t start = page + 1; start-- > chunk->page;) {
        if (was_head(heap, start, &info) && info_pages(info) > page - start) {
            return start;
        }
    }
    return NO_PAGE;
}

/* Pages that are the first of no block cease to say what was there; their records remember it. */
static void remember_past(grt_heap *heap, const heap_chunk *chunk)
{
    for (uint32_t i = 0; i < CHUNK_PAGES; i++) {
        uint32_t page = chunk->page + i;
        page_info info;
        if ((chunk->heads >> i & 1) == 0) {
            if (was_head(heap, page, &info)) {
                heap->table.pages[page].past = past_large(info_pages(info));
            }
            heap_set_page_info(heap, page, 0);
        }
    }
}

/* ---- ends --------------------------------------------------------------------------------------
 */

/* The chunk is no longer its owner's; all that others returned was collected. */
static void disown(grt_heap *heap, heap_chunk *chunk)
{
    heap_cache *owner = chunk->owner;
    GRT_ASSERT(chunk->returned == 0);
    chunk_set_remove(&owner->chunks, chunk);
    __atomic_store_n(&chunk->owner, NULL, __ATOMIC_RELAXED);
    owner->chunk_free -= (uint64_t)__builtin_popcountll(chunk->free);
    owner->chunk_blocks -= (uint64_t)__builtin_popcountll(chunk->heads);
    heap_count_returned(heap, 0, CHUNK_BYTES);
    remember_past(heap, chunk);
}

/* A block of the chunk becomes a run. */
static void set_block_apart(grt_heap *heap, uint32_t page)
{
    uint32_t pages = info_pages(heap_get_page_info(heap, page));
    page_table_set_run(&heap->table, page, pages, PAGE_LARGE);
    heap->table.pages[page].u.large.asked = LARGE_MEDIUM;
    heap_count_taken(heap, 1, (uint64_t)pages << PAGE_SHIFT);
}

/* Pages from page [at] of the chunk on that are in no block, or in one. */
static uint32_t run_length(uint64_t free, uint32_t at, bool is_free)
{
    uint64_t others = (is_free ? ~free : free) >> at;
    return others != 0 ? (uint32_t)__builtin_ctzll(others) : CHUNK_PAGES - at;
}

/* All runs exist before the free ones are merged with their neighbours. */
void heap_dissolve_chunk_locked(grt_heap *heap, heap_chunk *chunk)
{
    uint64_t free = chunk->free;
    disown(heap, chunk);
    for (uint64_t heads = chunk->heads; heads != 0; heads &= heads - 1) {
        set_block_apart(heap, chunk->page + (uint32_t)__builtin_ctzll(heads));
    }
    for (int giving = 0; giving < 2; giving++) {
        for (uint32_t at = 0, length; at < CHUNK_PAGES; at += length) {
            bool is_free = (free >> at & 1) != 0;
            length = run_length(free, at, is_free);
            if (is_free && giving) {
                heap_give_run_locked(heap, chunk->page + at, length);
            } else if (is_free) {
                page_table_set_run(&heap->table, chunk->page + at, length, PAGE_LARGE);
            }
        }
    }
}

void heap_end_chunk_locked(grt_heap *heap, heap_chunk *chunk)
{
    heap_stop_caches_locked(heap);
    chunk_set_collect(&chunk->owner->chunks, UINT32_MAX);
    heap_dissolve_chunk_locked(heap, chunk);
    heap_start_caches_locked(heap);
}

bool heap_dissolve_chunks_locked(grt_heap *heap, heap_cache *cache)
{
    chunk_set *set = &cache->chunks;
    bool any = false;
    chunk_set_collect(set, UINT32_MAX);
    while (set->current != NULL || set->listed != 0) {
        heap_chunk *chunk =
            set->current != NULL ? set->current : set->lists[__builtin_ctzll(set->listed)];
        any |= chunk->free != 0;
        heap_dissolve_chunk_locked(heap, chunk);
    }
    return any;
}

/* Keeps a few: those who use many will want them again. */
void heap_shed_chunks_locked(grt_heap *heap, heap_cache *cache)
{
    chunk_set *set = &cache->chunks;
    bool stopped = heap_stop_owner_locked(heap, cache);
    chunk_set_collect(set, UINT32_MAX);
    while (chunk_set_is_rich(set)) {
        heap_dissolve_chunk_locked(heap, set->lists[CHUNK_LIST_WHOLE]);
    }
    heap_start_owner_locked(heap, stopped);
}

void heap_shed_chunks(grt_heap *heap, heap_cache *cache)
{
    os_mutex_lock(&heap->lock);
    heap_shed_chunks_locked(heap, cache);
    os_mutex_unlock(&heap->lock);
}

/* ---- parts -------------------------------------------------------------------------------------
 */

static heap_part part_of_chunk(const grt_heap *heap, const heap_chunk *chunk, uint32_t page)
{
    uint32_t at = page - chunk->page;
    uint64_t heads = chunk_heads(chunk) >> at;
    if ((heads & 1) != 0) {
        return (heap_part){PART_PAGES, page, info_pages(heap_get_page_info(heap, page))};
    }
    uint32_t length = heads != 0 ? (uint32_t)__builtin_ctzll(heads) : CHUNK_PAGES - at;
    return (heap_part){PART_FREE, page, length};
}

heap_part heap_part_at(const grt_heap *heap, uint32_t page)
{
    const heap_chunk *chunk = heap_chunk_of_page(heap, page);
    const heap_page *head = &heap->table.pages[page];
    if (chunk_owner(chunk) != NULL) {
        return part_of_chunk(heap, chunk, page);
    }
    part_kind kind = head->kind == PAGE_FREE    ? PART_FREE
                     : head->kind == PAGE_SMALL ? PART_SPAN
                                                : PART_PAGES;
    return (heap_part){kind, page, head->length};
}
