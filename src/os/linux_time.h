/*
 * linux_time.h - nanoseconds as the kernel wants them. Only for src/os/linux_*.c.
 */
#ifndef GRT_OS_LINUX_TIME_H
#define GRT_OS_LINUX_TIME_H

#include <stdint.h>
#include <time.h>

#define OS_NS_PER_SECOND 1000000000ull

static inline struct timespec os_timespec(uint64_t ns)
{
    struct timespec time = {.tv_sec = (time_t)(ns / OS_NS_PER_SECOND),
                            .tv_nsec = (long)(ns % OS_NS_PER_SECOND)};
    return time;
}

#endif
