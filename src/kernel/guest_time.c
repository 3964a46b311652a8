/* guest_time.c - clocks and calendar of the guest. */
#include "kernel/guest_time.h"

#include "kernel/state.h"

#define UNITS_A_SECOND      10000000u
#define UNITS_A_MILLISECOND 10000u
#define SECONDS_A_DAY       86400u
#define FIRST_YEAR          1601u
#define LAST_YEAR           30827u
#define MONDAY              1u /* 1 January 1601 */
/* From 1601 on, four hundred years begin with the first one after a leap century. */
#define DAYS_A_400_YEARS 146097u
#define DAYS_A_CENTURY   36524u
#define DAYS_A_4_YEARS   1461u
#define DAYS_A_YEAR      365u

uint64_t grt_interrupt_time(const grt_runtime *runtime)
{
    return (grt_thread_clock_ns(runtime) - runtime->kernel->started_ns) / 100;
}

static bool is_leap(uint32_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static uint32_t days_of_month(uint32_t year, uint32_t month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year));
}

/* How many of [size] days fit into [*days], at most [most]; the rest stays. */
static uint32_t take(uint32_t *days, uint32_t size, uint32_t most)
{
    uint32_t count = *days / size;
    if (count > most)
        count = most;
    *days -= count * size;
    return count;
}

static void split_date(uint32_t days, grt_time_fields *fields)
{
    fields->weekday = (uint16_t)((days + MONDAY) % 7);
    uint32_t year = FIRST_YEAR + 400 * take(&days, DAYS_A_400_YEARS, UINT32_MAX);
    year += 100 * take(&days, DAYS_A_CENTURY, 3);
    year += 4 * take(&days, DAYS_A_4_YEARS, 24);
    year += take(&days, DAYS_A_YEAR, 3);
    uint32_t month = 1;
    for (; days >= days_of_month(year, month); month++)
        days -= days_of_month(year, month);
    fields->year = (uint16_t)year;
    fields->month = (uint16_t)month;
    fields->day = (uint16_t)(days + 1);
}

grt_time_fields grt_time_split(uint64_t time)
{
    grt_time_fields fields;
    uint64_t seconds = time / UNITS_A_SECOND;
    uint32_t second = (uint32_t)(seconds % SECONDS_A_DAY);
    split_date((uint32_t)(seconds / SECONDS_A_DAY), &fields);
    fields.hour = (uint16_t)(second / 3600);
    fields.minute = (uint16_t)(second / 60 % 60);
    fields.second = (uint16_t)(second % 60);
    fields.millisecond = (uint16_t)(time / UNITS_A_MILLISECOND % 1000);
    return fields;
}

static uint32_t days_before_year(uint32_t year)
{
    uint32_t years = year - FIRST_YEAR;
    return years * DAYS_A_YEAR + years / 4 - years / 100 + years / 400;
}

static bool is_date(const grt_time_fields *fields)
{
    return fields->year >= FIRST_YEAR && fields->year <= LAST_YEAR && fields->month >= 1 &&
           fields->month <= 12 && fields->day >= 1 &&
           fields->day <= days_of_month(fields->year, fields->month);
}

static bool is_time_of_day(const grt_time_fields *fields)
{
    return fields->hour < 24 && fields->minute < 60 && fields->second < 60 &&
           fields->millisecond < 1000;
}

bool grt_time_join(const grt_time_fields *fields, uint64_t *time)
{
    if (!is_date(fields) || !is_time_of_day(fields))
        return false;
    uint64_t days = days_before_year(fields->year) + fields->day - 1u;
    for (uint32_t month = 1; month < fields->month; month++)
        days += days_of_month(fields->year, month);
    uint64_t seconds = days * SECONDS_A_DAY + fields->hour * 3600u + fields->minute * 60u;
    *time = (seconds + fields->second) * UNITS_A_SECOND +
            fields->millisecond * (uint64_t)UNITS_A_MILLISECOND;
    return true;
}
