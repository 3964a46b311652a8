/*
 * guest_atomic.c - atomic operations on guest words that survive whatever the guest did to the
 * page.
 *
 * For the library's slow paths: a shortcut that runs as guest code uses the host's atomics
 * directly, and a fault there is the guest's.
 */
#include "os/assert.h"
#include "os/sanitizer.h"
#include "thread/internal.h"

/* The thread sanitizer does not see these operations (GRT_UNWATCHED), so it is told what they mean.
 */
#if GRT_UNDER_TSAN
#    include <sanitizer/tsan_interface.h>
static void note_before(void *word)
{
    __tsan_release(word);
}
static void note_after(void *word)
{
    __tsan_acquire(word);
}
#else
static void note_before(const void *word)
{
    (void)word;
}
static void note_after(const void *word)
{
    (void)word;
}
#endif

typedef struct exchange {
    uint64_t expected, desired, found;
} exchange;

GRT_UNWATCHED static void exchange32(void *word, exchange *work)
{
    uint32_t found = (uint32_t)work->expected;
    __atomic_compare_exchange_n((uint32_t *)word, &found, (uint32_t)work->desired, false,
                                __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    work->found = found;
}

GRT_UNWATCHED static void exchange64(void *word, exchange *work)
{
    uint64_t found = work->expected;
    __atomic_compare_exchange_n((uint64_t *)word, &found, work->desired, false, __ATOMIC_SEQ_CST,
                                __ATOMIC_SEQ_CST);
    work->found = found;
}

GRT_UNWATCHED static void load32(void *word, exchange *work)
{
    work->found = __atomic_load_n((uint32_t *)word, __ATOMIC_SEQ_CST);
}

GRT_UNWATCHED static void store64(void *word, exchange *work)
{
    __atomic_store_n((uint64_t *)word, work->desired, __ATOMIC_RELAXED);
}

static bool guarded(grt_runtime *runtime, grt_addr at, uint32_t size,
                    void (*touch)(void *word, exchange *work), exchange *work)
{
    if (at % size != 0)
        return false;
    grt_copy_guard guard;
    guard.low = (uintptr_t)runtime->base + at;
    guard.high = guard.low + size;
    if (os_mark(&guard.jump) != 0)
        return false;
    note_before(runtime->base + at);
    grt_copy_guard_set(&guard);
    touch(runtime->base + at, work);
    grt_copy_guard_set(NULL);
    note_after(runtime->base + at);
    return true;
}

bool grt_guest_load32(grt_runtime *runtime, grt_addr from, uint32_t *value)
{
    exchange work = {0, 0, 0};
    bool done = guarded(runtime, from, 4, load32, &work);
    *value = grt_swap32((uint32_t)work.found);
    return done;
}

bool grt_guest_store64(grt_runtime *runtime, grt_addr to, uint64_t value)
{
    GRT_ASSERT(to % sizeof value == 0);
    exchange work = {0, grt_swap64(value), 0};
    return guarded(runtime, to, 8, store64, &work);
}

bool grt_guest_exchange32(grt_runtime *runtime, grt_addr at, uint32_t expected, uint32_t desired,
                          uint32_t *found)
{
    exchange work = {grt_swap32(expected), grt_swap32(desired), 0};
    bool done = guarded(runtime, at, 4, exchange32, &work);
    *found = grt_swap32((uint32_t)work.found);
    return done;
}

bool grt_guest_exchange64(grt_runtime *runtime, grt_addr at, uint64_t expected, uint64_t desired,
                          uint64_t *found)
{
    exchange work = {grt_swap64(expected), grt_swap64(desired), 0};
    bool done = guarded(runtime, at, 8, exchange64, &work);
    *found = grt_swap64(work.found);
    return done;
}
