/*
 * test_heap_parts.c - the heap's parts by themselves: bitmaps, size classes, runs, rate limit,
 * words of chunks, records of spans.
 */
#include "heap_fixture.h"

#include "heap/bitmap.h"
#include "heap/chunk.h"
#include "heap/page_runs.h"
#include "heap/past.h"
#include "heap/rate_limit.h"
#include "heap/size_class.h"
#include "heap/slots.h"
#include "heap/span.h"

/* ---- bitmaps ------------------------------------------------------------------------------------
 */

#define BITS 1000u

static void test_the_table_of_classes(void **state)
{
    (void)state;
    for (uint32_t size = 1; size <= SIZE_CLASS_TABLE_MAX; size++) {
        assert_int_equal(size_class_by_table(size), size_class_of(size));
    }
    for (uint32_t size = 1; size <= SMALL_MAX; size++) {
        uint32_t size_class = size_class_of(size);
        assert_true(size_class_extent(size_class) >= size);
        assert_true(size_class == 0 || size_class_extent(size_class - 1) < size);
    }
}

/* Every offset in a span of every class, against a division. */
static void test_blocks_are_found_by_a_multiplication(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < SIZE_CLASS_COUNT; i++) {
        uint32_t extent = size_class_extent(i), block = 0;
        uint32_t bytes = size_class_pages(i) * GRT_PAGE_SIZE;
        for (uint32_t offset = 0; offset < bytes; offset++) {
            bool starts = block_at(reciprocal_of(extent), offset, &block);
            assert_true(block == offset / extent && starts == (offset % extent == 0));
        }
    }
    uint32_t none;
    assert_false(block_at(0, 0, &none));
}

static void test_plain_bitmap_against_bytes(void **state)
{
    (void)state;
    uint64_t words[(BITS + 63) / 64] = {0};
    bool bytes[BITS] = {false};
    test_random random = random_from_environment("bitmap");
    for (int round = 0; round < 3000; round++) {
        uint32_t first = random_below(&random, BITS);
        uint32_t count = random_below(&random, BITS - first + 1);
        bool value = random_below(&random, 2) != 0;
        bitmap_fill(words, first, count, value);
        memset(bytes + first, value, count);

        first = random_below(&random, BITS);
        count = random_below(&random, BITS - first + 1);
        uint32_t set = 0;
        uint32_t found = first + count;
        for (uint32_t i = first + count; i-- > first;) {
            set += bytes[i];
            found = bytes[i] == value ? i : found;
        }
        assert_int_equal(bitmap_count(words, first, count), set);
        assert_int_equal(bitmap_find(words, first, first + count, value), found);
    }
}

static void test_layered_bitmap(void **state)
{
    (void)state;
    const uint32_t bits = 1u << 20; /* as many pages as 4 GiB have */
    uint64_t *storage = calloc(layered_words(bits), sizeof *storage);
    layered_bitmap bitmap;
    layered_init(&bitmap, bits, storage);
    assert_int_equal(layered_find_back(&bitmap, bits - 1), LAYERED_NONE);
    layered_set(&bitmap, 0);
    for (uint32_t bit = 1; bit < bits; bit = bit * 2 + 1) {
        assert_int_equal(layered_find_back(&bitmap, bits - 1), 0);
        layered_set(&bitmap, bit);
        assert_int_equal(layered_find_back(&bitmap, bits - 1), bit);
        assert_int_equal(layered_find_back(&bitmap, bit), bit);
        assert_int_equal(layered_find_back(&bitmap, bit - 1), 0);
        assert_true(layered_consistent(&bitmap));
        layered_clear(&bitmap, bit);
    }
    layered_clear(&bitmap, 0);
    assert_int_equal(layered_find_back(&bitmap, bits - 1), LAYERED_NONE);
    assert_true(layered_consistent(&bitmap));
    free(storage);
}

/* ---- size classes -------------------------------------------------------------------------------
 */

static void test_size_classes_are_the_smallest_that_hold(void **state)
{
    (void)state;
    for (uint32_t size = 1; size <= SMALL_MAX; size++) {
        uint32_t size_class = size_class_of(size);
        assert_true(size_class < SIZE_CLASS_COUNT && size_class_extent(size_class) >= size);
        assert_true(size_class == 0 || size_class_extent(size_class - 1) < size);
    }
    assert_int_equal(size_class_extent(SIZE_CLASS_COUNT - 1), SMALL_MAX);
}

static void test_spans_waste_less_than_a_page(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < SIZE_CLASS_COUNT; i++) {
        uint32_t used = size_class_blocks(i) * size_class_extent(i);
        uint32_t bytes = size_class_pages(i) * GRT_PAGE_SIZE;
        assert_true(used <= bytes && bytes - used < GRT_PAGE_SIZE);
        assert_true(size_class_blocks(i) >= 8 && size_class_blocks(i) <= 4096);
        assert_true(size_class_pages(i) <= 64); /* the past has six bits for it */
    }
}

static void test_aligned_classes(void **state)
{
    (void)state;
    for (uint32_t alignment = 16; alignment <= GRT_PAGE_SIZE; alignment *= 2) {
        for (uint32_t size = 1; size <= SMALL_MAX; size += 13) {
            uint32_t size_class = size_class_for(size, alignment);
            assert_true(size_class < SIZE_CLASS_COUNT);
            assert_true(size_class_extent(size_class) >= size);
            assert_int_equal(size_class_extent(size_class) % alignment, 0);
        }
    }
    assert_int_equal(size_class_for(SMALL_MAX + 1, 16), SIZE_CLASS_NONE);
    assert_int_equal(size_class_for(16, 2 * GRT_PAGE_SIZE), SIZE_CLASS_NONE);
}

static void test_past_round_trip(void **state)
{
    (void)state;
    uint32_t past = past_small(SIZE_CLASS_COUNT - 1, 63, 4096);
    assert_int_equal(past_get_kind(past), PAST_SMALL);
    assert_int_equal(past_small_class(past), SIZE_CLASS_COUNT - 1);
    assert_int_equal(past_small_page(past), 63);
    past = past_large(1u << 20);
    assert_int_equal(past_get_kind(past), PAST_LARGE);
    assert_int_equal(past_large_pages(past), 1u << 20);
}

/* ---- runs ---------------------------------------------------------------------------------------
 */

static void test_bins_are_in_order_and_narrow(void **state)
{
    (void)state;
    uint32_t before = page_runs_bin(1);
    uint32_t first_of_bin = 1;
    for (uint32_t length = 2; length <= 1u << 20; length++) {
        uint32_t bin = page_runs_bin(length);
        assert_true(bin == before || bin == before + 1);
        if (bin != before) {
            first_of_bin = length;
        }
        assert_true(length - first_of_bin <= first_of_bin / 32);
        before = bin;
    }
    assert_true(before < BIN_ROWS * BIN_COLUMNS);
}

/* ---- rate limit ---------------------------------------------------------------------------------
 */

static void test_rate_limit_of_a_kind(void **state)
{
    (void)state;
    rate_limit limit;
    memset(&limit, 0, sizeof limit);
    uint32_t lines = 0;
    for (uint32_t address = 0; address < 100000; address++) {
        lines += rate_limit_count(&limit, (rate_key){5, address, 9}) != 0;
    }
    assert_int_equal(lines, RATE_LINES + 4); /* 100, 1000, 10000, 100000 */
    assert_int_equal(rate_limit_count(&limit, (rate_key){6, 0, 9}), 1);
}

static void test_rate_limit(void **state)
{
    (void)state;
    rate_limit limit;
    memset(&limit, 0, sizeof limit);
    rate_key key = {1, 2, 3};
    uint32_t written = 0;
    for (uint32_t i = 1; i <= 100000; i++) {
        uint32_t count = rate_limit_count(&limit, key);
        assert_true(count == 0 || count == i);
        written += count != 0;
    }
    assert_int_equal(written, 6);
    assert_int_equal(rate_limit_count(&limit, (rate_key){1, 2, 4}), 1);
    assert_int_equal(rate_limit_count(&limit, (rate_key){2, 2, 3}), 1);
}

/* ---- words of chunks ---------------------------------------------------------------------------
 */

static bool is_set(uint64_t word, uint32_t bit)
{
    return bit < CHUNK_PAGES && (word >> bit & 1) != 0;
}

/* Set bits from [first] on. */
static uint32_t run_from(uint64_t word, uint32_t first)
{
    uint32_t length = 0;
    while (is_set(word, first + length)) {
        length++;
    }
    return length;
}

static void check_free_pages(uint64_t word)
{
    uint32_t longest = 0, start = 0;
    for (uint32_t bit = 0; bit < CHUNK_PAGES; bit++) {
        uint32_t length = run_from(word, bit);
        longest = length > longest ? length : longest;
        start = is_set(word, bit) ? start : bit + 1;
        if (length > 0) {
            assert_int_equal(chunk_run_around(word, bit), bit - start + length);
        }
        for (uint32_t pages = 1; pages <= MEDIUM_PAGES_MAX; pages++) {
            assert_int_equal(is_set(chunk_fits(word, pages), bit), length >= pages);
        }
    }
    assert_int_equal(chunk_longest(word), longest < MEDIUM_PAGES_MAX ? longest : MEDIUM_PAGES_MAX);
}

/* Every single run, against a loop, and words with several of them. */
static void test_words_of_chunks(void **state)
{
    (void)state;
    test_random random = random_from_environment("test_words_of_chunks");
    check_free_pages(0);
    for (uint32_t first = 0; first < CHUNK_PAGES; first++) {
        for (uint32_t pages = 1; first + pages <= CHUNK_PAGES; pages++) {
            uint64_t mask = chunk_mask(first, pages);
            assert_int_equal(run_from(mask, first), pages);
            assert_int_equal(__builtin_popcountll(mask), pages);
            check_free_pages(mask);
        }
    }
    for (uint32_t i = 0; i < 2000; i++) {
        uint64_t word = CHUNK_WHOLE;
        for (uint32_t cuts = random_below(&random, 12); cuts > 0; cuts--) {
            word &= ~(UINT64_C(1) << random_below(&random, CHUNK_PAGES));
        }
        check_free_pages(word);
    }
}

/* ---- records of spans --------------------------------------------------------------------------
 */

static span_pool pool;

/* As many spans of a class as fit so many pages; each marks all that is its own. */
static uint32_t make_spans(uint32_t size_class, uint32_t pages, heap_span **spans)
{
    uint32_t count = 0;
    for (uint32_t page = 0; page + size_class_pages(size_class) <= pages;
         page += size_class_pages(size_class)) {
        heap_span *span = span_create(&pool, size_class, page);
        for (uint32_t i = 0; i < span_room(span); i++) {
            pool.slots[span->slot + i] = (heap_slot)page;
        }
        span->summary = page;
        spans[count++] = span;
    }
    return count;
}

static void expect_own(const heap_span *span, uint32_t size_class, uint32_t page)
{
    assert_int_equal(span->page, page);
    assert_int_equal(span->summary, page);
    for (uint32_t word = 0; word < span_words(span); word++) {
        assert_int_equal(span_bits(span)[word], 0);
    }
    for (uint32_t i = 0; i < span_room(span); i++) {
        assert_int_equal(pool.slots[span->slot + i], page);
    }
    uint32_t last = size_class_pages(size_class) * GRT_PAGE_SIZE - 1;
    assert_true(last / size_class_extent(size_class) < span_room(span));
}

/* There is a record for every span that fits, and none is in another. */
static void test_records_of_spans(void **state)
{
    (void)state;
    static const uint32_t pages[] = {1, 14, 15, 16, 17, 29, 30, 31, 32, 45, 60, 75, 90, 240, 1000};
    static uint32_t latest[1000];
    heap_span *spans[1000 / 14];
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        size_t before = slots_before_spans(pages[i]) * sizeof(heap_slot);
        before =
            (before + SPAN_RECORD_ALIGNMENT - 1) / SPAN_RECORD_ALIGNMENT * SPAN_RECORD_ALIGNMENT;
        size_t size = before + span_pool_size(pages[i]);
        unsigned char *storage = aligned_alloc(SPAN_RECORD_ALIGNMENT, size);
        memset(storage, 0, size);
        span_pool_init(&pool, pages[i], (heap_slot *)(void *)storage, storage + before, latest);
        for (uint32_t size_class = 0; size_class < SIZE_CLASS_COUNT; size_class++) {
            uint32_t count = make_spans(size_class, pages[i], spans);
            for (uint32_t at = 0; at < count; at++) {
                expect_own(spans[at], size_class, at * size_class_pages(size_class));
                span_destroy(&pool, spans[at]);
            }
        }
        free(storage);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records_of_spans),
        cmocka_unit_test(test_the_table_of_classes),
        cmocka_unit_test(test_blocks_are_found_by_a_multiplication),
        cmocka_unit_test(test_plain_bitmap_against_bytes),
        cmocka_unit_test(test_layered_bitmap),
        cmocka_unit_test(test_size_classes_are_the_smallest_that_hold),
        cmocka_unit_test(test_spans_waste_less_than_a_page),
        cmocka_unit_test(test_aligned_classes),
        cmocka_unit_test(test_past_round_trip),
        cmocka_unit_test(test_bins_are_in_order_and_narrow),
        cmocka_unit_test(test_rate_limit),
        cmocka_unit_test(test_rate_limit_of_a_kind),
        cmocka_unit_test(test_words_of_chunks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
