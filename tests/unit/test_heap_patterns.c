/*
 * test_heap_patterns.c - fill, slack and redzone: what is written, and what is noticed when
 * somebody else writes there.
 */
#include "heap_fixture.h"

#include "heap/call_site.h"

static heap_fixture fixture;

static uint8_t *host(grt_addr address)
{
    return grt_memory_host(fixture.memory, address);
}

static void assert_bytes(grt_addr address, uint32_t size, uint8_t value)
{
    for (uint32_t i = 0; i < size; i++) {
        if (host(address)[i] != value) {
            fail_msg("byte %u at 0x%08X is %02X", i, (unsigned)address, host(address)[i]);
        }
    }
}

/* The one line that was written since the last look. */
static void expect_line(const char *line)
{
    assert_int_equal(fixture.lines, line != NULL);
    if (line != NULL) {
        assert_string_equal(fixture.line[0], line);
    }
    fixture.lines = 0;
}

static void expect_unsound(const char *sentence)
{
    char text[256];
    assert_false(grt_heap_check(fixture.heap, text, sizeof text));
    assert_string_equal(text, sentence);
}

static void free_block(grt_addr block)
{
    assert_int_equal(grt_heap_free(fixture.heap, block), GRT_OK);
}

/* A red zone may begin in a page of its own, behind what is to be cleared. */
static void test_cleared_runs_end_before_the_red_zone(void **state)
{
    (void)state;
    grt_heap_config config = fixture_config(&fixture, 1024);
    fixture_options(&config, "redzone=16");
    fixture_open_with(&fixture, &config);
    grt_addr hole = grt_heap_alloc(fixture.heap, 100 * GRT_PAGE_SIZE - 16);
    grt_addr used = grt_heap_alloc(fixture.heap, 100 * GRT_PAGE_SIZE - 16);
    free_block(hole);
    grt_heap_trim(fixture.heap);
    free_block(used); /* committed, behind pages that are not */
    grt_addr block = grt_heap_alloc_zeroed(fixture.heap, 100 * GRT_PAGE_SIZE - 1);
    assert_int_equal(block, hole);
    assert_bytes(block, 100 * GRT_PAGE_SIZE - 1, 0);
    free_block(block);
    fixture_close(&fixture);
}

static void test_names_of_patterns(void **state)
{
    (void)state;
    assert_string_equal(grt_heap_pattern_name(0x9A9A9A9Au), "the heap's fill of new blocks");
    assert_string_equal(grt_heap_pattern_name(0x9D9D9D9Du), "the heap's fill of freed blocks");
    assert_string_equal(grt_heap_pattern_name(0x9E9E9E9Eu), "the heap's fill behind blocks");
    assert_null(grt_heap_pattern_name(0x9D9D9D9Cu));
    assert_null(grt_heap_pattern_name(0));
}

/* ---- fill ---------------------------------------------------------------------------------------
 */

static void test_blocks_are_filled(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {1, 16, 100, 4096, 32768, 32769, 100000};
    fixture_open_options(&fixture, 256, "fill");
    for (int i = 0; i < 7; i++) {
        grt_addr block = grt_heap_alloc(fixture.heap, sizes[i]);
        assert_bytes(block, sizes[i], 0x9A);
        free_block(block);
        assert_bytes(block, sizes[i], 0x9D);
        block = grt_heap_alloc_zeroed(fixture.heap, sizes[i]);
        assert_bytes(block, sizes[i], 0);
        free_block(block);
    }
    expect_line(NULL);
    fixture_close(&fixture);
}

static void test_growing_fills_what_is_new(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "fill");
    grt_addr block = grt_heap_alloc(fixture.heap, 50);
    memset(host(block), 1, 50);
    assert_int_equal(grt_heap_realloc(fixture.heap, block, 60), block);
    assert_bytes(block, 50, 1);
    assert_bytes(block + 50, 10, 0x9A);
    grt_addr moved = grt_heap_realloc(fixture.heap, block, 200);
    assert_int_not_equal(moved, block);
    assert_bytes(moved, 50, 1);
    assert_bytes(moved + 60, 140, 0x9A);
    assert_bytes(block, 60, 0x9D);
    grt_addr large = grt_heap_alloc(fixture.heap, 50000);
    memset(host(large), 2, 50000);
    assert_int_equal(grt_heap_realloc(fixture.heap, large, 90000), large);
    assert_bytes(large, 50000, 2);
    assert_bytes(large + 50000, 40000, 0x9A);
    expect_line(NULL);
    fixture_close(&fixture);
}

static void test_a_write_after_free_of_a_small_block(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "fill");
    grt_addr block = grt_heap_alloc(fixture.heap, 60);
    free_block(block);
    memcpy(host(block) + 8, "abc", 3);
    expect_unsound("the freed block 0x00020000 of 64 bytes was written to: byte 8 is 61");
    expect_line(NULL);
    grt_set_call_site(0x82001234u);
    assert_int_equal(grt_heap_alloc(fixture.heap, 60), block);
    grt_set_call_site(0);
    expect_line(
        "[HEAP-DAMAGE] write-after-free block=0x00020000 occupied=64 damage=8-10 "
        "found=6162639D9D9D9D9D noticed_by=alloc heap=user call_site=0x82001234 repeat=1: a "
        "freed block was written to");
    assert_bytes(block, 60, 0x9A);
    assert_int_equal(stats_of(fixture.heap).writes_after_free, 1);
    assert_int_equal(stats_of(fixture.heap).overruns, 0);
    fixture_close(&fixture);
}

/* Also when the block is handed out zeroed, and its first and last byte. */
static void test_both_ends_of_a_freed_block(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "fill");
    for (uint32_t at = 0; at < 64; at += 63) {
        grt_addr block = grt_heap_alloc(fixture.heap, 60);
        free_block(block);
        host(block)[at] = 0;
        assert_int_equal(grt_heap_alloc_zeroed(fixture.heap, 60), block);
        assert_bytes(block, 60, 0);
        free_block(block);
    }
    assert_int_equal(stats_of(fixture.heap).writes_after_free, 2);
    assert_int_equal(fixture.lines, 1); /* the same again is counted: its 10th line comes next */
    fixture_close(&fixture);
}

static void test_a_write_after_free_of_a_large_block(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "fill");
    grt_addr first = grt_heap_alloc(fixture.heap, 204800);
    grt_addr second = grt_heap_alloc(fixture.heap, 204800);
    free_block(first);
    free_block(second);
    host(second)[20000] = 1;
    host(second)[30000] = 2;
    expect_unsound("the freed block 0x00052000 of 204800 bytes was written to: byte 20000 is 01");
    grt_addr both = grt_heap_alloc(fixture.heap, 409600);
    assert_int_equal(both, first);
    expect_line("[HEAP-DAMAGE] write-after-free block=0x00052000 occupied=204800 "
                "damage=20000-30000 found=019D9D9D9D9D9D9D noticed_by=alloc heap=user "
                "call_site=0x00000000 repeat=1: a freed block was written to");
    fixture_close(&fixture);
}

/* Noticed as well when a block grows over it. */
static void test_growing_over_a_write_after_free(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "fill");
    grt_addr first = grt_heap_alloc(fixture.heap, 204800);
    grt_addr second = grt_heap_alloc(fixture.heap, 204800);
    free_block(second);
    host(second)[0] = 1;
    assert_int_equal(grt_heap_realloc(fixture.heap, first, 409600), first);
    expect_line("[HEAP-DAMAGE] write-after-free block=0x00052000 occupied=204800 damage=0-0 "
                "found=019D9D9D9D9D9D9D noticed_by=realloc heap=user call_site=0x00000000 "
                "repeat=1: a freed block was written to");
    assert_bytes(first + 204800, 204800, 0x9A);
    fixture_close(&fixture);
}

/* A freed buffer is kept for the next one of its size, and looked after meanwhile. */
static void test_a_write_after_free_of_a_kept_block(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "fill");
    grt_addr block = grt_heap_alloc(fixture.heap, 40000);
    free_block(block);
    host(block)[40500] = 1; /* all that it occupied is filled */
    expect_unsound("the freed block 0x00020000 of 40960 bytes was written to: byte 40500 is 01");
    assert_int_equal(grt_heap_alloc_zeroed(fixture.heap, 40000), block);
    assert_bytes(block, 40000, 0);
    expect_line("[HEAP-DAMAGE] write-after-free block=0x00020000 occupied=40960 "
                "damage=40500-40500 found=019D9D9D9D9D9D9D noticed_by=alloc heap=user "
                "call_site=0x00000000 repeat=1: a freed block was written to");
    fixture_close(&fixture);
}

/* Pages that went back to the host read zero, which is no damage. */
static void test_pages_that_went_back_to_the_host(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "fill");
    free_block(grt_heap_alloc(fixture.heap, 100000));
    free_block(grt_heap_alloc(fixture.heap, 60));
    assert_true(grt_heap_trim(fixture.heap) > 0);
    assert_int_not_equal(grt_heap_alloc(fixture.heap, 100000), 0);
    assert_int_not_equal(grt_heap_alloc(fixture.heap, 60), 0);
    expect_line(NULL);
    fixture_close(&fixture);
}

/* ---- behind blocks ------------------------------------------------------------------------------
 */

static void test_slack_is_filled(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "slack");
    grt_addr block = grt_heap_alloc(fixture.heap, 50);
    assert_bytes(block + 50, 14, 0x9E);
    assert_int_equal(grt_heap_realloc(fixture.heap, block, 62), block);
    assert_bytes(block + 62, 2, 0x9E);
    assert_int_equal(grt_heap_realloc(fixture.heap, block, 40), block);
    assert_bytes(block + 40, 24, 0x9E);
    grt_addr large = grt_heap_alloc_zeroed(fixture.heap, 40000);
    assert_bytes(large, 40000, 0);
    assert_bytes(large + 40000, 960, 0x9E);
    grt_addr full = grt_heap_alloc(fixture.heap, 64); /* no slack */
    memset(host(full), 0, 64);
    free_block(full);
    free_block(block);
    free_block(large);
    expect_line(NULL);
    fixture_close(&fixture);
}

static void test_an_overrun_into_slack(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "slack");
    grt_addr block = grt_heap_alloc(fixture.heap, 60);
    memcpy(host(block) + 60, "xy", 2);
    expect_unsound("the block 0x00020000 of 60 bytes was overrun: byte 60 is 78");
    free_block(block);
    expect_line("[HEAP-DAMAGE] overrun block=0x00020000 asked=60 damage=60-61 found=78799E9E "
                "noticed_by=free heap=user call_site=0x00000000 repeat=1: bytes behind the block "
                "were written to");
    assert_int_equal(stats_of(fixture.heap).overruns, 1);
    assert_int_equal(stats_of(fixture.heap).blocks, 0); /* the free went on */
    fixture_close(&fixture);
}

static void test_an_overrun_is_reported_once(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "slack");
    grt_addr block = grt_heap_alloc(fixture.heap, 60);
    host(block)[63] = 0;
    assert_int_equal(grt_heap_realloc(fixture.heap, block, 61), block);
    expect_line("[HEAP-DAMAGE] overrun block=0x00020000 asked=60 damage=63-63 found=00 "
                "noticed_by=realloc heap=user call_site=0x00000000 repeat=1: bytes behind the "
                "block were written to");
    assert_heap_sound(fixture.heap);
    assert_int_equal(grt_heap_size(fixture.heap, block), 61);
    free_block(block);
    expect_line(NULL);
    block = grt_heap_alloc(fixture.heap, 60);
    host(block)[63] = 0;
    grt_addr moved = grt_heap_realloc(fixture.heap, block, 1000);
    assert_int_not_equal(moved, block);
    assert_int_equal(stats_of(fixture.heap).overruns, 2);
    free_block(moved);
    assert_int_equal(stats_of(fixture.heap).overruns, 2);
    fixture_close(&fixture);
}

static void test_a_red_zone_is_room_behind_every_block(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {1, 16, 64, 128, 32768, 40960, 100000};
    fixture_open_options(&fixture, 256, "redzone=16");
    for (int i = 0; i < 7; i++) {
        grt_addr block = grt_heap_alloc(fixture.heap, sizes[i]);
        grt_block_info info;
        grt_heap_describe(fixture.heap, block, &info);
        assert_int_equal(info.asked, sizes[i]);
        assert_true(info.extent >= sizes[i] + 16);
        assert_bytes(block + sizes[i], info.extent - sizes[i], 0x9E);
        assert_int_equal(grt_heap_size(fixture.heap, block), sizes[i]);
        memset(host(block), 0, sizes[i]);
        host(block)[sizes[i] + 15] = 0;
        free_block(block);
        assert_int_equal(stats_of(fixture.heap).overruns, i + 1);
    }
    fixture_close(&fixture);
}

static void test_a_red_zone_when_sizes_change(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "redzone=16");
    grt_addr block = grt_heap_alloc(fixture.heap, 40); /* of 64 */
    assert_int_equal(grt_heap_realloc(fixture.heap, block, 48), block);
    assert_bytes(block + 48, 16, 0x9E);
    grt_addr moved = grt_heap_realloc(fixture.heap, block, 49); /* 65 do not fit */
    assert_int_not_equal(moved, block);
    assert_bytes(moved + 49, 16, 0x9E);
    grt_addr large = grt_heap_alloc(fixture.heap, 40960 - 16);
    assert_int_equal(grt_heap_realloc(fixture.heap, large, 40960), large);
    grt_block_info info;
    grt_heap_describe(fixture.heap, large, &info);
    assert_int_equal(info.extent, 45056);
    assert_bytes(large + 40960, 4096, 0x9E);
    free_block(moved);
    free_block(large);
    expect_line(NULL);
    fixture_close(&fixture);
}

/* What would have fitted is what can be asked for. */
static void test_a_red_zone_in_a_refusal(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 16, "redzone=100");
    grt_heap_failure failure;
    assert_int_equal(grt_heap_alloc(fixture.heap, 65536), 0);
    assert_true(grt_heap_last_failure(&failure));
    assert_int_equal(failure.would_fit, 65436);
    assert_int_not_equal(grt_heap_alloc(fixture.heap, (uint32_t)failure.would_fit), 0);
    assert_int_equal(grt_heap_alloc(fixture.heap, UINT32_MAX), 0);
    assert_true(grt_heap_last_failure(&failure));
    assert_int_equal(failure.cause, GRT_HEAP_SIZE_OVERFLOW);
    fixture_close(&fixture);
}

/* ---- pages that the guest took away -------------------------------------------------------------
 */

static void test_inaccessible_pages_are_left_alone(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "fill,redzone=16");
    grt_addr block = grt_heap_alloc_aligned(fixture.heap, 40960, 4096);
    assert_int_equal(grt_memory_protect(fixture.memory, block + 40960, 4096, GRT_NO_ACCESS),
                     GRT_OK);
    assert_heap_sound(fixture.heap);
    free_block(block);
    block = grt_heap_alloc(fixture.heap, 40960);
    assert_int_equal(grt_memory_decommit(fixture.memory, block, 4096), GRT_OK);
    free_block(block);
    block = grt_heap_alloc(fixture.heap, 40960);
    assert_bytes(block, 40960, 0x9A);
    free_block(block);
    expect_line(NULL);
    fixture_close(&fixture);
}

/* A program that decommits pages of a freed block has not written to it. */
static void test_pages_that_the_guest_gave_back(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "fill,quarantine=1M");
    grt_addr block = grt_heap_alloc(fixture.heap, 40960);
    free_block(block);
    assert_int_equal(grt_memory_decommit(fixture.memory, block, 4096), GRT_OK);
    assert_heap_sound(fixture.heap);
    (void)grt_heap_alloc(fixture.heap, 0x7FFFFFFF); /* so that the quarantine is emptied */
    fixture.lines = 0;
    assert_int_equal(grt_heap_alloc(fixture.heap, 40960), block);
    assert_bytes(block, 40960, 0x9A);
    expect_line(NULL);
    fixture_close(&fixture);
}

/* Nor does it matter what a span left in pages that were filled before it came. */
static void test_pages_that_were_a_span_meanwhile(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "fill");
    free_block(grt_heap_alloc(fixture.heap, 200000));
    grt_addr block = grt_heap_alloc(fixture.heap, 64);
    memset(host(block), 1, 64);
    grt_memory_protect(fixture.memory, block, 4096, GRT_READ_ONLY); /* so that it is not filled */
    free_block(block);
    (void)grt_heap_alloc(fixture.heap, 0x7FFFFFFF); /* so that the span is given up */
    fixture.lines = 0;
    assert_int_equal(grt_heap_alloc(fixture.heap, 200000), block);
    expect_line(NULL);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_of_patterns),
        cmocka_unit_test(test_blocks_are_filled),
        cmocka_unit_test(test_growing_fills_what_is_new),
        cmocka_unit_test(test_a_write_after_free_of_a_small_block),
        cmocka_unit_test(test_both_ends_of_a_freed_block),
        cmocka_unit_test(test_a_write_after_free_of_a_large_block),
        cmocka_unit_test(test_growing_over_a_write_after_free),
        cmocka_unit_test(test_a_write_after_free_of_a_kept_block),
        cmocka_unit_test(test_pages_that_went_back_to_the_host),
        cmocka_unit_test(test_slack_is_filled),
        cmocka_unit_test(test_an_overrun_into_slack),
        cmocka_unit_test(test_an_overrun_is_reported_once),
        cmocka_unit_test(test_a_red_zone_is_room_behind_every_block),
        cmocka_unit_test(test_a_red_zone_when_sizes_change),
        cmocka_unit_test(test_a_red_zone_in_a_refusal),
        cmocka_unit_test(test_inaccessible_pages_are_left_alone),
        cmocka_unit_test(test_pages_that_the_guest_gave_back),
        cmocka_unit_test(test_pages_that_were_a_span_meanwhile),
        cmocka_unit_test(test_cleared_runs_end_before_the_red_zone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
