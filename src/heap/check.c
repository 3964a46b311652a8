/*
 * check.c - an independent walk over every record that verifies every invariant.
 *
 * It recomputes totals from the records and never calls what maintains them. Each failed test has
 * its own sentence, and a unit test that plants the violation.
 */
#include "heap/internal.h"

#include <stdarg.h>
#include <stdio.h>

/* Makes a page's information that of no medium block. */
#define INFO_MET ((page_info)CLASS_UNIT)

typedef struct checker {
    const grt_heap *heap;
    char *text;
    size_t text_size;
    bool failed;

    uint32_t free_runs;
    uint32_t free_pages;
    uint32_t runs;
    uint64_t live;
    uint64_t asked;
    uint64_t blocks;
    uint64_t span_bytes;
    uint64_t taken_bytes;
    uint64_t taken_blocks;
    uint32_t empties[SIZE_CLASS_COUNT];
    uint64_t chunk_pages; /* in chunks, and in none of their blocks */
    uint32_t chunks;
    uint32_t returned; /* chunks with pages that other threads returned */
    uint32_t cached;   /* small blocks that are out of their spans, and medium ones, not live */
    uint32_t held;     /* large blocks in quarantine */
    uint64_t guarded;
    uint32_t bare;
} checker;

/* Returns [condition]; the first that is false leaves its sentence. */
static bool require(checker *check, bool condition, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool require(checker *check, bool condition, const char *format, ...)
{
    if (!condition && !check->failed) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(check->text, check->text_size, format, arguments);
        va_end(arguments);
        check->failed = true;
    }
    return condition;
}

static bool check_interior(checker *check, uint32_t page, const heap_page *head)
{
    const page_table *table = &check->heap->table;
    for (uint32_t i = 1; i < head->length; i++) {
        const heap_page *inside = &table->pages[page + i];
        bool right = head->kind == PAGE_SMALL
                         ? inside->kind == PAGE_SMALL && inside->u.span == head->u.span
                         : inside->kind == PAGE_INSIDE;
        if (!require(check, right, "page %u inside the run at page %u is of another kind", page + i,
                     page) ||
            !require(check, !layered_get(&table->heads, page + i),
                     "page %u inside the run at page %u is marked as a head", page + i, page)) {
            return false;
        }
    }
    return true;
}

static bool check_free_run(checker *check, uint32_t page, const heap_page *head, bool after_free)
{
    check->free_runs++;
    check->free_pages += head->length;
    return require(check, !after_free, "two free runs meet at page %u", page);
}

/* A guarded block that is in use lacks its last page, one in quarantine has none that the heap
 * could give back. */
static bool check_guarded(checker *check, uint32_t page, const heap_page *head)
{
    uint32_t committed = bitmap_count(check->heap->backing.committed, page, head->length);
    bool live = head->u.large.asked != LARGE_HELD;
    check->bare += head->length - committed;
    check->guarded += live;
    return require(check,
                   !live || (committed == head->length - 1u &&
                             !bitmap_get(check->heap->backing.committed, page + head->length - 1)),
                   "the guarded run at page %u has %u of %u pages", page, committed,
                   (unsigned)head->length);
}

static bool check_committed(checker *check, uint32_t page, const heap_page *head)
{
    if (head->kind == PAGE_LARGE && heap_is_guarded(head)) {
        return check_guarded(check, page, head);
    }
    return require(check,
                   bitmap_count(check->heap->backing.committed, page, head->length) == head->length,
                   "the run at page %u is in use but not all committed", page);
}

/* A block of whole pages. */
static bool check_pages(checker *check, const heap_block *block)
{
    if (block->asked == 0) {
        check->cached += block->slot != NO_SLOT;
        return true;
    }
    check->live += block->extent;
    check->asked += block->asked;
    check->blocks++;
    return require(check, block->asked <= block->room,
                   "the block at page %u was asked for %u bytes and has %u pages", block->page,
                   block->asked, block->extent >> PAGE_SHIFT);
}

static bool check_large(checker *check, uint32_t page, const heap_page *head)
{
    heap_block block = heap_block_of_pages(check->heap, page);
    check->taken_bytes += (uint64_t)head->length << PAGE_SHIFT;
    check->taken_blocks++;
    check->held += head->u.large.asked == LARGE_HELD;
    return check_pages(check, &block);
}

/* ---- chunks
 * --------------------------------------------------------------------------------------- */

/* The chunk at [page] of the heap, if its record says so. */
static bool check_chunk_record(checker *check, uint32_t page, const heap_page *head)
{
    const heap_chunk *chunk = heap_chunk_of_page(check->heap, page);
    return require(check,
                   head->length == CHUNK_PAGES && chunk->owner != NULL && chunk->page == page,
                   "the chunk at page %u has no record", page) &&
           require(check, (chunk->returned & chunk->free) == 0,
                   "the chunk at page %u has pages that were returned and are free", page);
}

/* Pages [first, first + pages) of a chunk, all of them in no block, or in one. */
static bool has_pages(uint64_t word, uint32_t first, uint32_t pages)
{
    bool all = true;
    for (uint32_t i = first; i < first + pages; i++) {
        all = all && (word >> i & 1) != 0;
    }
    return all;
}

/* No block starts at a page of a chunk. It says nothing, or where one was. */
static bool check_no_head(checker *check, const heap_chunk *chunk, uint32_t at)
{
    const heap_slots *slots = &check->heap->slots;
    uint32_t page = chunk->page + at;
    page_info info = *heap_page_info(check->heap, page);
    return require(check, info == 0 || info == medium_info_of(slots, page, info_pages(info)),
                   "page %u of the run at page %u has information %llx", page, chunk->page,
                   (unsigned long long)info) &&
           require(check, !slot_is_live(slot_load(&slots->all[medium_slot(slots, page)])),
                   "the slot of page %u is live, and no block starts there", page);
}

static bool check_insides(checker *check, const heap_chunk *chunk, uint32_t first, uint32_t pages)
{
    bool right = true;
    for (uint32_t at = first + 1; right && at < first + pages; at++) {
        right = check_no_head(check, chunk, at);
    }
    return right;
}

/* The block that starts at page [first] of the chunk. One that was returned awaits its owner. */
static bool check_cut(checker *check, const heap_chunk *chunk, uint32_t first, uint32_t *pages)
{
    uint32_t page = chunk->page + first;
    page_info info = *heap_page_info(check->heap, page);
    *pages = info_pages(info);
    bool right = *pages >= 1 && *pages <= CHUNK_PAGES - first &&
                 info == medium_info_of(&check->heap->slots, page, *pages);
    if (!require(check, right, "page %u of the run at page %u has information %llx", page,
                 chunk->page, (unsigned long long)info) ||
        !require(check, has_pages(~chunk->free, first, *pages),
                 "the block at page %u has pages that are free", page) ||
        !check_insides(check, chunk, first, *pages)) {
        return false;
    }
    heap_block block = heap_block_of_pages(check->heap, page);
    if ((chunk->returned >> first & 1) == 0) {
        return check_pages(check, &block);
    }
    check->chunk_pages += *pages;
    return require(check, has_pages(chunk->returned, first, *pages) && block.asked == 0,
                   "the block at page %u was returned in part, or is live", page);
}

/* A page between blocks. */
static bool check_uncut(checker *check, const heap_chunk *chunk, uint32_t at)
{
    check->chunk_pages++;
    return require(check, (chunk->free >> at & 1) != 0, "page %u is in no block and not free",
                   chunk->page + at) &&
           check_no_head(check, chunk, at);
}

static bool check_chunk(checker *check, uint32_t page, const heap_page *head)
{
    const heap_chunk *chunk = heap_chunk_of_page(check->heap, page);
    check->taken_bytes += (uint64_t)head->length << PAGE_SHIFT;
    check->chunks++;
    check->returned += chunk->returned != 0;
    if (!check_chunk_record(check, page, head)) {
        return false;
    }
    for (uint32_t at = 0, pages; at < CHUNK_PAGES; at += pages) {
        bool is_head = (chunk->heads >> at & 1) != 0;
        pages = 1;
        if (is_head ? !check_cut(check, chunk, at, &pages) : !check_uncut(check, chunk, at)) {
            return false;
        }
    }
    return true;
}

/* The longest run of free pages, as far as a block can be long. */
static uint32_t longest_free(uint64_t free)
{
    uint32_t longest = 0, run = 0;
    for (uint32_t i = 0; i < CHUNK_PAGES; i++) {
        run = (free >> i & 1) != 0 ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest < MEDIUM_PAGES_MAX ? longest : MEDIUM_PAGES_MAX;
}

/* Chunks on one list of a cache; returns how many. */
static uint32_t check_chunk_list(checker *check, const heap_cache *cache, uint32_t list)
{
    uint32_t count = 0;
    const heap_chunk *before = NULL;
    for (const heap_chunk *chunk = cache->chunks.lists[list]; chunk != NULL; chunk = chunk->next) {
        uint32_t right = chunk->free == CHUNK_WHOLE ? CHUNK_LIST_WHOLE : longest_free(chunk->free);
        if (!require(check,
                     chunk->owner == cache && chunk->list == list && list >= right &&
                         (list == CHUNK_LIST_WHOLE) == (right == CHUNK_LIST_WHOLE),
                     "the chunk at page %u is listed for runs of %u pages and has %u", chunk->page,
                     list, right) ||
            !require(check, chunk->prev == before && count < cache->chunks.count,
                     "the chunk at page %u has a wrong link back", chunk->page)) {
            return count;
        }
        before = chunk;
        count++;
    }
    bool marked = (cache->chunks.listed >> list & 1) != 0;
    (void)require(check, marked == (count > 0), "the chunks with runs of %u pages are not marked",
                  list);
    return count;
}

/* The chunks that a cache will take returned pages over from. */
static bool check_returned(checker *check, const heap_cache *cache)
{
    uint32_t count = 0;
    const heap_chunk *chunk = cache->chunks.returned;
    for (; chunk != NULL; chunk = chunk->next_returned) {
        if (!require(check,
                     chunk->owner == cache && chunk->returned != 0 && count < cache->chunks.count,
                     "no pages were returned to the chunk at page %u", chunk->page)) {
            return false;
        }
        count++;
    }
    check->returned -= count;
    return true;
}

static bool check_chunk_set(checker *check, const heap_cache *cache)
{
    const chunk_set *set = &cache->chunks;
    uint32_t count = set->current != NULL, whole = 0;
    for (uint32_t list = 0; list < CHUNK_LISTS && !check->failed; list++) {
        whole = check_chunk_list(check, cache, list); /* the last one counts */
        count += whole;
    }
    check->chunks -= count;
    return !check->failed &&
           require(check, set->current == NULL || set->current->owner == cache,
                   "the chunk that a cache cuts from is another one's") &&
           require(check, count == set->count && whole == set->whole,
                   "a cache says that it has %u chunks, %u of them whole, and has %u and %u",
                   set->count, set->whole, count, whole) &&
           check_returned(check, cache);
}

/* ---- spans
 * --------------------------------------------------------------------------------------- */

static bool check_span_shape(checker *check, uint32_t page, const heap_page *head)
{
    const heap_span *span = head->u.span;
    return require(check, span->page == page && span->pages == head->length,
                   "the span at page %u says that it is at page %u", page, span->page) &&
           require(check, span->size_class < SIZE_CLASS_COUNT, "the span at page %u has class %u",
                   page, span->size_class) &&
           require(check,
                   span->extent == size_class_extent(span->size_class) &&
                       span->blocks == size_class_blocks(span->size_class) &&
                       span->pages == size_class_pages(span->size_class),
                   "the span at page %u does not have the shape of its class", page) &&
           require(check, span->carved <= span->blocks,
                   "the span at page %u carved %u of %u blocks", page, span->carved, span->blocks);
}

static bool check_page_info(checker *check, uint32_t page, const heap_page *head)
{
    for (uint32_t i = 0; i < head->length; i++) {
        page_info right = 0;
        if (head->kind == PAGE_SMALL) {
            right = page_info_of(&check->heap->slots, head->u.span->size_class, page, i);
        } else if (i == 0 && page_is_medium(head)) {
            right = medium_info_of(&check->heap->slots, page, head->length);
        }
        page_info info = *heap_page_info(check->heap, page + i);
        if (!require(check, info == right, "page %u of the run at page %u has information %llx",
                     page + i, page, (unsigned long long)info)) {
            return false;
        }
    }
    return true;
}

/* A block of a span is in it, live, or in a cache; never two of these. */
static bool check_span_block(checker *check, const heap_span *span, uint32_t block)
{
    const heap_slots *slots = &check->heap->slots;
    block_place place = place_of_block(slots, span->size_class, span->page, block);
    heap_slot slot = slot_load(&slots->all[place.slot]);
    if (!slot_is_live(slot)) {
        check->cached += !span_has(span, block);
        return true;
    }
    check->live += span->extent;
    check->asked += slot_asked(slot);
    check->blocks++;
    return require(check, slot_asked(slot) >= 1 && slot_asked(slot) <= span->extent,
                   "block %u of the span at page %u was asked for %u bytes", block, span->page,
                   slot_asked(slot)) &&
           require(check, !span_has(span, block),
                   "block %u of the span at page %u is live and in the span", block, span->page);
}

static bool check_span_bits(checker *check, const heap_span *span)
{
    uint32_t in_span = 0;
    for (uint32_t word = 0; word < SPAN_BITS_WORDS; word++) {
        in_span += (uint32_t)__builtin_popcountll(span->free_bits[word]);
        if (!require(check, (span->summary >> word & 1) == (span->free_bits[word] != 0),
                     "the summary of the span at page %u is wrong", span->page)) {
            return false;
        }
    }
    uint32_t last = SPAN_BITS_WORDS * 64;
    while (last > 0 && !span_has(span, last - 1)) {
        last--;
    }
    return require(check, last <= span->carved, "the span at page %u has block %u, never carved",
                   span->page, last - 1) &&
           require(check, in_span == span->in_span, "the span at page %u counts %u blocks, not %u",
                   span->page, span->in_span, in_span);
}

static bool is_listed(const heap_span *list, const heap_span *span)
{
    return span->prev != NULL ? span->prev->next == span : list == span;
}

/* Spans that nobody owns are listed iff they have something to give, and as empty iff all of their
 * blocks are there. */
static bool check_span_list(checker *check, const heap_span *span)
{
    const heap_class *list = &check->heap->classes[span->size_class];
    if (span->owner != NULL) {
        return require(check, span->owner->spans[span->size_class] == span && !span->listed,
                       "the span at page %u is not its owner's", span->page);
    }
    bool is_empty = span_out(span) == 0;
    bool listed = is_listed(is_empty ? list->empty : list->partial, span);
    check->empties[span->size_class] += is_empty;
    return require(check, span->listed == listed && listed == (span_available(span) > 0),
                   "the span at page %u is not listed as what it is", span->page);
}

static bool check_span(checker *check, uint32_t page, const heap_page *head)
{
    const heap_span *span = head->u.span;
    check->span_bytes += (uint64_t)head->length << PAGE_SHIFT;
    if (!check_span_shape(check, page, head) || !check_span_bits(check, span) ||
        !check_span_list(check, span)) {
        return false;
    }
    check->taken_bytes += (uint64_t)span_out(span) * span->extent;
    check->taken_blocks += span_out(span);
    for (uint32_t block = 0; block < span->carved; block++) {
        if (!check_span_block(check, span, block)) {
            return false;
        }
    }
    return true;
}

/* ---- runs
 * ---------------------------------------------------------------------------------------- */

static bool check_run(checker *check, uint32_t page, bool after_free)
{
    const page_table *table = &check->heap->table;
    const heap_page *head = &table->pages[page];
    check->runs++;
    if (!require(check, layered_get(&table->heads, page), "page %u is a head but not marked",
                 page) ||
        !require(check, head->kind != PAGE_INSIDE, "page %u belongs to no run", page) ||
        !require(check, head->length >= 1 && head->length <= table->count - page,
                 "the run at page %u has %u pages", page, (unsigned)head->length)) {
        return false;
    }
    if (head->kind == PAGE_FREE) {
        return check_free_run(check, page, head, after_free) && check_interior(check, page, head) &&
               check_page_info(check, page, head);
    }
    bool right = check_interior(check, page, head);
    right = right && check_committed(check, page, head);
    if (head->kind == PAGE_CHUNK) {
        return right && check_chunk(check, page, head);
    }
    right = right && (head->kind == PAGE_LARGE ? check_large(check, page, head)
                                               : check_span(check, page, head));
    return right && check_page_info(check, page, head);
}

static bool check_runs(checker *check)
{
    const page_table *table = &check->heap->table;
    bool after_free = false;
    for (uint32_t page = 0; page < table->count; page += table->pages[page].length) {
        if (!check_run(check, page, after_free)) {
            return false;
        }
        after_free = table->pages[page].kind == PAGE_FREE;
    }
    return require(check, layered_consistent(&table->heads), "a summary of the heads is wrong");
}

/* ---- bins
 * ---------------------------------------------------------------------------------------- */

static bool check_bin(checker *check, uint32_t bin, uint32_t *listed)
{
    const page_runs *runs = &check->heap->runs;
    const heap_page *pages = check->heap->table.pages;
    bool marked = runs->column_bits[bin / BIN_COLUMNS] >> bin % BIN_COLUMNS & 1;
    if (!require(check, marked == (runs->bins[bin] != NO_PAGE), "bin %u is marked wrongly", bin)) {
        return false;
    }
    uint32_t prev = NO_PAGE;
    for (uint32_t page = runs->bins[bin]; page != NO_PAGE; page = pages[page].u.free.next) {
        if (!require(check, page < check->heap->table.count && pages[page].kind == PAGE_FREE,
                     "bin %u lists page %u, which is not free", bin, page) ||
            !require(check, page_runs_bin(pages[page].length) == bin,
                     "the free run at page %u is in bin %u", page, bin) ||
            !require(check, pages[page].u.free.prev == prev,
                     "the free run at page %u has a wrong link back", page) ||
            !require(check, ++*listed <= check->free_runs, "bin %u lists too many runs", bin)) {
            return false;
        }
        prev = page;
    }
    return true;
}

static bool check_bins(checker *check)
{
    const page_runs *runs = &check->heap->runs;
    uint32_t listed = 0;
    for (uint32_t bin = 0; bin < BIN_ROWS * BIN_COLUMNS; bin++) {
        if (!check_bin(check, bin, &listed)) {
            return false;
        }
    }
    for (uint32_t row = 0; row < BIN_ROWS; row++) {
        bool marked = runs->row_bits >> row & 1;
        if (!require(check, marked == (runs->column_bits[row] != 0), "row %u is marked wrongly",
                     row)) {
            return false;
        }
    }
    return require(check, listed == check->free_runs, "%u of %u free runs are in bins", listed,
                   check->free_runs);
}

/* ---- caches
 * -------------------------------------------------------------------------------------- */

/* While bins are checked, every block that is met is put into its span or marked, so that one that
 * is met twice is found out. Nobody else looks at spans and marks meanwhile. */

/* Of a medium block that is held: it is marked by what tells that it is one. */
static bool check_held_medium(checker *check, block_place place)
{
    const grt_heap *heap = check->heap;
    uint32_t page = (place.address - heap->first) >> PAGE_SHIFT;
    bool in_heap = grt_heap_owns(heap, place.address) && place.address % GRT_PAGE_SIZE == 0;
    page_info *info = heap_page_info(heap, in_heap ? page : 0);
    if (!require(check, !info_is_medium(*info ^ INFO_MET), "0x%08X is in two places",
                 place.address) ||
        !require(check,
                 in_heap && info_is_medium(*info) && info_slot(*info) == place.slot &&
                     !slot_is_live(slot_load(&heap->slots.all[place.slot])),
                 "the quarantine holds 0x%08X, which is no freed block", place.address)) {
        return false;
    }
    *info ^= INFO_MET;
    return true;
}

static bool check_cached_small(checker *check, block_place place, uint32_t size_class)
{
    const grt_heap *heap = check->heap;
    uint32_t offset = place.address - heap->first;
    const heap_page *page = &heap->table.pages[offset >> PAGE_SHIFT];
    if (!require(check, offset <= heap->last_offset && page->kind == PAGE_SMALL,
                 "a cache holds 0x%08X, which is in no span", place.address)) {
        return false;
    }
    heap_span *span = page->u.span;
    uint32_t block = (offset - (span->page << PAGE_SHIFT)) / span->extent;
    block_place right = place_of_block(&heap->slots, size_class, span->page, block);
    if (!require(check,
                 span->size_class == size_class && right.address == place.address &&
                     right.slot == place.slot && block < span->carved &&
                     !slot_is_live(slot_load(&heap->slots.all[right.slot])),
                 "a cache holds 0x%08X, which is no cached block of class %u", place.address,
                 size_class) ||
        !require(check, !span_has(span, block), "0x%08X is in two places", place.address)) {
        return false;
    }
    span->free_bits[block / 64] |= UINT64_C(1) << block % 64;
    return true;
}

static bool check_held(checker *check, block_place place)
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
    span->free_bits[block / 64] &= ~(UINT64_C(1) << block % 64);
}

/* Meets the blocks of a bin until one is wrong; returns how many. */
static uint32_t meet_bin(checker *check, const cache_bin *bin, uint32_t class)
{
    if (!require(check, bin->count <= bin->limit, "a bin of class %u holds %u of %u blocks", class,
                 bin->count, bin->limit)) {
        return 0;
    }
    uint32_t met = 0;
    while (met < bin->count && check_cached_small(check, bin->blocks[met], class)) {
        met++;
    }
    return met;
}

/* Meets the blocks of the quarantine that have slots until one is wrong; returns how many. */
static uint64_t meet_held(checker *check)
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
static uint64_t meet_all(checker *check)
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
        if (!check_chunk_set(check, cache)) {
            return all;
        }
    }
    return all + meet_held(check);
}

static void forget_all(const checker *check, uint64_t met)
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
static bool check_caches(checker *check)
{
    uint64_t met = meet_all(check);
    forget_all(check, met);
    return !check->failed &&
           require(check, check->cached == met,
                   "%u blocks are out and not live, and %llu are in caches", check->cached,
                   (unsigned long long)met) &&
           require(check, check->chunks == 0, "a chunk is none of its owner's") &&
           require(check, check->returned == 0, "nobody will take over what was returned");
}

/* ---- quarantine
 * ---------------------------------------------------------------------------------------- */

/* What a block in quarantine occupies; 0 when a large one is none. */
static uint64_t held_extent(const grt_heap *heap, const block_place *place)
{
    const heap_page *head = &heap->table.pages[(place->address - heap->first) >> PAGE_SHIFT];
    if (place->slot != NO_SLOT) { /* it was met among the cached ones */
        uint32_t page = (place->address - heap->first) >> PAGE_SHIFT;
        return head->kind == PAGE_SMALL ? head->u.span->extent
                                        : heap_block_of_pages(heap, page).extent;
    }
    bool held = grt_heap_owns(heap, place->address) && head->kind == PAGE_LARGE &&
                head->u.large.asked == LARGE_HELD;
    return held ? (uint64_t)head->length << PAGE_SHIFT : 0;
}

static bool check_quarantine(checker *check)
{
    const heap_quarantine *queue = &check->heap->watch.quarantine;
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < queue->count; i++) {
        const block_place *place = quarantine_at(queue, i);
        uint64_t extent = held_extent(check->heap, place);
        bytes += extent;
        check->held -= place->slot == NO_SLOT;
        if (!require(check, extent != 0, "0x%08X is queued but not in quarantine",
                     place->address)) {
            return false;
        }
    }
    return require(check, check->held == 0, "a large block in quarantine is not queued") &&
           require(check, bytes == queue->bytes,
                   "the quarantine says that it holds %llu bytes, its blocks have %llu",
                   (unsigned long long)queue->bytes, (unsigned long long)bytes);
}

/* ---- totals
 * -------------------------------------------------------------------------------------- */

static bool check_total(checker *check, const char *what, uint64_t counted, uint64_t found)
{
    return require(check, counted == found, "%s: the counter says %llu, the records %llu", what,
                   (unsigned long long)counted, (unsigned long long)found);
}

static bool check_stats(checker *check)
{
    grt_heap_stats stats;
    heap_stats_locked(check->heap, &stats);
    return check_total(check, "live bytes", stats.live, check->live) &&
           check_total(check, "asked bytes", stats.live_asked, check->asked) &&
           check_total(check, "blocks", stats.blocks, check->blocks) &&
           check_total(check, "bytes cached by threads", stats.cached_by_threads,
                       check->taken_bytes - check->live - stats.quarantined) &&
           check_total(check, "guarded blocks", stats.guarded, check->guarded) &&
           check_total(check, "pages that guard", check->heap->watch.bare_pages, check->bare) &&
           require(check, stats.live <= check->heap->budget, "live bytes exceed the budget");
}

/* Spans without a block that is out, by class. */
static bool check_empties(checker *check)
{
    uint32_t spare = 0;
    for (uint32_t i = 0; i < SIZE_CLASS_COUNT; i++) {
        uint32_t found = check->empties[i];
        spare += found > 1 ? found - 1 : 0;
        if (!check_total(check, "empty spans of a class", check->heap->classes[i].empties, found)) {
            return false;
        }
    }
    return check_total(check, "spare spans", check->heap->spare_spans, spare);
}

static bool check_totals(checker *check)
{
    const grt_heap *heap = check->heap;
    const heap_counters *counters = &heap->counters;
    uint64_t by_cause = 0, chunk_free = 0;
    for (const heap_cache *cache = heap->caches; cache != NULL; cache = cache->next) {
        chunk_free += cache->chunk_free;
    }
    for (int cause = 0; cause < GRT_HEAP_CAUSE_ROOM; cause++) {
        by_cause += counters->failures_by_cause[cause];
    }
    return check_total(check, "bytes in spans", counters->span_bytes, check->span_bytes) &&
           check_total(check, "taken bytes", counters->taken_bytes, check->taken_bytes) &&
           check_total(check, "taken blocks", counters->taken_blocks, check->taken_blocks) &&
           check_total(check, "free pages", heap->runs.free_pages, check->free_pages) &&
           check_total(check, "free pages of chunks", chunk_free, check->chunk_pages) &&
           check_total(check, "failures", counters->failures, by_cause) &&
           check_total(check, "committed pages", heap->backing.committed_pages,
                       bitmap_count(heap->backing.committed, 0, heap->table.count)) &&
           check_empties(check) && check_stats(check);
}

/* ---- agreement with the memory
 * ------------------------------------------------------------------- */

/* Pages of blocks may be decommitted or protected by the guest; free ones must be as the heap
 * believes, because it hands them out next. */
static bool check_free_backing(checker *check, uint32_t page, uint32_t length)
{
    const heap_backing *backing = &check->heap->backing;
    for (uint32_t end = page + length; page < end;) {
        bool committed = bitmap_get(backing->committed, page);
        uint32_t stop = bitmap_find(backing->committed, page, end, !committed);
        grt_page_info info;
        grt_memory_query(backing->memory, heap_page_address(check->heap, page), &info);
        uint64_t run = info.run_size >> PAGE_SHIFT;
        if (!require(check,
                     info.committed == committed && (!committed || info.access == GRT_READ_WRITE) &&
                         run > 0,
                     "free page %u is %s for the memory", page,
                     info.committed ? "committed or protected" : "not committed")) {
            return false;
        }
        page = run < stop - page ? page + (uint32_t)run : stop;
    }
    return true;
}

static bool check_backing(checker *check)
{
    const page_table *table = &check->heap->table;
    for (uint32_t page = 0; page < table->count; page += table->pages[page].length) {
        if (table->pages[page].kind == PAGE_FREE &&
            !check_free_backing(check, page, table->pages[page].length)) {
            return false;
        }
    }
    return true;
}

bool grt_heap_check(grt_heap *heap, char *text, size_t text_size)
{
    checker check = {.heap = heap, .text = text, .text_size = text_size};
    if (text_size > 0) {
        text[0] = '\0';
    }
    os_mutex_lock(&heap->lock);
    heap_stop_caches_locked(heap);
    bool right = check_runs(&check) && check_bins(&check) && check_caches(&check) &&
                 check_quarantine(&check) && check_totals(&check) && check_backing(&check) &&
                 heap_check_patterns_locked(heap, text, text_size);
    heap_start_caches_locked(heap);
    os_mutex_unlock(&heap->lock);
    return right;
}
