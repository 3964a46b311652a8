/* time.h - the clocks of the kernel; UTC only. */
#ifndef GUEST_TIME_H
#define GUEST_TIME_H

#include <stddef.h>

typedef long long time_t;
typedef long long clock_t;
#define CLOCKS_PER_SEC 1000000LL

/* Seconds since 1970. */
time_t time(time_t *result);
/* Microseconds of a steady clock. */
clock_t clock(void);
double difftime(time_t later, time_t earlier);

#endif
