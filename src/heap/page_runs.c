/*
 * page_runs.c - two-level bins over free page runs.
 *
 * The bins follow the two-level segregated fit of Masmano, Ripoll, Crespo and Real ("TLSF: a new
 * dynamic memory allocator for real-time systems", 2004), applied to page counts and with every
 * link and length outside of the memory that is managed.
 */
#include "heap/page_runs.h"

#include "os/assert.h"

#define COLUMN_BITS 5u

/* Bins whose first run is looked at although it may be too short, or not aligned: a run that fits
 * is better than a part of a long one. */
#define BIN_LOOKS 8u

_Static_assert(1u << COLUMN_BITS == BIN_COLUMNS, "columns are the bits below the leading one");

static uint32_t log2_of(uint32_t value)
{
    return 31u - (uint32_t)__builtin_clz(value);
}

uint32_t page_runs_bin(uint32_t length)
{
    GRT_ASSERT(length >= 1);
    if (length < BIN_COLUMNS) {
        return length; /* row 0: one bin a length */
    }
    uint32_t exponent = log2_of(length);
    uint32_t column = (length >> (exponent - COLUMN_BITS)) - BIN_COLUMNS;
    return (exponent - COLUMN_BITS + 1) * BIN_COLUMNS + column;
}

/* The lowest bin all of whose runs have at least [length] pages. */
static uint32_t bin_of_at_least(uint32_t length)
{
    if (length >= 2 * BIN_COLUMNS) {
        length += (1u << (log2_of(length) - COLUMN_BITS)) - 1;
    }
    return page_runs_bin(length);
}

static void bin_add(page_runs *runs, uint32_t page)
{
    heap_page *pages = runs->table->pages;
    uint32_t bin = page_runs_bin(pages[page].length);
    uint32_t next = runs->bins[bin];
    pages[page].u.free.next = next;
    pages[page].u.free.prev = NO_PAGE;
    if (next != NO_PAGE) {
        pages[next].u.free.prev = page;
    }
    runs->bins[bin] = page;
    runs->column_bits[bin / BIN_COLUMNS] |= 1u << bin % BIN_COLUMNS;
    runs->row_bits |= 1u << bin / BIN_COLUMNS;
    runs->free_pages += pages[page].length;
}

static void bin_mark_empty(page_runs *runs, uint32_t bin)
{
    uint32_t row = bin / BIN_COLUMNS;
    runs->column_bits[row] &= ~(1u << bin % BIN_COLUMNS);
    if (runs->column_bits[row] == 0) {
        runs->row_bits &= ~(1u << row);
    }
}

static void bin_remove(page_runs *runs, uint32_t page)
{
    heap_page *pages = runs->table->pages;
    GRT_ASSERT(pages[page].kind == PAGE_FREE);
    uint32_t bin = page_runs_bin(pages[page].length);
    uint32_t next = pages[page].u.free.next;
    uint32_t prev = pages[page].u.free.prev;
    if (next != NO_PAGE) {
        pages[next].u.free.prev = prev;
    }
    if (prev != NO_PAGE) {
        pages[prev].u.free.next = next;
    } else {
        runs->bins[bin] = next;
        if (next == NO_PAGE) {
            bin_mark_empty(runs, bin);
        }
    }
    runs->free_pages -= pages[page].length;
}

/* The first non-empty bin at or after [bin], NO_PAGE if there is none. */
static uint32_t bin_find(const page_runs *runs, uint32_t bin)
{
    uint32_t row = bin / BIN_COLUMNS;
    if (row >= BIN_ROWS) {
        return NO_PAGE;
    }
    uint32_t columns = runs->column_bits[row] & (~0u << bin % BIN_COLUMNS);
    if (columns == 0) {
        uint32_t rows = runs->row_bits & (~0u << row) & ~(1u << row);
        if (rows == 0) {
            return NO_PAGE;
        }
        row = (uint32_t)__builtin_ctz(rows);
        columns = runs->column_bits[row];
    }
    return row * BIN_COLUMNS + (uint32_t)__builtin_ctz(columns);
}

void page_runs_init(page_runs *runs, page_table *table, uint32_t first_page)
{
    runs->table = table;
    runs->first_page = first_page;
    runs->free_pages = 0;
    runs->row_bits = 0;
    for (uint32_t row = 0; row < BIN_ROWS; row++) {
        runs->column_bits[row] = 0;
    }
    for (uint32_t bin = 0; bin < BIN_ROWS * BIN_COLUMNS; bin++) {
        runs->bins[bin] = NO_PAGE;
    }
    page_table_set_run(table, 0, table->count, PAGE_FREE);
    bin_add(runs, 0);
}

/* Pages to skip from [page] to the next multiple of [alignment] in guest page numbers. */
static uint32_t gap_before(const page_runs *runs, uint32_t page, uint32_t alignment)
{
    return (0u - (runs->first_page + page)) & (alignment - 1);
}

static bool run_holds(const page_runs *runs, uint32_t page, uint32_t length, uint32_t alignment)
{
    uint32_t gap = gap_before(runs, page, alignment);
    uint32_t have = runs->table->pages[page].length;
    return have >= length && have - length >= gap;
}

/* Looks at every run of every bin that might hold the request. */
static uint32_t find_exhaustively(const page_runs *runs, uint32_t length, uint32_t alignment)
{
    for (uint32_t bin = bin_find(runs, page_runs_bin(length)); bin != NO_PAGE;
         bin = bin_find(runs, bin + 1)) {
        for (uint32_t page = runs->bins[bin]; page != NO_PAGE;
             page = runs->table->pages[page].u.free.next) {
            if (run_holds(runs, page, length, alignment)) {
                return page;
            }
        }
    }
    return NO_PAGE;
}

/* Looks at the first run of a few bins whose runs may hold the request, and then into the lowest of
 * those whose runs surely do. */
static uint32_t find_at_once(const page_runs *runs, uint32_t length, uint32_t alignment)
{
    uint32_t sure = bin_of_at_least(length + alignment - 1);
    uint32_t bin = bin_find(runs, page_runs_bin(length));
    for (uint32_t looks = 0; looks < BIN_LOOKS && bin < sure; looks++) {
        if (run_holds(runs, runs->bins[bin], length, alignment)) {
            return runs->bins[bin];
        }
        bin = bin_find(runs, bin + 1);
    }
    bin = bin_find(runs, sure);
    return bin != NO_PAGE ? runs->bins[bin] : NO_PAGE;
}

static uint32_t find_run(const page_runs *runs, uint32_t length, uint32_t alignment)
{
    if (length > runs->free_pages) {
        return NO_PAGE;
    }
    uint32_t page = find_at_once(runs, length, alignment);
    return page != NO_PAGE ? page : find_exhaustively(runs, length, alignment);
}

/* Takes [length] pages out of the free run at [page], [gap] pages behind its start. */
static uint32_t carve(page_runs *runs, uint32_t page, uint32_t gap, uint32_t length, page_kind kind)
{
    page_table *table = runs->table;
    uint32_t have = table->pages[page].length;
    GRT_ASSERT(have >= length && have - length >= gap);
    bin_remove(runs, page);
    if (gap > 0) {
        page_table_set_run(table, page, gap, PAGE_FREE);
        bin_add(runs, page);
    }
    page += gap;
    if (have - gap > length) {
        page_table_set_run(table, page + length, have - gap - length, PAGE_FREE);
        bin_add(runs, page + length);
    }
    page_table_set_run(table, page, length, kind);
    return page;
}

uint32_t page_runs_take(page_runs *runs, uint32_t length, uint32_t alignment, page_kind kind)
{
    uint32_t page = find_run(runs, length, alignment);
    if (page == NO_PAGE) {
        return NO_PAGE;
    }
    return carve(runs, page, gap_before(runs, page, alignment), length, kind);
}

uint32_t page_runs_take_at_once(page_runs *runs, uint32_t length, uint32_t alignment,
                                page_kind kind)
{
    uint32_t page = find_at_once(runs, length, alignment);
    return page != NO_PAGE ? carve(runs, page, gap_before(runs, page, alignment), length, kind)
                           : NO_PAGE;
}

/* ---- between bounds ----------------------------------------------------------------------------
 */

/* The first aligned page at or behind [page], and the last at or before it; NO_PAGE if there is
 * none. */
static uint32_t aligned_up(const page_runs *runs, uint32_t page, uint32_t alignment)
{
    uint32_t gap = gap_before(runs, page, alignment);
    return gap < runs->table->count - page ? page + gap : NO_PAGE;
}

static uint32_t aligned_down(const page_runs *runs, uint32_t page, uint32_t alignment)
{
    uint32_t over = (runs->first_page + page) & (alignment - 1);
    return over <= page ? page - over : NO_PAGE;
}

/* Where the part of the run at [head] that the bounds leave begins and ends; empty: begin >= end.
 */
typedef struct page_part {
    uint32_t begin, end;
} page_part;

static page_part part_within(const page_runs *runs, uint32_t head, const page_bounds *bounds)
{
    uint64_t last = (uint64_t)bounds->end + bounds->spare;
    uint32_t end = head + runs->table->pages[head].length;
    return (page_part){.begin = bounds->lowest > head ? bounds->lowest : head,
                       .end = last < end ? (uint32_t)last : end};
}

/* Where [length] pages may start in the free run at [head]; NO_PAGE if nowhere. */
static uint32_t place_in_run(const page_runs *runs, uint32_t head, uint32_t length,
                             uint32_t alignment, const page_bounds *bounds)
{
    page_part part = part_within(runs, head, bounds);
    if (part.begin >= part.end || part.end - part.begin < length) {
        return NO_PAGE;
    }
    uint32_t high = part.end - length;
    uint32_t page = bounds->top_down ? aligned_down(runs, high, alignment)
                                     : aligned_up(runs, part.begin, alignment);
    return page != NO_PAGE && page >= part.begin && page <= high ? page : NO_PAGE;
}

/* The run behind the one at [head], or before it, in the direction of the search; NO_PAGE behind
 * the last that may hold the bounds. */
static uint32_t next_run(const page_runs *runs, uint32_t head, const page_bounds *bounds)
{
    if (bounds->top_down) {
        return head > bounds->lowest ? page_table_head_of(runs->table, head - 1) : NO_PAGE;
    }
    uint32_t next = head + runs->table->pages[head].length;
    return next < runs->table->count && next < bounds->end ? next : NO_PAGE;
}

static uint32_t first_run(const page_runs *runs, const page_bounds *bounds)
{
    uint32_t count = runs->table->count;
    uint32_t end = bounds->end < count ? bounds->end : count;
    if (bounds->lowest >= end) {
        return NO_PAGE;
    }
    return page_table_head_of(runs->table, bounds->top_down ? end - 1 : bounds->lowest);
}

uint32_t page_runs_take_within(page_runs *runs, uint32_t length, uint32_t alignment,
                               const page_bounds *bounds, page_kind kind)
{
    for (uint32_t head = first_run(runs, bounds); head != NO_PAGE;
         head = next_run(runs, head, bounds)) {
        uint32_t page = NO_PAGE;
        if (runs->table->pages[head].kind == PAGE_FREE) {
            page = place_in_run(runs, head, length, alignment, bounds);
        }
        if (page != NO_PAGE) {
            return carve(runs, head, page - head, length, kind);
        }
    }
    return NO_PAGE;
}

/* Pages of the longest aligned run in the free one at [head]. */
static uint32_t longest_in_run(const page_runs *runs, uint32_t head, uint32_t alignment,
                               const page_bounds *bounds)
{
    page_part part = part_within(runs, head, bounds);
    if (part.begin >= part.end) {
        return 0;
    }
    uint32_t page = aligned_up(runs, part.begin, alignment);
    return page < part.end ? part.end - page : 0;
}

uint32_t page_runs_longest_within(const page_runs *runs, uint32_t alignment,
                                  const page_bounds *bounds)
{
    page_bounds upwards = *bounds;
    uint32_t longest = 0;
    upwards.top_down = false;
    for (uint32_t head = first_run(runs, &upwards); head != NO_PAGE;
         head = next_run(runs, head, &upwards)) {
        uint32_t length = 0;
        if (runs->table->pages[head].kind == PAGE_FREE) {
            length = longest_in_run(runs, head, alignment, &upwards);
        }
        longest = length > longest ? length : longest;
    }
    return longest;
}

/* Removes the free run at [page], if that is one, and returns its length; else 0. */
static uint32_t absorb(page_runs *runs, uint32_t page)
{
    page_table *table = runs->table;
    if (page >= table->count || table->pages[page].kind != PAGE_FREE) {
        return 0;
    }
    uint32_t length = table->pages[page].length;
    bin_remove(runs, page);
    page_table_clear_head(table, page);
    return length;
}

uint32_t page_runs_give(page_runs *runs, uint32_t page)
{
    page_table *table = runs->table;
    uint32_t length = table->pages[page].length;
    page_table_clear_head(table, page);
    length += absorb(runs, page + length);
    if (page > 0) {
        uint32_t before = page_table_head_of(table, page - 1);
        uint32_t more = absorb(runs, before);
        length += more;
        page -= more;
    }
    page_table_set_run(table, page, length, PAGE_FREE);
    bin_add(runs, page);
    return page;
}

uint32_t page_runs_cut(page_runs *runs, uint32_t page, uint32_t keep)
{
    heap_page *head = &runs->table->pages[page];
    uint32_t length = head->length;
    GRT_ASSERT(keep >= 1 && keep < length);
    page_table_set_run(runs->table, page, keep, (page_kind)head->kind);
    page_table_set_run(runs->table, page + keep, length - keep, (page_kind)head->kind);
    return page_runs_give(runs, page + keep);
}

bool page_runs_extend(page_runs *runs, uint32_t page, uint32_t length)
{
    page_table *table = runs->table;
    heap_page *head = &table->pages[page];
    uint32_t behind = page + head->length;
    if (behind >= table->count || table->pages[behind].kind != PAGE_FREE ||
        table->pages[behind].length < length - head->length) {
        return false;
    }
    uint32_t rest = absorb(runs, behind) - (length - head->length);
    page_table_set_run(table, page, length, (page_kind)head->kind);
    if (rest > 0) {
        page_table_set_run(table, page + length, rest, PAGE_FREE);
        bin_add(runs, page + length);
    }
    return true;
}

uint32_t page_runs_longest(const page_runs *runs)
{
    if (runs->row_bits == 0) {
        return 0;
    }
    uint32_t row = log2_of(runs->row_bits);
    uint32_t bin = row * BIN_COLUMNS + log2_of(runs->column_bits[row]);
    uint32_t longest = 0;
    for (uint32_t page = runs->bins[bin]; page != NO_PAGE;
         page = runs->table->pages[page].u.free.next) {
        uint32_t length = runs->table->pages[page].length;
        longest = length > longest ? length : longest;
    }
    return longest;
}

uint32_t page_runs_longest_aligned(const page_runs *runs, uint32_t alignment)
{
    if (alignment <= 1) {
        return page_runs_longest(runs);
    }
    uint32_t longest = 0;
    for (uint32_t bin = bin_find(runs, 0); bin != NO_PAGE; bin = bin_find(runs, bin + 1)) {
        for (uint32_t page = runs->bins[bin]; page != NO_PAGE;
             page = runs->table->pages[page].u.free.next) {
            uint32_t length = runs->table->pages[page].length;
            uint32_t gap = gap_before(runs, page, alignment);
            uint32_t usable = length > gap ? length - gap : 0;
            longest = usable > longest ? usable : longest;
        }
    }
    return longest;
}
