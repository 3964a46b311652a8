/*
 * test_heap_bad_free.c - every kind of address that is no live block: refused, named, harmless.
 */
#include "heap_fixture.h"

#include "heap/call_site.h"

static heap_fixture fixture;

/* Frees [address] and expects a refusal that changes nothing but the count of bad frees. */
static void refuse(grt_addr address, grt_status status, const char *line)
{
    grt_heap_stats before = stats_of(fixture.heap);
    fixture.lines = 0;
    assert_string_equal(grt_status_name(grt_heap_free(fixture.heap, address)),
                        grt_status_name(status));
    assert_int_equal(fixture.lines, 1);
    assert_string_equal(fixture.line[0], line);
    grt_heap_stats after = stats_of(fixture.heap);
    assert_int_equal(after.bad_frees, before.bad_frees + 1);
    after.bad_frees = before.bad_frees;
    assert_memory_equal(&after, &before, sizeof after);
    assert_heap_sound(fixture.heap);
}

static void test_null_is_allowed(void **state)
{
    (void)state;
    fixture_open(&fixture, 256);
    assert_int_equal(grt_heap_free(fixture.heap, 0), GRT_OK);
    assert_int_equal(stats_of(fixture.heap).bad_frees, 0);
    fixture_close(&fixture);
}

static void test_small_blocks(void **state)
{
    (void)state;
    fixture_open(&fixture, 256);
    grt_addr block = grt_heap_alloc(fixture.heap, 60);
    assert_int_equal(block, 0x00020000);
    grt_set_call_site(0x82001234u);
    refuse(block + 8, GRT_INTERIOR_POINTER,
           "[HEAP-BAD-FREE] free address=0x00020008 status=GRT_INTERIOR_POINTER heap=user "
           "call_site=0x82001234 repeat=1: 8 bytes inside the live block 0x00020000 of 60 bytes");
    refuse(block + 62, GRT_INTERIOR_POINTER,
           "[HEAP-BAD-FREE] free address=0x0002003E status=GRT_INTERIOR_POINTER heap=user "
           "call_site=0x82001234 repeat=1: 2 bytes past the end of the live block 0x00020000 of 60 "
           "bytes");
    grt_set_call_site(0);
    refuse(block + 64, GRT_NOT_A_BLOCK,
           "[HEAP-BAD-FREE] free address=0x00020040 status=GRT_NOT_A_BLOCK heap=user "
           "call_site=0x00000000 repeat=1: no block was ever here");
    assert_int_equal(grt_heap_free(fixture.heap, block), GRT_OK);
    refuse(block, GRT_DOUBLE_FREE,
           "[HEAP-BAD-FREE] free address=0x00020000 status=GRT_DOUBLE_FREE heap=user "
           "call_site=0x00000000 repeat=1: the start of a freed block that occupied 64 bytes");
    refuse(block + 4, GRT_NOT_A_BLOCK,
           "[HEAP-BAD-FREE] free address=0x00020004 status=GRT_NOT_A_BLOCK heap=user "
           "call_site=0x00000000 repeat=1: 4 bytes inside the freed block 0x00020000 that occupied "
           "64 bytes");
    fixture_close(&fixture);
}

/* The span of the blocks is gone, and what they were is still known. */
static void test_blocks_of_a_released_span(void **state)
{
    (void)state;
    fixture_open(&fixture, 256);
    grt_addr second = 0;
    for (int i = 0; i < 20; i++) {
        second = grt_heap_alloc(fixture.heap, 3000);
    }
    grt_addr last = second;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(grt_heap_free(fixture.heap, last - (grt_addr)i * 3072), GRT_OK);
    }
    assert_true(grt_heap_trim(fixture.heap) > 0);
    refuse(last, GRT_DOUBLE_FREE,
           "[HEAP-BAD-FREE] free address=0x0002E400 status=GRT_DOUBLE_FREE heap=user "
           "call_site=0x00000000 repeat=1: the start of a freed block that occupied 3072 bytes");
    refuse(last + 3072, GRT_NOT_A_BLOCK,
           "[HEAP-BAD-FREE] free address=0x0002F000 status=GRT_NOT_A_BLOCK heap=user "
           "call_site=0x00000000 repeat=1: no block was ever here");
    fixture_close(&fixture);
}

static void test_large_blocks(void **state)
{
    (void)state;
    fixture_open(&fixture, 256);
    grt_addr block = grt_heap_alloc(fixture.heap, 100000);
    refuse(block + 0x5008, GRT_INTERIOR_POINTER,
           "[HEAP-BAD-FREE] free address=0x00025008 status=GRT_INTERIOR_POINTER heap=user "
           "call_site=0x00000000 repeat=1: 20488 bytes inside the live block 0x00020000 of 100000 "
           "bytes");
    refuse(block + 16, GRT_INTERIOR_POINTER,
           "[HEAP-BAD-FREE] free address=0x00020010 status=GRT_INTERIOR_POINTER heap=user "
           "call_site=0x00000000 repeat=1: 16 bytes inside the live block 0x00020000 of 100000 "
           "bytes");
    assert_int_equal(grt_heap_free(fixture.heap, block), GRT_OK);
    refuse(block, GRT_DOUBLE_FREE,
           "[HEAP-BAD-FREE] free address=0x00020000 status=GRT_DOUBLE_FREE heap=user "
           "call_site=0x00000000 repeat=1: the start of a freed block that occupied 102400 bytes");
    refuse(block + 0x5008, GRT_NOT_A_BLOCK,
           "[HEAP-BAD-FREE] free address=0x00025008 status=GRT_NOT_A_BLOCK heap=user "
           "call_site=0x00000000 repeat=1: 20488 bytes inside the freed block 0x00020000 that "
           "occupied 102400 bytes");
    fixture_close(&fixture);
}

/* Merging with the free run before it does not make a freed block unknown. */
static void test_merged_blocks(void **state)
{
    (void)state;
    fixture_open(&fixture, 256);
    grt_addr first = grt_heap_alloc(fixture.heap, 100000);
    grt_addr second = grt_heap_alloc(fixture.heap, 100000);
    grt_heap_free(fixture.heap, first);
    grt_heap_free(fixture.heap, second);
    assert_int_equal(grt_heap_free(fixture.heap, second), GRT_DOUBLE_FREE);
    assert_int_equal(grt_heap_free(fixture.heap, first), GRT_DOUBLE_FREE);
    fixture_close(&fixture);
}

static void test_outside_and_never(void **state)
{
    (void)state;
    fixture_open(&fixture, 256);
    refuse(0x80000000u, GRT_OUT_OF_RANGE,
           "[HEAP-BAD-FREE] free address=0x80000000 status=GRT_OUT_OF_RANGE heap=user "
           "call_site=0x00000000 repeat=1 owner=none: outside heap user (0x00020000 to "
           "0x0011FFFF), in "
           "no region");
    refuse(0x0001FFF0u, GRT_OUT_OF_RANGE,
           "[HEAP-BAD-FREE] free address=0x0001FFF0 status=GRT_OUT_OF_RANGE heap=user "
           "call_site=0x00000000 repeat=1 owner=none: outside heap user (0x00020000 to "
           "0x0011FFFF), in "
           "no region");
    refuse(0x00100000u, GRT_NOT_A_BLOCK,
           "[HEAP-BAD-FREE] free address=0x00100000 status=GRT_NOT_A_BLOCK heap=user "
           "call_site=0x00000000 repeat=1: no block was ever here");
    fixture_close(&fixture);
}

static void test_repeats_are_counted(void **state)
{
    (void)state;
    fixture_open(&fixture, 256);
    for (int i = 1; i <= 100; i++) {
        assert_int_equal(grt_heap_free(fixture.heap, 0x00100000u), GRT_NOT_A_BLOCK);
    }
    assert_int_equal(fixture.lines, 3);
    assert_non_null(strstr(fixture.line[2], "repeat=100"));
    assert_int_equal(stats_of(fixture.heap).bad_frees, 100);
    fixture_close(&fixture);
}

static void test_size_and_realloc_of_bad_addresses(void **state)
{
    (void)state;
    fixture_open(&fixture, 256);
    grt_addr block = grt_heap_alloc(fixture.heap, 100);
    assert_int_equal(grt_heap_size(fixture.heap, block + 16), UINT32_MAX);
    assert_int_equal(strncmp(fixture.line[0], "[HEAP-BAD-FREE] size address=0x00020010", 39), 0);
    assert_int_equal(grt_heap_realloc(fixture.heap, block + 32, 5), 0);
    assert_int_equal(strncmp(fixture.line[1], "[HEAP-BAD-FREE] realloc address=0x00020020", 42), 0);
    assert_int_equal(stats_of(fixture.heap).bad_frees, 1);
    assert_int_equal(stats_of(fixture.heap).blocks, 1);
    fixture_close(&fixture);
}

/* Many mistakes of one kind: the first lines, then some that say how many there were between. */
static void test_a_flood_says_what_it_left_out(void **state)
{
    (void)state;
    fixture_open(&fixture, 256);
    grt_addr block = grt_heap_alloc(fixture.heap, 4096);
    for (uint32_t i = 1; i <= 1000; i++) {
        uint32_t before = fixture.lines;
        fixture.lines = 0;
        assert_int_equal(grt_heap_free(fixture.heap, block + i * 4), GRT_INTERIOR_POINTER);
        bool written = fixture.lines != 0;
        assert_int_equal(written, i <= 64 || i == 100 || i == 1000);
        assert_int_equal(written && strstr(fixture.line[0], "left out") != NULL, i > 64 && written);
        if (i == 100 || i == 1000) {
            const char *text = i == 100
                                   ? "of 4096 bytes; 35 lines about other addresses were left out "
                                     "before this one"
                                   : "of 4096 bytes; 899 lines about other addresses were left "
                                     "out before this one";
            assert_non_null(strstr(fixture.line[0], text));
        }
        fixture.lines = before;
    }
    fixture_close(&fixture);
}

static void test_describe(void **state)
{
    (void)state;
    fixture_open(&fixture, 256);
    grt_addr block = grt_heap_alloc(fixture.heap, 64);
    grt_block_info info;
    grt_heap_describe(fixture.heap, block + 8, &info);
    assert_int_equal(info.state, GRT_BLOCK_LIVE);
    assert_int_equal(info.start, block);
    assert_int_equal(info.asked, 64);
    assert_int_equal(info.offset, 8);
    assert_string_equal(info.text, "8 bytes inside the live block 0x00020000 of 64 bytes");
    grt_heap_describe(fixture.heap, block, &info);
    assert_string_equal(info.text, "the start of a live block of 64 bytes");
    grt_heap_describe(fixture.heap, 0, &info);
    assert_int_equal(info.state, GRT_BLOCK_OUTSIDE);
    grt_heap_describe(fixture.heap, block + 0x80000, &info);
    assert_int_equal(info.state, GRT_BLOCK_NEVER);
    fixture_close(&fixture);
}

#define SPAN_BLOCKS 1024u /* of 64 bytes */

static void fill_spans(uint32_t spans, grt_addr *blocks)
{
    for (uint32_t i = 0; i < spans * SPAN_BLOCKS; i++) {
        blocks[i] = grt_heap_alloc(fixture.heap, 60);
        assert_int_not_equal(blocks[i], 0);
    }
}

static void give_spans_up(uint32_t spans, const grt_addr *blocks)
{
    for (uint32_t i = 0; i < spans * SPAN_BLOCKS; i++) {
        grt_heap_free(fixture.heap, blocks[i]);
    }
    grt_heap_trim(fixture.heap);
}

static uint32_t asked_for_freed(grt_addr block)
{
    grt_block_info info;
    grt_heap_describe(fixture.heap, block, &info);
    assert_int_equal(info.state, GRT_BLOCK_FREED);
    assert_int_equal(info.start, block);
    assert_int_equal(info.extent, 64);
    assert_int_equal(grt_heap_free(fixture.heap, block), GRT_DOUBLE_FREE);
    return info.asked;
}

/* What a freed block was asked for is known for as long as the record of its span has not got
 * another one: the first given up is the first to. That there was a block is known for longer. */
static void test_what_a_given_up_span_remembers(void **state)
{
    (void)state;
    static grt_addr blocks[2 * SPAN_BLOCKS];
    fixture_open(&fixture, 512);
    fill_spans(1, blocks);
    grt_addr freed = blocks[1000];
    (void)grt_heap_alloc(fixture.heap, 20 * GRT_PAGE_SIZE);
    give_spans_up(1, blocks);
    (void)grt_heap_alloc(fixture.heap, 8 * GRT_PAGE_SIZE); /* no span fits what is left there */
    fill_spans(2, blocks);
    give_spans_up(2, blocks);
    fill_spans(1, blocks); /* three records wait, so this is a fourth */
    assert_int_equal(asked_for_freed(freed), 60);
    give_spans_up(1, blocks);
    assert_int_equal(asked_for_freed(freed), 60);
    fill_spans(1, blocks); /* gets the one that has waited longest */
    assert_int_equal(asked_for_freed(freed), 0);
    give_spans_up(1, blocks); /* it waits again, and tells of these blocks */
    assert_int_equal(asked_for_freed(freed), 0);
    assert_heap_sound(fixture.heap);
    fixture_close(&fixture);
}

/* A heap in which a span was full and was given up: the address of its block 1000 is returned, that
 * of block 0 is [first]. */
static grt_addr open_with_given_up_span(grt_addr *first)
{
    static grt_addr blocks[SPAN_BLOCKS];
    fixture_open(&fixture, 512);
    fill_spans(1, blocks);
    give_spans_up(1, blocks);
    *first = blocks[0];
    return blocks[1000];
}

/* A span that took the place of another has not had blocks where that had some. */
static void test_a_span_in_the_place_of_another(void **state)
{
    (void)state;
    grt_addr first, freed = open_with_given_up_span(&first);
    assert_int_equal(grt_heap_alloc(fixture.heap, 60), first);
    assert_int_equal(asked_for_freed(freed), 0);
    fixture_close(&fixture);
}

/* A shorter span leaves the last page as the one before it did. */
static void test_a_shorter_span_in_the_place_of_another(void **state)
{
    (void)state;
    grt_addr first, freed = open_with_given_up_span(&first);
    assert_int_equal(grt_heap_alloc(fixture.heap, 5000), first); /* of 15 pages instead of 16 */
    grt_heap_free(fixture.heap, first);
    grt_heap_trim(fixture.heap);
    assert_int_equal(asked_for_freed(freed), 0);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_null_is_allowed),
        cmocka_unit_test(test_small_blocks),
        cmocka_unit_test(test_blocks_of_a_released_span),
        cmocka_unit_test(test_large_blocks),
        cmocka_unit_test(test_merged_blocks),
        cmocka_unit_test(test_outside_and_never),
        cmocka_unit_test(test_repeats_are_counted),
        cmocka_unit_test(test_size_and_realloc_of_bad_addresses),
        cmocka_unit_test(test_a_flood_says_what_it_left_out),
        cmocka_unit_test(test_describe),
        cmocka_unit_test(test_what_a_given_up_span_remembers),
        cmocka_unit_test(test_a_span_in_the_place_of_another),
        cmocka_unit_test(test_a_shorter_span_in_the_place_of_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
