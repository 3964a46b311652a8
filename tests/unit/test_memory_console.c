/* The console profile: one physical memory at three addresses, and its budget. */
#include "unit.h"

#include <string.h>

#include "guestrt/memory.h"
#include "log_capture.h"
#include "memory/memory_impl.h"

#define K(n) ((uint64_t)(n) << 10)
#define M(n) ((uint64_t)(n) << 20)

static log_capture capture;

static int set_up(void **state)
{
    grt_memory_config config = grt_memory_config_default();
    config.profile = GRT_PROFILE_CONSOLE;
    config.log = log_capture_log(&capture);
    return grt_memory_create(&config, (grt_memory **)state) == GRT_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    const char *broken = grt_memory_check(*state);
    grt_memory_destroy(*state);
    return broken == NULL ? 0 : -1;
}

static volatile uint32_t *word(grt_memory *memory, grt_addr address)
{
    return grt_memory_host(memory, address);
}

static void test_mirrors_show_the_same_bytes(void **state)
{
    grt_memory *memory = *state;
    assert_int_equal(grt_memory_reserve(memory, 0xA0010000u, K(64), "p"), GRT_OK);
    assert_int_equal(grt_memory_commit(memory, 0xA0010000u, K(64)), GRT_OK);
    *word(memory, 0xA0010004u) = 0x11223344;
    assert_int_equal(*word(memory, 0xC0010004u), 0x11223344);
    assert_int_equal(*word(memory, 0xE000F004u), 0x11223344);
    *word(memory, 0xE001EFFCu) = 5;
    assert_int_equal(*word(memory, 0xA001FFFCu), 5);
    grt_memory_stats stats;
    grt_memory_get_stats(memory, &stats);
    assert_int_equal(stats.committed, K(64));
    assert_int_equal(stats.budget, M(512));
    assert_true(grt_memory_accessible(memory, 0xC0010000u, K(64), GRT_READ_WRITE));
    assert_true(grt_memory_accessible(memory, 0xE000F000u, K(64), GRT_READ_WRITE));
    assert_false(grt_memory_accessible(memory, 0xE0010000u, K(64), GRT_READ_WRITE));
}

static void test_any_mirror_serves(void **state)
{
    grt_memory *memory = *state;
    assert_int_equal(grt_memory_reserve(memory, 0xE0000000u, K(64), "first"), GRT_OK);
    assert_int_equal(grt_memory_commit(memory, 0xC0001000u, K(64)), GRT_OK);
    assert_int_equal(grt_memory_protect(memory, 0xA0001000u, K(64), GRT_READ_ONLY), GRT_OK);
    assert_false(grt_memory_accessible(memory, 0xE0000000u, 1, GRT_READ_WRITE));
    assert_int_equal(grt_memory_reserve(memory, 0xC0010000u, K(64), "second"), GRT_REGION_OVERLAP);
    assert_non_null(strstr(capture.line, "'second' cannot reserve"));
    assert_non_null(strstr(capture.line, "'first' owns"));
    assert_int_equal(grt_memory_decommit(memory, 0xE0000000u, K(64)), GRT_OK);
    assert_int_equal(grt_memory_commit(memory, 0xE0000000u, K(4)), GRT_OK);
    assert_int_equal(*word(memory, 0xA0001000u), 0);
    assert_int_equal(grt_memory_release(memory, 0xA0001000u), GRT_OK);
    assert_false(grt_memory_accessible(memory, 0xE0000000u, 1, GRT_NO_ACCESS));
}

static void test_decommitted_bytes_are_gone_everywhere(void **state)
{
    grt_memory *memory = *state;
    assert_int_equal(grt_memory_reserve(memory, 0xA0010000u, K(64), "p"), GRT_OK);
    assert_int_equal(grt_memory_commit(memory, 0xA0010000u, K(64)), GRT_OK);
    *word(memory, 0xC0010000u) = 9;
    assert_int_equal(grt_memory_decommit(memory, 0xC0010000u, K(64)), GRT_OK);
    assert_int_equal(grt_memory_commit(memory, 0xA0010000u, K(64)), GRT_OK);
    assert_int_equal(*word(memory, 0xA0010000u), 0);
    assert_int_equal(*word(memory, 0xE000F000u), 0);
}

static void test_ranges_do_not_cross_mirrors(void **state)
{
    grt_memory *memory = *state;
    assert_int_equal(grt_memory_reserve(memory, 0x9FFFF000u, K(8), "x"), GRT_INVALID_ARGUMENT);
    assert_int_equal(grt_memory_reserve(memory, 0xBFFFF000u, K(8), "x"), GRT_INVALID_ARGUMENT);
    assert_int_equal(grt_memory_reserve(memory, 0xDFFFF000u, K(8), "x"), GRT_INVALID_ARGUMENT);
    assert_int_equal(grt_memory_reserve(memory, 0xFFCFF000u, K(8), "x"), GRT_INVALID_ARGUMENT);
    assert_int_equal(grt_memory_reserve(memory, 0xFFCFF000u, K(4), "end of mirror"), GRT_OK);
    assert_int_equal(grt_memory_reserve(memory, 0xBFFFF000u, K(4), "end of memory"), GRT_OK);
    assert_int_equal(grt_memory_reserve(memory, 0xFFD00000u, K(4), "ordinary"), GRT_OK);
    assert_int_equal(grt_memory_reserve(memory, 0x9FFFF000u, K(4), "ordinary"), GRT_OK);
    assert_int_equal(grt_memory_commit(memory, 0xFFCFF000u, K(4)), GRT_OK);
    *word(memory, 0xFFCFF000u) = 3;
    assert_int_equal(*word(memory, 0xBFD00000u), 3);
}

static void test_anywhere_in_a_mirror(void **state)
{
    grt_memory *memory = *state;
    grt_addr at;
    assert_int_equal(grt_memory_reserve(memory, 0xA0000000u, M(1), "low"), GRT_OK);
    assert_int_equal(
        grt_memory_reserve_anywhere(memory, 0xE0000000u, 0xFFD00000u, K(64), 0x10000, "x", &at),
        GRT_OK);
    assert_int_equal(at, 0xE0100000u); /* aligned as the guest sees it; physical 0x101000 */
    assert_int_equal(
        grt_memory_reserve_anywhere(memory, 0xC0000000u, 0xE0000000u, K(4), 0x1000, "y", &at),
        GRT_OK);
    assert_int_equal(at, 0xC0100000u);
    assert_int_equal(
        grt_memory_reserve_anywhere(memory, 0xC0000000u, 0xF0000000u, K(4), 0x1000, "z", &at),
        GRT_INVALID_ARGUMENT);
}

static void test_query_speaks_of_the_mirror_asked(void **state)
{
    grt_memory *memory = *state;
    assert_int_equal(grt_memory_reserve(memory, 0xA0000000u, K(64), "p"), GRT_OK);
    assert_int_equal(grt_memory_commit(memory, 0xA0004000u, K(8)), GRT_OK);
    grt_page_info info;
    grt_memory_query(memory, 0xC0004123u, &info);
    assert_int_equal(info.region_first, 0xC0000000u);
    assert_int_equal(info.region_size, K(64));
    assert_true(info.committed);
    assert_int_equal(info.run_size, K(8));
    grt_memory_query(memory, 0xE0003000u, &info); /* does not show the first page */
    assert_int_equal(info.region_first, 0xE0000000u);
    assert_int_equal(info.region_size, K(60));
    assert_string_equal(info.owner, "p");
    assert_int_equal(info.run_size, K(8));
    grt_memory_query(memory, 0xE000F000u, &info);
    assert_int_equal(info.region_size, 0);
    assert_int_equal(info.run_size, 0x1FD00000u - 0xF000u);
    grt_memory_query(memory, 0x90000000u, &info);
    assert_int_equal(info.run_size, 0x10000000u);
    assert_int_equal(info.region_size, 0);
}

static void test_budget_covers_both_kinds(void **state)
{
    grt_memory *memory = *state;
    assert_int_equal(grt_memory_reserve(memory, 0x40000000u, M(512), "virtual"), GRT_OK);
    assert_int_equal(grt_memory_reserve(memory, 0xA0000000u, M(512), "physical"), GRT_OK);
    assert_int_equal(grt_memory_commit(memory, 0x40000000u, M(256)), GRT_OK);
    assert_int_equal(grt_memory_commit(memory, 0xC0000000u, M(256)), GRT_OK);
    assert_int_equal(grt_memory_commit(memory, 0xA0000000u, M(256)), GRT_OK);
    assert_int_equal(grt_memory_commit(memory, 0xB0000000u, K(4)), GRT_OVER_BUDGET);
    assert_non_null(strstr(capture.line, "'physical' cannot commit 4096 bytes"));
    assert_non_null(strstr(capture.line, "536870912 of the budget of 536870912"));
    assert_non_null(strstr(capture.line, "'virtual' at 0x40000000 268435456"));
    assert_int_equal(grt_memory_decommit(memory, 0x40000000u, K(4)), GRT_OK);
    assert_int_equal(grt_memory_commit(memory, 0xB0000000u, K(4)), GRT_OK);
}

#define WITH_MEMORY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_MEMORY(test_mirrors_show_the_same_bytes),
        WITH_MEMORY(test_any_mirror_serves),
        WITH_MEMORY(test_decommitted_bytes_are_gone_everywhere),
        WITH_MEMORY(test_ranges_do_not_cross_mirrors),
        WITH_MEMORY(test_anywhere_in_a_mirror),
        WITH_MEMORY(test_query_speaks_of_the_mirror_asked),
        WITH_MEMORY(test_budget_covers_both_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
