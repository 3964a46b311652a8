/* The question whether pages allow access, asked of their records alone. */
#include "unit.h"

#include <string.h>

#include "memory/memory_impl.h"
#include "memory/quick.h"

#define RECORDS 48u

static void fill(uint8_t *records, grt_page record)
{
    memset(records, record, RECORDS);
}

/* Every range around and beside one page that is different. */
static void expect_allowed_but_for(const uint8_t *records, uint32_t bad, grt_access access)
{
    for (uint32_t first = 0; first < RECORDS; first++) {
        for (uint32_t end = first; end <= RECORDS; end++) {
            bool has_bad = first <= bad && bad < end;
            if (grt_quick_allowed(records, first, end, access) == has_bad) {
                fail_msg("pages %u to %u, page %u is different", first, end, bad);
            }
        }
    }
}

static void test_ranges(void **state)
{
    (void)state;
    _Alignas(8) uint8_t records[RECORDS];
    const grt_page others[] = {GRT_PAGE_NONE, grt_page_make(GRT_NO_ACCESS, 5),
                               grt_page_make(GRT_READ_ONLY, GRT_PAGE_NOTE_MAX)};
    for (size_t i = 0; i < sizeof others; i++) {
        for (uint32_t bad = 0; bad < RECORDS; bad++) {
            fill(records, grt_page_make(GRT_READ_WRITE, bad % 2 == 0 ? 0 : GRT_PAGE_NOTE_MAX));
            records[bad] = others[i];
            expect_allowed_but_for(records, bad, GRT_READ_WRITE);
            expect_allowed_but_for(records, i == 2 ? RECORDS : bad, GRT_READ_ONLY);
        }
    }
}

/* Nothing is read behind the last record. */
static void test_end_of_the_table(void **state)
{
    (void)state;
    size_t page = os_page_size();
    void *base;
    assert_int_equal(os_reserve(0, 2 * page, &base), 0);
    assert_int_equal(os_commit(base, page), 0);
    uint8_t *records = base;
    memset(records, grt_page_make(GRT_READ_WRITE, 0), page);
    for (uint32_t pages = 0; pages < 20; pages++) {
        uint32_t end = (uint32_t)page;
        assert_true(grt_quick_allowed(records, end - pages, end, GRT_READ_WRITE));
    }
    assert_int_equal(os_release(base, 2 * page), 0);
}

/* A page at most, which may cross into another. */
static void test_writable(void **state)
{
    (void)state;
    uint8_t records[2];
    for (int both = 0; both < 4; both++) {
        records[0] = grt_page_make((both & 1) != 0 ? GRT_READ_WRITE : GRT_READ_ONLY, 3);
        records[1] = grt_page_make((both & 2) != 0 ? GRT_READ_WRITE : GRT_READ_ONLY, 0);
        assert_int_equal(grt_quick_writable(records, 0, GRT_PAGE_SIZE), (both & 1) != 0);
        assert_int_equal(grt_quick_writable(records, GRT_PAGE_SIZE, 1), (both & 2) != 0);
        assert_int_equal(grt_quick_writable(records, 8, GRT_PAGE_SIZE), both == 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_end_of_the_table),
        cmocka_unit_test(test_writable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
