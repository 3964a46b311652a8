/*
 * check.c - an independent walk over every record that verifies every invariant.
 *
 * It recomputes totals from the records and never calls what maintains them. Each failed test has
 * its own sentence, and a unit test that plants the violation. What concerns spans, chunks and
 * caches is in files of its own.
 */
#include "heap/check.h"

#include <stdarg.h>
#include <stdio.h>

bool heap_require(heap_checker *check, bool condition, const char *format, ...)
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

static bool check_interior(heap_checker *check, uint32_t page, const heap_page *head)
{
    const page_table *table = &check->heap->table;
    for (uint32_t i = 1; i < head->length; i++) {
        const heap_page *inside = &table->pages[page + i];
        bool right = head->kind == PAGE_SMALL
                         ? inside->kind == PAGE_SMALL && inside->u.span == head->u.span
                         : inside->kind == PAGE_INSIDE;
        if (!heap_require(check, right, "page %u inside the run at page %u is of another kind",
                          page + i, page) ||
            !heap_require(check, !layered_get(&table->heads, page + i),
                          "page %u inside the run at page %u is marked as a head", page + i,
                          page)) {
            return false;
        }
    }
    return true;
}

static bool check_free_run(heap_checker *check, uint32_t page, const heap_page *head,
                           bool after_free)
{
    check->free_runs++;
    check->free_pages += head->length;
    return heap_require(check, !after_free, "two free runs meet at page %u", page);
}

/* A guarded block that is in use lacks its last page, one in quarantine has none that the heap
 * could give back. */
static bool check_guarded(heap_checker *check, uint32_t page, const heap_page *head)
{
    uint32_t committed = bitmap_count(check->heap->backing.committed, page, head->length);
    bool live = head->u.large.asked != LARGE_HELD;
    check->bare += head->length - committed;
    check->guarded += live;
    return heap_require(
        check,
        !live || (committed == head->length - 1u &&
                  !bitmap_get(check->heap->backing.committed, page + head->length - 1)),
        "the guarded run at page %u has %u of %u pages", page, committed, (unsigned)head->length);
}

static bool check_committed(heap_checker *check, uint32_t page, const heap_page *head)
{
    if (head->kind == PAGE_LARGE && heap_is_guarded(head)) {
        return check_guarded(check, page, head);
    }
    return heap_require(
        check, bitmap_count(check->heap->backing.committed, page, head->length) == head->length,
        "the run at page %u is in use but not all committed", page);
}

/* A block of whole pages. */
bool heap_check_pages(heap_checker *check, const heap_block *block)
{
    if (block->asked == 0) {
        check->cached += block->slot != NO_SLOT;
        return true;
    }
    check->live += block->extent;
    check->asked += block->asked;
    check->blocks++;
    return heap_require(check, block->asked <= block->room,
                        "the block at page %u was asked for %u bytes and has %u pages", block->page,
                        block->asked, block->extent >> PAGE_SHIFT);
}

static bool check_large(heap_checker *check, uint32_t page, const heap_page *head)
{
    heap_block block = heap_block_of_pages(check->heap, page);
    check->taken_bytes += (uint64_t)head->length << PAGE_SHIFT;
    check->taken_blocks++;
    check->held += head->u.large.asked == LARGE_HELD;
    return heap_check_pages(check, &block);
}

/* ---- runs
 * ---------------------------------------------------------------------------------------- */

static bool check_page_info(heap_checker *check, uint32_t page, const heap_page *head)
{
    for (uint32_t i = 0; i < head->length; i++) {
        page_info right = 0;
        if (head->kind == PAGE_SMALL) {
            right = small_info_of(head->u.span->size_class, head->u.span->slot, i);
        } else if (i == 0 && page_is_medium(head)) {
            right = medium_info_of(page, head->length);
        }
        page_info info = *heap_page_info(check->heap, page + i);
        if (!heap_require(check, info == right,
                          "page %u of the run at page %u has information %llx", page + i, page,
                          (unsigned long long)info)) {
            return false;
        }
    }
    return true;
}

static bool check_run(heap_checker *check, uint32_t page, bool after_free)
{
    const page_table *table = &check->heap->table;
    const heap_page *head = &table->pages[page];
    check->runs++;
    if (!heap_require(check, layered_get(&table->heads, page), "page %u is a head but not marked",
                      page) ||
        !heap_require(check, head->kind != PAGE_INSIDE, "page %u belongs to no run", page) ||
        !heap_require(check, head->length >= 1 && head->length <= table->count - page,
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
        return right && heap_check_chunk(check, page, head);
    }
    right = right && (head->kind == PAGE_LARGE ? check_large(check, page, head)
                                               : heap_check_span(check, page, head));
    return right && check_page_info(check, page, head);
}

static bool check_runs(heap_checker *check)
{
    const page_table *table = &check->heap->table;
    bool after_free = false;
    for (uint32_t page = 0; page < table->count; page += table->pages[page].length) {
        if (!check_run(check, page, after_free)) {
            return false;
        }
        after_free = table->pages[page].kind == PAGE_FREE;
    }
    return heap_require(check, layered_consistent(&table->heads),
                        "a summary of the heads is wrong");
}

/* ---- bins
 * ---------------------------------------------------------------------------------------- */

static bool check_bin(heap_checker *check, uint32_t bin, uint32_t *listed)
{
    const page_runs *runs = &check->heap->runs;
    const heap_page *pages = check->heap->table.pages;
    bool marked = runs->column_bits[bin / BIN_COLUMNS] >> bin % BIN_COLUMNS & 1;
    if (!heap_require(check, marked == (runs->bins[bin] != NO_PAGE), "bin %u is marked wrongly",
                      bin)) {
        return false;
    }
    uint32_t prev = NO_PAGE;
    for (uint32_t page = runs->bins[bin]; page != NO_PAGE; page = pages[page].u.free.next) {
        if (!heap_require(check, page < check->heap->table.count && pages[page].kind == PAGE_FREE,
                          "bin %u lists page %u, which is not free", bin, page) ||
            !heap_require(check, page_runs_bin(pages[page].length) == bin,
                          "the free run at page %u is in bin %u", page, bin) ||
            !heap_require(check, pages[page].u.free.prev == prev,
                          "the free run at page %u has a wrong link back", page) ||
            !heap_require(check, ++*listed <= check->free_runs, "bin %u lists too many runs",
                          bin)) {
            return false;
        }
        prev = page;
    }
    return true;
}

static bool check_bins(heap_checker *check)
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
        if (!heap_require(check, marked == (runs->column_bits[row] != 0),
                          "row %u is marked wrongly", row)) {
            return false;
        }
    }
    return heap_require(check, listed == check->free_runs, "%u of %u free runs are in bins", listed,
                        check->free_runs);
}

/* ---- totals
 * -------------------------------------------------------------------------------------- */

static bool check_total(heap_checker *check, const char *what, uint64_t counted, uint64_t found)
{
    return heap_require(check, counted == found, "%s: the counter says %llu, the records %llu",
                        what, (unsigned long long)counted, (unsigned long long)found);
}

static bool check_stats(heap_checker *check)
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
           heap_require(check, stats.live <= check->heap->budget, "live bytes exceed the budget");
}

/* Spans without a block that is out, by class. */
static bool check_empties(heap_checker *check)
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

static bool check_totals(heap_checker *check)
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
static bool check_free_backing(heap_checker *check, uint32_t page, uint32_t length)
{
    const heap_backing *backing = &check->heap->backing;
    for (uint32_t end = page + length; page < end;) {
        bool committed = bitmap_get(backing->committed, page);
        uint32_t stop = bitmap_find(backing->committed, page, end, !committed);
        grt_page_info info;
        grt_memory_query(backing->memory, heap_page_address(check->heap, page), &info);
        uint64_t run = info.run_size >> PAGE_SHIFT;
        if (!heap_require(check,
                          info.committed == committed &&
                              (!committed || info.access == GRT_READ_WRITE) && run > 0,
                          "free page %u is %s for the memory", page,
                          info.committed ? "committed or protected" : "not committed")) {
            return false;
        }
        page = run < stop - page ? page + (uint32_t)run : stop;
    }
    return true;
}

static bool check_backing(heap_checker *check)
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
    heap_checker check = {.heap = heap, .text = text, .text_size = text_size};
    if (text_size > 0) {
        text[0] = '\0';
    }
    os_mutex_lock(&heap->lock);
    heap_stop_caches_locked(heap);
    bool right = check_runs(&check) && check_bins(&check) && heap_check_span_records(&check) &&
                 heap_check_caches(&check) && heap_check_quarantine(&check) &&
                 check_totals(&check) && check_backing(&check) &&
                 heap_check_patterns_locked(heap, text, text_size);
    heap_start_caches_locked(heap);
    os_mutex_unlock(&heap->lock);
    return right;
}
