/*
 * platform.c - the console's side of platform.h: kernel imports.
 */
#include "../platform.h"
#include <errno.h>
#include <xbox/kernel.h>

/* The processor control region and the thread block, as far as they are needed here. */
enum { PCR_THREAD = 0x100, THREAD_LAST_ERROR = 0x160, BUG_CHECK_ABORT = 0xAB };

register char *pcr __asm__("r13");

_Static_assert(sizeof(platform_lock) == sizeof(RTL_CRITICAL_SECTION), "a lock is one section");

int *guest_errno(void)
{
    char *thread = *(char **)(pcr + PCR_THREAD);
    return (int *)(thread + THREAD_LAST_ERROR);
}

void platform_start(void)
{
}

/* The kernel prints strings: a byte of zero in the text goes as a character of its own. */
void platform_write(int stream, const char *text, size_t size)
{
    (void)stream;
    char piece[513];
    size_t used = 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i])
            piece[used++] = text[i];
        if (used == sizeof piece - 1 || (used && !text[i])) {
            piece[used] = 0;
            DbgPrint("%s", piece);
            used = 0;
        }
        if (!text[i])
            DbgPrint("%c", 0);
    }
    if (used) {
        piece[used] = 0;
        DbgPrint("%s", piece);
    }
}

_Noreturn void platform_exit(int code)
{
    ExTerminateThread((uint32_t)code);
}

_Noreturn void platform_abort(void)
{
    KeBugCheckEx(BUG_CHECK_ABORT, 0, 0, 0, 0);
}

void platform_lock_init(platform_lock *lock)
{
    RtlInitializeCriticalSection((RTL_CRITICAL_SECTION *)lock);
}

void platform_lock_enter(platform_lock *lock)
{
    RtlEnterCriticalSection((RTL_CRITICAL_SECTION *)lock);
}

void platform_lock_leave(platform_lock *lock)
{
    RtlLeaveCriticalSection((RTL_CRITICAL_SECTION *)lock);
}

uint64_t platform_system_time(void)
{
    const uint64_t seconds_1601_to_1970 = 11644473600;
    uint64_t time;
    KeQuerySystemTime(&time);
    return time / 10 - seconds_1601_to_1970 * 1000000;
}

static uint64_t time_base(void)
{
    uint32_t high, low, again;
    do
        __asm__ volatile("mftbu %0\n\tmftb %1\n\tmftbu %2" : "=r"(high), "=r"(low), "=r"(again));
    while (high != again);
    return (uint64_t)high << 32 | low;
}

uint64_t platform_steady_time(void)
{
    uint64_t ticks = time_base(), rate = KeQueryPerformanceFrequency();
    return ticks / rate * 1000000 + ticks % rate * 1000000 / rate;
}
