// In a seeded run the clock in memory goes on with kernel calls, and is the same in every run.
// expect: 3600000 milliseconds later
// expect: the same clocks
// expect: 2005-11-22
// run: --seed=7
#include "check.h"

int main(void)
{
    uint32_t first = KeTimeStampBundle->tick_count;
    int64_t hour = MILLISECONDS(3600000);
    KeDelayExecutionThread(0, 0, &hour);
    printf("%u milliseconds later\n", (unsigned)(KeTimeStampBundle->tick_count - first));
    CHECK(GetTickCount() == KeTimeStampBundle->tick_count);
    while (KeTimeStampBundle->tick_count == first + 3600000)
        GetTickCount();
    CHECK(KeQueryInterruptTime() - KeTimeStampBundle->interrupt_time <= 10);
    printf("the same clocks\n");
    uint64_t now;
    TIME_FIELDS date;
    KeQuerySystemTime(&now);
    RtlTimeToTimeFields(&now, &date);
    printf("%u-%u-%u\n", date.year, date.month, date.day);
    return 0;
}
