/*
 * linux_wait.c - sleeping on a word, and the mutex built on it.
 *
 * The mutex word is 0 (free), 1 (held) or 2 (held, and somebody may sleep). All orderings are plain
 * atomics, so the thread sanitizer sees who synchronises with whom.
 */
#define _GNU_SOURCE
#include "os/os.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/assert.h"
#include "os/linux_time.h"

/* A critical section of the runtime takes well below a microsecond, a sleep and a wake several. */
#define SPINS 100

enum { FREE = 0, HELD = 1, CONTENDED = 2 };

bool os_wait(const uint32_t *word, uint32_t expected, uint64_t deadline_ns)
{
    if (__atomic_load_n(word, __ATOMIC_ACQUIRE) != expected) {
        return true;
    }
    struct timespec deadline = os_timespec(deadline_ns);
    int saved = errno;
    long result =
        syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, expected,
                deadline_ns == UINT64_MAX ? NULL : &deadline, NULL, FUTEX_BITSET_MATCH_ANY);
    bool timed_out = result != 0 && errno == ETIMEDOUT;
    errno = saved;
    (void)__atomic_load_n(word, __ATOMIC_ACQUIRE); /* what the waker wrote is visible after us */
    return !timed_out;
}

static void wake(const uint32_t *word, int count)
{
    int saved = errno;
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
    errno = saved;
}

void os_wake_one(const uint32_t *word)
{
    wake(word, 1);
}

void os_wake_all(const uint32_t *word)
{
    wake(word, INT_MAX);
}

static void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

bool os_mutex_try_lock(os_mutex *mutex)
{
    uint32_t expected = FREE;
    return __atomic_compare_exchange_n(&mutex->word, &expected, HELD, false, __ATOMIC_ACQUIRE,
                                       __ATOMIC_RELAXED);
}

static void lock_slowly(os_mutex *mutex)
{
    for (int i = 0; i < SPINS; i++) {
        relax();
        if (__atomic_load_n(&mutex->word, __ATOMIC_RELAXED) == FREE && os_mutex_try_lock(mutex)) {
            return;
        }
    }
    /* Whoever takes the lock here cannot know whether others sleep, so it says that they may. */
    while (__atomic_exchange_n(&mutex->word, CONTENDED, __ATOMIC_ACQUIRE) != FREE) {
        os_wait(&mutex->word, CONTENDED, UINT64_MAX);
    }
}

void os_mutex_lock(os_mutex *mutex)
{
    if (!os_mutex_try_lock(mutex)) {
        lock_slowly(mutex);
    }
}

void os_mutex_unlock(os_mutex *mutex)
{
    uint32_t before = __atomic_exchange_n(&mutex->word, FREE, __ATOMIC_RELEASE);
    GRT_ASSERT(before != FREE);
    if (before == CONTENDED) {
        os_wake_one(&mutex->word);
    }
}
