/*
 * test_heap_failure.c - every cause of a refusal, its evidence, its lines and their rate.
 */
#include "heap_fixture.h"

#include <errno.h>

#include "heap/call_site.h"
#include "heap/quiet.h"
#include "os/os_inject.h"

#define KIB 1024u

static heap_fixture fixture;

static grt_heap_failure expect_cause(grt_heap_cause cause)
{
    grt_heap_failure failure;
    assert_true(grt_heap_last_failure(&failure));
    assert_string_equal(grt_heap_cause_name(failure.cause), grt_heap_cause_name(cause));
    return failure;
}

/* The promise of would_fit: exactly that fits, and not a byte more. */
static void assert_would_fit_is_exact(const grt_heap_failure *failure)
{
    if (failure->would_fit < UINT32_MAX) {
        uint32_t more = (uint32_t)failure->would_fit + 1;
        assert_int_equal(grt_heap_alloc_aligned(fixture.heap, more, failure->alignment), 0);
    }
    if (failure->would_fit > 0) {
        grt_addr block =
            grt_heap_alloc_aligned(fixture.heap, (uint32_t)failure->would_fit, failure->alignment);
        assert_int_not_equal(block, 0);
        assert_int_equal(grt_heap_free(fixture.heap, block), GRT_OK);
    }
}

/* ---- causes -------------------------------------------------------------------------------------
 */

static void test_no_heap(void **state)
{
    (void)state;
    assert_int_equal(grt_heap_alloc(NULL, 100), 0); /* one line on stderr */
    grt_heap_failure failure = expect_cause(GRT_HEAP_NOT_INITIALISED);
    assert_int_equal(failure.asked, 100);
}

static void test_sizes_that_cannot_be(void **state)
{
    (void)state;
    fixture_open(&fixture, 256);
    assert_int_equal(grt_heap_alloc(fixture.heap, 0xFFFFFFF0u), 0);
    grt_heap_failure failure = expect_cause(GRT_HEAP_SIZE_OVERFLOW);
    assert_true(failure.rounded > UINT32_MAX);
    assert_int_equal(grt_heap_alloc(fixture.heap, 256 * GRT_PAGE_SIZE + 1), 0);
    failure = expect_cause(GRT_HEAP_LARGER_THAN_ARENA);
    assert_int_equal(failure.asked, 256 * GRT_PAGE_SIZE + 1);
    assert_int_equal(failure.rounded, 257 * GRT_PAGE_SIZE);
    assert_int_equal(failure.would_fit, 256 * GRT_PAGE_SIZE);
    assert_would_fit_is_exact(&failure);
    fixture_close(&fixture);
}

static void expect_written(const char *text)
{
    for (uint32_t i = 0; i < fixture.lines && i < LOG_LINES; i++) {
        if (strcmp(fixture.line[i], text) == 0) {
            return;
        }
    }
    fail_msg("nobody wrote: %s", text);
}

static void test_budget(void **state)
{
    (void)state;
    grt_heap_config config = fixture_config(&fixture, 256);
    config.budget = 100 * KIB;
    fixture_open_with(&fixture, &config);
    assert_int_not_equal(grt_heap_alloc(fixture.heap, 60 * KIB), 0);
    assert_int_equal(grt_heap_alloc(fixture.heap, 60 * KIB), 0);
    grt_heap_failure failure = expect_cause(GRT_HEAP_OVER_BUDGET);
    expect_written("[HEAP-DIAG] budget=102400 memory_budget=0 memory_committed=323584 (0: none)");
    assert_int_equal(failure.would_fit, 40 * KIB);
    assert_would_fit_is_exact(&failure);
    assert_int_not_equal(grt_heap_alloc(fixture.heap, 40 * KIB), 0);
    assert_int_equal(grt_heap_alloc(fixture.heap, 1), 0);
    failure = expect_cause(GRT_HEAP_OVER_BUDGET);
    assert_int_equal(failure.would_fit, 0);
    fixture_close(&fixture);
}

static void test_exhausted_and_fragmented(void **state)
{
    (void)state;
    fixture_open(&fixture, 100);
    grt_addr blocks[10];
    for (int i = 0; i < 10; i++) {
        blocks[i] = grt_heap_alloc(fixture.heap, 10 * GRT_PAGE_SIZE);
    }
    assert_int_equal(grt_heap_alloc(fixture.heap, 40 * KIB), 0);
    grt_heap_failure failure = expect_cause(GRT_HEAP_EXHAUSTED);
    assert_int_equal(failure.would_fit, 0);
    grt_heap_free(fixture.heap, blocks[2]);
    grt_heap_free(fixture.heap, blocks[5]);
    assert_int_equal(grt_heap_alloc(fixture.heap, 60 * KIB), 0);
    failure = expect_cause(GRT_HEAP_FRAGMENTED);
    assert_int_equal(failure.stats.free, 80 * KIB);
    assert_int_equal(failure.stats.largest_free, 40 * KIB);
    assert_true(failure.stats.fragmentation == 0.5);
    assert_int_equal(failure.would_fit, 40 * KIB);
    assert_would_fit_is_exact(&failure);
    fixture_close(&fixture);
}

static void test_alignment(void **state)
{
    (void)state;
    fixture_open(&fixture, 256);
    assert_int_equal(grt_heap_alloc_aligned(fixture.heap, 10, 48), 0);
    (void)expect_cause(GRT_HEAP_BAD_ALIGNMENT);
    assert_int_equal(grt_heap_alloc_aligned(fixture.heap, 10, 3), 0);
    grt_heap_failure failure = expect_cause(GRT_HEAP_BAD_ALIGNMENT);
    assert_int_equal(failure.alignment, 3);
    assert_int_equal(failure.would_fit, 0); /* of this alignment, nothing ever does */
    assert_int_equal(grt_heap_alloc_aligned(fixture.heap, 10, 0x2000000u), 0);
    (void)expect_cause(GRT_HEAP_BAD_ALIGNMENT);
    assert_int_equal(grt_heap_alloc_aligned(fixture.heap, 10, 0x1000000u), 0);
    failure = expect_cause(GRT_HEAP_FRAGMENTED);
    assert_int_equal(failure.would_fit, 0);
    assert_int_equal(grt_heap_alloc_aligned(fixture.heap, 230 * GRT_PAGE_SIZE, 0x40000u), 0);
    failure = expect_cause(GRT_HEAP_FRAGMENTED);
    assert_int_equal(failure.would_fit, 224 * GRT_PAGE_SIZE);
    assert_would_fit_is_exact(&failure);
    fixture_close(&fixture);
}

static void test_shut_down(void **state)
{
    (void)state;
    fixture_open(&fixture, 64);
    grt_addr block = grt_heap_alloc(fixture.heap, 10);
    grt_heap_shut_down(fixture.heap);
    assert_int_equal(grt_heap_alloc(fixture.heap, 10), 0);
    (void)expect_cause(GRT_HEAP_SHUT_DOWN);
    assert_int_equal(grt_heap_realloc(fixture.heap, block, 100), 0);
    assert_int_equal(grt_heap_free(fixture.heap, block), GRT_OK);
    fixture_close(&fixture);
}

static void test_injected(void **state)
{
    (void)state;
    fixture_open(&fixture, 64);
    grt_heap_inject_failure(fixture.heap, 3, false);
    for (int i = 1; i <= 5; i++) {
        assert_int_equal(grt_heap_alloc(fixture.heap, 10) == 0, i == 3);
    }
    (void)expect_cause(GRT_HEAP_INJECTED);
    assert_int_equal(fixture.lines > 0, 1); /* small as it is, somebody asked for it */
    grt_heap_inject_failure(fixture.heap, 2, true);
    for (int i = 1; i <= 5; i++) {
        assert_int_equal(grt_heap_alloc(fixture.heap, 10) == 0, i >= 2);
    }
    assert_int_equal(expect_cause(GRT_HEAP_INJECTED).would_fit, 0);
    fixture_close(&fixture);
}

/* Who asks quietly and is refused asks again for the reason: that is the same request. */
static void test_injected_into_quiet_requests(void **state)
{
    (void)state;
    for (int way = 0; way < 2; way++) {
        fixture_open_options(&fixture, 64, way == 0 ? "" : "fail_nth=2");
        if (way == 0) {
            grt_heap_inject_failure(fixture.heap, 2, false);
        }
        assert_int_not_equal(grt_heap_try_alloc_aligned(fixture.heap, 10, 16), 0);
        for (int i = 0; i < 3; i++) {
            assert_int_equal(grt_heap_try_alloc_aligned(fixture.heap, 10, 16), 0);
        }
        assert_int_equal(stats_of(fixture.heap).failures, 0);
        assert_int_equal(grt_heap_alloc(fixture.heap, 10), 0);
        (void)expect_cause(GRT_HEAP_INJECTED);
        assert_int_not_equal(grt_heap_try_alloc_aligned(fixture.heap, 10, 16), 0);
        fixture_close(&fixture);
    }
}

/* One small block in sixty-four lives on: nothing is free but what is between them. */
static void test_scattered_small_blocks(void **state)
{
    (void)state;
    static grt_addr blocks[2 * KIB + 1];
    fixture_open(&fixture, 512);
    uint32_t count = 0;
    while ((blocks[count] = grt_heap_alloc(fixture.heap, 1024)) != 0) {
        count++;
    }
    (void)expect_cause(GRT_HEAP_EXHAUSTED);
    for (uint32_t i = 0; i < count; i++) {
        if (i % 64 != 0) {
            grt_heap_free(fixture.heap, blocks[i]);
        }
    }
    assert_int_equal(grt_heap_alloc(fixture.heap, 100 * KIB), 0);
    grt_heap_failure failure = expect_cause(GRT_HEAP_FRAGMENTED);
    assert_true(failure.stats.cached > 100 * KIB && failure.stats.free < 100 * KIB);
    assert_would_fit_is_exact(&failure);
    assert_int_equal(grt_heap_alloc(fixture.heap, 2 * KIB * KIB - 4096), 0);
    (void)expect_cause(GRT_HEAP_EXHAUSTED);
    fixture_close(&fixture);
}

static void test_host_refuses(void **state)
{
    (void)state;
    fixture_open(&fixture, 4096);
    assert_int_not_equal(grt_heap_alloc(fixture.heap, 100), 0);
    os_inject_failure(1, true);
    grt_addr refused = grt_heap_alloc(fixture.heap, 3000 * KIB);
    os_inject_failure(0, false);
    assert_int_equal(refused, 0);
    grt_heap_failure failure = expect_cause(GRT_HEAP_HOST_REFUSED);
    assert_int_equal(failure.host_errno, ENOMEM);
    assert_int_equal(failure.would_fit, 112); /* the class that has a span already */
    os_inject_failure(1, true);
    grt_addr served = grt_heap_alloc(fixture.heap, 112);
    os_inject_failure(0, false);
    assert_int_not_equal(served, 0);
    fixture_close(&fixture);
}

static void test_memory_budget(void **state)
{
    (void)state;
    grt_memory_config memory_config = grt_memory_config_default();
    memory_config.budget = 300 * KIB;
    memory_config.log = (grt_log){fixture_log, &fixture, GRT_LOG_ERROR};
    grt_heap_config config = fixture_config(&fixture, 256);
    fixture.lines = 0;
    assert_int_equal(grt_memory_create(&memory_config, &fixture.memory), GRT_OK);
    assert_int_equal(grt_heap_create(fixture.memory, &config, &fixture.heap), GRT_OK);
    grt_addr kept = grt_heap_alloc(fixture.heap, 200 * KIB);
    assert_int_equal(grt_heap_alloc(fixture.heap, 200 * KIB), 0);
    grt_heap_failure failure = expect_cause(GRT_HEAP_OVER_BUDGET);
    expect_written("[HEAP-DIAG] budget=0 memory_budget=307200 memory_committed=204800 (0: none)");
    assert_int_equal(failure.would_fit, 100 * KIB);
    assert_would_fit_is_exact(&failure);
    grt_heap_free(fixture.heap, kept);
    /* The freed pages are the heap's to reuse or to give back: both ways the budget allows it. */
    assert_int_not_equal(grt_heap_alloc(fixture.heap, 300 * KIB), 0);
    fixture_close(&fixture);
}

/* What threads have at hand would serve the next request, and is nobody's. */
static void test_what_is_at_hand_is_room(void **state)
{
    (void)state;
    fixture_open(&fixture, 128);
    grt_addr blocks[8];
    for (int i = 0; i < 8; i++) {
        blocks[i] = grt_heap_alloc(fixture.heap, 64 * KIB);
    }
    grt_heap_free(fixture.heap, grt_heap_alloc(fixture.heap, 100)); /* 63 others are at hand */
    grt_heap_free(fixture.heap, blocks[7]);
    assert_int_equal(grt_heap_alloc(fixture.heap, 0xFFFFFFF0u), 0);
    grt_heap_failure failure = expect_cause(GRT_HEAP_SIZE_OVERFLOW);
    assert_int_equal(failure.stats.cached, 0);
    assert_int_equal(failure.would_fit, 64 * KIB);
    assert_would_fit_is_exact(&failure);
    for (uint32_t i = 0; i < fixture.lines; i++) {
        assert_null(strstr(fixture.line[i], "owner 2"));
    }
    fixture_close(&fixture);
}

/* ---- would_fit at random ------------------------------------------------------------------------
 */

static void test_would_fit_is_exact_in_random_states(void **state)
{
    (void)state;
    test_random random = random_from_environment("would_fit");
    int refused = 0;
    for (int round = 0; round < 300; round++) {
        grt_heap_config config = fixture_config(&fixture, 16 + random_below(&random, 200));
        config.budget = round % 2 == 0 ? 0 : 20000 + random_below(&random, 500000);
        fixture_open_with(&fixture, &config);
        grt_addr blocks[64] = {0};
        for (int i = 0; i < 200; i++) {
            uint32_t slot = random_below(&random, 64);
            if (blocks[slot] != 0) {
                grt_heap_free(fixture.heap, blocks[slot]);
            }
            uint32_t size = random_size(&random, 200000);
            uint32_t alignment = 16u << random_below(&random, 12);
            uint32_t nonsense = random_below(&random, 64);
            size = nonsense == 0 ? UINT32_MAX - 15 : size;
            alignment = nonsense == 1 ? 24 : alignment;
            blocks[slot] = grt_heap_alloc_aligned(fixture.heap, size, alignment);
            if (blocks[slot] == 0) {
                grt_heap_failure failure;
                assert_true(grt_heap_last_failure(&failure));
                if (nonsense == 1) {
                    assert_int_equal(failure.would_fit, 0);
                } else if (failure.would_fit >= (size > 0 ? size : 1)) {
                    fail_msg("%s: %u bytes aligned to %u refused, but %u would fit",
                             grt_heap_cause_name(failure.cause), size, alignment,
                             (unsigned)failure.would_fit);
                }
                assert_would_fit_is_exact(&failure);
                refused++;
            }
        }
        fixture_close(&fixture);
    }
    assert_true(refused > 1000);
}

/* ---- lines --------------------------------------------------------------------------------------
 */

static void test_the_lines_of_a_failure(void **state)
{
    (void)state;
    fixture_open(&fixture, 100);
    grt_set_call_site(0x82001234u);
    for (int i = 0; i < 4; i++) {
        assert_int_not_equal(grt_heap_alloc(fixture.heap, 20 * GRT_PAGE_SIZE - 5), 0);
    }
    grt_set_call_site(0x82005678u);
    assert_int_not_equal(grt_heap_alloc(fixture.heap, 50), 0);
    assert_int_equal(grt_heap_alloc(fixture.heap, 265872), 0);
    grt_set_call_site(0);
    static const char *const expected[] = {
        "[HEAP-ALLOC-FAIL] size=265872 cause=GRT_HEAP_EXHAUSTED rounded=266240 alignment=16 "
        "heap=user call_site=0x82005678 repeat=1: fewer bytes are free than were asked for",
        "[HEAP-DIAG] remedy: find who holds the memory: the owners below are sorted by bytes",
        "[HEAP-DIAG] capacity=409600 allocated=327744 peak_allocated=335872 oom_count=1 "
        "free_space=16384 fragmentation=0.0%",
        "[HEAP-DIAG] largest_free=16384 would_fit=16384 cached=65472 committed=409600 blocks=5 "
        "asked=327710",
        "[HEAP-DIAG] owner 1: 327680 bytes in 4 blocks of 81915 bytes from call site 0x82001234",
        "[HEAP-DIAG] owner 2: 64 bytes in 1 blocks of up to 64 bytes",
    };
    for (uint32_t i = 0; i < 6; i++) {
        assert_string_equal(fixture.line[i], expected[i]);
    }
    assert_int_equal(fixture.lines, 6);
    fixture_close(&fixture);
}

static void test_small_failures_are_silent(void **state)
{
    (void)state;
    fixture_open(&fixture, 16);
    grt_heap_alloc(fixture.heap, 16 * GRT_PAGE_SIZE);
    assert_int_equal(grt_heap_alloc(fixture.heap, 1024), 0);
    assert_int_equal(fixture.lines, 0);
    assert_int_equal(grt_heap_alloc(fixture.heap, 1025), 0);
    assert_true(fixture.lines > 0);
    assert_int_equal(stats_of(fixture.heap).failures, 2);
    fixture_close(&fixture);
}

static void test_repeats_are_written_at_powers_of_ten(void **state)
{
    (void)state;
    fixture_open(&fixture, 16);
    for (uint32_t i = 1; i <= 1000; i++) {
        uint32_t before = fixture.lines;
        assert_int_equal(grt_heap_alloc(fixture.heap, 100 * KIB), 0);
        bool written = fixture.lines != before;
        assert_int_equal(written, i == 1 || i == 10 || i == 100 || i == 1000);
    }
    uint32_t before = fixture.lines;
    assert_int_equal(grt_heap_alloc(fixture.heap, 101 * KIB), 0); /* another size is news */
    assert_true(fixture.lines > before);
    assert_int_equal(stats_of(fixture.heap).failures_by_cause[GRT_HEAP_LARGER_THAN_ARENA], 1001);
    fixture_close(&fixture);
}

/* A search downwards in small steps is one event; a request that is much smaller is another. */
static void test_a_search_for_the_largest_block_is_one_event(void **state)
{
    (void)state;
    fixture_open(&fixture, 256);
    uint32_t size = 0x3FFFFFFFu;
    while (size > 512 * GRT_PAGE_SIZE) {
        assert_int_equal(grt_heap_alloc(fixture.heap, size), 0);
        size -= size / 8;
    }
    assert_int_equal(stats_of(fixture.heap).failures, 47);
    assert_non_null(strstr(fixture.line[0], "size=1073741823 cause"));
    assert_non_null(strstr(fixture.line[0], "repeat=1:"));
    assert_non_null(strstr(fixture.line[4], "repeat=10:"));
    assert_int_equal(fixture.lines, 2 * 4);
    assert_int_equal(grt_heap_alloc(fixture.heap, size - size / 8 - 1), 0); /* a larger step */
    assert_int_equal(fixture.lines, 3 * 4);
    assert_non_null(strstr(fixture.line[8], "repeat=1:"));
    (void)grt_set_call_site(0x82001234u); /* and another site */
    assert_int_equal(grt_heap_alloc(fixture.heap, size - size / 8 - 2), 0);
    (void)grt_set_call_site(0);
    assert_int_equal(fixture.lines, 4 * 4);
    fixture_close(&fixture);
}

static void test_causes_have_words(void **state)
{
    (void)state;
    for (int cause = 0; cause < GRT_HEAP_CAUSE_COUNT; cause++) {
        assert_true(strncmp(grt_heap_cause_name((grt_heap_cause)cause), "GRT_HEAP_", 9) == 0);
        assert_true(strlen(grt_heap_cause_sentence((grt_heap_cause)cause)) > 10);
        assert_true(strlen(grt_heap_cause_remedy((grt_heap_cause)cause)) > 5);
    }
    assert_string_equal(grt_heap_cause_name(GRT_HEAP_FRAGMENTED), "GRT_HEAP_FRAGMENTED");
    assert_string_equal(grt_heap_cause_name((grt_heap_cause)99), "GRT_HEAP_UNKNOWN");
}

/* ---- quiet requests -----------------------------------------------------------------------------
 */

static void test_quiet_requests_leave_no_trace_but_the_last_failure(void **state)
{
    (void)state;
    fixture_open(&fixture, 16);
    assert_int_equal(grt_heap_try_alloc_aligned(fixture.heap, 17 * GRT_PAGE_SIZE, 0), 0);
    grt_heap_failure failure = expect_cause(GRT_HEAP_LARGER_THAN_ARENA);
    assert_int_equal(failure.asked, 17 * GRT_PAGE_SIZE);
    assert_int_equal(failure.would_fit, 16 * GRT_PAGE_SIZE);
    assert_int_equal(stats_of(fixture.heap).failures, 0);
    assert_int_equal(stats_of(fixture.heap).failures_by_cause[GRT_HEAP_LARGER_THAN_ARENA], 0);
    assert_int_equal(fixture.lines, 0);

    /* It was not counted as the first of its kind either: a loud one still has its line. */
    assert_int_equal(grt_heap_alloc_aligned(fixture.heap, 17 * GRT_PAGE_SIZE, 0), 0);
    assert_int_not_equal(fixture.lines, 0);
    assert_int_equal(stats_of(fixture.heap).failures, 1);

    grt_addr block = grt_heap_try_alloc_aligned(fixture.heap, 100, 2 * GRT_PAGE_SIZE);
    assert_int_not_equal(block, 0);
    assert_int_equal(block % (2 * GRT_PAGE_SIZE), 0);
    assert_int_equal(grt_heap_size(fixture.heap, block), 100);
    assert_int_equal(grt_heap_free(fixture.heap, block), GRT_OK);
    fixture_close(&fixture);

    assert_int_equal(grt_heap_try_alloc_aligned(NULL, 8, 0), 0);
    (void)expect_cause(GRT_HEAP_NOT_INITIALISED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_heap),
        cmocka_unit_test(test_sizes_that_cannot_be),
        cmocka_unit_test(test_budget),
        cmocka_unit_test(test_exhausted_and_fragmented),
        cmocka_unit_test(test_alignment),
        cmocka_unit_test(test_shut_down),
        cmocka_unit_test(test_injected),
        cmocka_unit_test(test_injected_into_quiet_requests),
        cmocka_unit_test(test_scattered_small_blocks),
        cmocka_unit_test(test_host_refuses),
        cmocka_unit_test(test_memory_budget),
        cmocka_unit_test(test_what_is_at_hand_is_room),
        cmocka_unit_test(test_would_fit_is_exact_in_random_states),
        cmocka_unit_test(test_the_lines_of_a_failure),
        cmocka_unit_test(test_small_failures_are_silent),
        cmocka_unit_test(test_repeats_are_written_at_powers_of_ten),
        cmocka_unit_test(test_a_search_for_the_largest_block_is_one_event),
        cmocka_unit_test(test_causes_have_words),
        cmocka_unit_test(test_quiet_requests_leave_no_trace_but_the_last_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
