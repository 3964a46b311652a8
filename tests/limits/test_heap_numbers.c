/*
 * test_heap_numbers.c - the numbers that the two heaps of the flat profile owe: what the original
 * has, on both sides of each limit. No block is touched, so that nothing of them costs memory.
 */
#include "heap_fixture.h"

#define KIB     1024u
#define MIB     (1024u * 1024u)
#define CONTEXT 265872u /* a thread context: PCR, TLS, TEB and 256 KiB of stack */

#define USER_CAPACITY     2145910784u
#define PHYSICAL_CAPACITY 0x60000000u

static heap_fixture fixture;
static grt_addr blocks[10000];

static void open_user(void)
{
    fixture_open(&fixture, 0);
}

static void open_physical(void)
{
    grt_heap_config config = fixture_config(&fixture, 1);
    config.name = "physical";
    config.first = GRT_FLAT_PHYSICAL_FIRST;
    config.end = GRT_FLAT_PHYSICAL_END;
    fixture_open_with(&fixture, &config);
}

static void expect_refusal(uint32_t size, uint32_t alignment, grt_heap_cause cause)
{
    grt_heap_failure failure;
    assert_int_equal(grt_heap_alloc_aligned(fixture.heap, size, alignment), 0);
    assert_true(grt_heap_last_failure(&failure));
    assert_string_equal(grt_heap_cause_name(failure.cause), grt_heap_cause_name(cause));
}

/* As many as there are, at most as many as the array has. */
static uint32_t take_all(uint32_t size, uint32_t alignment)
{
    uint32_t count = 0;
    while ((blocks[count] = grt_heap_alloc_aligned(fixture.heap, size, alignment)) != 0) {
        assert_int_equal(blocks[count] % (alignment > 0 ? alignment : 16), 0);
        assert_true(grt_heap_owns(fixture.heap, blocks[count] + (size - 1)));
        assert_true(++count < sizeof blocks / sizeof blocks[0]);
    }
    return count;
}

static void give_all(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(grt_heap_free(fixture.heap, blocks[i]), GRT_OK);
    }
    grt_heap_trim(fixture.heap);
    grt_heap_stats stats = stats_of(fixture.heap);
    assert_int_equal(stats.live, 0);
    assert_int_equal(stats.largest_free, stats.capacity);
    assert_int_equal(stats.committed, 0);
}

/* ---- the user heap ------------------------------------------------------------------------------
 */

static void test_capacity(void **state)
{
    (void)state;
    open_user();
    grt_heap_stats stats = stats_of(fixture.heap);
    assert_int_equal(stats.capacity, USER_CAPACITY);
    assert_int_equal(stats.free, USER_CAPACITY);
    assert_int_equal(GRT_FLAT_USER_END - GRT_FLAT_USER_FIRST, USER_CAPACITY);
    assert_int_equal(stats.committed, 0);
    fixture_close(&fixture);
}

static void test_one_block_of_2046_mib(void **state)
{
    (void)state;
    open_user();
    blocks[0] = grt_heap_alloc(fixture.heap, 2046 * MIB);
    assert_int_not_equal(blocks[0], 0);
    assert_int_equal(grt_heap_size(fixture.heap, blocks[0]), 2046 * MIB);
    expect_refusal(512 * KIB + 1, 16, GRT_HEAP_EXHAUSTED);
    blocks[1] = grt_heap_alloc(fixture.heap, 512 * KIB); /* the rest, to the last byte */
    assert_int_not_equal(blocks[1], 0);
    assert_int_equal(stats_of(fixture.heap).free, 0);
    give_all(2);
    expect_refusal(USER_CAPACITY + 1, 16, GRT_HEAP_LARGER_THAN_ARENA);
    fixture_close(&fixture);
}

static void test_thread_contexts(void **state)
{
    (void)state;
    open_user();
    uint32_t count = take_all(CONTEXT, 0);
    assert_true(count >= 8050);
    assert_int_equal(count, USER_CAPACITY / (65 * GRT_PAGE_SIZE)); /* whole pages, all of them */
    assert_int_equal(stats_of(fixture.heap).live_asked, (uint64_t)count * CONTEXT);
    give_all(count);
    fixture_close(&fixture);
}

static void test_mebibytes(void **state)
{
    (void)state;
    open_user();
    uint32_t count = take_all(MIB, 0);
    assert_true(stats_of(fixture.heap).live > UINT64_C(2040) * MIB);
    assert_int_equal(count, 2046);
    give_all(count);
    fixture_close(&fixture);
}

/* With room for one context left in two halves, the refusal says so. */
static void test_the_refused_context_has_a_cause(void **state)
{
    (void)state;
    open_user();
    uint32_t count = take_all(CONTEXT, 0);
    assert_int_equal(grt_heap_free(fixture.heap, blocks[10]), GRT_OK);
    expect_refusal(CONTEXT + GRT_PAGE_SIZE, 16, GRT_HEAP_FRAGMENTED);
    blocks[10] = grt_heap_alloc(fixture.heap, CONTEXT);
    assert_int_not_equal(blocks[10], 0);
    give_all(count);
    fixture_close(&fixture);
}

/* ---- the physical heap --------------------------------------------------------------------------
 */

static void test_physical_capacity(void **state)
{
    (void)state;
    open_physical();
    assert_int_equal(stats_of(fixture.heap).capacity, PHYSICAL_CAPACITY);
    assert_true(grt_heap_owns(fixture.heap, 0xA0000000u));
    assert_true(grt_heap_owns(fixture.heap, 0xFFFFFFFFu));
    assert_false(grt_heap_owns(fixture.heap, 0x9FFFFFFFu));
    blocks[0] = grt_heap_alloc(fixture.heap, PHYSICAL_CAPACITY);
    assert_int_equal(blocks[0], 0xA0000000u);
    expect_refusal(4096, 16, GRT_HEAP_EXHAUSTED);
    give_all(1);
    expect_refusal(PHYSICAL_CAPACITY + 1, 16, GRT_HEAP_LARGER_THAN_ARENA);
    fixture_close(&fixture);
}

static void test_physical_alignments(void **state)
{
    (void)state;
    open_physical();
    for (uint32_t alignment = 16; alignment <= 16 * MIB; alignment *= 2) {
        blocks[0] = grt_heap_alloc_aligned(fixture.heap, 1, alignment);
        blocks[1] = grt_heap_alloc_aligned(fixture.heap, 3 * MIB + 1, alignment);
        blocks[2] = grt_heap_alloc_aligned(fixture.heap, alignment, alignment);
        for (int i = 0; i < 3; i++) {
            assert_true(blocks[i] != 0 && blocks[i] % alignment == 0);
        }
        give_all(3);
    }
    expect_refusal(1, 32 * MIB, GRT_HEAP_BAD_ALIGNMENT);
    fixture_close(&fixture);
}

static void test_physical_blocks_of_16_mib(void **state)
{
    (void)state;
    open_physical();
    uint32_t count = take_all(16 * MIB, 16 * MIB);
    assert_int_equal(count, PHYSICAL_CAPACITY / (16 * MIB));
    for (uint32_t i = 0; i < count; i += 2) { /* frees work, and what is free serves again */
        assert_int_equal(grt_heap_free(fixture.heap, blocks[i]), GRT_OK);
    }
    expect_refusal(32 * MIB, 16, GRT_HEAP_FRAGMENTED);
    for (uint32_t i = 0; i < count; i += 2) {
        blocks[i] = grt_heap_alloc_aligned(fixture.heap, 16 * MIB, 16 * MIB);
        assert_int_not_equal(blocks[i], 0);
    }
    give_all(count);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_capacity),
        cmocka_unit_test(test_one_block_of_2046_mib),
        cmocka_unit_test(test_thread_contexts),
        cmocka_unit_test(test_mebibytes),
        cmocka_unit_test(test_the_refused_context_has_a_cause),
        cmocka_unit_test(test_physical_capacity),
        cmocka_unit_test(test_physical_alignments),
        cmocka_unit_test(test_physical_blocks_of_16_mib),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
