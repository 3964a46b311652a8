// Clocks go on and agree; dates are split and joined.
// expect: clocks agree
// expect: 2005-11-22 02:05:09.123 is a 2
// expect: dates come back
// expect: what is no date is refused
// expect: bad pointers are refused
// expect: statuses have Win32 errors
// stderr: RtlTimeToTimeFields: time leads to 0x00000010, which cannot be read
// stderr: RtlTimeToTimeFields: fields_out leads to 0x00000010, which cannot be written
// stderr: RtlTimeFieldsToTime: fields leads to 0x00000010, which cannot be read
// stderr: RtlTimeFieldsToTime: time_out leads to 0x00000010, which cannot be written
#include "check.h"

#define BAD ((void *)0x10)

static void clocks(void)
{
    uint64_t first = KeQueryInterruptTime(), system_first, system_last;
    uint32_t ticks = GetTickCount();
    int64_t moment = MILLISECONDS(20);
    KeQuerySystemTime(&system_first);
    KeDelayExecutionThread(0, 0, &moment);
    KeQuerySystemTime(&system_last);
    uint64_t last = KeQueryInterruptTime();
    CHECK(last - first >= 200000);
    CHECK(GetTickCount() - ticks >= 20);
    CHECK(GetTickCount() >= last / 10000);
    CHECK(system_last > 0x01C00000ull << 32); /* it is after 2000 */
    CHECK(KeQueryPerformanceFrequency() == 50000000);
}

static void split(void)
{
    const uint64_t launch = 127770987091230000ull;
    TIME_FIELDS date;
    RtlTimeToTimeFields(&launch, &date);
    printf("%u-%02u-%02u %02u:%02u:%02u.%03u is a %u\n", date.year, date.month, date.day, date.hour,
           date.minute, date.second, date.milliseconds, date.weekday);
}

static void join(void)
{
    static const uint64_t times[] = {0, 864000000000ull - 10000, 125911584000000000ull,
                                     127770987091230000ull, 9222000000000000000ull};
    for (unsigned i = 0; i < sizeof times / sizeof *times; i++) {
        TIME_FIELDS date;
        uint64_t again = 1;
        RtlTimeToTimeFields(&times[i], &date);
        date.weekday = 77;
        CHECK(RtlTimeFieldsToTime(&date, &again) == 1 && again == times[i]);
    }
}

static void refuse(void)
{
    static const TIME_FIELDS wrong[] = {{1600, 12, 31, 0, 0, 0, 0, 0},
                                        {30828, 1, 1, 0, 0, 0, 0, 0},
                                        {2000, 0, 1, 0, 0, 0, 0, 0},
                                        {2000, 13, 1, 0, 0, 0, 0, 0},
                                        {2000, 1, 0, 0, 0, 0, 0, 0},
                                        {1900, 2, 29, 0, 0, 0, 0, 0},
                                        {2001, 2, 29, 0, 0, 0, 0, 0},
                                        {2000, 4, 31, 0, 0, 0, 0, 0},
                                        {2000, 1, 1, 24, 0, 0, 0, 0},
                                        {2000, 1, 1, 0, 60, 0, 0, 0},
                                        {2000, 1, 1, 0, 0, 60, 0, 0},
                                        {2000, 1, 1, 0, 0, 0, 1000, 0},
                                        {2000, 65535, 65535, 65535, 65535, 65535, 65535, 65535}};
    uint64_t time = 5;
    for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK(RtlTimeFieldsToTime(&wrong[i], &time) == 0);
    CHECK(time == 5);
    const TIME_FIELDS leap = {2000, 2, 29, 0, 0, 0, 0, 0};
    CHECK(RtlTimeFieldsToTime(&leap, &time) == 1);
}

static void bad_pointers(void)
{
    uint64_t time = 0;
    TIME_FIELDS date = {2000, 1, 1, 0, 0, 0, 0, 0};
    RtlTimeToTimeFields(BAD, &date);
    CHECK(date.year == 2000);
    RtlTimeToTimeFields(&time, BAD);
    CHECK(RtlTimeFieldsToTime(BAD, &time) == 0);
    CHECK(RtlTimeFieldsToTime(&date, BAD) == 0);
    KeQuerySystemTime(BAD);
}

int main(void)
{
    clocks();
    printf("clocks agree\n");
    split();
    join();
    printf("dates come back\n");
    refuse();
    printf("what is no date is refused\n");
    bad_pointers();
    printf("bad pointers are refused\n");
    CHECK(RtlNtStatusToDosError(STATUS_SUCCESS) == 0);
    CHECK(RtlNtStatusToDosError(STATUS_INVALID_HANDLE) == 6);
    CHECK(RtlNtStatusToDosError(STATUS_INVALID_PARAMETER) == 87);
    CHECK(RtlNtStatusToDosError(0xC0123456) == 317);
    CHECK(RtlNtStatusToDosError(0x80070005) == 5);
    CHECK(RtlNtStatusToDosError(0xE0001234) == 0xE0001234);
    printf("statuses have Win32 errors\n");
    return 0;
}
