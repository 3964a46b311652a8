/*
 * test_heap_guard.c - blocks in pages of their own: where they are, what is known about them, and
 * what becomes of their pages. What happens when they are overrun is in test_heap_faults.c.
 */
#include "heap_fixture.h"

#include "heap/call_site.h"

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

static bool accessible(grt_addr address, uint32_t size)
{
    return grt_memory_accessible(fixture.memory, address, size, GRT_READ_WRITE);
}

static grt_block_info describe(grt_addr address)
{
    grt_block_info info;
    grt_heap_describe(fixture.heap, address, &info);
    return info;
}

/* Bytes from the block's start up to the page that cannot be touched. */
static uint32_t reach(grt_addr block)
{
    uint32_t bytes = 0;
    while (accessible(block + bytes, 1)) {
        bytes++;
    }
    return bytes;
}

static void test_blocks_end_where_their_pages_end(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {1, 15, 16, 17, 100, 4080, 4096, 4097, 8192, 8193, 100000};
    fixture_open_options(&fixture, 1024, "guard=1-100000");
    for (int i = 0; i < 11; i++) {
        grt_addr block = alloc(sizes[i]);
        uint32_t rounded = (sizes[i] + 15) & ~15u;
        assert_int_equal(block % 16, 0);
        assert_int_equal((block + rounded) % GRT_PAGE_SIZE, 0);
        assert_int_equal(reach(block), rounded);
        assert_int_equal(grt_heap_size(fixture.heap, block), sizes[i]);
        grt_block_info info = describe(block);
        assert_true(info.guarded);
        assert_int_equal(info.start, block);
        assert_int_equal(info.extent, rounded);
        memset(grt_memory_host(fixture.memory, block), 1, sizes[i]);
    }
    assert_int_equal(stats_of(fixture.heap).guarded, 11);
    assert_heap_sound(fixture.heap);
    fixture_close(&fixture);
}

static void test_which_sizes_are_guarded(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "guard=100-200");
    assert_false(describe(alloc(99)).guarded);
    assert_true(describe(alloc(100)).guarded);
    assert_true(describe(alloc(200)).guarded);
    assert_false(describe(alloc(201)).guarded);
    assert_true(describe(grt_heap_alloc_zeroed(fixture.heap, 150)).guarded);
    assert_true(describe(grt_heap_realloc(fixture.heap, 0, 150)).guarded);
    assert_int_equal(stats_of(fixture.heap).guarded, 4);
    fixture_close(&fixture);
}

static void test_which_sites_are_guarded(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "guard_site=0x82001234,guard_site=0x82005678");
    assert_false(describe(alloc(50)).guarded);
    grt_set_call_site(0x82001234u);
    assert_true(describe(alloc(50)).guarded);
    grt_set_call_site(0x82005678u);
    assert_true(describe(alloc(5000)).guarded);
    grt_set_call_site(0x82001238u);
    assert_false(describe(alloc(50)).guarded);
    grt_set_call_site(0);
    fixture_close(&fixture);
}

static const char *guarded(uint32_t count, uint32_t size)
{
    static char pattern[32];
    for (uint32_t i = 0; i < count; i++) {
        pattern[i] = describe(alloc(size)).guarded ? 'g' : '.';
    }
    pattern[count] = '\0';
    return pattern;
}

static void test_a_sample_is_guarded(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "guard_sample=3");
    assert_string_equal(guarded(7, 100), "g..g..g");
    fixture_close(&fixture);
    fixture_open_options(&fixture, 256, "guard_sample=2,guard=100");
    assert_string_equal(guarded(2, 99), "..");
    assert_string_equal(guarded(4, 100), "g.g.");
    fixture_close(&fixture);
}

static void test_alignments(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 1024, "guard_sample=1");
    for (uint32_t alignment = 16; alignment <= 4096; alignment *= 2) {
        grt_addr block = grt_heap_alloc_aligned(fixture.heap, 5000, alignment);
        assert_true(describe(block).guarded);
        assert_int_equal(block % alignment, 0);
        assert_int_equal(reach(block), (5000 + alignment - 1) & ~(alignment - 1));
    }
    assert_false(describe(grt_heap_alloc_aligned(fixture.heap, 50, 8192)).guarded);
    fixture_close(&fixture);
}

/* Every address of the run: what a free of it says. */
static void test_bad_frees(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "guard=100");
    grt_addr block = alloc(100); /* 0x00020F90, 112 bytes */
    assert_int_equal(block, 0x00020F90u);
    assert_int_equal(grt_heap_free(fixture.heap, block + 16), GRT_INTERIOR_POINTER);
    assert_int_equal(grt_heap_free(fixture.heap, block + 112), GRT_INTERIOR_POINTER);
    assert_int_equal(grt_heap_free(fixture.heap, block - 16), GRT_NOT_A_BLOCK);
    assert_int_equal(grt_heap_free(fixture.heap, 0x00020000u), GRT_NOT_A_BLOCK);
    assert_string_equal(describe(block + 16).text,
                        "16 bytes inside the live block 0x00020F90 of 100 bytes");
    assert_string_equal(describe(block + 112).text,
                        "12 bytes past the end of the live block 0x00020F90 of 100 bytes");
    assert_string_equal(describe(block - 8).text,
                        "8 bytes before the live block 0x00020F90 of 100 bytes");
    free_block(block);
    assert_int_equal(grt_heap_free(fixture.heap, block), GRT_DOUBLE_FREE);
    assert_int_equal(grt_heap_free(fixture.heap, block + 16), GRT_NOT_A_BLOCK);
    assert_int_equal(grt_heap_free(fixture.heap, 0x00020000u), GRT_NOT_A_BLOCK);
    assert_int_equal(grt_heap_size(fixture.heap, block), UINT32_MAX);
    assert_string_equal(describe(block).text, "the start of a freed block that occupied 112 bytes");
    assert_true(describe(block).guarded);
    assert_string_equal(describe(block - 8).text,
                        "beside the freed block 0x00020F90 that occupied 112 bytes");
    assert_int_equal(stats_of(fixture.heap).blocks, 0);
    fixture_close(&fixture);
}

static void test_freed_pages_are_inaccessible(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "guard=5000");
    grt_addr block = alloc(5000);
    uint64_t committed = stats_of(fixture.heap).committed;
    assert_int_equal(committed, 8192);
    free_block(block);
    assert_false(accessible(block, 1));
    assert_false(accessible(block + 4999, 1));
    assert_int_equal(stats_of(fixture.heap).committed, 0);
    assert_int_equal(stats_of(fixture.heap).guarded, 0);
    assert_int_equal(stats_of(fixture.heap).free, stats_of(fixture.heap).capacity);
    grt_addr other = alloc(12000); /* not guarded, over the same pages */
    assert_int_equal(other, 0x00020000u);
    assert_true(accessible(other, 12000));
    fixture_close(&fixture);
}

/* In quarantine they stay so, and the run is not taken. */
static void test_with_quarantine(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "guard=5000,quarantine=12K");
    grt_addr block = alloc(5000);
    free_block(block);
    assert_int_equal(stats_of(fixture.heap).quarantined, 12288);
    assert_int_not_equal(alloc(12000), 0x00020000u);
    assert_false(accessible(block, 1));
    assert_int_equal(grt_heap_free(fixture.heap, block), GRT_DOUBLE_FREE);
    assert_true(describe(block).quarantined);
    assert_heap_sound(fixture.heap);
    free_block(alloc(5000)); /* so that the first one leaves */
    assert_int_equal(stats_of(fixture.heap).quarantined, 12288);
    assert_heap_sound(fixture.heap);
    assert_int_equal(alloc(12000), 0x00020000u);
    fixture_close(&fixture);
}

static void test_changing_sizes(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "guard=100-200");
    grt_addr block = alloc(100);
    memset(grt_memory_host(fixture.memory, block), 7, 100);
    grt_addr longer = grt_heap_realloc(fixture.heap, block, 112); /* it would fit, but not end */
    assert_int_not_equal(longer, block);
    assert_int_equal(((uint8_t *)grt_memory_host(fixture.memory, longer))[99], 7);
    assert_int_equal(reach(longer), 112);
    grt_addr moved = grt_heap_realloc(fixture.heap, longer, 5000); /* not guarded */
    assert_false(describe(moved).guarded);
    assert_int_equal(((uint8_t *)grt_memory_host(fixture.memory, moved))[99], 7);
    grt_addr back = grt_heap_realloc(fixture.heap, moved, 120);
    assert_true(describe(back).guarded);
    assert_int_equal(((uint8_t *)grt_memory_host(fixture.memory, back))[99], 7);
    assert_int_equal(stats_of(fixture.heap).guarded, 1);
    assert_int_equal(stats_of(fixture.heap).live_asked, 120);
    fixture_close(&fixture);
}

/* Nor do large ones grow into their guard or beyond it. */
static void test_changing_large_sizes(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "guard=40000-50000");
    grt_addr block = alloc(40000);
    for (uint32_t size = 41000; size <= 50000; size += 1000) {
        grt_addr moved = grt_heap_realloc(fixture.heap, block, size);
        assert_int_not_equal(moved, block);
        assert_int_equal(reach(moved), (size + 15) & ~15u);
        assert_heap_sound(fixture.heap);
        block = moved;
    }
    assert_int_not_equal(grt_heap_realloc(fixture.heap, block, 45000), block);
    fixture_close(&fixture);
}

/* Without room to move, a block gets shorter where it is. */
static void test_shrinking_in_place(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "guard=100-200,slack");
    grt_addr block = alloc(200);
    grt_heap_inject_failure(fixture.heap, 1, true);
    assert_int_equal(grt_heap_realloc(fixture.heap, block, 150), block);
    grt_heap_inject_failure(fixture.heap, 0, false);
    assert_int_equal(grt_heap_size(fixture.heap, block), 150);
    assert_int_equal(stats_of(fixture.heap).live_asked, 150);
    assert_heap_sound(fixture.heap);
    ((uint8_t *)grt_memory_host(fixture.memory, block))[150] = 0;
    free_block(block);
    assert_int_equal(stats_of(fixture.heap).overruns, 1);
    fixture_close(&fixture);
}

static void test_zeroed_and_filled(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "guard=1-8000,fill,slack");
    for (int round = 0; round < 3; round++) {
        grt_addr block = grt_heap_alloc_zeroed(fixture.heap, 5001);
        uint8_t *bytes = grt_memory_host(fixture.memory, block);
        for (int i = 0; i < 5001; i++) {
            assert_int_equal(bytes[i], 0);
        }
        assert_int_equal(bytes[5001], 0x9E);
        free_block(block);
        block = alloc(5001);
        bytes = grt_memory_host(fixture.memory, block);
        assert_int_equal(bytes[0], 0x9A);
        assert_int_equal(bytes[5000], 0x9A);
        free_block(block);
    }
    assert_int_equal(fixture.lines, 0);
    fixture_close(&fixture);
}

/* A guard is no reason for a refusal. */
static void test_without_room_for_a_guard(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 16, "guard=1-100000");
    grt_addr all = alloc(16 * 4096);
    assert_false(describe(all).guarded);
    free_block(all);
    grt_addr most = alloc(15 * 4096);
    assert_true(describe(most).guarded);
    free_block(most);
    fixture_close(&fixture);
    fixture_open_options(&fixture, 64, "guard=1-100000,budget=8192");
    assert_true(describe(alloc(100)).guarded); /* takes all of the budget */
    assert_int_equal(grt_heap_alloc(fixture.heap, 100), 0);
    fixture_close(&fixture);
}

/* The guest may decommit or protect pages of its block; the run is whole again for the next. */
static void test_the_guest_takes_pages_away(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "guard=1-100000");
    grt_addr block = alloc(20480);
    assert_int_equal(grt_memory_decommit(fixture.memory, block, 4096), GRT_OK);
    assert_int_equal(grt_memory_protect(fixture.memory, block + 8192, 4096, GRT_READ_ONLY), GRT_OK);
    free_block(block);
    assert_heap_sound(fixture.heap);
    assert_int_equal(stats_of(fixture.heap).committed, 0);
    block = alloc(20480);
    assert_true(accessible(block, 20480));
    assert_int_equal(reach(block), 20480);
    fixture_close(&fixture);
}

static void test_neighbours_of_a_guarded_block(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "guard=100");
    grt_addr first = alloc(100);
    grt_addr second = alloc(100);
    grt_block_info info = describe(first);
    assert_int_equal(info.before.state, GRT_BLOCK_OUTSIDE);
    assert_int_equal(info.after.state, GRT_BLOCK_LIVE);
    assert_int_equal(info.after.start, second);
    info = describe(second);
    assert_int_equal(info.before.state, GRT_BLOCK_LIVE);
    assert_int_equal(info.before.start, first);
    assert_int_equal(info.after.state, GRT_BLOCK_NEVER);
    fixture_close(&fixture);
}

/* Pages that guard are not backed: the heap must not take that for memory which it could give back.
 */
static void test_what_the_heap_keeps_committed(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 2048, "guard=100");
    for (int i = 0; i < 300; i++) {
        alloc(100);
    }
    grt_addr large = alloc(100 * GRT_PAGE_SIZE);
    uint64_t committed = stats_of(fixture.heap).committed;
    assert_int_equal(committed, 400 * GRT_PAGE_SIZE);
    free_block(large);
    assert_int_equal(stats_of(fixture.heap).committed, committed);
    fixture_close(&fixture);
}

static bool visit(void *user, grt_addr block, uint32_t asked, uint32_t extent)
{
    uint32_t *sum = user;
    assert_true(asked <= extent);
    assert_int_equal(block % 16, 0);
    *sum += asked;
    return true;
}

static void test_walk(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "guard=100-200");
    uint32_t sum = 0;
    alloc(100);
    alloc(50);
    alloc(200);
    grt_heap_walk(fixture.heap, visit, &sum);
    assert_int_equal(sum, 350);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_end_where_their_pages_end),
        cmocka_unit_test(test_which_sizes_are_guarded),
        cmocka_unit_test(test_which_sites_are_guarded),
        cmocka_unit_test(test_a_sample_is_guarded),
        cmocka_unit_test(test_alignments),
        cmocka_unit_test(test_bad_frees),
        cmocka_unit_test(test_freed_pages_are_inaccessible),
        cmocka_unit_test(test_with_quarantine),
        cmocka_unit_test(test_changing_sizes),
        cmocka_unit_test(test_changing_large_sizes),
        cmocka_unit_test(test_shrinking_in_place),
        cmocka_unit_test(test_zeroed_and_filled),
        cmocka_unit_test(test_without_room_for_a_guard),
        cmocka_unit_test(test_the_guest_takes_pages_away),
        cmocka_unit_test(test_neighbours_of_a_guarded_block),
        cmocka_unit_test(test_what_the_heap_keeps_committed),
        cmocka_unit_test(test_walk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
