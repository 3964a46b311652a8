/* Blocks between bounds, against a model that keeps a byte for each page. */
#include "heap_fixture.h"

#include "heap/bare.h"
#include "heap/quiet.h"

#define PAGES 64u

static heap_fixture fixture;

typedef struct model {
    bool used[PAGES];
    grt_addr first;
} model;

static bool fits(const model *m, uint32_t page, uint32_t pages, uint32_t alignment,
                 const grt_heap_bounds *bounds)
{
    grt_addr at = m->first + page * GRT_PAGE_SIZE;
    bool right = at % alignment == 0 && at >= bounds->lowest && pages > 0 &&
                 at + pages * GRT_PAGE_SIZE - 1 <= bounds->last;
    for (uint32_t i = page; right && i < page + pages; i++) {
        right = i < PAGES && !m->used[i];
    }
    return right;
}

/* Where the block must be; 0 = nowhere. */
static grt_addr expected(const model *m, uint32_t pages, uint32_t alignment,
                         const grt_heap_bounds *bounds)
{
    grt_addr found = 0;
    for (uint32_t page = 0; page < PAGES; page++) {
        if (fits(m, page, pages, alignment, bounds) && (found == 0 || bounds->top_down)) {
            found = m->first + page * GRT_PAGE_SIZE;
        }
    }
    return found;
}

static uint32_t longest(const model *m, uint32_t alignment, const grt_heap_bounds *bounds)
{
    uint32_t best = 0;
    for (uint32_t page = 0; page < PAGES; page++) {
        uint32_t pages = 0;
        while (fits(m, page, pages + 1, alignment, bounds)) {
            pages++;
        }
        best = pages > best ? pages : best;
    }
    return best;
}

static void mark(model *m, grt_addr block, uint32_t pages, bool used)
{
    for (uint32_t i = 0; i < pages; i++) {
        m->used[(block - m->first) / GRT_PAGE_SIZE + i] = used;
    }
}

static void allocate(model *m, grt_addr *blocks, uint32_t *sizes, uint32_t slot,
                     test_random *random)
{
    uint32_t pages = 1 + random_below(random, 12);
    uint32_t alignment = GRT_PAGE_SIZE << random_below(random, 4);
    uint32_t size = pages * GRT_PAGE_SIZE - random_below(random, GRT_PAGE_SIZE);
    grt_heap_bounds bounds = {.top_down = random_below(random, 2) == 0};
    bounds.lowest = m->first - 0x3000 + random_below(random, (PAGES + 6) * GRT_PAGE_SIZE);
    bounds.last = bounds.lowest + random_below(random, 30 * GRT_PAGE_SIZE) - GRT_PAGE_SIZE;
    grt_addr wanted = expected(m, pages, alignment, &bounds);
    bool nothing_kept = random_below(random, 2) == 0;
    if (nothing_kept) {
        grt_heap_trim(fixture.heap);
    }
    grt_addr block = grt_heap_alloc_within(fixture.heap, size, alignment, &bounds);
    assert_int_equal(block != 0, wanted != 0);
    if (nothing_kept) {
        assert_int_equal(block, wanted);
    }
    if (block != 0) {
        uint32_t page = (block - m->first) / GRT_PAGE_SIZE;
        assert_true(fits(m, page, pages, alignment, &bounds));
        mark(m, block, pages, true);
        blocks[slot] = block;
        sizes[slot] = pages;
        return;
    }
    grt_heap_failure failure;
    assert_true(grt_heap_last_failure(&failure));
    assert_true(failure.cause == GRT_HEAP_NO_ROOM_WITHIN || failure.cause == GRT_HEAP_EXHAUSTED);
    assert_int_equal(failure.would_fit, longest(m, alignment, &bounds) * GRT_PAGE_SIZE);
}

static void test_model(void **state)
{
    (void)state;
    test_random random = random_from_environment("test_heap_within");
    fixture_open(&fixture, PAGES);
    model m = {.first = grt_heap_config_default().first};
    grt_addr blocks[16] = {0};
    uint32_t sizes[16];
    for (int i = 0; i < 20000; i++) {
        uint32_t slot = random_below(&random, 16);
        if (blocks[slot] == 0) {
            allocate(&m, blocks, sizes, slot, &random);
            continue;
        }
        assert_int_equal(grt_heap_free(fixture.heap, blocks[slot]), GRT_OK);
        mark(&m, blocks[slot], sizes[slot], false);
        blocks[slot] = 0;
        if (i % 500 == 0) {
            assert_heap_sound(fixture.heap);
        }
    }
    fixture_close(&fixture);
}

/* What caches and spans merely keep is no obstacle. */
static void test_what_is_kept_gives_way(void **state)
{
    (void)state;
    fixture_open(&fixture, PAGES);
    grt_addr first = grt_heap_config_default().first;
    for (uint32_t size = 16; size < 8192; size *= 2) {
        grt_addr block = grt_heap_alloc(fixture.heap, size);
        assert_int_equal(grt_heap_free(fixture.heap, block), GRT_OK);
    }
    grt_heap_bounds exactly = {first, first + PAGES * GRT_PAGE_SIZE - 1, false};
    assert_int_equal(
        grt_heap_alloc_within(fixture.heap, PAGES * GRT_PAGE_SIZE, GRT_PAGE_SIZE, &exactly), first);
    fixture_close(&fixture);
}

static void test_quietly(void **state)
{
    (void)state;
    fixture_open(&fixture, PAGES);
    grt_heap_bounds beyond = {0x70000000, 0x7FFFFFFF, false};
    assert_int_equal(grt_heap_try_alloc_within(fixture.heap, 5000, 0, &beyond), 0);
    assert_int_equal(stats_of(fixture.heap).failures, 0);
    assert_int_equal(fixture.lines, 0);
    assert_int_equal(grt_heap_alloc_within(fixture.heap, 5000, 0, &beyond), 0);
    assert_int_equal(stats_of(fixture.heap).failures_by_cause[GRT_HEAP_NO_ROOM_WITHIN], 1);
    assert_non_null(strstr(fixture.line[0], "cause=GRT_HEAP_NO_ROOM_WITHIN"));
    grt_heap_bounds below = {0, 0x1000, true};
    assert_int_equal(grt_heap_try_alloc_within(fixture.heap, 5000, 0, &below), 0);
    assert_int_equal(grt_heap_try_alloc_within(NULL, 5000, 0, &below), 0);
    fixture_close(&fixture);
}

/* A bare block costs no memory, hence nothing of the memory's budget, and hides what was there. */
static void test_bare(void **state)
{
    (void)state;
    fixture_open_options(&fixture, PAGES, "fill,redzone=16,slack");
    grt_addr used = grt_heap_alloc(fixture.heap, 40 * GRT_PAGE_SIZE);
    memset(grt_memory_host(fixture.memory, used), 0x77, 40 * GRT_PAGE_SIZE);
    assert_int_equal(grt_heap_free(fixture.heap, used), GRT_OK);
    grt_addr bare = grt_heap_alloc_bare(fixture.heap, PAGES * GRT_PAGE_SIZE, 0, NULL, false);
    assert_int_equal(bare, grt_heap_config_default().first);
    grt_memory_stats memory;
    grt_memory_get_stats(fixture.memory, &memory);
    assert_int_equal(memory.committed, 0);
    assert_heap_sound(fixture.heap);
    assert_int_equal(grt_memory_commit(fixture.memory, bare, 3 * GRT_PAGE_SIZE), GRT_OK);
    assert_int_equal(*(uint8_t *)grt_memory_host(fixture.memory, bare + 0x2FFF), 0);
    assert_int_equal(grt_heap_alloc_bare(fixture.heap, GRT_PAGE_SIZE, 0, NULL, true), 0);
    assert_heap_sound(fixture.heap);
    assert_int_equal(grt_memory_decommit(fixture.memory, bare, 3 * GRT_PAGE_SIZE), GRT_OK);
    assert_int_equal(grt_heap_free(fixture.heap, bare), GRT_OK);
    assert_int_equal(stats_of(fixture.heap).committed, 0);
    grt_addr zeroed = grt_heap_alloc_zeroed(fixture.heap, 30 * GRT_PAGE_SIZE);
    assert_int_equal(*(uint8_t *)grt_memory_host(fixture.memory, zeroed + 0x2000), 0);
    assert_int_equal(grt_heap_free(fixture.heap, zeroed), GRT_OK);
    fixture_close(&fixture);
}

/* What red zones need is not kept free behind a bare block, nor taken off what would fit. */
static void test_bare_without_redzone(void **state)
{
    (void)state;
    fixture_open_options(&fixture, PAGES, "redzone=16");
    grt_addr at = grt_heap_config_default().first + 8 * GRT_PAGE_SIZE;
    grt_heap_bounds two = {at, at + 2 * GRT_PAGE_SIZE - 1, true};
    grt_heap_failure failure;
    assert_int_equal(grt_heap_alloc_bare(fixture.heap, 3 * GRT_PAGE_SIZE, 0, &two, true), 0);
    assert_true(grt_heap_last_failure(&failure));
    assert_int_equal(failure.would_fit, 2 * GRT_PAGE_SIZE);
    assert_int_equal(grt_heap_alloc_bare(fixture.heap, GRT_PAGE_SIZE, 0, &two, true),
                     at + GRT_PAGE_SIZE);
    assert_int_equal(grt_heap_alloc_bare(NULL, GRT_PAGE_SIZE, 0, &two, true), 0);
    assert_heap_sound(fixture.heap);
    assert_int_equal(grt_heap_free(fixture.heap, at + GRT_PAGE_SIZE), GRT_OK);
    fixture_close(&fixture);
}

/* Red zones, fills and guards come on top; a bounded block is never guarded. */
static void test_with_options(void **state)
{
    (void)state;
    fixture_open_options(&fixture, PAGES, "fill,redzone=16,guard=8192");
    grt_addr at = grt_heap_config_default().first + 8 * GRT_PAGE_SIZE;
    grt_heap_bounds exactly = {at, at + 0x1FFF, false};
    assert_int_equal(grt_heap_alloc_within(fixture.heap, 0x2000, 0, &exactly), at);
    assert_int_equal(stats_of(fixture.heap).guarded, 0);
    assert_int_equal(stats_of(fixture.heap).live, 0x3000);
    assert_heap_sound(fixture.heap);
    assert_int_equal(grt_heap_free(fixture.heap, at), GRT_OK);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model),
        cmocka_unit_test(test_what_is_kept_gives_way),
        cmocka_unit_test(test_quietly),
        cmocka_unit_test(test_bare),
        cmocka_unit_test(test_bare_without_redzone),
        cmocka_unit_test(test_with_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
