/*
 * check.c - an independent walk over every record that verifies every invariant.
 *
 * It recomputes totals from the records and never calls what maintains them. Each failed test has
 * its own sentence, and a unit test that plants the violation.
 */
#include "heap/internal.h"

#include <stdarg.h>
#include <stdio.h>

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
    uint64_t span_live;
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

static bool check_large(checker *check, uint32_t page, const heap_page *head)
{
    uint64_t extent = (uint64_t)head->length << PAGE_SHIFT;
    check->live += extent;
    check->asked += head->u.large.asked;
    check->blocks++;
    return require(check, head->u.large.asked >= 1 && head->u.large.asked <= extent,
                   "the large block at page %u was asked for %u bytes and has %u pages", page,
                   head->u.large.asked, (unsigned)head->length);
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
           require(check, span->handed <= span->blocks,
                   "the span at page %u handed out %u of %u blocks", page, span->handed,
                   span->blocks);
}

static bool check_span_blocks(checker *check, const heap_span *span)
{
    uint32_t live = 0;
    for (uint32_t block = 0; block < span->handed; block++) {
        if (!span_block_is_live(span, block)) {
            continue;
        }
        live++;
        if (!require(check, span->slots[block] < span->extent,
                     "block %u of the span at page %u has more slack than room", block,
                     span->page)) {
            return false;
        }
        check->asked += span_asked(span, block);
    }
    check->live += (uint64_t)live * span->extent;
    check->span_live += (uint64_t)live * span->extent;
    check->blocks += live;
    return require(check, live == span->live, "the span at page %u counts %u live blocks, not %u",
                   span->page, span->live, live);
}

static bool check_span_free_list(checker *check, const heap_span *span)
{
    uint32_t left = span->handed - span->live;
    uint32_t block = span->free_head;
    for (; left > 0 && block != SLOT_LAST_FREE; left--) {
        if (!require(check, block < span->handed && !span_block_is_live(span, block),
                     "the free list of the span at page %u holds block %u", span->page, block)) {
            return false;
        }
        block = span->slots[block] & ~SLOT_FREE;
    }
    return require(check, left == 0 && block == SLOT_LAST_FREE,
                   "the free list of the span at page %u has the wrong length", span->page);
}

static bool is_listed(const heap_class *list, const heap_span *span)
{
    return span->prev != NULL ? span->prev->next == span : list->partial == span;
}

static bool check_span_list(checker *check, const heap_span *span)
{
    const heap_class *list = &check->heap->classes[span->size_class];
    return require(check, is_listed(list, span) == !span_is_full(span),
                   "the span at page %u is listed iff it is full", span->page) &&
           require(check, (list->empty == span) == (span->live == 0),
                   "the span at page %u is kept as empty iff it is not", span->page);
}

static bool check_span(checker *check, uint32_t page, const heap_page *head)
{
    const heap_span *span = head->u.span;
    check->span_bytes += (uint64_t)head->length << PAGE_SHIFT;
    return check_span_shape(check, page, head) && check_span_blocks(check, span) &&
           check_span_free_list(check, span) && check_span_list(check, span);
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
        return check_free_run(check, page, head, after_free) && check_interior(check, page, head);
    }
    bool right = check_interior(check, page, head);
    right = right && require(check,
                             bitmap_count(check->heap->backing.committed, page, head->length) ==
                                 head->length,
                             "the run at page %u is in use but not all committed", page);
    if (head->kind == PAGE_LARGE) {
        return right && check_large(check, page, head);
    }
    return right && check_span(check, page, head);
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

/* ---- totals
 * -------------------------------------------------------------------------------------- */

static bool check_total(checker *check, const char *what, uint64_t counted, uint64_t found)
{
    return require(check, counted == found, "%s: the counter says %llu, the records %llu", what,
                   (unsigned long long)counted, (unsigned long long)found);
}

static bool check_totals(checker *check)
{
    const grt_heap *heap = check->heap;
    const heap_counters *counters = &heap->counters;
    uint64_t by_cause = 0;
    for (int cause = 0; cause < 16; cause++) {
        by_cause += counters->failures_by_cause[cause];
    }
    return check_total(check, "live bytes", counters->live, check->live) &&
           check_total(check, "asked bytes", counters->live_asked, check->asked) &&
           check_total(check, "blocks", counters->blocks, check->blocks) &&
           check_total(check, "allocations less frees", counters->allocations - counters->frees,
                       check->blocks) &&
           check_total(check, "bytes in spans", counters->span_bytes, check->span_bytes) &&
           check_total(check, "live bytes in spans", counters->span_live, check->span_live) &&
           check_total(check, "free pages", heap->runs.free_pages, check->free_pages) &&
           check_total(check, "failures", counters->failures, by_cause) &&
           check_total(check, "committed pages", heap->backing.committed_pages,
                       bitmap_count(heap->backing.committed, 0, heap->table.count)) &&
           require(check, counters->live <= counters->live_peak && counters->live <= heap->budget,
                   "live bytes exceed the peak or the budget");
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
    bool right =
        check_runs(&check) && check_bins(&check) && check_totals(&check) && check_backing(&check);
    os_mutex_unlock(&heap->lock);
    return right;
}
