/*
 * test_heap_host.c - every host call that can fail fails once; nothing may break or be lost.
 */
#include "heap_fixture.h"

#include "os/os_inject.h"

static heap_fixture fixture;

/* Returns the first call that does not fail the creation. */
static unsigned create_under_failures(const char *options)
{
    fixture_open(&fixture, 16);
    grt_heap_config config = fixture_config(&fixture, 1);
    fixture_options(&config, options);
    config.first = 0x10000000u;
    config.end = 0x20000000u;
    unsigned nth = 0;
    grt_status status;
    do {
        grt_heap *heap;
        os_inject_failure(++nth, false);
        status = grt_heap_create(fixture.memory, &config, &heap);
        os_inject_failure(0, false);
        assert_true(status == GRT_OK ? heap != NULL : status == GRT_NO_HOST_MEMORY && heap == NULL);
        grt_heap_destroy(heap);
    } while (status != GRT_OK && nth < 100);
    grt_memory_stats stats;
    grt_memory_get_stats(fixture.memory, &stats);
    assert_int_equal(stats.regions, 1); /* the other heap's */
    fixture_close(&fixture);
    return nth;
}

#define EVERYTHING "fill,redzone=64,quarantine=300K,guard=300-40000,sites=1"

static void test_create_survives_each_host_failure(void **state)
{
    (void)state;
    unsigned plain = create_under_failures("");
    assert_in_range(plain, 3, 20); /* the record, the table's range, its pages, the region */
    assert_int_equal(create_under_failures(EVERYTHING), plain + 6); /* three tables */
}

/* A workload that touches every path which asks the host. Each step either succeeds or is refused
 * with HOST_REFUSED, and the heap is sound after it. */
static uint32_t workload(void)
{
    static const uint32_t sizes[] = {16, 300, 5000, 30000, 40000, 100000, 1000000};
    grt_addr blocks[14] = {0};
    uint32_t refused = 0;
    for (uint32_t i = 0; i < 14; i++) {
        blocks[i] = i % 2 == 0 ? grt_heap_alloc(fixture.heap, sizes[i / 2])
                               : grt_heap_alloc_zeroed(fixture.heap, sizes[i / 2]);
        if (blocks[i] == 0) {
            grt_heap_failure failure;
            assert_true(grt_heap_last_failure(&failure));
            assert_int_equal(failure.cause, GRT_HEAP_HOST_REFUSED);
            refused++;
        }
        assert_heap_sound(fixture.heap);
    }
    for (uint32_t i = 0; i < 14; i++) {
        grt_addr moved = blocks[i] != 0 ? grt_heap_realloc(fixture.heap, blocks[i], 200000) : 0;
        blocks[i] = moved != 0 ? moved : blocks[i];
        assert_heap_sound(fixture.heap);
    }
    for (uint32_t i = 0; i < 14; i++) {
        assert_int_equal(grt_heap_free(fixture.heap, blocks[i]), GRT_OK);
    }
    grt_heap_trim(fixture.heap);
    assert_heap_sound(fixture.heap);
    assert_int_equal(stats_of(fixture.heap).live, 0);
    assert_int_equal(stats_of(fixture.heap).cached, 0);
    return refused;
}

static void run_workload(const char *options, unsigned nth, bool sticky, unsigned *fired,
                         uint32_t *refused)
{
    fixture_open_options(&fixture, 4096, options);
    os_inject_failure(nth, sticky);
    *refused = workload();
    *fired = os_inject_fired();
    os_inject_failure(0, false);
    grt_heap_trim(fixture.heap);
    assert_int_equal(stats_of(fixture.heap).committed, 0);
    assert_int_equal(stats_of(fixture.heap).overruns, 0);
    assert_int_equal(stats_of(fixture.heap).writes_after_free, 0);
    fixture_close(&fixture);
}

static void survive_each_host_failure(const char *options)
{
    unsigned nth = 0;
    unsigned fired;
    uint32_t refused;
    uint32_t most_refused = 0;
    do {
        run_workload(options, ++nth, false, &fired, &refused);
        most_refused = refused > most_refused ? refused : most_refused;
    } while (fired > 0 && nth < 1000);
    assert_in_range(nth, 15, 999);
    assert_int_equal(most_refused,
                     0); /* what is kept in reserve is given back, then it is enough */
}

static void test_work_survives_each_host_failure(void **state)
{
    (void)state;
    survive_each_host_failure("");
    survive_each_host_failure(EVERYTHING);
}

static void survive_a_host_that_gives_nothing_more(const char *options)
{
    unsigned nth = 0;
    unsigned fired;
    uint32_t refused;
    uint32_t most_refused = 0;
    do {
        run_workload(options, ++nth, true, &fired, &refused);
        most_refused = refused > most_refused ? refused : most_refused;
    } while (fired > 0 && nth < 1000);
    assert_in_range(nth, 15, 999);
    assert_int_equal(refused, 0);
    assert_int_equal(most_refused, 14);
}

static void test_work_survives_a_host_that_gives_nothing_more(void **state)
{
    (void)state;
    survive_a_host_that_gives_nothing_more("");
    survive_a_host_that_gives_nothing_more(EVERYTHING);
}

/* The pages that were taken for growing in place go back when the host does not back them. */
static void test_growing_in_place_is_undone(void **state)
{
    (void)state;
    fixture_open(&fixture, 4096);
    grt_addr block = grt_heap_alloc(fixture.heap, 200000); /* in no chunk */
    grt_heap_stats before = stats_of(fixture.heap);
    os_inject_failure(1, true);
    grt_addr moved = grt_heap_realloc(fixture.heap, block, 3000000);
    os_inject_failure(0, false);
    assert_int_equal(moved, 0);
    assert_int_equal(grt_heap_size(fixture.heap, block), 200000);
    assert_int_equal(stats_of(fixture.heap).free, before.free);
    assert_int_equal(stats_of(fixture.heap).live, before.live);
    assert_heap_sound(fixture.heap);
    assert_int_equal(grt_heap_free(fixture.heap, block), GRT_OK);
    fixture_close(&fixture);
}

/* A log that asks the heap a question about every line, those of the memory included: whoever
 * writes holds no lock. */
static void ask(void *user, grt_log_level level, const char *tag, const char *line)
{
    grt_heap_stats stats;
    (void)level;
    (void)tag;
    (void)line;
    ++*(uint32_t *)user;
    if (fixture.heap != NULL) {
        grt_heap_get_stats(fixture.heap, &stats);
    }
}

static void test_lines_are_written_without_a_lock(void **state)
{
    (void)state;
    uint32_t lines = 0;
    grt_memory_config memory = grt_memory_config_default();
    grt_heap_config config = fixture_config(&fixture, 4096);
    memory.log = config.log = (grt_log){ask, &lines, GRT_LOG_INFO};
    fixture.heap = NULL;
    assert_int_equal(grt_memory_create(&memory, &fixture.memory), GRT_OK);
    assert_int_equal(grt_heap_create(fixture.memory, &config, &fixture.heap), GRT_OK);
    assert_int_equal(grt_heap_free(fixture.heap, GRT_FLAT_USER_FIRST), GRT_NOT_A_BLOCK);
    os_inject_failure(1, false);
    assert_int_equal(grt_heap_alloc(fixture.heap, 200000), 0);
    os_inject_failure(0, false);
    assert_true(lines > 5);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create_survives_each_host_failure),
        cmocka_unit_test(test_work_survives_each_host_failure),
        cmocka_unit_test(test_work_survives_a_host_that_gives_nothing_more),
        cmocka_unit_test(test_growing_in_place_is_undone),
        cmocka_unit_test(test_lines_are_written_without_a_lock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
