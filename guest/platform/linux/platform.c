/*
 * platform.c - the Linux side of platform.h. One thread, so locks are empty.
 */
#include "../platform.h"
#include "linux_call.h"
#include <errno.h>

static int error_number;

int *guest_errno(void)
{
    return &error_number;
}

void platform_start(void)
{
}

void platform_write(int stream, const char *text, size_t size)
{
    while (size) {
        long done = linux_call(LINUX_WRITE, stream, text, size);
        if (done == -EINTR)
            continue;
        if (done <= 0)
            return;
        text += done;
        size -= (size_t)done;
    }
}

_Noreturn void platform_exit(int code)
{
    for (;;)
        linux_call(LINUX_EXIT_GROUP, code);
}

_Noreturn void platform_abort(void)
{
    enum { SIGABRT = 6 };
    linux_call(LINUX_KILL, linux_call(LINUX_GETPID), SIGABRT);
    platform_exit(127);
}

void platform_lock_init(platform_lock *lock)
{
    (void)lock;
}

void platform_lock_enter(platform_lock *lock)
{
    (void)lock;
}

void platform_lock_leave(platform_lock *lock)
{
    (void)lock;
}

static uint64_t clock_microseconds(int clock)
{
    long now[2] = {0, 0};
    linux_call(LINUX_CLOCK_GETTIME, clock, now);
    return (uint64_t)now[0] * 1000000 + (uint64_t)now[1] / 1000;
}

uint64_t platform_system_time(void)
{
    return clock_microseconds(0);
}

uint64_t platform_steady_time(void)
{
    return clock_microseconds(1);
}
