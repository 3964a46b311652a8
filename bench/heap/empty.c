/*
 * empty.c - allocators that do nothing: every block is the same one.
 *
 * What a workload costs with `null` is the harness itself; `mutex` adds a lock. Zeroed blocks are
 * not cleared.
 */
#include "allocator.h"
#include <pthread.h>

enum { LARGEST = 64 << 20 };

static _Alignas(64) char the_block[LARGEST];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bool ready(bench_allocator *self)
{
    (void)self;
    return true;
}

static void *null_alloc(size_t size)
{
    return size <= LARGEST ? the_block : NULL;
}

static void *null_realloc(void *block, size_t size)
{
    (void)block;
    return null_alloc(size);
}

static void null_free(void *block)
{
    (void)block;
}

const bench_allocator bench_null = {
    "null",       ready,     null_alloc,      null_alloc,
    null_realloc, null_free, bench_no_thread, bench_no_thread,
};

static void *mutex_alloc(size_t size)
{
    pthread_mutex_lock(&lock);
    void *block = null_alloc(size);
    pthread_mutex_unlock(&lock);
    return block;
}

static void *mutex_realloc(void *block, size_t size)
{
    (void)block;
    return mutex_alloc(size);
}

static void mutex_free(void *block)
{
    (void)block;
    pthread_mutex_lock(&lock);
    pthread_mutex_unlock(&lock);
}

const bench_allocator bench_mutex = {
    "nothing behind a mutex", ready,           mutex_alloc, mutex_alloc, mutex_realloc, mutex_free,
    bench_no_thread,          bench_no_thread,
};
