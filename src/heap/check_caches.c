/*
 * check_caches.c - the part of the check that looks at what caches and the quarantine hold.
 */
#include "heap/check.h"

/* Makes a page's information that of no medium block. */
#define INFO_MET ((page_info)CLASS_UNIT)

/* While bins are checked, every block that is met is put into its span or marked, so that one that
 * is met twice is found out. Nobody else looks at spans and marks meanwhile. */

/* Of a medium block that is held: it is marked by what tells that it is one. */
static bool check_held_medium(heap_checker *check, block_place place)
{
    const grt_heap *heap = check->heap;
    uint32_t page = heap_page_of(heap, place.address);
    bool in_heap = grt_heap_owns(heap, place.address) && place.address % GRT_PAGE_SIZE == 0;
    page_info *info = heap_page_info(heap, in_heap ? page : 0);
    if (!heap_require(check, !info_is_medium(*info ^ INFO_MET), "0x%08X is in two places",
                      place.address) ||
        !heap_require(check,
                      in_heap && info_is_medium(*info) && info_slot(*info) == place.slot &&
                          !slot_is_live(slot_load(&heap->slots.all[place.slot])),
                      "the quarantine holds 0x%08X, which is no freed block", place.address)) {
        return false;
    }
    *info ^= INFO_MET;
    return true;
}

static bool check_cached_small(heap_checker *check, block_place place, uint32_t size_class)
{
    const grt_heap *heap = check->heap;
    uint32_t offset = place.address - heap->first;
    const heap_page *page = &heap->table.pages[offset >> PAGE_SHIFT];
    if (!heap_require(check, offset <= heap->last_offset && page->kind == PAGE_SMALL,
                      "a cache holds 0x%08X, which is in no span", place.address)) {
        return false;
    }
    heap_span *span = page->u.span;
    uint32_t block = (offset - (span->page << PAGE_SHIFT)) / span->extent;
    block_place right = heap_place_in_span(heap, span, block);
    if (!heap_require(check,
                      span->size_class == size_class && right.address == place.address &&
                          right.slot == place.slot && block < span->carved &&
                          !slot_is_live(slot_load(&heap->slots.all[right.slot])),
                      "a cache holds 0x%08X, which is no cached block of class %u", place.address,
                      size_class) ||
        !heap_require(check, !span_has(span, block), "0x%08X is in two places", place.address)) {
        return false;
    }
    span_bits(span)[block / 64] |= UINT64_C(1) << block % 64;
    return true;
}

static bool check_held(heap_checker *check, block_place place)
{
    const heap_page *page =
        &check->heap->table.pages[(place.address - check->heap->first) >> PAGE_SHIFT];
    bool is_small = grt_heap_owns(check->heap, place.address) && page->kind == PAGE_SMALL;
    return is_small ? check_cached_small(check, place, page->u.span->size_class)
                    : check_held_medium(check, place);
}

static void forget_met(const grt_heap *heap, block_place place)
{
    uint32_t offset = place.address - heap->first;
    heap_page *page = &heap->table.pages[offset >> PAGE_SHIFT];
    if (page->kind != PAGE_SMALL) {
        *heap_page_info(heap, offset >> PAGE_SHIFT) ^= INFO_MET;
        return;
    }
    heap_span *span = page->u.span;
    uint32_t block = (offset - (span->page << PAGE_SHIFT)) / span->extent;
    span_bits(span)[block / 64] &= ~(UINT64_C(1) << block % 64);
}

/* Meets the blocks of a bin until one is wrong; returns how many. */
static uint32_t meet_bin(heap_checker *check, const cache_bin *bin, uint32_t class)
{
    if (!heap_require(check, bin->count <= bin->limit, "a bin of class %u holds %u of %u blocks",
                      class, bin->count, bin->limit)) {
        return 0;
    }
    uint32_t met = 0;
    while (met < bin->count && check_cached_small(check, bin->blocks[met], class)) {
        met++;
    }
    return met;
}

/* Meets the blocks of the quarantine that have slots until one is wrong; returns how many. */
static uint64_t meet_held(heap_checker *check)
{
    const heap_quarantine *queue = &check->heap->watch.quarantine;
    uint64_t met = 0;
    for (uint32_t i = 0; i < queue->count; i++) {
        block_place place = *quarantine_at(queue, i);
        if (place.slot == NO_SLOT) {
            continue;
        }
        if (!check_held(check, place)) {
            break;
        }
        met++;
    }
    return met;
}

/* Meets the blocks of all bins, and then those in quarantine, until one is wrong; returns how many.
 */
static uint64_t meet_all(heap_checker *check)
{
    uint64_t all = 0;
    for (const heap_cache *cache = check->heap->caches; cache != NULL; cache = cache->next) {
        for (uint32_t i = 0; i < SIZE_CLASS_COUNT; i++) {
            all += meet_bin(check, &cache->bins[i], i);
            if (check->failed) {
                return all;
            }
        }
        check->cached -= cache->pending_slots;
        if (!heap_check_chunk_set(check, cache)) {
            return all;
        }
    }
    return all + meet_held(check);
}

static void forget_all(const heap_checker *check, uint64_t met)
{
    for (const heap_cache *cache = check->heap->caches; cache != NULL; cache = cache->next) {
        for (uint32_t i = 0; i < SIZE_CLASS_COUNT; i++) {
            for (uint32_t at = 0; at < cache->bins[i].count && met > 0; at++, met--) {
                forget_met(check->heap, cache->bins[i].blocks[at]);
            }
        }
    }
    const heap_quarantine *queue = &check->heap->watch.quarantine;
    for (uint32_t i = 0; i < queue->count && met > 0; i++) {
        if (quarantine_at(queue, i)->slot != NO_SLOT) {
            forget_met(check->heap, *quarantine_at(queue, i));
            met--;
        }
    }
}

/* After the spans: those counted what must be in caches. */
bool heap_check_caches(heap_checker *check)
{
    uint64_t met = meet_all(check);
    forget_all(check, met);
    return !check->failed &&
           heap_require(check, check->cached == met,
                        "%u blocks are out and not live, and %llu are in caches", check->cached,
                        (unsigned long long)met) &&
           heap_require(check, check->chunks == 0, "a chunk is none of its owner's") &&
           heap_require(check, check->returned == 0, "nobody will take over what was returned");
}

/* ---- quarantine
 * ---------------------------------------------------------------------------------------- */

/* What a block in quarantine occupies; 0 when a large one is none. */
static uint64_t held_extent(const grt_heap *heap, const block_place *place)
{
    uint32_t page = heap_page_of(heap, place->address);
    const heap_page *head = &heap->table.pages[page];
    if (place->slot != NO_SLOT) { /* it was met among the cached ones */
        return head->kind == PAGE_SMALL ? head->u.span->extent
                                        : heap_block_of_pages(heap, page).extent;
    }
    bool held = grt_heap_owns(heap, place->address) && head->kind == PAGE_LARGE &&
                head->u.large.asked == LARGE_HELD;
    return held ? (uint64_t)head->length << PAGE_SHIFT : 0;
}

bool heap_check_quarantine(heap_checker *check)
{
    const heap_quarantine *queue = &check->heap->watch.quarantine;
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < queue->count; i++) {
        const block_place *place = quarantine_at(queue, i);
        uint64_t extent = held_extent(check->heap, place);
        bytes += extent;
        check->held -= place->slot == NO_SLOT;
        if (!heap_require(check, extent != 0, "0x%08X is queued but not in quarantine",
                          place->address)) {
            return false;
        }
    }
    return heap_require(check, check->held == 0, "a large block in quarantine is not queued") &&
           heap_require(check, bytes == queue->bytes,
                        "the quarantine says that it holds %llu bytes, its blocks have %llu",
                        (unsigned long long)queue->bytes, (unsigned long long)bytes);
}
