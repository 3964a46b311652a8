/*
 * test_heap_options_model.c - long random runs with options on, beside a model.
 *
 * The model knows only what callers may rely on: a served block overlaps no other live block, is
 * aligned, keeps its bytes and its size, and can be freed once. Where the options write no
 * patterns, every byte that the guest could reach outside of live blocks is overwritten now and
 * then. The heap without options has a sharper model, in tests/model.
 */
#include "heap_fixture.h"

#define SLOTS 96

typedef struct model_block {
    grt_addr start; /* 0: the slot is free */
    uint32_t size;
    unsigned char fill;
} model_block;

typedef struct model {
    heap_fixture fixture;
    model_block blocks[SLOTS];
    unsigned char next_fill;
} model;

static model world;

static unsigned char *host(grt_addr address)
{
    return grt_memory_host(world.fixture.memory, address);
}

static void fill_block(model_block *block)
{
    block->fill = ++world.next_fill;
    memset(host(block->start), block->fill, block->size);
}

static void assert_filled(const model_block *block, uint32_t size)
{
    const unsigned char *bytes = host(block->start);
    for (uint32_t i = 0; i < size; i++) {
        if (bytes[i] != block->fill) {
            fail_msg("byte %u of block 0x%08X changed", i, (unsigned)block->start);
        }
    }
}

static void assert_apart(const model_block *block)
{
    for (int i = 0; i < SLOTS; i++) {
        const model_block *other = &world.blocks[i];
        if (other == block || other->start == 0) {
            continue;
        }
        assert_true(block->start + block->size <= other->start ||
                    other->start + other->size <= block->start);
    }
}

static void model_alloc(model_block *block, uint32_t size, uint32_t alignment, bool zeroed)
{
    grt_heap *heap = world.fixture.heap;
    block->start =
        zeroed ? grt_heap_alloc_zeroed(heap, size) : grt_heap_alloc_aligned(heap, size, alignment);
    if (block->start == 0) {
        return;
    }
    block->size = size == 0 ? 1 : size;
    assert_int_equal(block->start % (zeroed ? 16 : alignment), 0);
    assert_true(grt_heap_owns(heap, block->start));
    assert_true(grt_heap_owns(heap, block->start + block->size - 1));
    assert_apart(block);
    for (uint32_t i = 0; zeroed && i < block->size; i++) {
        assert_int_equal(host(block->start)[i], 0);
    }
    fill_block(block);
}

static void model_free(model_block *block)
{
    assert_int_equal(grt_heap_size(world.fixture.heap, block->start), block->size);
    assert_filled(block, block->size);
    assert_int_equal(grt_heap_free(world.fixture.heap, block->start), GRT_OK);
    assert_int_equal(grt_heap_free(world.fixture.heap, block->start), GRT_DOUBLE_FREE);
    block->start = 0;
}

static void model_realloc(model_block *block, uint32_t size)
{
    uint32_t before = block->size;
    grt_addr moved = grt_heap_realloc(world.fixture.heap, block->start, size);
    if (moved == 0) {
        assert_true(size > before);
        assert_filled(block, before);
        return;
    }
    block->start = moved;
    block->size = size == 0 ? 1 : size;
    assert_filled(block, before < block->size ? before : block->size);
    assert_apart(block);
    fill_block(block);
}

static void model_check(void)
{
    uint64_t asked = 0;
    uint64_t count = 0;
    for (int i = 0; i < SLOTS; i++) {
        if (world.blocks[i].start != 0) {
            asked += world.blocks[i].size;
            count++;
        }
    }
    grt_heap_stats stats = stats_of(world.fixture.heap);
    assert_int_equal(stats.blocks, count);
    assert_int_equal(stats.live_asked, asked);
    assert_heap_sound(world.fixture.heap);
}

static void model_open(const grt_heap_config *config)
{
    memset(&world.blocks, 0, sizeof world.blocks);
    fixture_open_with(&world.fixture, config);
}

static void model_close(void)
{
    for (int i = 0; i < SLOTS; i++) {
        if (world.blocks[i].start != 0) {
            model_free(&world.blocks[i]);
        }
    }
    grt_heap_stats stats = stats_of(world.fixture.heap);
    assert_int_equal(stats.live, 0);
    grt_heap_trim(world.fixture.heap);
    stats = stats_of(world.fixture.heap);
    assert_int_equal(stats.free, stats.capacity);
    assert_int_equal(stats.largest_free, stats.capacity);
    assert_int_equal(stats.committed, 0);
    fixture_close(&world.fixture);
}

/* ---- long random runs ---------------------------------------------------------------------------
 */

/* Overwrites what the guest can reach outside of live blocks. */
static void spray(test_random *random)
{
    uint64_t end = world.fixture.heap != NULL ? stats_of(world.fixture.heap).capacity : 0;
    unsigned char value = (unsigned char)random_next(random);
    for (uint64_t offset = 0; offset < end; offset += GRT_PAGE_SIZE) {
        grt_addr page = GRT_FLAT_USER_FIRST + (grt_addr)offset;
        if (!grt_memory_accessible(world.fixture.memory, page, GRT_PAGE_SIZE, GRT_READ_WRITE)) {
            continue;
        }
        memset(host(page), value, GRT_PAGE_SIZE);
    }
    for (int i = 0; i < SLOTS; i++) { /* the blocks' owners write theirs again */
        if (world.blocks[i].start != 0) {
            memset(host(world.blocks[i].start), world.blocks[i].fill, world.blocks[i].size);
        }
    }
}

static void random_bad_free(test_random *random)
{
    grt_addr address = GRT_FLAT_USER_FIRST - 0x1000 + random_below(random, 0x410000);
    for (int i = 0; i < SLOTS; i++) {
        if (world.blocks[i].start == address) {
            return;
        }
    }
    assert_int_not_equal(grt_heap_free(world.fixture.heap, address), GRT_OK);
}

static void random_step(test_random *random, uint32_t max_size)
{
    model_block *block = &world.blocks[random_below(random, SLOTS)];
    uint32_t size = random_size(random, max_size);
    uint32_t choice = random_below(random, 16);
    if (choice == 0) {
        random_bad_free(random);
    } else if (block->start == 0) {
        model_alloc(block, size, 16u << random_below(random, 2) * random_below(random, 12),
                    choice < 6);
    } else if (choice < 5) {
        model_realloc(block, size);
    } else {
        model_free(block);
    }
}

static void run_with(const char *name, const char *options, uint32_t pages, uint64_t budget,
                     uint32_t max_size, uint32_t steps)
{
    test_random random = random_from_environment(name);
    grt_heap_config config = fixture_config(&world.fixture, pages);
    fixture_options(&config, options);
    config.budget = budget;
    bool patterns = config.options.fill || config.options.slack || config.options.redzone != 0;
    model_open(&config);
    for (uint32_t i = 0; i < rounds_of(steps, 8); i++) {
        random_step(&random, max_size);
        model_check();
        if (i % 16 == 0 && !patterns) {
            spray(&random);
        }
        if (i % 512 == 511) {
            grt_heap_trim(world.fixture.heap);
            model_check();
        }
    }
    grt_heap_stats stats = stats_of(world.fixture.heap);
    assert_int_equal(stats.overruns + stats.writes_after_free, 0);
    model_close();
}

static const char *const option_sets[] = {
    "fill",
    "slack",
    "redzone=16",
    "quarantine=64K",
    "guard=1-3000",
    "guard_sample=3",
    "sites=1",
    "fail_every=7",
    "fill,redzone=100,quarantine=100K",
    "fill,slack,quarantine=30000,guard=64-2000,guard_sample=2,sites=3,fail_every=11",
};

static void test_random_with_options(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof option_sets / sizeof option_sets[0]; i++) {
        run_with(option_sets[i], option_sets[i], 256, 0, 3000, 2500);
        run_with(option_sets[i], option_sets[i], 96, 0, 60000, 2500);
        run_with(option_sets[i], option_sets[i], 512, 500000, 100000, 1500);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_with_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
