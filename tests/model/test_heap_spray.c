/*
 * test_heap_spray.c - no byte of guest memory is the heap's.
 *
 * Two heaps, each in a memory of its own, get the same calls. Between the calls every byte that the
 * guest can reach is overwritten in one of them, with noise and with what could be mistaken for
 * records: addresses of blocks, sizes, ones, zeros. Whatever can be asked must have the same answer
 * in both: where blocks are, their sizes, the statistics, the walk, the check.
 */
#include "heap_fixture.h"

#include "heap_world.h"

#define BLOCKS_MAX 4096

typedef enum spray_mode {
    SPRAY_FREE_BYTES, /* live blocks keep their bytes, which are verified */
    SPRAY_ALL_BYTES,  /* live blocks get others */
} spray_mode;

static heap_world sprayed, twin;
static baton other;

/* ---- spraying ----------------------------------------------------------------------------------
 */

static uint32_t noise(test_random *random)
{
    switch (random_below(random, 6)) {
    case 0:
        return 0;
    case 1:
        return UINT32_MAX;
    case 2:
        return sprayed.blocks[random_below(random, WORLD_SLOTS)].start;
    case 3:
        return random_below(random, 0x10000);
    default:
        return random_next(random);
    }
}

static void spray_page(unsigned char *page, test_random *random)
{
    static uint32_t words[GRT_PAGE_SIZE / 4];
    if (random_below(random, 16) == 0) { /* drawing all of them for each page would take long */
        for (uint32_t i = 0; i < GRT_PAGE_SIZE / 4; i++) {
            words[i] = noise(random);
        }
    }
    words[random_below(random, GRT_PAGE_SIZE / 4)] = noise(random);
    memcpy(page, words, sizeof words);
}

static uint32_t spray(test_random *random, spray_mode mode, uint32_t pages)
{
    uint32_t hit = 0;
    for (uint32_t i = 0; i < pages; i++) {
        grt_addr page = GRT_FLAT_USER_FIRST + i * GRT_PAGE_SIZE;
        if (grt_memory_accessible(sprayed.memory, page, GRT_PAGE_SIZE, GRT_READ_WRITE)) {
            spray_page(world_host(&sprayed, page), random);
            hit++;
        }
    }
    for (uint32_t i = 0; i < WORLD_SLOTS; i++) {
        world_block *block = &sprayed.blocks[i];
        if (block->start != 0 && !block->lost) {
            block->fill =
                mode == SPRAY_ALL_BYTES ? (unsigned char)random_next(random) : block->fill;
            memset(world_host(&sprayed, block->start), block->fill, block->size);
        }
    }
    return hit;
}

/* ---- comparing ---------------------------------------------------------------------------------
 */

typedef struct walked_block {
    grt_addr block;
    uint32_t asked, extent;
} walked_block;

typedef struct walked {
    uint32_t count;
    walked_block blocks[BLOCKS_MAX];
} walked;

static bool keep_block(void *user, grt_addr block, uint32_t asked, uint32_t extent)
{
    walked *all = user;
    all->blocks[all->count++] = (walked_block){block, asked, extent};
    return all->count < BLOCKS_MAX;
}

static void compare_worlds(uint32_t step)
{
    static walked here, there;
    here.count = there.count = 0;
    grt_heap_walk(sprayed.heap, keep_block, &here);
    grt_heap_walk(twin.heap, keep_block, &there);
    grt_heap_stats stats = stats_of(sprayed.heap);
    grt_heap_stats twin_stats = stats_of(twin.heap);
    if (here.count != there.count ||
        memcmp(here.blocks, there.blocks, here.count * sizeof here.blocks[0]) != 0) {
        fail_msg("step %u: the walks differ", step);
    }
    if (memcmp(&stats, &twin_stats, sizeof stats) != 0) {
        fail_msg("step %u: the statistics differ", step);
    }
    for (uint32_t i = 0; i < WORLD_SLOTS; i++) {
        if (sprayed.blocks[i].start != twin.blocks[i].start ||
            sprayed.blocks[i].size != twin.blocks[i].size) {
            fail_msg("step %u: block %u is at 0x%08X here and at 0x%08X there", step, i,
                     (unsigned)sprayed.blocks[i].start, (unsigned)twin.blocks[i].start);
        }
    }
}

static void compare_descriptions(test_random *random, uint32_t pages)
{
    grt_block_info info, twin_info;
    grt_addr address = GRT_FLAT_USER_FIRST + random_below(random, pages * GRT_PAGE_SIZE);
    grt_heap_describe(sprayed.heap, address, &info);
    grt_heap_describe(twin.heap, address, &twin_info);
    assert_int_equal(info.state, twin_info.state);
    assert_string_equal(info.text, twin_info.text);
}

/* ---- running -----------------------------------------------------------------------------------
 */

static heap_call draw(test_random *random, uint32_t max_size, bool two_threads)
{
    static const call_kind kinds[] = {CALL_ALLOC,     CALL_ALLOC,     CALL_ALLOC,   CALL_ZEROED,
                                      CALL_ZEROED,    CALL_ALIGNED,   CALL_REALLOC, CALL_REALLOC,
                                      CALL_FREE,      CALL_FREE,      CALL_FREE,    CALL_FREE_TWICE,
                                      CALL_FREE_WILD, CALL_FREE_STALE};
    heap_call call = {.kind = kinds[random_below(random, 14)],
                      .slot = random_below(random, WORLD_SLOTS),
                      .power = random_below(random, 15),
                      .value = random_size(random, max_size)};
    uint32_t rare = random_below(random, 200);
    if (rare < 4) {
        call.kind = rare == 0 ? CALL_TRIM : rare == 1 ? CALL_TAKE_PAGES : CALL_FREE_INSIDE;
    }
    if (call.kind == CALL_FREE_WILD) {
        call.value = GRT_FLAT_USER_FIRST + random_below(random, 0x200000);
    }
    call.elsewhere = two_threads && random_below(random, 3) == 0;
    return call;
}

static void close_worlds(void)
{
    world_close(&sprayed);
    world_close(&twin);
    assert_string_equal(sprayed.complaint, "");
    assert_string_equal(twin.complaint, "");
}

static void run_twins(spray_mode mode, uint32_t pages, uint32_t max_size, bool two_threads)
{
    test_random random = random_from_environment("spray");
    test_random sprays = {random_next(&random)};
    uint64_t hit = 0;
    assert_true(world_open(&sprayed, pages, 0, &other) && world_open(&twin, pages, 0, &other));
    for (uint32_t step = 0; step < 1500; step++) {
        heap_call call = draw(&random, max_size, two_threads);
        world_call(&sprayed, &call);
        world_call(&twin, &call);
        hit += spray(&sprays, mode, pages);
        world_check(&sprayed);
        compare_worlds(step);
        compare_descriptions(&random, pages);
        if (sprayed.complaint[0] != '\0' || twin.complaint[0] != '\0') {
            fail_msg("step %u: %s; twin: %s", step, sprayed.complaint, twin.complaint);
        }
    }
    assert_true(hit > 1500 * pages / 2);
    close_worlds();
}

static void test_free_bytes_are_sprayed(void **state)
{
    (void)state;
    run_twins(SPRAY_FREE_BYTES, 300, 60000, false);
}

static void test_all_bytes_are_sprayed(void **state)
{
    (void)state;
    run_twins(SPRAY_ALL_BYTES, 300, 60000, false);
}

static void test_small_blocks_of_two_threads(void **state)
{
    (void)state;
    run_twins(SPRAY_FREE_BYTES, 200, 2000, true);
}

static void test_all_bytes_of_two_threads(void **state)
{
    (void)state;
    run_twins(SPRAY_ALL_BYTES, 200, 20000, true);
}

/* The heap is large enough to have chunks. */
static void test_chunks_of_two_threads(void **state)
{
    (void)state;
    run_twins(SPRAY_FREE_BYTES, 1100, 131000, true);
}

static int start_other(void **state)
{
    (void)state;
    return baton_start(&other) ? 0 : -1;
}

static int stop_other(void **state)
{
    (void)state;
    baton_stop(&other);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_free_bytes_are_sprayed),
        cmocka_unit_test(test_all_bytes_are_sprayed),
        cmocka_unit_test(test_small_blocks_of_two_threads),
        cmocka_unit_test(test_all_bytes_of_two_threads),
        cmocka_unit_test(test_chunks_of_two_threads),
    };
    return cmocka_run_group_tests(tests, start_other, stop_other);
}
