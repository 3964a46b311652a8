/*
 * test_heap.c - what the heap's public functions promise, one promise a test.
 */
#include "heap_fixture.h"

#define KIB 1024u
#define MIB (1024u * 1024u)

static heap_fixture fixture;

static void *host(grt_addr address)
{
    return grt_memory_host(fixture.memory, address);
}

static bool all_bytes_are(grt_addr address, uint32_t size, unsigned char value)
{
    const unsigned char *bytes = host(address);
    for (uint32_t i = 0; i < size; i++) {
        if (bytes[i] != value) {
            return false;
        }
    }
    return true;
}

/* ---- creation -----------------------------------------------------------------------------------
 */

static void test_default_range_is_the_originals(void **state)
{
    (void)state;
    fixture_open(&fixture, 0);
    grt_heap_stats stats = stats_of(fixture.heap);
    assert_int_equal(stats.capacity, 2145910784u);
    assert_int_equal(stats.free, stats.capacity);
    assert_int_equal(stats.largest_free, stats.capacity);
    assert_int_equal(stats.committed, 0);
    assert_true(grt_heap_owns(fixture.heap, 0x00020000u));
    assert_true(grt_heap_owns(fixture.heap, 0x7FE9FFFFu));
    assert_false(grt_heap_owns(fixture.heap, 0x0001FFFFu));
    assert_false(grt_heap_owns(fixture.heap, 0x7FEA0000u));
    fixture_close(&fixture);
}

static void test_create_refuses_bad_ranges(void **state)
{
    (void)state;
    fixture_open(&fixture, 16);
    grt_heap *second;
    grt_heap_config config = fixture_config(&fixture, 16);
    assert_int_equal(grt_heap_create(fixture.memory, &config, &second), GRT_REGION_OVERLAP);
    assert_null(second);
    config.first += 16 * GRT_PAGE_SIZE + 1;
    config.end += 32 * GRT_PAGE_SIZE;
    assert_int_equal(grt_heap_create(fixture.memory, &config, &second), GRT_INVALID_ARGUMENT);
    config.first = 0;
    assert_int_equal(grt_heap_create(fixture.memory, &config, &second), GRT_INVALID_ARGUMENT);
    config.first = 0x40000000u;
    config.end = 0x40000000u;
    assert_int_equal(grt_heap_create(fixture.memory, &config, &second), GRT_INVALID_ARGUMENT);
    fixture_close(&fixture);
}

static void test_the_last_bytes_of_the_window_are_usable(void **state)
{
    (void)state;
    grt_heap_config config = fixture_config(&fixture, 1);
    config.first = GRT_FLAT_PHYSICAL_FIRST;
    config.end = GRT_FLAT_PHYSICAL_END;
    fixture_open_with(&fixture, &config);
    uint32_t size = (uint32_t)(config.end - config.first);
    assert_int_equal(grt_heap_alloc(fixture.heap, size), GRT_FLAT_PHYSICAL_FIRST);
    *(char *)host(0xFFFFFFFFu) = 1;
    assert_int_equal(grt_heap_free(fixture.heap, GRT_FLAT_PHYSICAL_FIRST), GRT_OK);
    fixture_close(&fixture);
}

/* ---- sizes and alignments -----------------------------------------------------------------------
 */

static void test_every_small_size_and_alignment(void **state)
{
    (void)state;
    fixture_open(&fixture, 4096);
    for (uint32_t alignment = 16; alignment <= 8192; alignment *= 2) {
        for (uint32_t size = 0; size < 40 * KIB; size += size < 600 ? 1 : 509) {
            grt_addr block = grt_heap_alloc_aligned(fixture.heap, size, alignment);
            assert_int_not_equal(block, 0);
            assert_int_equal(block % alignment, 0);
            assert_int_equal(grt_heap_size(fixture.heap, block), size == 0 ? 1 : size);
            memset(host(block), 0xA5, size);
            assert_int_equal(grt_heap_free(fixture.heap, block), GRT_OK);
        }
    }
    fixture_close(&fixture);
}

static void test_rounding_wastes_at_most_an_eighth_or_a_page(void **state)
{
    (void)state;
    fixture_open(&fixture, 4096);
    for (uint32_t size = 129; size <= 32 * KIB; size += 7) {
        uint64_t before = stats_of(fixture.heap).live;
        grt_addr block = grt_heap_alloc(fixture.heap, size);
        uint64_t extent = stats_of(fixture.heap).live - before;
        uint32_t waste = size <= 8 * KIB ? size / 8 + 1 : GRT_PAGE_SIZE - 1;
        assert_true(extent >= size && extent - size <= waste);
        grt_heap_free(fixture.heap, block);
    }
    fixture_close(&fixture);
}

static void test_large_alignments_up_to_16_mib(void **state)
{
    (void)state;
    fixture_open(&fixture, 0);
    for (uint32_t alignment = 8 * KIB; alignment <= 16 * MIB; alignment *= 2) {
        grt_addr first = grt_heap_alloc_aligned(fixture.heap, 100, alignment);
        grt_addr second = grt_heap_alloc_aligned(fixture.heap, 3 * MIB, alignment);
        assert_true(first != 0 && first % alignment == 0);
        assert_true(second != 0 && second % alignment == 0);
    }
    fixture_close(&fixture);
}

static void test_alignment_zero_means_sixteen(void **state)
{
    (void)state;
    fixture_open(&fixture, 64);
    grt_addr block = grt_heap_alloc_aligned(fixture.heap, 5, 0);
    assert_true(block != 0 && block % 16 == 0);
    block = grt_heap_alloc_aligned(fixture.heap, 5, 2);
    assert_true(block != 0 && block % 16 == 0);
    fixture_close(&fixture);
}

/* An aligned request finds the only place that fits exactly. */
static void test_exact_aligned_fit(void **state)
{
    (void)state;
    fixture_open(&fixture, 256); /* from 0x20000, so 0x40000 is 128 KiB in */
    grt_addr block = grt_heap_alloc_aligned(fixture.heap, 224 * GRT_PAGE_SIZE, 0x40000);
    assert_int_equal(block, 0x40000);
    fixture_close(&fixture);
}

/* ---- capacity -----------------------------------------------------------------------------------
 */

static void test_one_block_of_the_whole_capacity(void **state)
{
    (void)state;
    fixture_open(&fixture, 0);
    for (int round = 0; round < 3; round++) {
        grt_addr block = grt_heap_alloc(fixture.heap, 2145910784u);
        assert_int_equal(block, 0x00020000u);
        assert_int_equal(stats_of(fixture.heap).free, 0);
        ((char *)host(block))[2145910783u] = 1;
        assert_int_equal(grt_heap_free(fixture.heap, block), GRT_OK);
    }
    assert_int_equal(stats_of(fixture.heap).committed, 0); /* far more than is worth keeping */
    fixture_close(&fixture);
}

static uint32_t count_until_full(uint32_t size)
{
    uint32_t count = 0;
    while (grt_heap_alloc(fixture.heap, size) != 0) {
        count++;
    }
    return count;
}

static void test_mebibytes_until_full(void **state)
{
    (void)state;
    fixture_open(&fixture, 0);
    assert_int_equal(count_until_full(MIB), 2046);
    grt_heap_failure failure;
    assert_true(grt_heap_last_failure(&failure));
    assert_int_equal(failure.cause, GRT_HEAP_EXHAUSTED);
    assert_int_equal(failure.would_fit, 2145910784u - 2046 * MIB);
    fixture_close(&fixture);
}

static void test_thread_contexts_until_full(void **state)
{
    (void)state;
    fixture_open(&fixture, 0);
    assert_in_range(count_until_full(265872), 8050, 8072);
    fixture_close(&fixture);
}

static void test_small_blocks_until_the_last_page(void **state)
{
    (void)state;
    fixture_open(&fixture, 21); /* a span and five pages that are no span */
    grt_heap_stats stats;
    assert_true(count_until_full(100) > 16 * 36);
    stats = stats_of(fixture.heap);
    assert_int_equal(stats.free, 0);
    fixture_close(&fixture);
}

/* Spans that are merely kept are given up before a request is refused. */
static void test_kept_spans_do_not_starve_a_large_request(void **state)
{
    (void)state;
    fixture_open(&fixture, 64);
    for (uint32_t size = 16; size <= 512; size *= 4) {
        grt_heap_free(fixture.heap, grt_heap_alloc(fixture.heap, size));
    }
    assert_true(stats_of(fixture.heap).cached > 0);
    assert_int_not_equal(grt_heap_alloc(fixture.heap, 64 * GRT_PAGE_SIZE), 0);
    assert_int_equal(stats_of(fixture.heap).cached, 0);
    fixture_close(&fixture);
}

/* ---- zeroed blocks ------------------------------------------------------------------------------
 */

static void dirty_everything(void)
{
    for (uint64_t page = 0x20000; page < 0x20000 + stats_of(fixture.heap).capacity;
         page += GRT_PAGE_SIZE) {
        if (grt_memory_accessible(fixture.memory, (grt_addr)page, GRT_PAGE_SIZE, GRT_READ_WRITE)) {
            memset(host((grt_addr)page), 0xCC, GRT_PAGE_SIZE);
        }
    }
}

/* Even where a wild guest store hit memory that no block ever covered. */
static void test_zeroed_blocks_are_zero(void **state)
{
    static const uint32_t sizes[] = {1, 100, 4096, 40 * KIB, 265872, MIB};
    (void)state;
    fixture_open(&fixture, 2048);
    for (size_t i = 0; i < 3 * sizeof sizes / sizeof sizes[0]; i++) {
        uint32_t size = sizes[i % (sizeof sizes / sizeof sizes[0])];
        dirty_everything();
        grt_addr block = grt_heap_alloc_zeroed(fixture.heap, size);
        assert_int_not_equal(block, 0);
        assert_true(all_bytes_are(block, size, 0));
        if (i % 2 == 0) {
            dirty_everything();
            grt_heap_free(fixture.heap, block);
        }
    }
    fixture_close(&fixture);
}

/* Clearing in units may touch the rest of the last unit, which is the block's, and nothing else. */
static void test_zeroing_stays_in_the_block(void **state)
{
    (void)state;
    fixture_open(&fixture, 2048);
    for (uint32_t size = 1; size <= 8192; size += size < 600 ? 1 : 500) {
        (void)grt_heap_alloc(fixture.heap, size); /* what is before the next one is the heap's */
        grt_heap_free(fixture.heap, grt_heap_alloc(fixture.heap, size)); /* and it is backed */
        dirty_everything();
        grt_addr block = grt_heap_alloc_zeroed(fixture.heap, size);
        assert_true(all_bytes_are(block, size, 0));
        assert_true(all_bytes_are(block - 16, 16, 0xCC));
        assert_true(all_bytes_are(block + (size + 15) / 16 * 16, 16, 0xCC));
    }
    fixture_close(&fixture);
}

/* More separate stale stretches than the request can list one by one. */
static void test_zeroed_over_many_stale_stretches(void **state)
{
    (void)state;
    fixture_open(&fixture, 1024);
    grt_addr blocks[24];
    for (int i = 0; i < 24; i++) {
        blocks[i] = grt_heap_alloc(fixture.heap, 40 * GRT_PAGE_SIZE);
    }
    for (int i = 0; i < 24; i += 2) { /* each second one vanishes from the host */
        grt_heap_free(fixture.heap, blocks[i]);
    }
    assert_true(grt_heap_trim(fixture.heap) > 0);
    dirty_everything();
    for (int i = 1; i < 24; i += 2) {
        grt_heap_free(fixture.heap, blocks[i]);
    }
    grt_addr block = grt_heap_alloc_zeroed(fixture.heap, 1024 * GRT_PAGE_SIZE);
    assert_int_not_equal(block, 0);
    assert_true(all_bytes_are(block, 1024 * GRT_PAGE_SIZE, 0));
    fixture_close(&fixture);
}

/* A hole that just fits is better than a part of a long run. */
static void test_a_run_that_just_fits_is_taken(void **state)
{
    (void)state;
    fixture_open(&fixture, 4096);
    grt_addr hole = grt_heap_alloc(fixture.heap, 101 * GRT_PAGE_SIZE);
    (void)grt_heap_alloc(fixture.heap, 40 * GRT_PAGE_SIZE);
    assert_int_equal(grt_heap_free(fixture.heap, hole), GRT_OK);
    assert_int_equal(grt_heap_alloc(fixture.heap, 101 * GRT_PAGE_SIZE), hole);
    fixture_close(&fixture);
}

/* ---- realloc ------------------------------------------------------------------------------------
 */

static void test_realloc_keeps_bytes_over_all_kinds(void **state)
{
    static const uint32_t sizes[] = {1,        40,        41,       100,     20 * KIB, 40 * KIB,
                                     33 * KIB, 300 * KIB, 90 * KIB, 2 * MIB, 50,       0};
    (void)state;
    fixture_open(&fixture, 4096);
    grt_addr block = grt_heap_realloc(fixture.heap, 0, 1);
    uint32_t size = 1;
    memset(host(block), 0x5A, size);
    for (int round = 0; round < 40; round++) {
        uint32_t next = sizes[(round * 7) % 12];
        block = grt_heap_realloc(fixture.heap, block, next);
        next = next == 0 ? 1 : next;
        assert_int_not_equal(block, 0);
        assert_int_equal(grt_heap_size(fixture.heap, block), next);
        assert_true(all_bytes_are(block, size < next ? size : next, 0x5A));
        memset(host(block), 0x5A, next);
        size = next;
        assert_int_equal(stats_of(fixture.heap).blocks, 1);
        assert_heap_sound(fixture.heap);
    }
    fixture_close(&fixture);
}

/* A move copies what both blocks have, and changes nothing around the new one. */
static void test_realloc_copies_as_much_as_both_have(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {1,   16,  17,  48,  64,  128,  200,  240,
                                     255, 256, 257, 272, 512, 1000, 4096, 8192};
    enum { SIZES = sizeof sizes / sizeof sizes[0] };
    fixture_open(&fixture, 4096);
    for (uint32_t pair = 0; pair < SIZES * SIZES; pair++) {
        uint32_t from = sizes[pair / SIZES], to = sizes[pair % SIZES];
        grt_addr around[3]; /* the new block is the one in the middle */
        for (int i = 0; i < 3; i++) {
            around[i] = grt_heap_alloc(fixture.heap, to);
            memset(host(around[i]), 0xA0 + i, to);
        }
        grt_addr block = grt_heap_alloc(fixture.heap, from);
        memset(host(block), 0xBB, from);
        assert_int_equal(grt_heap_free(fixture.heap, around[1]), GRT_OK);
        grt_addr moved = grt_heap_realloc(fixture.heap, block, to);
        assert_true(moved == block || moved == around[1]);
        assert_true(all_bytes_are(moved, from < to ? from : to, 0xBB));
        assert_true(all_bytes_are(around[0], to, 0xA0) && all_bytes_are(around[2], to, 0xA2));
    }
    fixture_close(&fixture);
}

static void test_realloc_large_stays_in_place_when_it_can(void **state)
{
    (void)state;
    fixture_open(&fixture, 1024);
    grt_addr block = grt_heap_alloc(fixture.heap, 150 * KIB);
    assert_int_equal(grt_heap_realloc(fixture.heap, block, 2 * MIB), block);
    assert_int_equal(grt_heap_realloc(fixture.heap, block, 60 * KIB), block);
    grt_addr wall = grt_heap_alloc(fixture.heap, 150 * KIB);
    assert_int_equal(wall, block + 60 * KIB);
    assert_int_not_equal(grt_heap_realloc(fixture.heap, block, 200 * KIB), block);
    fixture_close(&fixture);
}

static void test_realloc_failure_leaves_the_block(void **state)
{
    (void)state;
    fixture_open(&fixture, 64);
    grt_addr block = grt_heap_alloc(fixture.heap, 100 * KIB);
    memset(host(block), 7, 100 * KIB);
    assert_int_equal(grt_heap_realloc(fixture.heap, block, MIB), 0);
    assert_int_equal(grt_heap_size(fixture.heap, block), 100 * KIB);
    assert_true(all_bytes_are(block, 100 * KIB, 7));
    fixture_close(&fixture);
}

static void test_realloc_smaller_never_fails(void **state)
{
    (void)state;
    fixture_open(&fixture, 64);
    grt_addr large = grt_heap_alloc(fixture.heap, 40 * KIB);
    grt_addr small = grt_heap_alloc(fixture.heap, 1000);
    grt_heap_inject_failure(fixture.heap, 1, true);
    assert_int_equal(grt_heap_realloc(fixture.heap, large, 16), large);
    assert_int_equal(grt_heap_realloc(fixture.heap, small, 16), small);
    assert_int_equal(grt_heap_size(fixture.heap, large), 16);
    assert_int_equal(grt_heap_size(fixture.heap, small), 16);
    grt_heap_inject_failure(fixture.heap, 0, false);
    fixture_close(&fixture);
}

/* ---- statistics, trimming, walking --------------------------------------------------------------
 */

static void test_statistics_add_up(void **state)
{
    (void)state;
    fixture_open(&fixture, 4096);
    test_random random = {1};
    grt_addr blocks[300] = {0};
    uint64_t asked = 0;
    for (int i = 0; i < 5000; i++) {
        uint32_t slot = random_below(&random, 300);
        if (blocks[slot] != 0) {
            asked -= grt_heap_size(fixture.heap, blocks[slot]);
            grt_heap_free(fixture.heap, blocks[slot]);
        }
        uint32_t size = random_size(&random, 60000);
        blocks[slot] = grt_heap_alloc(fixture.heap, size);
        asked += blocks[slot] != 0 ? (size == 0 ? 1 : size) : 0;
        grt_heap_stats stats = stats_of(fixture.heap);
        assert_int_equal(stats.capacity, stats.live + stats.cached + stats.free);
        assert_int_equal(stats.live_asked, asked);
        assert_int_equal(stats.blocks, stats.allocations - stats.frees);
        assert_true(stats.live + stats.cached <= stats.committed);
        assert_true(stats.largest_free <= stats.free);
    }
    fixture_close(&fixture);
}

/* Frees both, and more than so many bytes go back to the host: all there are. */
static void expect_trim_of_all(grt_addr small, grt_addr large, uint64_t least)
{
    grt_heap_free(fixture.heap, small);
    grt_heap_free(fixture.heap, large);
    uint64_t committed = stats_of(fixture.heap).committed;
    assert_true(committed > least);
    assert_int_equal(grt_heap_trim(fixture.heap), committed);
    assert_int_equal(stats_of(fixture.heap).committed, 0);
}

static void test_trim_gives_everything_back(void **state)
{
    (void)state;
    fixture_open(&fixture, 4096);
    grt_addr small = grt_heap_alloc(fixture.heap, 10);
    grt_addr large = grt_heap_alloc(fixture.heap, 3 * MIB);
    expect_trim_of_all(small, large, 3 * MIB);
    assert_false(grt_memory_accessible(fixture.memory, large, 1, GRT_READ_ONLY));
    assert_int_equal(grt_heap_trim(fixture.heap), 0);
    fixture_close(&fixture);
}

/* Also what goes back while kept blocks are taken back. */
static void test_trim_tells_how_much(void **state)
{
    (void)state;
    fixture_open(&fixture, 0);
    grt_addr small = grt_heap_alloc(fixture.heap, 100);
    grt_addr large = grt_heap_alloc(fixture.heap, 64 * MIB);
    expect_trim_of_all(small, large, 64 * MIB);
    fixture_close(&fixture);
}

static void test_few_free_pages_are_kept(void **state)
{
    (void)state;
    fixture_open(&fixture, 0);
    grt_addr blocks[100];
    for (int i = 0; i < 100; i++) {
        blocks[i] = grt_heap_alloc(fixture.heap, MIB);
    }
    for (int i = 0; i < 100; i++) {
        grt_heap_free(fixture.heap, blocks[i]);
    }
    assert_true(stats_of(fixture.heap).committed <= 64 * MIB);
    fixture_close(&fixture);
}

/* What the guest did to the pages of its block does not follow them to the next owner. */
static void test_protected_and_decommitted_pages_come_back(void **state)
{
    (void)state;
    fixture_open(&fixture, 256);
    grt_addr block = grt_heap_alloc(fixture.heap, 64 * GRT_PAGE_SIZE);
    assert_int_equal(grt_memory_protect(fixture.memory, block, 4096, GRT_NO_ACCESS), GRT_OK);
    assert_int_equal(grt_memory_decommit(fixture.memory, block + 8192, 4096), GRT_OK);
    assert_int_equal(grt_heap_free(fixture.heap, block), GRT_OK);
    assert_heap_sound(fixture.heap);
    block = grt_heap_alloc_zeroed(fixture.heap, 256 * GRT_PAGE_SIZE);
    assert_true(all_bytes_are(block, 256 * GRT_PAGE_SIZE, 0));
    fixture_close(&fixture);
}

static void test_pages_of_what_is_cut_off_come_back(void **state)
{
    (void)state;
    fixture_open(&fixture, 256);
    grt_addr block = grt_heap_alloc(fixture.heap, 64 * GRT_PAGE_SIZE);
    grt_addr cut = block + 40 * GRT_PAGE_SIZE;
    assert_int_equal(grt_memory_protect(fixture.memory, cut, 4096, GRT_NO_ACCESS), GRT_OK);
    assert_int_equal(grt_memory_decommit(fixture.memory, cut + 8192, 4096), GRT_OK);
    assert_int_equal(grt_heap_realloc(fixture.heap, block, 20 * GRT_PAGE_SIZE), block);
    assert_heap_sound(fixture.heap);
    assert_int_equal(grt_heap_realloc(fixture.heap, block, 200 * GRT_PAGE_SIZE), block);
    memset(host(block), 1, 200 * GRT_PAGE_SIZE);
    fixture_close(&fixture);
}

typedef struct walk_result {
    uint32_t count;
    grt_addr last;
    uint64_t asked;
} walk_result;

static bool count_block(void *user, grt_addr block, uint32_t asked, uint32_t extent)
{
    walk_result *result = user;
    assert_true(block > result->last && asked <= extent);
    result->count++;
    result->last = block;
    result->asked += asked;
    return result->count < 50;
}

static void test_walk_visits_in_address_order_and_stops(void **state)
{
    (void)state;
    fixture_open(&fixture, 4096);
    for (uint32_t i = 0; i < 49; i++) {
        assert_int_not_equal(grt_heap_alloc(fixture.heap, 1 + i * 997), 0);
    }
    walk_result result = {0};
    grt_heap_walk(fixture.heap, count_block, &result);
    assert_int_equal(result.count, 49);
    assert_int_equal(result.asked, stats_of(fixture.heap).live_asked);
    for (uint32_t i = 0; i < 20; i++) {
        assert_int_not_equal(grt_heap_alloc(fixture.heap, 10), 0);
    }
    result = (walk_result){0};
    grt_heap_walk(fixture.heap, count_block, &result);
    assert_int_equal(result.count, 50);
    fixture_close(&fixture);
}

static void test_placement_depends_on_calls_alone(void **state)
{
    (void)state;
    static grt_addr placed[2][2000];
    for (int run = 0; run < 2; run++) {
        fixture_open(&fixture, 8192);
        test_random random = {42};
        for (int i = 0; i < 2000; i++) {
            placed[run][i] = grt_heap_alloc(fixture.heap, random_size(&random, 100000));
            if (i % 3 == 2) {
                grt_heap_free(fixture.heap, placed[run][random_below(&random, (uint32_t)i)]);
            }
        }
        grt_heap_destroy(fixture.heap);
        grt_memory_destroy(fixture.memory);
    }
    assert_memory_equal(placed[0], placed[1], sizeof placed[0]);
}

static void test_a_thousand_heaps(void **state)
{
    (void)state;
    fixture_open(&fixture, 64);
    for (int i = 0; i < 1000; i++) {
        grt_heap_config config = fixture_config(&fixture, 0);
        config.first = 0x10000000u;
        config.end = 0x20000000u;
        grt_heap *heap;
        assert_int_equal(grt_heap_create(fixture.memory, &config, &heap), GRT_OK);
        assert_int_not_equal(grt_heap_alloc(heap, 100), 0);
        assert_int_not_equal(grt_heap_alloc(heap, 100 * KIB), 0);
        grt_heap_destroy(heap);
    }
    grt_memory_stats stats;
    grt_memory_get_stats(fixture.memory, &stats);
    assert_int_equal(stats.committed, 0);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_default_range_is_the_originals),
        cmocka_unit_test(test_create_refuses_bad_ranges),
        cmocka_unit_test(test_the_last_bytes_of_the_window_are_usable),
        cmocka_unit_test(test_every_small_size_and_alignment),
        cmocka_unit_test(test_rounding_wastes_at_most_an_eighth_or_a_page),
        cmocka_unit_test(test_large_alignments_up_to_16_mib),
        cmocka_unit_test(test_alignment_zero_means_sixteen),
        cmocka_unit_test(test_exact_aligned_fit),
        cmocka_unit_test(test_one_block_of_the_whole_capacity),
        cmocka_unit_test(test_mebibytes_until_full),
        cmocka_unit_test(test_thread_contexts_until_full),
        cmocka_unit_test(test_small_blocks_until_the_last_page),
        cmocka_unit_test(test_kept_spans_do_not_starve_a_large_request),
        cmocka_unit_test(test_zeroed_blocks_are_zero),
        cmocka_unit_test(test_zeroing_stays_in_the_block),
        cmocka_unit_test(test_zeroed_over_many_stale_stretches),
        cmocka_unit_test(test_a_run_that_just_fits_is_taken),
        cmocka_unit_test(test_realloc_keeps_bytes_over_all_kinds),
        cmocka_unit_test(test_realloc_copies_as_much_as_both_have),
        cmocka_unit_test(test_realloc_large_stays_in_place_when_it_can),
        cmocka_unit_test(test_realloc_failure_leaves_the_block),
        cmocka_unit_test(test_realloc_smaller_never_fails),
        cmocka_unit_test(test_statistics_add_up),
        cmocka_unit_test(test_trim_gives_everything_back),
        cmocka_unit_test(test_trim_tells_how_much),
        cmocka_unit_test(test_few_free_pages_are_kept),
        cmocka_unit_test(test_protected_and_decommitted_pages_come_back),
        cmocka_unit_test(test_pages_of_what_is_cut_off_come_back),
        cmocka_unit_test(test_walk_visits_in_address_order_and_stops),
        cmocka_unit_test(test_placement_depends_on_calls_alone),
        cmocka_unit_test(test_a_thousand_heaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
