/* guest_time.h - the clocks that the guest sees, in its units of 100 ns, and calendar dates. */
#ifndef GRT_KERNEL_GUEST_TIME_H
#define GRT_KERNEL_GUEST_TIME_H

#include "thread/core.h"

/* Since the runtime was created. */
uint64_t grt_interrupt_time(const grt_runtime *runtime);

/* A date and a time of day, in the Gregorian calendar. */
typedef struct grt_time_fields {
    uint16_t year, month, day; /* month and day count from 1 */
    uint16_t hour, minute, second, millisecond;
    uint16_t weekday; /* 0 is Sunday */
} grt_time_fields;

/* [time] is in units of 100 ns since 1601; what is below a millisecond is dropped. */
grt_time_fields grt_time_split(uint64_t time);
/* False when the fields are no date from 1601 to 30827; the weekday is not looked at. */
bool grt_time_join(const grt_time_fields *fields, uint64_t *time);

#endif
