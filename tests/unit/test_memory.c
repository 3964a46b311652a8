/* The window: creation, translation, regions, commit, protection, questions; flat profile. */
#define _GNU_SOURCE
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "guestrt/memory.h"
#include "log_capture.h"
#include "memory/memory_impl.h"
#include "os/os_inject.h"

#define K(n) ((uint64_t)(n) << 10)

static log_capture capture;

static int set_up(void **state)
{
    grt_memory_config config = grt_memory_config_default();
    config.log = log_capture_log(&capture);
    return grt_memory_create(&config, (grt_memory **)state) == GRT_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    const char *broken = grt_memory_check(*state);
    if (broken != NULL) {
        print_error("broken: %s\n", broken);
    }
    grt_memory_destroy(*state);
    return broken == NULL ? 0 : -1;
}

static grt_memory_stats stats_of(const grt_memory *memory)
{
    grt_memory_stats stats;
    grt_memory_get_stats(memory, &stats);
    return stats;
}

static grt_page_info info_of(const grt_memory *memory, grt_addr address)
{
    grt_page_info info;
    grt_memory_query(memory, address, &info);
    return info;
}

/* ---- creation and translation ---------------------------------------------------------------- */

static void test_config_is_checked(void **state)
{
    (void)state;
    grt_memory *memory = NULL;
    grt_memory_config config = grt_memory_config_default();
    assert_int_equal(grt_memory_create(NULL, &memory), GRT_INVALID_ARGUMENT);
    assert_int_equal(grt_memory_create(&config, NULL), GRT_INVALID_ARGUMENT);
    config.size--;
    assert_int_equal(grt_memory_create(&config, &memory), GRT_INVALID_ARGUMENT);
    config = grt_memory_config_default();
    config.profile = (grt_profile)2;
    assert_int_equal(grt_memory_create(&config, &memory), GRT_INVALID_ARGUMENT);
    config = grt_memory_config_default();
    config.preferred_base++;
    assert_int_equal(grt_memory_create(&config, &memory), GRT_INVALID_ARGUMENT);
    config = grt_memory_config_default();
    config.budget = GRT_PAGE_SIZE - 1;
    assert_int_equal(grt_memory_create(&config, &memory), GRT_INVALID_ARGUMENT);
    assert_null(memory);
    grt_memory_destroy(NULL);
}

static void test_translation(void **state)
{
    grt_memory *memory = *state;
    uint8_t *base = grt_memory_base(memory);
    assert_int_equal(grt_memory_profile(memory), GRT_PROFILE_FLAT);
    assert_null(grt_memory_host(memory, 0));
    assert_ptr_equal(grt_memory_host(memory, 1), base + 1);
    assert_ptr_equal(grt_memory_host(memory, 0xFFFFFFFF), base + 0xFFFFFFFF);
    assert_int_equal(grt_memory_guest(memory, base + 1), 1);
    assert_int_equal(grt_memory_guest(memory, base + 0xFFFFFFFF), 0xFFFFFFFF);
    assert_int_equal(grt_memory_guest(memory, base + GRT_WINDOW_SIZE), 0);
    assert_int_equal(grt_memory_guest(memory, base - 1), 0);
    assert_int_equal(grt_memory_guest(memory, NULL), 0);
    assert_int_equal(grt_memory_guest(memory, &memory), 0);
}

static void test_two_windows_are_strangers(void **state)
{
    grt_memory *memory = *state;
    grt_memory *other;
    grt_memory_config config = grt_memory_config_default();
    assert_int_equal(grt_memory_create(&config, &other), GRT_OK);
    assert_ptr_not_equal(grt_memory_base(memory), grt_memory_base(other));
    for (int i = 0; i < 2; i++) {
        grt_memory *m = i == 0 ? memory : other;
        assert_int_equal(grt_memory_reserve(m, 0x10000, K(64), "same"), GRT_OK);
        assert_int_equal(grt_memory_commit(m, 0x10000, K(64)), GRT_OK);
    }
    *(volatile uint8_t *)grt_memory_host(memory, 0x10000) = 1;
    assert_int_equal(*(volatile uint8_t *)grt_memory_host(other, 0x10000), 0);
    assert_int_equal(grt_memory_guest(memory, grt_memory_host(other, 0x10000)), 0);
    grt_memory_destroy(other);
}

/* ---- regions --------------------------------------------------------------------------------- */

static void test_reserve_checks_the_range(void **state)
{
    grt_memory *memory = *state;
    assert_int_equal(grt_memory_reserve(memory, 1, K(4), "a"), GRT_INVALID_ARGUMENT);
    assert_int_equal(grt_memory_reserve(memory, 0x1000, 1, "a"), GRT_INVALID_ARGUMENT);
    assert_int_equal(grt_memory_reserve(memory, 0x1000, 0, "a"), GRT_INVALID_ARGUMENT);
    assert_int_equal(grt_memory_reserve(memory, 0x1000, K(4), NULL), GRT_INVALID_ARGUMENT);
    assert_int_equal(grt_memory_reserve(memory, 0xFFFFF000, K(8), "a"), GRT_INVALID_ARGUMENT);
    assert_int_equal(grt_memory_reserve(memory, 0x1000, GRT_WINDOW_SIZE, "a"),
                     GRT_INVALID_ARGUMENT);
    assert_int_equal(grt_memory_reserve(memory, 0x1000, UINT64_MAX - 0xFFF, "a"),
                     GRT_INVALID_ARGUMENT);
    assert_int_equal(grt_memory_reserve(memory, 0xFFFFF000, K(4), "last page"), GRT_OK);
    assert_int_equal(stats_of(memory).regions, 1);
}

static void test_overlap_names_both_owners(void **state)
{
    grt_memory *memory = *state;
    assert_int_equal(grt_memory_reserve(memory, 0x10000, K(64), "image"), GRT_OK);
    const struct {
        grt_addr first;
        uint64_t size;
    } overlaps[] = {
        {0x10000, K(64)}, {0xF000, K(8)}, {0x1F000, K(8)}, {0x14000, K(4)}, {0, K(512)}};
    for (size_t i = 0; i < sizeof overlaps / sizeof overlaps[0]; i++) {
        capture.lines = 0;
        assert_int_equal(
            grt_memory_reserve(memory, overlaps[i].first, overlaps[i].size, "user heap"),
            GRT_REGION_OVERLAP);
        assert_int_equal(capture.lines, 1);
        assert_non_null(strstr(capture.line, "'user heap'"));
        assert_non_null(strstr(capture.line, "'image' owns 0x00010000-0x00020000"));
    }
    assert_int_equal(grt_memory_reserve(memory, 0xF000, K(4), "below"), GRT_OK);
    assert_int_equal(grt_memory_reserve(memory, 0x20000, K(4), "above"), GRT_OK);
    assert_int_equal(stats_of(memory).reserved, K(72));
}

static void test_whole_window_is_one_region(void **state)
{
    grt_memory *memory = *state;
    assert_int_equal(grt_memory_reserve(memory, 0, GRT_WINDOW_SIZE, "all"), GRT_OK);
    assert_int_equal(stats_of(memory).reserved, GRT_WINDOW_SIZE);
    grt_page_info info = info_of(memory, 0xFFFFFFFF);
    assert_int_equal(info.region_size, GRT_WINDOW_SIZE);
    assert_int_equal(info.run_size, GRT_PAGE_SIZE);
    assert_int_equal(grt_memory_release(memory, 0), GRT_OK);
    assert_int_equal(stats_of(memory).reserved, 0);
}

static grt_status anywhere(grt_memory *memory, grt_addr first, uint64_t end, uint64_t size,
                           uint32_t alignment, grt_addr *address)
{
    return grt_memory_reserve_anywhere(memory, first, end, size, alignment, "x", address);
}

static void test_reserve_anywhere_takes_the_lowest(void **state)
{
    grt_memory *memory = *state;
    grt_addr at = 0;
    assert_int_equal(grt_memory_reserve(memory, 0x12000, K(4), "in the way"), GRT_OK);
    assert_int_equal(anywhere(memory, 0x10000, 0x20000, K(8), 0x1000, &at), GRT_OK);
    assert_int_equal(at, 0x10000);
    assert_int_equal(anywhere(memory, 0x10000, 0x20000, K(8), 0x4000, &at), GRT_OK);
    assert_int_equal(at, 0x14000);
    assert_int_equal(anywhere(memory, 0x10000, 0x20000, K(4), 0x1000, &at), GRT_OK);
    assert_int_equal(at, 0x13000);
    assert_int_equal(anywhere(memory, 0x10000, 0x20000, K(40), 0x1000, &at), GRT_OK);
    assert_int_equal(at, 0x16000);
    at = 77;
    assert_int_equal(anywhere(memory, 0x10000, 0x20000, K(4), 0x1000, &at),
                     GRT_OUT_OF_GUEST_MEMORY);
    assert_int_equal(at, 77);
    /* From inside a region, and up to the very end of the window. */
    assert_int_equal(anywhere(memory, 0x17000, 0x30000, K(4), 0x1000, &at), GRT_OK);
    assert_int_equal(at, 0x20000);
    assert_int_equal(anywhere(memory, 0xFFFFF000, GRT_WINDOW_SIZE, K(4), 0x1000, &at), GRT_OK);
    assert_int_equal(at, 0xFFFFF000);
    assert_int_equal(anywhere(memory, 0, GRT_WINDOW_SIZE, K(4), 0x1000, &at), GRT_OK);
    assert_int_equal(at, 0x1000); /* never null */
}

static void test_reserve_anywhere_checks(void **state)
{
    grt_memory *memory = *state;
    grt_addr at;
    assert_int_equal(anywhere(memory, 0, K(64), 0, 0x1000, &at), GRT_INVALID_ARGUMENT);
    assert_int_equal(anywhere(memory, 0, K(64), 5, 0x1000, &at), GRT_INVALID_ARGUMENT);
    assert_int_equal(anywhere(memory, 0, K(64), K(4), 0, &at), GRT_INVALID_ARGUMENT);
    assert_int_equal(anywhere(memory, 0, K(64), K(4), 0x800, &at), GRT_INVALID_ARGUMENT);
    assert_int_equal(anywhere(memory, 0, K(64), K(4), 0x3000, &at), GRT_INVALID_ARGUMENT);
    assert_int_equal(anywhere(memory, 0x2000, 0x2000, K(4), 0x1000, &at), GRT_INVALID_ARGUMENT);
    assert_int_equal(anywhere(memory, 0, GRT_WINDOW_SIZE + 1, K(4), 0x1000, &at),
                     GRT_INVALID_ARGUMENT);
    assert_int_equal(anywhere(memory, 0, K(64), UINT64_MAX - 0xFFF, 0x1000, &at),
                     GRT_OUT_OF_GUEST_MEMORY);
    assert_int_equal(anywhere(memory, 0, GRT_WINDOW_SIZE, K(4), 0x80000000u, &at), GRT_OK);
    assert_int_equal(at, 0x80000000u);
}

static void test_release(void **state)
{
    grt_memory *memory = *state;
    assert_int_equal(grt_memory_reserve(memory, 0x10000, K(64), "a"), GRT_OK);
    assert_int_equal(grt_memory_commit(memory, 0x12000, K(8)), GRT_OK);
    assert_int_equal(grt_memory_release(memory, 0x11000), GRT_NOT_RESERVED);
    assert_int_equal(grt_memory_release(memory, 0x10000), GRT_OK);
    assert_int_equal(grt_memory_release(memory, 0x10000), GRT_NOT_RESERVED);
    assert_int_equal(stats_of(memory).committed, 0);
    assert_int_equal(stats_of(memory).committed_peak, K(8));
    assert_false(grt_memory_accessible(memory, 0x12000, 1, GRT_NO_ACCESS));
}

/* ---- commit ---------------------------------------------------------------------------------- */

static void test_commit_counts_pages_once(void **state)
{
    grt_memory *memory = *state;
    assert_int_equal(grt_memory_reserve(memory, 0x10000, K(64), "a"), GRT_OK);
    assert_int_equal(grt_memory_commit(memory, 0x12000, K(8)), GRT_OK);
    *(volatile uint8_t *)grt_memory_host(memory, 0x12000) = 5;
    assert_int_equal(grt_memory_commit(memory, 0x10000, K(64)), GRT_OK);
    assert_int_equal(*(volatile uint8_t *)grt_memory_host(memory, 0x12000), 5);
    assert_int_equal(stats_of(memory).committed, K(64));
    assert_int_equal(grt_memory_decommit(memory, 0x12000, K(4)), GRT_OK);
    assert_int_equal(grt_memory_decommit(memory, 0x11000, K(12)), GRT_OK);
    assert_int_equal(stats_of(memory).committed, K(52));
    assert_int_equal(grt_memory_commit(memory, 0x12000, K(4)), GRT_OK);
    assert_int_equal(*(volatile uint8_t *)grt_memory_host(memory, 0x12000), 0);
}

static void test_commit_needs_one_region(void **state)
{
    grt_memory *memory = *state;
    assert_int_equal(grt_memory_reserve(memory, 0x10000, K(64), "a"), GRT_OK);
    assert_int_equal(grt_memory_reserve(memory, 0x20000, K(64), "b"), GRT_OK);
    assert_int_equal(grt_memory_commit(memory, 0xF000, K(8)), GRT_NOT_RESERVED);
    assert_int_equal(grt_memory_commit(memory, 0x1F000, K(8)), GRT_NOT_RESERVED);
    assert_int_equal(grt_memory_commit(memory, 0x30000, K(4)), GRT_NOT_RESERVED);
    assert_int_equal(grt_memory_decommit(memory, 0x1F000, K(8)), GRT_NOT_RESERVED);
    assert_int_equal(grt_memory_commit(memory, 0x10001, K(4)), GRT_INVALID_ARGUMENT);
    assert_int_equal(grt_memory_decommit(memory, 0x10000, 5), GRT_INVALID_ARGUMENT);
    assert_int_equal(stats_of(memory).committed, 0);
}

static void test_page_zero(void **state)
{
    grt_memory *memory = *state;
    assert_int_equal(grt_memory_reserve(memory, 0, K(64), "low"), GRT_OK);
    assert_int_equal(grt_memory_commit(memory, 0, K(64)), GRT_INVALID_ARGUMENT);
    assert_int_equal(grt_memory_commit(memory, 0x1000, K(60)), GRT_OK);
    grt_memory_config config = grt_memory_config_default();
    config.map_page_zero = true;
    grt_memory *mapped;
    assert_int_equal(grt_memory_create(&config, &mapped), GRT_OK);
    assert_int_equal(grt_memory_reserve(mapped, 0, K(64), "low"), GRT_OK);
    assert_int_equal(grt_memory_commit(mapped, 0, K(4)), GRT_OK);
    assert_int_equal(*(volatile uint8_t *)grt_memory_base(mapped), 0);
    assert_null(grt_memory_check(mapped));
    grt_memory_destroy(mapped);
}

static void test_protect(void **state)
{
    grt_memory *memory = *state;
    assert_int_equal(grt_memory_reserve(memory, 0x10000, K(64), "a"), GRT_OK);
    assert_int_equal(grt_memory_commit(memory, 0x10000, K(32)), GRT_OK);
    assert_int_equal(grt_memory_protect(memory, 0x10000, K(36), GRT_READ_ONLY), GRT_NOT_RESERVED);
    assert_int_equal(grt_memory_protect(memory, 0x10000, K(4), (grt_access)3),
                     GRT_INVALID_ARGUMENT);
    assert_int_equal(grt_memory_protect(memory, 0x11000, K(4), GRT_READ_ONLY), GRT_OK);
    assert_int_equal(grt_memory_protect(memory, 0x12000, K(4), GRT_NO_ACCESS), GRT_OK);
    assert_true(grt_memory_accessible(memory, 0x10000, K(4), GRT_READ_WRITE));
    assert_false(grt_memory_accessible(memory, 0x10FFF, 2, GRT_READ_WRITE));
    assert_true(grt_memory_accessible(memory, 0x10FFF, 2, GRT_READ_ONLY));
    assert_false(grt_memory_accessible(memory, 0x11FFF, 2, GRT_READ_ONLY));
    assert_true(grt_memory_accessible(memory, 0x11FFF, 2, GRT_NO_ACCESS));
    assert_false(grt_memory_accessible(memory, 0x17FFF, 2, GRT_NO_ACCESS));
    assert_true(grt_memory_accessible(memory, 0x18000, 0, GRT_READ_WRITE));
    assert_false(grt_memory_accessible(memory, 0xFFFFFFFF, 2, GRT_NO_ACCESS));
    assert_false(grt_memory_accessible(memory, 1, UINT64_MAX, GRT_NO_ACCESS));
    /* A commit over it leaves the protection; a new life of the page does not. */
    assert_int_equal(grt_memory_commit(memory, 0x10000, K(64)), GRT_OK);
    assert_int_equal(info_of(memory, 0x11000).access, GRT_READ_ONLY);
    assert_int_equal(grt_memory_decommit(memory, 0x11000, K(8)), GRT_OK);
    assert_int_equal(grt_memory_commit(memory, 0x11000, K(8)), GRT_OK);
    assert_int_equal(info_of(memory, 0x11000).access, GRT_READ_WRITE);
}

static void test_notes(void **state)
{
    grt_memory *memory = *state;
    assert_int_equal(grt_memory_reserve(memory, 0x10000, K(64), "a"), GRT_OK);
    assert_int_equal(grt_memory_commit(memory, 0x10000, K(32)), GRT_OK);
    assert_int_equal(info_of(memory, 0x10000).note, 0);
    assert_int_equal(grt_memory_protect_noted(memory, 0x11000, K(8), GRT_READ_ONLY, 64),
                     GRT_INVALID_ARGUMENT);
    assert_int_equal(grt_memory_protect_noted(memory, 0x11000, K(8), GRT_READ_ONLY, 63), GRT_OK);
    assert_int_equal(grt_memory_protect_noted(memory, 0x12000, K(4), GRT_READ_ONLY, 5), GRT_OK);
    grt_page_info info = info_of(memory, 0x11000);
    assert_true(info.note == 63 && info.access == GRT_READ_ONLY && info.run_size == K(4));
    assert_int_equal(info_of(memory, 0x12000).note, 5);
    assert_false(grt_memory_accessible(memory, 0x11000, K(4), GRT_READ_WRITE));
    assert_true(grt_memory_accessible(memory, 0x11000, K(4), GRT_READ_ONLY));
    assert_int_equal(grt_memory_protect(memory, 0x11000, K(4), GRT_READ_WRITE), GRT_OK);
    assert_int_equal(info_of(memory, 0x11000).note, 0);
    assert_int_equal(grt_memory_decommit(memory, 0x12000, K(4)), GRT_OK);
    assert_int_equal(info_of(memory, 0x12000).note, 0);
}

/* ---- questions ------------------------------------------------------------------------------- */

static void test_query(void **state)
{
    grt_memory *memory = *state;
    assert_int_equal(info_of(memory, 0x1234).run_size, GRT_WINDOW_SIZE - 0x1000);
    assert_int_equal(
        grt_memory_reserve(memory, 0x10000, K(64), "a name of more than 31 characters"), GRT_OK);
    assert_int_equal(grt_memory_commit(memory, 0x12000, K(8)), GRT_OK);
    grt_page_info info = info_of(memory, 0xF123);
    assert_int_equal(info.region_size, 0);
    assert_int_equal(info.run_size, 0x1000);
    info = info_of(memory, 0x11FFF);
    assert_int_equal(info.region_first, 0x10000);
    assert_int_equal(info.region_size, K(64));
    assert_string_equal(info.owner, "a name of more than 31 characte");
    assert_false(info.committed);
    assert_int_equal(info.run_size, 0x1000);
    info = info_of(memory, 0x12000);
    assert_true(info.committed);
    assert_int_equal(info.access, GRT_READ_WRITE);
    assert_int_equal(info.run_size, K(8));
    assert_int_equal(info_of(memory, 0x14000).run_size, K(48));
    assert_int_equal(info_of(memory, 0x20000).run_size, GRT_WINDOW_SIZE - 0x20000);
}

typedef struct walk {
    grt_memory *memory;
    unsigned stop_after;
    unsigned visits;
    grt_addr last;
} walk;

static bool visit(void *user, grt_addr first, uint64_t size, const char *owner, uint64_t committed)
{
    walk *w = user;
    assert_true(w->visits == 0 || first > w->last);
    w->last = first;
    w->visits++;
    assert_string_equal(owner, "r");
    assert_int_equal(size, K(8));
    assert_int_equal(committed, K(4));
    assert_int_equal(info_of(w->memory, first).region_first, first); /* questions are allowed */
    return w->visits != w->stop_after;
}

static void test_walk(void **state)
{
    grt_memory *memory = *state;
    for (uint32_t i = 40; i > 0; i--) { /* more than the first table holds, against the order */
        assert_int_equal(grt_memory_reserve(memory, i * 0x10000, K(8), "r"), GRT_OK);
        assert_int_equal(grt_memory_commit(memory, i * 0x10000, K(4)), GRT_OK);
    }
    walk all = {memory, 0, 0, 0};
    grt_memory_walk(memory, visit, &all);
    assert_int_equal(all.visits, 40);
    walk some = {memory, 3, 0, 0};
    grt_memory_walk(memory, visit, &some);
    assert_int_equal(some.visits, 3);
}

static void test_checker_notices(void **state)
{
    grt_memory *memory = *state;
    assert_int_equal(grt_memory_reserve(memory, 0x10000, K(64), "a"), GRT_OK);
    assert_null(grt_memory_check(memory));
    memory->pages[5] = 3;
    assert_non_null(grt_memory_check(memory));
    memory->pages[5] = 0;
    memory->pages[0x10] = 3;
    assert_non_null(grt_memory_check(memory));
    memory->pages[0x10] = 0;
    memory->reserved_pages++;
    assert_non_null(grt_memory_check(memory));
    memory->reserved_pages--;
    assert_null(grt_memory_check(memory));
}

#define WITH_MEMORY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config_is_checked),
        WITH_MEMORY(test_translation),
        WITH_MEMORY(test_two_windows_are_strangers),
        WITH_MEMORY(test_reserve_checks_the_range),
        WITH_MEMORY(test_overlap_names_both_owners),
        WITH_MEMORY(test_whole_window_is_one_region),
        WITH_MEMORY(test_reserve_anywhere_takes_the_lowest),
        WITH_MEMORY(test_reserve_anywhere_checks),
        WITH_MEMORY(test_release),
        WITH_MEMORY(test_commit_counts_pages_once),
        WITH_MEMORY(test_commit_needs_one_region),
        WITH_MEMORY(test_page_zero),
        WITH_MEMORY(test_protect),
        WITH_MEMORY(test_notes),
        WITH_MEMORY(test_query),
        WITH_MEMORY(test_walk),
        WITH_MEMORY(test_checker_notices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
