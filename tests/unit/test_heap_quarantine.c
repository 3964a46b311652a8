/*
 * test_heap_quarantine.c - freed blocks that are not handed out again for a while.
 */
#include "heap_fixture.h"

static heap_fixture fixture;

static grt_addr alloc(uint32_t size)
{
    grt_addr block = grt_heap_alloc(fixture.heap, size);
    assert_int_not_equal(block, 0);
    return block;
}

static void free_block(grt_addr block)
{
    assert_int_equal(grt_heap_free(fixture.heap, block), GRT_OK);
}

static void test_a_freed_block_is_not_handed_out(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "quarantine=1K");
    grt_addr block = alloc(64);
    free_block(block);
    grt_addr large = alloc(100);
    for (int i = 0; i < 1000; i++) {
        assert_int_not_equal(alloc(64), block);
    }
    assert_int_equal(grt_heap_free(fixture.heap, block), GRT_DOUBLE_FREE);
    assert_string_equal(
        fixture.line[0],
        "[HEAP-BAD-FREE] free address=0x00020000 status=GRT_DOUBLE_FREE heap=user "
        "call_site=0x00000000 repeat=1: the start of a freed block that occupied 64 bytes");
    grt_block_info info;
    grt_heap_describe(fixture.heap, block + 8, &info);
    assert_int_equal(info.state, GRT_BLOCK_FREED);
    assert_true(info.quarantined);
    grt_heap_describe(fixture.heap, large, &info);
    assert_false(info.quarantined);
    fixture_close(&fixture);
}

/* First in, first out, and no byte more than was asked for. */
static void test_the_oldest_leaves_first(void **state)
{
    (void)state;
    grt_addr blocks[5];
    fixture_open_options(&fixture, 256, "quarantine=256");
    for (int i = 0; i < 5; i++) {
        blocks[i] = alloc(64);
    }
    for (int i = 0; i < 4; i++) {
        free_block(blocks[i]);
        assert_int_equal(stats_of(fixture.heap).quarantined, 64 * (i + 1));
    }
    assert_int_equal(alloc(64), blocks[4] + 64); /* 256 bytes are not too many */
    free_block(blocks[4]);
    assert_int_equal(stats_of(fixture.heap).quarantined, 256);
    assert_int_equal(alloc(64), blocks[0]);
    free_block(alloc(128)); /* takes the place of two */
    assert_int_equal(stats_of(fixture.heap).quarantined, 256);
    assert_int_equal(alloc(64), blocks[2]);
    assert_int_equal(alloc(64), blocks[1]);
    assert_int_not_equal(alloc(64), blocks[3]);
    fixture_close(&fixture);
}

static void test_large_blocks(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "quarantine=100K");
    grt_addr block = alloc(100000); /* 102,400 */
    free_block(block);
    assert_int_equal(stats_of(fixture.heap).quarantined, 102400);
    assert_int_equal(grt_heap_free(fixture.heap, block), GRT_DOUBLE_FREE);
    assert_int_equal(grt_heap_free(fixture.heap, block + 16), GRT_NOT_A_BLOCK);
    assert_int_equal(grt_heap_free(fixture.heap, block + 8192), GRT_NOT_A_BLOCK);
    assert_int_equal(grt_heap_size(fixture.heap, block), UINT32_MAX);
    grt_block_info info;
    grt_heap_describe(fixture.heap, block + 8192, &info);
    assert_int_equal(info.state, GRT_BLOCK_FREED);
    assert_int_equal(info.start, block);
    assert_int_equal(info.extent, 102400);
    assert_true(info.quarantined);
    assert_int_not_equal(alloc(100000), block);
    free_block(alloc(40000));
    assert_int_equal(stats_of(fixture.heap).quarantined, 40960);
    assert_int_equal(alloc(100000), block);
    fixture_close(&fixture);
}

/* One that does not fit the quarantine leaves it as it is. */
static void test_a_block_that_is_too_large(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "quarantine=102399");
    grt_addr small = alloc(64);
    grt_addr block = alloc(100000);
    free_block(small);
    free_block(block);
    assert_int_equal(stats_of(fixture.heap).quarantined, 64);
    assert_int_equal(alloc(100000), block);
    fixture_close(&fixture);
}

static void test_statistics(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "quarantine=1M");
    grt_addr small = alloc(100);
    grt_addr large = alloc(100000);
    grt_heap_stats before = stats_of(fixture.heap);
    free_block(small);
    free_block(large);
    grt_heap_stats after = stats_of(fixture.heap);
    assert_int_equal(after.live, before.live - 112 - 102400);
    assert_int_equal(after.cached, before.cached + 112 + 102400);
    assert_int_equal(after.cached_by_threads, before.cached_by_threads);
    assert_int_equal(after.quarantined, 112 + 102400);
    assert_int_equal(after.free, before.free);
    assert_int_equal(after.blocks, 0);
    assert_int_equal(after.frees, 2);
    assert_int_equal(after.live_asked, 0);
    assert_int_equal(after.capacity, after.live + after.cached + after.free);
    fixture_close(&fixture);
}

/* Kept blocks make way before a request is refused: for want of pages, of budget, and in a trim. */
static void test_it_is_drained_before_a_refusal(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 64, "quarantine=1M");
    for (int i = 0; i < 20; i++) {
        free_block(alloc(200000));
    }
    assert_int_equal(stats_of(fixture.heap).failures, 0);
    fixture_close(&fixture);
    fixture_open_options(&fixture, 256, "quarantine=1M,budget=300000");
    for (int i = 0; i < 20; i++) {
        free_block(alloc(200000));
    }
    assert_int_equal(stats_of(fixture.heap).failures, 0);
    assert_int_equal(stats_of(fixture.heap).quarantined, 200704);
    grt_heap_trim(fixture.heap);
    assert_int_equal(stats_of(fixture.heap).quarantined, 0);
    assert_int_equal(stats_of(fixture.heap).free, stats_of(fixture.heap).capacity);
    fixture_close(&fixture);
}

/* Whoever moves a block frees the old one. */
static void test_a_move_frees_the_old_block(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "quarantine=1M");
    grt_addr block = alloc(64);
    grt_addr moved = grt_heap_realloc(fixture.heap, block, 500);
    assert_int_not_equal(moved, block);
    assert_int_equal(stats_of(fixture.heap).quarantined, 64);
    assert_int_equal(grt_heap_realloc(fixture.heap, block, 10), 0);
    assert_int_equal(grt_heap_free(fixture.heap, block), GRT_DOUBLE_FREE);
    fixture_close(&fixture);
}

static void test_with_fill(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "quarantine=64,fill");
    grt_addr block = alloc(60);
    grt_addr other = alloc(60);
    free_block(block);
    ((uint8_t *)grt_memory_host(fixture.memory, block))[5] = 7;
    char text[256];
    assert_false(grt_heap_check(fixture.heap, text, sizeof text));
    assert_string_equal(text,
                        "the freed block 0x00020000 of 64 bytes was written to: byte 5 is 07");
    free_block(other); /* so that the first one leaves */
    assert_int_equal(fixture.lines, 0);
    assert_int_equal(alloc(60), block);
    assert_int_equal(fixture.lines, 1);
    assert_string_equal(fixture.line[0],
                        "[HEAP-DAMAGE] write-after-free block=0x00020000 occupied=64 damage=5-5 "
                        "found=079D9D9D9D9D9D9D noticed_by=alloc heap=user call_site=0x00000000 "
                        "repeat=1: a freed block was written to");
    fixture_close(&fixture);
}

/* More blocks than the queue can ever hold at once go through it. */
static void test_the_queue_wraps(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "quarantine=160");
    for (int i = 0; i < 1000; i++) {
        free_block(alloc(16));
        free_block(alloc(32));
        if (i % 50 == 0) {
            assert_heap_sound(fixture.heap);
        }
    }
    assert_int_equal(stats_of(fixture.heap).quarantined, 144);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_freed_block_is_not_handed_out),
        cmocka_unit_test(test_the_oldest_leaves_first),
        cmocka_unit_test(test_large_blocks),
        cmocka_unit_test(test_a_block_that_is_too_large),
        cmocka_unit_test(test_statistics),
        cmocka_unit_test(test_it_is_drained_before_a_refusal),
        cmocka_unit_test(test_a_move_frees_the_old_block),
        cmocka_unit_test(test_with_fill),
        cmocka_unit_test(test_the_queue_wraps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
