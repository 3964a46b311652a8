/* test_kernel_time.c - dates against the host's calendar, and the clocks. */
#include "kernel_fixture.h"

#include "kernel/guest_time.h"
#include <time.h>

#define SECONDS_1601_TO_1970 11644473600ull
#define UNITS_A_SECOND       10000000ull
#define LAST_SECOND          910692730085ull /* of 30827, counted from 1601, roughly */

static void expect_as_host(uint64_t seconds, uint32_t millisecond)
{
    time_t host = (time_t)(seconds - SECONDS_1601_TO_1970);
    struct tm date;
    assert_non_null(gmtime_r(&host, &date));
    uint64_t time = seconds * UNITS_A_SECOND + millisecond * 10000ull, again = 0;
    grt_time_fields fields = grt_time_split(time + 9999);
    assert_int_equal(fields.year, date.tm_year + 1900);
    assert_int_equal(fields.month, date.tm_mon + 1);
    assert_int_equal(fields.day, date.tm_mday);
    assert_int_equal(fields.hour, date.tm_hour);
    assert_int_equal(fields.minute, date.tm_min);
    assert_int_equal(fields.second, date.tm_sec);
    assert_int_equal(fields.weekday, date.tm_wday);
    assert_int_equal(fields.millisecond, millisecond);
    fields.weekday ^= 5;
    assert_true(grt_time_join(&fields, &again));
    assert_int_equal(again, time);
}

static void test_calendar(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    expect_as_host(0, 0);
    for (uint64_t day = 0; day < 400 * 366; day++) { /* every day of a whole period */
        expect_as_host(day * 86400, 0);
        expect_as_host(day * 86400 + 86399, 999);
    }
    for (int i = 0; i < 100000; i++) {
        uint64_t high = random_below(&seed, (uint32_t)(LAST_SECOND >> 10));
        expect_as_host(high << 10 | random_below(&seed, 1024), random_below(&seed, 1000));
    }
}

static void test_ends(void **state)
{
    (void)state;
    uint64_t time = 7;
    grt_time_fields last = {30827, 12, 31, 23, 59, 59, 999, 0};
    assert_true(grt_time_join(&last, &time));
    grt_time_fields again = grt_time_split(time);
    assert_int_equal(again.year, 30827);
    assert_int_equal(again.day, 31);
    again = grt_time_split(UINT64_MAX); /* beyond what joins, still a date */
    assert_int_equal(again.year, 60056);
    assert_int_equal(again.month, 5);
    assert_int_equal(again.day, 28);
}

/* ---- clocks -------------------------------------------------------------------------------- */

static void clocks(grt_ppc *ctx, uint8_t *base)
{
    KCALL0(KeQueryInterruptTime);
    uint64_t first = ctx->r[3];
    CHECK(first < 36000000000ull); /* it counts from the runtime's start, not the host's */
    os_sleep_ns(3000000);
    CHECK(KCALL0(GetTickCount) >= 3);
    KCALL0(KeQueryInterruptTime);
    CHECK(ctx->r[3] >= first + 30000);
}

static void test_clocks(void **state)
{
    (void)state;
    RUN_GUEST(clocks);
}

/* ---- Win32 errors -------------------------------------------------------------------------- */

static void every_status(grt_ppc *ctx, uint8_t *base)
{
    static const struct {
        uint32_t status;
        const char *name;
    } all[] = {
#define ROW(number, name, sentence) {number, #name},
        GRT_NT_MAP(ROW)
#undef ROW
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (KCALL(RtlNtStatusToDosError, all[i].status) == 317) {
            fprintf(stderr, "%s has no Win32 error\n", all[i].name);
            CHECK(false);
        }
    }
    CHECK_EQUAL(KCALL(RtlNtStatusToDosError, GRT_NT_OBJECT_NAME_NOT_FOUND), 2);
    CHECK_EQUAL(KCALL(RtlNtStatusToDosError, GRT_NT_PENDING), 997);
}

static void test_every_status_has_an_error(void **state)
{
    (void)state;
    RUN_GUEST(every_status);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calendar),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_clocks),
        cmocka_unit_test(test_every_status_has_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
