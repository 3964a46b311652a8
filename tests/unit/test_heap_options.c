/*
 * test_heap_options.c - options as text and back, and those that only refuse requests.
 */
#include "heap_fixture.h"

static heap_fixture fixture;

/* ---- text ---------------------------------------------------------------------------------------
 */

static grt_heap_options parse(const char *text)
{
    grt_heap_options options;
    char error[256] = "";
    assert_int_equal(grt_heap_options_parse(text, &options, error, sizeof error), GRT_OK);
    assert_string_equal(error, "");
    return options;
}

static void test_every_option_is_read(void **state)
{
    (void)state;
    grt_heap_options options = parse(
        "quarantine=1M,redzone=16,fill,slack,guard=100-200,guard_site=0x82001234,guard_site=7,"
        "guard_sample=3,sites=4,budget=0x1000,fail_nth=5,fail_every=6,fail_size=1K");
    assert_true(options.fill);
    assert_true(options.slack);
    assert_int_equal(options.redzone, 16);
    assert_int_equal(options.quarantine, 0x100000);
    assert_int_equal(options.guard.min, 100);
    assert_int_equal(options.guard.max, 200);
    assert_int_equal(options.guard_site.site[0], 0x82001234u);
    assert_int_equal(options.guard_site.site[1], 7);
    assert_int_equal(options.guard_site.site[2], 0);
    assert_int_equal(options.guard_sample, 3);
    assert_int_equal(options.sites, 4);
    assert_int_equal(options.budget, 0x1000);
    assert_int_equal(options.fail_nth, 5);
    assert_int_equal(options.fail_every, 6);
    assert_int_equal(options.fail_size.min, 1024);
    assert_int_equal(options.fail_size.max, 1024);
}

static void test_no_text_is_the_default(void **state)
{
    (void)state;
    grt_heap_options options = parse("");
    grt_heap_options none = {0};
    assert_memory_equal(&options, &none, sizeof none);
    none = grt_heap_config_default().options;
    assert_memory_equal(&options, &none, sizeof none);
}

/* Refused with the sentence, and nothing is changed. */
static void refuse(const char *text, const char *sentence)
{
    grt_heap_options options;
    memset(&options, 0x55, sizeof options);
    grt_heap_options before = options;
    char error[512] = "";
    assert_int_equal(grt_heap_options_parse(text, &options, error, sizeof error),
                     GRT_INVALID_ARGUMENT);
    assert_string_equal(error, sentence);
    assert_memory_equal(&options, &before, sizeof before);
    assert_int_equal(grt_heap_options_parse(text, &options, NULL, 0), GRT_INVALID_ARGUMENT);
}

#define NAMES                                                                                      \
    "fill, slack, redzone, quarantine, guard, guard_site, guard_sample, sites, budget, fail_nth, " \
    "fail_every, fail_size"

static void test_names_that_are_refused(void **state)
{
    (void)state;
    refuse("redzon=16", "character 1: 'redzon' is none of " NAMES);
    refuse("fill,Slack", "character 6: 'Slack' is none of " NAMES);
    refuse("fill,", "character 6: '' is none of " NAMES);
    refuse(",fill", "character 1: '' is none of " NAMES);
    refuse("fill slack", "character 1: 'fill slack' is none of " NAMES);
    refuse("fill,slack,fill", "character 12: fill is given twice");
    refuse("redzone=1,redzone=1", "character 11: redzone is given twice");
}

static void test_values_that_are_refused(void **state)
{
    (void)state;
    refuse("fill=1", "character 6: fill takes no value, not '1'");
    refuse("redzone", "character 1: redzone takes a number of bytes");
    refuse("slack,redzone=",
           "character 15: redzone takes a number of bytes from 1 to 4096, not ''");
    refuse("redzone=0", "character 9: redzone takes a number of bytes from 1 to 4096, not '0'");
    refuse("redzone=4097",
           "character 9: redzone takes a number of bytes from 1 to 4096, not '4097'");
    refuse("redzone=5K", "character 9: redzone takes a number of bytes from 1 to 4096, not '5K'");
    refuse("redzone=-1", "character 9: redzone takes a number of bytes from 1 to 4096, not '-1'");
    refuse("redzone=1x", "character 9: redzone takes a number of bytes from 1 to 4096, not '1x'");
    refuse("redzone=K", "character 9: redzone takes a number of bytes from 1 to 4096, not 'K'");
    refuse("redzone=0x", "character 9: redzone takes a number of bytes from 1 to 4096, not '0x'");
    refuse("sites=1K", "character 7: sites takes a number from 1 to 4294967295, not '1K'");
    refuse("quarantine=4G",
           "character 12: quarantine takes a number of bytes from 1 to 4294967295, not '4G'");
    refuse("quarantine=99999999999999999999", "character 12: quarantine takes a number of bytes "
                                              "from 1 to 4294967295, not '99999999999999999999'");
    refuse("guard=200-100",
           "character 7: guard takes a size or MIN-MAX from 1 to 4294967295, not '200-100'");
    refuse("guard=1-", "character 7: guard takes a size or MIN-MAX from 1 to 4294967295, not '1-'");
    refuse("guard_site=main", "character 12: guard_site takes an address, not 'main'");
    refuse("guard_site=1,guard_site=2,guard_site=3,guard_site=4,guard_site=5,guard_site=6,"
           "guard_site=7,guard_site=8,guard_site=9",
           "character 116: guard_site can be given 8 times");
}

static void test_limits_that_are_accepted(void **state)
{
    (void)state;
    assert_int_equal(parse("redzone=1").redzone, 1);
    assert_int_equal(parse("redzone=4096").redzone, 4096);
    assert_int_equal(parse("redzone=4K").redzone, 4096);
    assert_int_equal(parse("quarantine=4294967295").quarantine, UINT32_MAX);
    assert_int_equal(parse("quarantine=0xFFFFFFFF").quarantine, UINT32_MAX);
    assert_int_equal(parse("quarantine=3G").quarantine, 3u << 30);
    assert_int_equal(parse("guard=5-5").guard.max, 5);
}

static void round_trip(const char *text, const char *canonical)
{
    grt_heap_options options = parse(text);
    char again[256];
    assert_int_equal(grt_heap_options_format(&options, again, sizeof again), strlen(canonical));
    assert_string_equal(again, canonical);
    grt_heap_options back = parse(again);
    char third[256];
    grt_heap_options_format(&back, third, sizeof third);
    assert_string_equal(third, canonical);
}

static void test_format(void **state)
{
    (void)state;
    round_trip("", "");
    round_trip("slack,fill", "fill,slack");
    round_trip("sites=1024,quarantine=1048576", "quarantine=1M,sites=1024");
    round_trip("guard=100-100,guard_site=0xff,guard_site=1",
               "guard=100,guard_site=0x000000FF,guard_site=0x00000001");
    round_trip("fail_size=1025-2048,redzone=1536", "redzone=1536,fail_size=1025-2K");
    round_trip("quarantine=3G,budget=2049K", "quarantine=3G,budget=2049K");
    grt_heap_options options = parse("fill,slack");
    char small[6];
    assert_int_equal(grt_heap_options_format(&options, small, sizeof small), 10);
    assert_string_equal(small, "fill,");
    assert_int_equal(grt_heap_options_format(&options, NULL, 0), 10);
}

/* ---- creation -----------------------------------------------------------------------------------
 */

static void test_bad_options_make_no_heap(void **state)
{
    (void)state;
    fixture_open(&fixture, 16);
    grt_heap_config config = fixture_config(&fixture, 16);
    grt_heap *heap;
    config.first = 0x10000000u;
    config.end = 0x10010000u;
    config.options.redzone = 4097;
    assert_int_equal(grt_heap_create(fixture.memory, &config, &heap), GRT_INVALID_ARGUMENT);
    config.options.redzone = 4096;
    config.options.guard = (grt_heap_sizes){200, 100};
    assert_int_equal(grt_heap_create(fixture.memory, &config, &heap), GRT_INVALID_ARGUMENT);
    config.options.guard = (grt_heap_sizes){0, 100};
    assert_int_equal(grt_heap_create(fixture.memory, &config, &heap), GRT_INVALID_ARGUMENT);
    config.options.guard = (grt_heap_sizes){1, 100};
    assert_int_equal(grt_heap_create(fixture.memory, &config, &heap), GRT_OK);
    grt_heap_destroy(heap);
    fixture_close(&fixture);
}

static grt_heap_cause last_cause(void)
{
    grt_heap_failure failure;
    assert_true(grt_heap_last_failure(&failure));
    return failure.cause;
}

static void test_the_tighter_budget_holds(void **state)
{
    (void)state;
    static const struct {
        uint64_t budget;
        uint32_t option;
    } cases[] = {{0, 100000}, {200000, 100000}, {100000, 200000}, {100000, 0}};
    for (int i = 0; i < 4; i++) {
        grt_heap_config config = fixture_config(&fixture, 256);
        config.budget = cases[i].budget;
        config.options.budget = cases[i].option;
        fixture_open_with(&fixture, &config);
        assert_int_equal(grt_heap_alloc(fixture.heap, 102400), 0);
        assert_int_equal(last_cause(), GRT_HEAP_OVER_BUDGET);
        assert_int_not_equal(grt_heap_alloc(fixture.heap, 98304), 0);
        fixture_close(&fixture);
    }
}

/* ---- refusing -----------------------------------------------------------------------------------
 */

/* Makes [count] requests of 100 bytes; a letter for each: served or refused. */
static const char *served(uint32_t count, uint32_t size)
{
    static char pattern[64];
    for (uint32_t i = 0; i < count; i++) {
        pattern[i] = grt_heap_alloc(fixture.heap, size) != 0 ? 's' : 'r';
        if (pattern[i] == 'r') {
            assert_int_equal(last_cause(), GRT_HEAP_INJECTED);
        }
    }
    pattern[count] = '\0';
    return pattern;
}

static void test_fail_nth(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "fail_nth=3");
    assert_string_equal(served(9, 100), "ssrssssss");
    fixture_close(&fixture);
    fixture_open_options(&fixture, 256, "fail_nth=1");
    assert_string_equal(served(3, 100), "rss");
    fixture_close(&fixture);
}

static void test_fail_every(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "fail_every=3");
    assert_string_equal(served(9, 100), "ssrssrssr");
    fixture_close(&fixture);
    fixture_open_options(&fixture, 256, "fail_every=1");
    assert_string_equal(served(3, 100), "rrr");
    assert_int_equal(stats_of(fixture.heap).failures_by_cause[GRT_HEAP_INJECTED], 3);
    fixture_close(&fixture);
}

static void test_fail_size(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "fail_size=100-200");
    assert_string_equal(served(2, 99), "ss");
    assert_string_equal(served(2, 100), "rr");
    assert_string_equal(served(2, 200), "rr");
    assert_string_equal(served(2, 201), "ss");
    fixture_close(&fixture);
    fixture_open_options(&fixture, 256, "fail_size=100-200,fail_nth=2");
    assert_string_equal(served(3, 99), "sss");
    assert_string_equal(served(4, 150), "srss");
    fixture_close(&fixture);
}

/* The injection of a test goes on top, and its end does not end the options. */
static void test_injection_beside_options(void **state)
{
    (void)state;
    fixture_open_options(&fixture, 256, "fail_size=100");
    grt_heap_inject_failure(fixture.heap, 2, false);
    assert_string_equal(served(3, 50), "srs");
    assert_string_equal(served(2, 100), "rr");
    grt_heap_inject_failure(fixture.heap, 0, false);
    assert_string_equal(served(2, 100), "rr");
    fixture_close(&fixture);
}

/* ---- placement ----------------------------------------------------------------------------------
 */

#define PLACED 64
#define CALLS  6000

/* What a fixed sequence of calls returned: addresses, sizes and statuses. */
typedef struct placement {
    uint32_t result[CALLS];
} placement;

static uint32_t call(test_random *random, grt_addr *block)
{
    uint32_t choice = random_below(random, 8);
    uint32_t size = random_size(random, random_below(random, 8) == 0 ? 200000 : 4000);
    if (*block != 0 && choice < 3) {
        uint32_t status = (uint32_t)grt_heap_free(fixture.heap, *block);
        *block = 0;
        return status;
    }
    if (*block != 0) {
        grt_addr moved = grt_heap_realloc(fixture.heap, *block, size);
        *block = moved != 0 ? moved : *block;
        return moved + grt_heap_size(fixture.heap, *block);
    }
    if (choice < 2) {
        return *block = grt_heap_alloc_zeroed(fixture.heap, size);
    }
    return *block = choice < 4
                        ? grt_heap_alloc_aligned(fixture.heap, size, 16u << random_below(random, 9))
                        : grt_heap_alloc(fixture.heap, size);
}

static void place(placement *placed, const char *options)
{
    grt_addr blocks[PLACED] = {0};
    test_random random = random_from_environment(options);
    fixture_open_options(&fixture, 1024, options);
    for (int i = 0; i < CALLS; i++) {
        placed->result[i] = call(&random, &blocks[random_below(&random, PLACED)]);
    }
    assert_int_equal(stats_of(fixture.heap).overruns + stats_of(fixture.heap).writes_after_free, 0);
    fixture_close(&fixture);
}

static void test_options_without_room_move_nothing(void **state)
{
    (void)state;
    static placement plain, other;
    static const char *const sets[] = {"fill",
                                       "slack",
                                       "sites=1",
                                       "fail_nth=1000000",
                                       "fail_every=1000000",
                                       "fail_size=300000",
                                       "fill,slack,sites=2,fail_nth=1000000,budget=1G"};
    place(&plain, "");
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        place(&other, sets[i]);
        assert_memory_equal(&plain, &other, sizeof plain);
    }
    place(&other, "redzone=16"); /* which needs room: the comparison can fail */
    assert_memory_not_equal(&plain, &other, sizeof plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_option_is_read),
        cmocka_unit_test(test_no_text_is_the_default),
        cmocka_unit_test(test_names_that_are_refused),
        cmocka_unit_test(test_values_that_are_refused),
        cmocka_unit_test(test_limits_that_are_accepted),
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_bad_options_make_no_heap),
        cmocka_unit_test(test_the_tighter_budget_holds),
        cmocka_unit_test(test_fail_nth),
        cmocka_unit_test(test_fail_every),
        cmocka_unit_test(test_fail_size),
        cmocka_unit_test(test_injection_beside_options),
        cmocka_unit_test(test_options_without_room_move_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
