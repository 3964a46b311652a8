/*
 * test_heap_medium.c - blocks of up to 32 whole pages, which threads cut out of chunks: where they
 * are, how much is kept, and what becomes of chunks.
 */
#include "heap_medium.h"

#include "heap/call_site.h"

/* ---- chunks ------------------------------------------------------------------------------------
 */

static void test_the_last_freed_is_handed_out_first(void **state)
{
    (void)state;
    fixture_open(&fixture, 4096);
    grt_addr first = get(PAGES(5)), second = get(PAGES(5));
    get(PAGES(7));
    put(first);
    put(second);
    assert_int_equal(get(PAGES(5) - 100), second);
    assert_int_equal(get(PAGES(4) + 1), first);
    assert_int_equal(grt_heap_size(fixture.heap, first), PAGES(4) + 1);
    assert_int_equal(grt_heap_size(fixture.heap, second), PAGES(5) - 100);
    assert_int_equal(stats_of(fixture.heap).blocks, 3);
    assert_int_equal(stats_of(fixture.heap).live_asked, PAGES(16) - 99);
    fixture_close(&fixture);
}

/* What was one length is another one at once, without a lock: the blocks share a chunk. */
static void test_lengths_share_their_pages(void **state)
{
    (void)state;
    fixture_open(&fixture, 4096);
    grt_addr blocks[20], before = get(PAGES(3));
    for (uint32_t i = 0; i < 20; i++) {
        blocks[i] = get(PAGES(3));
        assert_int_equal(blocks[i], before + PAGES(3) * (i + 1));
    }
    assert_int_equal(own_chunks()->count, 1);
    for (uint32_t i = 0; i < 20; i++) {
        put(blocks[i]);
    }
    assert_int_equal(get(PAGES(32)), blocks[0]);
    assert_int_equal(get(PAGES(20)), blocks[0] + PAGES(32) + PAGES(1)); /* where one has started */
    assert_int_equal(get(PAGES(8)), blocks[0] + PAGES(53));
    assert_int_equal(own_chunks()->count, 1);
    fixture_close(&fixture);
}

/* A block is cut where the smallest run is that has room, not out of the next best chunk. */
static void test_the_fullest_chunk_serves(void **state)
{
    (void)state;
    fixture_open(&fixture, 4096);
    grt_addr blocks[8];
    for (uint32_t i = 0; i < 8; i++) {
        blocks[i] = get(PAGES(32)); /* two a chunk */
    }
    (void)get(PAGES(32)); /* the fifth chunk is cut next */
    put(blocks[0]);
    put(blocks[2]);
    assert_int_equal(grt_heap_realloc(fixture.heap, blocks[4], PAGES(20)), blocks[4]);
    (void)get(PAGES(30));
    (void)get(PAGES(2));
    assert_int_equal(get(PAGES(12)), blocks[4] + PAGES(20)); /* just fits; elsewhere are 32 */
    fixture_close(&fixture);
}

static void test_blocks_grow_and_shrink_in_their_chunk(void **state)
{
    (void)state;
    fixture_open(&fixture, 4096);
    grt_addr block = get(PAGES(5)), behind = get(PAGES(5)), last = get(PAGES(5));
    put(behind);
    assert_int_equal(grt_heap_realloc(fixture.heap, block, PAGES(10)), block);
    assert_int_equal(grt_heap_realloc(fixture.heap, block, PAGES(9) + 1), block);
    assert_int_equal(grt_heap_size(fixture.heap, block), PAGES(9) + 1);
    assert_int_equal(grt_heap_realloc(fixture.heap, block, PAGES(4)), block);
    assert_int_equal(get(PAGES(6)), block + PAGES(4));
    assert_int_not_equal(grt_heap_realloc(fixture.heap, block, PAGES(5)), block);
    assert_int_not_equal(grt_heap_realloc(fixture.heap, last, PAGES(40)), last); /* no chunk's */
    assert_heap_sound(fixture.heap);
    fixture_close(&fixture);
}

static void test_blocks_grow_as_far_as_there_is_room(void **state)
{
    (void)state;
    fixture_open(&fixture, 4096);
    grt_addr block = get(PAGES(20)), hole = get(PAGES(5)), behind = get(PAGES(27));
    grt_addr last = get(PAGES(10)); /* two pages are left */
    put(hole);
    uint8_t *bytes = grt_memory_host(fixture.memory, behind);
    bytes[0] = 0x77;
    assert_int_equal(grt_heap_realloc(fixture.heap, last, PAGES(12)), last);
    assert_int_equal(grt_heap_realloc(fixture.heap, last, PAGES(11)), last);
    assert_int_not_equal(grt_heap_realloc(fixture.heap, last, PAGES(13)), last);
    assert_int_not_equal(grt_heap_realloc(fixture.heap, block, PAGES(26)), block);
    assert_int_equal(bytes[0], 0x77);
    grt_addr alone = get(PAGES(32));
    assert_int_not_equal(grt_heap_realloc(fixture.heap, alone, PAGES(33)), alone);
    assert_heap_sound(fixture.heap);
    fixture_close(&fixture);
}

/* A chunk that is kept without blocks is cut again where a block of the length was freed last. */
static void test_a_whole_chunk_serves_again(void **state)
{
    (void)state;
    fixture_open(&fixture, 4096);
    grt_addr blocks[3] = {get(PAGES(32)), get(PAGES(32)), get(PAGES(32))};
    put(blocks[0]);
    put(blocks[1]);
    assert_int_equal(own_chunks()->whole, 1);
    assert_int_equal(get(PAGES(32)), blocks[1]);
    assert_int_equal(own_chunks()->whole, 0);
    assert_heap_sound(fixture.heap);
    put(blocks[1]);
    assert_int_equal(own_chunks()->whole, 1);
    fixture_close(&fixture);
}

/* Three chunks without blocks are kept, and one more for every sixteen. */
static void test_who_has_more_chunks_keeps_more(void **state)
{
    (void)state;
    fixture_open(&fixture, 0);
    grt_addr blocks[96];
    for (uint32_t i = 0; i < 96; i++) {
        blocks[i] = get(PAGES(32));
    }
    assert_int_equal(own_chunks()->count, 48);
    for (uint32_t i = 0; i < 12; i++) {
        put(blocks[i]);
    }
    assert_int_equal(own_chunks()->whole, 6);
    assert_int_equal(own_chunks()->count, 48);
    put(blocks[12]);
    put(blocks[13]);
    assert_int_equal(own_chunks()->whole, 5);
    assert_int_equal(own_chunks()->count, 46); /* with which it is five */
    fixture_close(&fixture);
}

/* However many chunks have less than their lists promise, a search ends. */
static void test_a_search_looks_at_few_chunks(void **state)
{
    (void)state;
    enum { CHUNKS = 40 };
    grt_addr holes[CHUNKS];
    fixture_open(&fixture, 0);
    for (uint32_t i = 0; i < CHUNKS; i++) {
        uint32_t pages = 19 + i / CHUNK_RECENT; /* as many of a length as are remembered */
        (void)get(PAGES(32));
        (void)get(PAGES(32 - pages));
        holes[i] = get(PAGES(pages));
    }
    grt_addr room = get(PAGES(32));
    for (uint32_t i = 0; i < 3; i++) {
        (void)get(PAGES(32)); /* the chunk that is cut from is full */
    }
    put(room);
    for (uint32_t i = 0; i < CHUNKS; i++) {
        put(holes[i]);
    }
    for (uint32_t i = CHUNKS; i-- > 0;) { /* the chunks stay listed as they are */
        assert_int_equal(get(PAGES(19 + i / CHUNK_RECENT)), holes[i]);
    }
    assert_int_equal(own_chunks()->count, CHUNKS + 2);
    assert_int_not_equal(get(PAGES(18)), room);
    assert_int_equal(own_chunks()->count, CHUNKS + 3);
    fixture_close(&fixture);
}

/* Every length keeps every size that can be asked for in it. */
static void test_sizes(void **state)
{
    (void)state;
    fixture_open(&fixture, 4096);
    for (uint32_t pages = 3; pages <= MEDIUM_PAGES_MAX + 1; pages++) {
        for (uint32_t less = 0; less < GRT_PAGE_SIZE; less += 819) {
            grt_addr block = get(PAGES(pages) - less);
            assert_int_equal(grt_heap_size(fixture.heap, block), PAGES(pages) - less);
            put(block);
        }
    }
    assert_int_equal(stats_of(fixture.heap).live_asked, 0);
    fixture_close(&fixture);
}

static void test_what_is_kept_is_bounded(void **state)
{
    (void)state;
    fixture_open(&fixture, 0);
    static grt_addr blocks[2000];
    for (uint32_t i = 0; i < 2000; i++) {
        blocks[i] = get(PAGES(3 + i % 30));
    }
    assert_true(own_chunks()->count > 500);
    for (uint32_t i = 0; i < 2000; i++) {
        put(blocks[i]);
    }
    assert_in_range(own_chunks()->count, 1, 5);
    assert_true(stats_of(fixture.heap).cached_by_threads <= PAGES(5 * CHUNK_PAGES));
    grt_heap_trim(fixture.heap);
    assert_int_equal(own_chunks()->count, 0);
    assert_int_equal(stats_of(fixture.heap).cached, 0);
    assert_int_equal(stats_of(fixture.heap).largest_free, stats_of(fixture.heap).capacity);
    fixture_close(&fixture);
}

/* With an option that touches blocks every free takes the long way, which gives chunks up as well.
 */
static void test_what_is_kept_is_bounded_with_options(void **state)
{
    (void)state;
    grt_addr blocks[96];
    fixture_open_options(&fixture, 8192, "fill");
    for (uint32_t i = 0; i < 96; i++) {
        blocks[i] = get(PAGES(32));
    }
    for (uint32_t i = 0; i < 96; i++) {
        put(blocks[i]);
    }
    assert_in_range(own_chunks()->count, 1, 5);
    fixture_close(&fixture);
}

/* All of a chunk counts as taken, and none is made that exceeds the budget. */
static void test_chunks_keep_to_the_budget(void **state)
{
    (void)state;
    grt_heap_config config = fixture_config(&fixture, 2048);
    config.budget = PAGES(100);
    fixture_open_with(&fixture, &config);
    for (uint32_t i = 0; i < 5; i++) { /* three in a chunk, which is given up for the fifth */
        (void)get(PAGES(20));
        assert_int_equal(own_chunks()->count, i < 4);
    }
    assert_int_equal(grt_heap_alloc(fixture.heap, PAGES(3)), 0);
    assert_int_equal(stats_of(fixture.heap).live, PAGES(100));
    fixture_close(&fixture);
}

static grt_addr others[2000], others_of_a_step[800];
static uint32_t step_of_others;

static void free_seven_chunks(void *arg)
{
    (void)arg;
    for (uint32_t i = step_of_others; i < step_of_others + 14 && i < 800; i++) {
        put(others_of_a_step[i]);
    }
}

static void free_others(void *arg)
{
    (void)arg;
    for (uint32_t i = 0; i < 2000; i++) {
        put(others[i]);
    }
}

/* The owner of the chunks does nothing, and another thread frees all there is in them. */
static void test_what_others_return_is_bounded(void **state)
{
    (void)state;
    fixture_open(&fixture, 0);
    for (uint32_t i = 0; i < 2000; i++) {
        others[i] = get(PAGES(3 + i % 30));
    }
    run_in_thread(free_others, NULL);
    assert_true(stats_of(fixture.heap).live == 0);
    assert_in_range(own_chunks()->count, 1, 4 + 2 * CHUNK_RIPE_MAX);
    assert_heap_sound(fixture.heap);
    (void)get(PAGES(32));
    (void)get(PAGES(33)); /* in no chunk */
    assert_heap_sound(fixture.heap);
    fixture_close(&fixture);
}

/* The owner takes over what others return, a little at a time, and has no use for it. */
static void take_over_what_was_returned(grt_addr (*alloc)(grt_heap *heap, uint32_t size))
{
    fixture_open(&fixture, 0);
    for (uint32_t i = 0; i < 800; i++) {
        others_of_a_step[i] = get(PAGES(32));
    }
    for (step_of_others = 0; step_of_others < 800; step_of_others += 14) {
        run_in_thread(free_seven_chunks, NULL);
        (void)alloc(fixture.heap, PAGES(31));
    }
    assert_in_range(own_chunks()->whole, 0, 3 + own_chunks()->count / 16);
    assert_heap_sound(fixture.heap);
    fixture_close(&fixture);
}

static void free_every_second(void *arg)
{
    (void)arg;
    for (uint32_t i = 0; i < 2000; i += 2) {
        put(others[i]);
    }
}

/* Others return some of the blocks of each chunk, and then the owner frees the rest. */
static void test_what_owner_and_others_free_is_bounded(void **state)
{
    (void)state;
    fixture_open(&fixture, 0);
    for (uint32_t i = 0; i < 2000; i++) {
        others[i] = get(PAGES(30)); /* two a chunk */
    }
    run_in_thread(free_every_second, NULL);
    for (uint32_t i = 1; i < 2000; i += 2) {
        put(others[i]);
    }
    assert_int_equal(stats_of(fixture.heap).live, 0);
    assert_in_range(own_chunks()->count, 1, 4 + 2 * CHUNK_RIPE_MAX);
    assert_heap_sound(fixture.heap);
    fixture_close(&fixture);
}

static void test_what_was_returned_is_given_up(void **state)
{
    (void)state;
    take_over_what_was_returned(grt_heap_alloc);
    take_over_what_was_returned(grt_heap_alloc_zeroed);
}

static void free_one(void *arg)
{
    put(*(const grt_addr *)arg);
}

static void free_elsewhere(grt_addr block)
{
    run_in_thread(free_one, &block);
}

/* Before a new chunk is made the owner takes over what others freed in the one that it cuts from.
 */
static void test_what_others_returned_serves_first(void **state)
{
    (void)state;
    fixture_open(&fixture, 4096);
    grt_addr first = get(PAGES(32)), second = get(PAGES(32));
    free_elsewhere(first);
    assert_int_equal(get(PAGES(20)), first);
    free_elsewhere(second);
    assert_int_equal(get(PAGES(32)), second);
    assert_int_equal(own_chunks()->count, 1);
    fixture_close(&fixture);
}

static void test_what_is_kept_serves_others_before_they_are_refused(void **state)
{
    (void)state;
    fixture_open(&fixture, 2048);
    grt_addr block = get(PAGES(20)), freed = get(PAGES(10));
    put(freed);
    uint64_t largest = stats_of(fixture.heap).largest_free;
    assert_int_equal(own_chunks()->count, 1);
    grt_addr all = get((uint32_t)largest + PAGES(44)); /* with the pages of the chunk behind it */
    assert_int_equal(all, block + PAGES(20));
    assert_int_equal(own_chunks()->count, 0);
    assert_int_equal(stats_of(fixture.heap).failures, 0);
    assert_int_equal(grt_heap_size(fixture.heap, block), PAGES(20));
    put(block); /* which is in no chunk any more */
    assert_heap_sound(fixture.heap);
    fixture_close(&fixture);
}

static void open_with_budget(uint32_t heap_pages, uint32_t budget_pages)
{
    grt_memory_config memory_config = grt_memory_config_default();
    grt_heap_config config = fixture_config(&fixture, heap_pages);
    memory_config.budget = PAGES((uint64_t)budget_pages);
    assert_int_equal(grt_memory_create(&memory_config, &fixture.memory), GRT_OK);
    assert_int_equal(grt_heap_create(fixture.memory, &config, &fixture.heap), GRT_OK);
}

/* Where the memory's budget has no room for a chunk, blocks do without, and the pages of freed ones
 * are not given back to the host for the sake of one: the next block finds what was written there.
 */
static void test_no_budget_for_a_chunk(void **state)
{
    (void)state;
    open_with_budget(4096, 100);
    (void)get(PAGES(80));
    grt_addr block = get(PAGES(5));
    assert_int_equal(own_chunks()->count, 0);
    memset(grt_memory_host(fixture.memory, block), 0xAB, PAGES(5));
    put(block);
    assert_int_equal(get(PAGES(5)), block);
    assert_int_equal(*(uint8_t *)grt_memory_host(fixture.memory, block), 0xAB);
    assert_int_equal(stats_of(fixture.heap).failures, 0);
    fixture_close(&fixture);
}

/* A chunk would be a large part of a small heap. */
static void test_small_heaps_have_no_chunks(void **state)
{
    (void)state;
    fixture_open(&fixture, 512);
    grt_addr block = get(PAGES(20));
    assert_int_equal(block, fixture.heap->first);
    assert_int_equal(own_chunks()->count, 0);
    put(block);
    assert_int_equal(stats_of(fixture.heap).free, PAGES(512));
    fixture_close(&fixture);
    for (uint32_t pages = 1023; pages <= 1024; pages++) {
        fixture_open(&fixture, pages);
        (void)get(PAGES(20));
        assert_int_equal(own_chunks()->count, pages == 1024);
        fixture_close(&fixture);
    }
}

static void test_zeroed(void **state)
{
    (void)state;
    fixture_open(&fixture, 4096);
    grt_addr block = get(PAGES(10));
    memset(grt_memory_host(fixture.memory, block), 0xAB, PAGES(10));
    put(block);
    assert_int_equal(grt_heap_alloc_zeroed(fixture.heap, PAGES(10) - 1), block);
    const uint8_t *bytes = grt_memory_host(fixture.memory, block);
    for (uint32_t i = 0; i < PAGES(10) - 1; i++) {
        assert_int_equal(bytes[i], 0);
    }
    assert_int_equal(grt_heap_size(fixture.heap, block), PAGES(10) - 1);
    fixture_close(&fixture);
}

/* Pages that became a chunk are not zero because they are new. */
static void test_zeroed_in_a_new_chunk(void **state)
{
    (void)state;
    fixture_open(&fixture, 4096);
    grt_addr large = get(PAGES(200));
    memset(grt_memory_host(fixture.memory, large), 0xAB, PAGES(200));
    put(large);
    grt_addr block = grt_heap_alloc_zeroed(fixture.heap, PAGES(10));
    assert_int_equal(own_chunks()->count, 1);
    const uint8_t *bytes = grt_memory_host(fixture.memory, block);
    for (uint32_t i = 0; i < PAGES(10); i++) {
        assert_int_equal(bytes[i], 0);
    }
    fixture_close(&fixture);
}

/* Of a chunk that ends, also a single page at its end becomes a free run. */
static void test_the_last_page_of_a_chunk(void **state)
{
    (void)state;
    fixture_open(&fixture, 4096);
    (void)get(PAGES(32));
    (void)get(PAGES(31));
    assert_int_equal(grt_heap_alloc(fixture.heap, PAGES(4090)), 0);
    assert_int_equal(own_chunks()->count, 0);
    assert_heap_sound(fixture.heap);
    assert_int_equal(stats_of(fixture.heap).free, PAGES(4096 - 63));
    fixture_close(&fixture);
}

/* ---- wrong frees -------------------------------------------------------------------------------
 */

static void expect_refused(grt_addr address, grt_status status)
{
    assert_int_equal(grt_heap_free(fixture.heap, address), status);
    assert_int_equal(grt_heap_realloc(fixture.heap, address, 20000), 0);
}

static void test_wrong_frees(void **state)
{
    (void)state;
    fixture_open(&fixture, 4096);
    grt_addr block = get(PAGES(10)), other = get(PAGES(10));
    grt_block_info info;
    for (uint32_t offset = 8; offset < PAGES(10); offset *= 2) {
        expect_refused(block + offset, GRT_INTERIOR_POINTER);
    }
    expect_refused(block + PAGES(1), GRT_INTERIOR_POINTER);
    put(block);
    expect_refused(block, GRT_DOUBLE_FREE);
    expect_refused(block + 16, GRT_NOT_A_BLOCK);
    grt_heap_describe(fixture.heap, block + 16, &info);
    assert_int_equal(info.state, GRT_BLOCK_FREED);
    assert_int_equal(info.start, block);
    assert_int_equal(info.extent, PAGES(10));
    put(other);
    grt_heap_trim(fixture.heap); /* the pages are merged with what is free around them */
    expect_refused(block, GRT_DOUBLE_FREE);
    expect_refused(other, GRT_DOUBLE_FREE);
    expect_refused(block + PAGES(3), GRT_NOT_A_BLOCK);
    fixture_close(&fixture);
}

static void expect_freed(grt_addr address, grt_addr start, uint32_t pages)
{
    grt_block_info info;
    grt_heap_describe(fixture.heap, address, &info);
    assert_int_equal(info.state, GRT_BLOCK_FREED);
    assert_int_equal(info.start, start);
    assert_int_equal(info.extent, PAGES(pages));
}

/* The pages of a chunk that it has not used yet go on to say what was there before it. */
static void test_what_was_there_before_the_chunk(void **state)
{
    (void)state;
    fixture_open(&fixture, 4096);
    grt_addr large[3] = {get(PAGES(33)), get(PAGES(33)), get(PAGES(33))};
    for (int i = 0; i < 3; i++) {
        put(large[i]);
    }
    grt_addr block = get(PAGES(5)); /* the chunk starts with the last page of the first */
    assert_int_equal(block, large[0] + PAGES(32));
    expect_refused(large[2], GRT_DOUBLE_FREE);
    expect_refused(large[2] + PAGES(1), GRT_NOT_A_BLOCK);
    expect_freed(large[2] + PAGES(2) + 8, large[2], 33);
    expect_refused(large[1], GRT_INTERIOR_POINTER); /* a page of the block of now */
    put(block);
    expect_refused(block, GRT_DOUBLE_FREE);
    expect_freed(block + PAGES(4) + 8, block, 5);
    expect_freed(block + PAGES(5) + 8, large[1], 33);
    expect_refused(block + PAGES(5), GRT_NOT_A_BLOCK);
    grt_heap_trim(fixture.heap);
    expect_refused(block, GRT_DOUBLE_FREE);
    expect_freed(block + 8, block, 5);
    expect_refused(large[2], GRT_DOUBLE_FREE);
    fixture_close(&fixture);
}

static void change_page(grt_addr page, int change)
{
    if (change == 0) {
        grt_memory_protect(fixture.memory, page, GRT_PAGE_SIZE, GRT_READ_ONLY);
    } else if (change == 1) {
        grt_memory_protect(fixture.memory, page, GRT_PAGE_SIZE, GRT_NO_ACCESS);
    } else {
        grt_memory_decommit(fixture.memory, page, GRT_PAGE_SIZE);
    }
}

/* The pages of a block that the guest took away or protected are not handed out as they are. */
static void test_pages_that_the_guest_changed(void **state)
{
    (void)state;
    fixture_open(&fixture, 4096);
    for (uint32_t i = 0; i < 3 * 8; i++) {
        grt_addr block = get(PAGES(8));
        change_page(block + PAGES(i / 3), (int)(i % 3));
        put(block);
        assert_int_equal(own_chunks()->count, 0); /* only free runs can be as the guest made it */
        for (int tries = 0; tries < 3; tries++) {
            grt_addr again = get(PAGES(8));
            assert_true(grt_memory_accessible(fixture.memory, again, PAGES(8), GRT_READ_WRITE));
        }
        grt_heap_trim(fixture.heap);
    }
    fixture_close(&fixture);
}

/* A chunk is cut where blocks started in the one before it: the host backs those pages. */
static void test_a_chunk_in_the_place_of_another(void **state)
{
    (void)state;
    fixture_open(&fixture, 4096);
    grt_addr first = get(PAGES(5)), second = get(PAGES(6));
    assert_int_equal(second, first + PAGES(5));
    put(first);
    put(second);
    grt_heap_trim(fixture.heap);
    assert_int_equal(own_chunks()->count, 0);
    assert_int_equal(get(PAGES(3)), first);
    assert_int_equal(get(PAGES(3)), second);
    assert_int_equal(get(PAGES(3)), second + PAGES(3)); /* none is left */
    fixture_close(&fixture);
}

/* Pages seen through a mirror of the console's memory have no records of their own. */
static void test_a_heap_in_a_mirror(void **state)
{
    (void)state;
    grt_memory_config memory_config = grt_memory_config_default();
    memory_config.profile = GRT_PROFILE_CONSOLE;
    grt_heap_config config = fixture_config(&fixture, 4096);
    config.first = 0xE0000000u;
    config.end = config.first + PAGES(4096);
    assert_int_equal(grt_memory_create(&memory_config, &fixture.memory), GRT_OK);
    assert_int_equal(grt_heap_create(fixture.memory, &config, &fixture.heap), GRT_OK);
    put(get(PAGES(8)));
    assert_int_equal(own_chunks()->count, 1); /* nothing was changed */
    grt_addr block = get(PAGES(8));
    change_page(block + PAGES(7), 0);
    put(block);
    assert_int_equal(own_chunks()->count, 0);
    fixture_close(&fixture);
}

static void expect_usable(grt_addr block, uint32_t pages)
{
    assert_true(grt_memory_accessible(fixture.memory, block, PAGES(pages), GRT_READ_WRITE));
}

/* Nor are those that a realloc cuts off. */
static void test_changed_pages_that_are_cut_off(void **state)
{
    (void)state;
    fixture_open(&fixture, 4096);
    grt_addr block = get(PAGES(8));
    grt_memory_decommit(fixture.memory, block + PAGES(6), GRT_PAGE_SIZE);
    block = grt_heap_realloc(fixture.heap, block, PAGES(4));
    expect_usable(block, 4);
    for (int i = 0; i < 6; i++) {
        expect_usable(get(PAGES(4)), 4);
    }
    fixture_close(&fixture);
}

/* Making a block smaller never fails, whatever its pages are like. */
static void test_changed_blocks_become_smaller(void **state)
{
    (void)state;
    fixture_open(&fixture, 4096);
    grt_addr block = get(PAGES(8)), other = get(PAGES(8));
    grt_memory_decommit(fixture.memory, block + PAGES(6), GRT_PAGE_SIZE);
    grt_heap_inject_failure(fixture.heap, 1, true);
    assert_int_equal(grt_heap_realloc(fixture.heap, other, PAGES(3)), other);
    assert_int_equal(grt_heap_realloc(fixture.heap, block, 16), block);
    grt_heap_inject_failure(fixture.heap, 0, false);
    assert_int_equal(grt_heap_size(fixture.heap, block), 16);
    assert_heap_sound(fixture.heap);
    fixture_close(&fixture);
}

/* Nor those that were changed in no block, once the chunk has ended. */
static void test_changed_pages_in_no_block(void **state)
{
    (void)state;
    fixture_open(&fixture, 4096);
    grt_addr block = get(PAGES(8));
    put(block);
    grt_memory_decommit(fixture.memory, block + PAGES(3), GRT_PAGE_SIZE);
    grt_heap_trim(fixture.heap);
    assert_heap_sound(fixture.heap);
    expect_usable(get(PAGES(200)), 200);
    fixture_close(&fixture);
}

static void free_one_and_change_it(void *arg)
{
    (void)arg;
    grt_addr block = get(PAGES(8));
    put(block);
    grt_memory_decommit(fixture.memory, block + PAGES(3), GRT_PAGE_SIZE);
}

/* A thread's chunks end with it, and what becomes of their pages is as the memory says. */
static void test_changed_pages_of_a_thread_that_ended(void **state)
{
    (void)state;
    fixture_open(&fixture, 4096);
    run_in_thread(free_one_and_change_it, NULL);
    assert_heap_sound(fixture.heap);
    fixture_close(&fixture);
}

/* A write into a freed block is reported with where that block was, and how long. */
static void test_a_write_to_a_freed_block(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 4096, "fill");
    grt_addr block = get(PAGES(5));
    put(block);
    *(uint8_t *)grt_memory_host(fixture.memory, block + PAGES(2) + 3) = 7;
    assert_int_equal(get(PAGES(5)), block);
    assert_int_equal(stats_of(fixture.heap).writes_after_free, 1);
    char where[64];
    bool named = false;
    snprintf(where, sizeof where, "block=0x%08X occupied=%u", (unsigned)block, PAGES(5));
    for (uint32_t i = 0; i < fixture.lines; i++) {
        named |= strstr(fixture.line[i], where) != NULL;
    }
    assert_true(named);
    fixture_close(&fixture);
}

/* A chunk ends with what others returned in it. */
static void test_changed_pages_beside_a_returned_block(void **state)
{
    (void)state;
    fixture_open(&fixture, 4096);
    grt_addr block = get(PAGES(8)), returned = get(PAGES(8)), last = get(PAGES(8));
    free_elsewhere(returned);
    grt_memory_protect(fixture.memory, block, GRT_PAGE_SIZE, GRT_READ_ONLY);
    put(block);
    assert_int_equal(own_chunks()->count, 0);
    assert_heap_sound(fixture.heap);
    expect_refused(returned, GRT_DOUBLE_FREE);
    put(last);
    assert_int_equal(stats_of(fixture.heap).free, PAGES(4096));
    fixture_close(&fixture);
}

/* ---- who asked ---------------------------------------------------------------------------------
 */

/* A refusal names who asked for the blocks that hold the memory, also for those of a chunk. */
static void test_sites_of_blocks_from_a_chunk(void **state)
{
    (void)state;
    fixture_open(&fixture, 1024);
    uint32_t before = grt_set_call_site(0x82001111);
    grt_addr freed[2] = {get(PAGES(12)), get(PAGES(14))};
    put(freed[0]);
    put(freed[1]);
    grt_set_call_site(0x82002222);
    (void)get(PAGES(12));
    (void)grt_heap_alloc_zeroed(fixture.heap, PAGES(14));
    grt_set_call_site(0x82003333);
    assert_int_equal(grt_heap_alloc(fixture.heap, PAGES(1020)), 0);
    grt_set_call_site(before);
    bool named = false;
    for (uint32_t i = 0; i < fixture.lines; i++) {
        assert_null(strstr(fixture.line[i], "82001111"));
        named |= strstr(fixture.line[i], "82002222") != NULL;
    }
    assert_true(named);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_last_freed_is_handed_out_first),
        cmocka_unit_test(test_lengths_share_their_pages),
        cmocka_unit_test(test_the_fullest_chunk_serves),
        cmocka_unit_test(test_blocks_grow_and_shrink_in_their_chunk),
        cmocka_unit_test(test_blocks_grow_as_far_as_there_is_room),
        cmocka_unit_test(test_a_whole_chunk_serves_again),
        cmocka_unit_test(test_who_has_more_chunks_keeps_more),
        cmocka_unit_test(test_a_search_looks_at_few_chunks),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_what_is_kept_is_bounded),
        cmocka_unit_test(test_what_is_kept_is_bounded_with_options),
        cmocka_unit_test(test_chunks_keep_to_the_budget),
        cmocka_unit_test(test_what_others_return_is_bounded),
        cmocka_unit_test(test_what_was_returned_is_given_up),
        cmocka_unit_test(test_what_owner_and_others_free_is_bounded),
        cmocka_unit_test(test_no_budget_for_a_chunk),
        cmocka_unit_test(test_what_others_returned_serves_first),
        cmocka_unit_test(test_small_heaps_have_no_chunks),
        cmocka_unit_test(test_what_is_kept_serves_others_before_they_are_refused),
        cmocka_unit_test(test_zeroed),
        cmocka_unit_test(test_zeroed_in_a_new_chunk),
        cmocka_unit_test(test_the_last_page_of_a_chunk),
        cmocka_unit_test(test_wrong_frees),
        cmocka_unit_test(test_what_was_there_before_the_chunk),
        cmocka_unit_test(test_pages_that_the_guest_changed),
        cmocka_unit_test(test_a_chunk_in_the_place_of_another),
        cmocka_unit_test(test_a_heap_in_a_mirror),
        cmocka_unit_test(test_changed_pages_that_are_cut_off),
        cmocka_unit_test(test_changed_blocks_become_smaller),
        cmocka_unit_test(test_changed_pages_in_no_block),
        cmocka_unit_test(test_changed_pages_of_a_thread_that_ended),
        cmocka_unit_test(test_a_write_to_a_freed_block),
        cmocka_unit_test(test_changed_pages_beside_a_returned_block),
        cmocka_unit_test(test_sites_of_blocks_from_a_chunk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
