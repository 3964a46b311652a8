/*
 * linux_clock.c - time.
 */
#define _GNU_SOURCE
#include "os/os.h"

#include <errno.h>
#include <time.h>

#include "os/linux_time.h"

static uint64_t read_clock(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * OS_NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

uint64_t os_clock_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

uint64_t os_wall_clock_ns(void)
{
    return read_clock(CLOCK_REALTIME);
}

void os_sleep_ns(uint64_t ns)
{
    uint64_t now = os_clock_ns();
    uint64_t until = ns < UINT64_MAX - now ? now + ns : UINT64_MAX;
    struct timespec wake = os_timespec(until);
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wake, NULL) == EINTR) {
        /* An absolute deadline needs no arithmetic after an interruption. */
    }
}
