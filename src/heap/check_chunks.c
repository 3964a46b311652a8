/*
 * check_chunks.c - the part of the check that looks at chunks, and at a cache's lists of them.
 */
#include "heap/check.h"

/* The chunk at [page] of the heap, if its record says so. */
static bool check_chunk_record(heap_checker *check, uint32_t page, const heap_page *head)
{
    const heap_chunk *chunk = heap_chunk_of_page(check->heap, page);
    return heap_require(check,
                        head->length == CHUNK_PAGES && chunk->owner != NULL && chunk->page == page,
                        "the chunk at page %u has no record", page) &&
           heap_require(check, (chunk->returned & chunk->free) == 0,
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
static bool check_no_head(heap_checker *check, const heap_chunk *chunk, uint32_t at)
{
    const heap_slots *slots = &check->heap->slots;
    uint32_t page = chunk->page + at;
    page_info info = *heap_page_info(check->heap, page);
    return heap_require(check, info == 0 || info == medium_info_of(page, info_pages(info)),
                        "page %u of the run at page %u has information %llx", page, chunk->page,
                        (unsigned long long)info) &&
           heap_require(check, !slot_is_live(slot_load(&slots->all[medium_slot(page)])),
                        "the slot of page %u is live, and no block starts there", page);
}

static bool check_insides(heap_checker *check, const heap_chunk *chunk, uint32_t first,
                          uint32_t pages)
{
    bool right = true;
    for (uint32_t at = first + 1; right && at < first + pages; at++) {
        right = check_no_head(check, chunk, at);
    }
    return right;
}

/* The block that starts at page [first] of the chunk. One that was returned awaits its owner. */
static bool check_cut(heap_checker *check, const heap_chunk *chunk, uint32_t first, uint32_t *pages)
{
    uint32_t page = chunk->page + first;
    page_info info = *heap_page_info(check->heap, page);
    *pages = info_pages(info);
    bool right =
        *pages >= 1 && *pages <= CHUNK_PAGES - first && info == medium_info_of(page, *pages);
    if (!heap_require(check, right, "page %u of the run at page %u has information %llx", page,
                      chunk->page, (unsigned long long)info) ||
        !heap_require(check, has_pages(~chunk->free, first, *pages),
                      "the block at page %u has pages that are free", page) ||
        !check_insides(check, chunk, first, *pages)) {
        return false;
    }
    heap_block block = heap_block_of_pages(check->heap, page);
    if ((chunk->returned >> first & 1) == 0) {
        return heap_check_pages(check, &block);
    }
    check->chunk_pages += *pages;
    return heap_require(check, has_pages(chunk->returned, first, *pages) && block.asked == 0,
                        "the block at page %u was returned in part, or is live", page);
}

/* A page between blocks. */
static bool check_uncut(heap_checker *check, const heap_chunk *chunk, uint32_t at)
{
    check->chunk_pages++;
    return heap_require(check, (chunk->free >> at & 1) != 0, "page %u is in no block and not free",
                        chunk->page + at) &&
           check_no_head(check, chunk, at);
}

bool heap_check_chunk(heap_checker *check, uint32_t page, const heap_page *head)
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
static uint32_t check_chunk_list(heap_checker *check, const heap_cache *cache, uint32_t list)
{
    uint32_t count = 0;
    const heap_chunk *before = NULL;
    for (const heap_chunk *chunk = cache->chunks.lists[list]; chunk != NULL; chunk = chunk->next) {
        uint32_t right = chunk->free == CHUNK_WHOLE ? CHUNK_LIST_WHOLE : longest_free(chunk->free);
        if (!heap_require(check,
                          chunk->owner == cache && chunk->list == list && list >= right &&
                              (list == CHUNK_LIST_WHOLE) == (right == CHUNK_LIST_WHOLE),
                          "the chunk at page %u is listed for runs of %u pages and has %u",
                          chunk->page, list, right) ||
            !heap_require(check, chunk->prev == before && count < cache->chunks.count,
                          "the chunk at page %u has a wrong link back", chunk->page)) {
            return count;
        }
        before = chunk;
        count++;
    }
    bool marked = (cache->chunks.listed >> list & 1) != 0;
    (void)heap_require(check, marked == (count > 0),
                       "the chunks with runs of %u pages are not marked", list);
    return count;
}

/* The chunks that a cache will take returned pages over from. */
static bool check_returned(heap_checker *check, const heap_cache *cache)
{
    uint32_t count = 0;
    const heap_chunk *chunk = cache->chunks.returned;
    for (; chunk != NULL; chunk = chunk->next_returned) {
        if (!heap_require(
                check, chunk->owner == cache && chunk->returned != 0 && count < cache->chunks.count,
                "no pages were returned to the chunk at page %u", chunk->page)) {
            return false;
        }
        count++;
    }
    check->returned -= count;
    return true;
}

bool heap_check_chunk_set(heap_checker *check, const heap_cache *cache)
{
    const chunk_set *set = &cache->chunks;
    uint32_t count = set->current != NULL, whole = 0;
    for (uint32_t list = 0; list < CHUNK_LISTS && !check->failed; list++) {
        whole = check_chunk_list(check, cache, list); /* the last one counts */
        count += whole;
    }
    check->chunks -= count;
    return !check->failed &&
           heap_require(check, set->current == NULL || set->current->owner == cache,
                        "the chunk that a cache cuts from is another one's") &&
           heap_require(check, count == set->count && whole == set->whole,
                        "a cache says that it has %u chunks, %u of them whole, and has %u and %u",
                        set->count, set->whole, count, whole) &&
           check_returned(check, cache);
}
