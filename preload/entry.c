/*
 * entry.c - the C library's heap functions, by their own names and rules.
 */
#define _GNU_SOURCE
#include "calls.h"
#include "preload.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

#define PAGE ((size_t)GRT_PAGE_SIZE)

static bool is_power_of_two(size_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

static size_t round_to_power_of_two(size_t value)
{
    size_t power = 16;
    while (power < value && power <= SIZE_MAX / 2) {
        power *= 2;
    }
    return power;
}

/* A product that does not fit is too large for any heap. */
static size_t product(size_t count, size_t size)
{
    size_t bytes;
    return __builtin_mul_overflow(count, size, &bytes) ? SIZE_MAX : bytes;
}

PRELOAD_EXPORT void *malloc(size_t size)
{
    return call_allocate(GRT_TRACE_ALLOC, size, 0);
}

PRELOAD_EXPORT void *calloc(size_t count, size_t size)
{
    return call_allocate(GRT_TRACE_ZEROED, product(count, size), 0);
}

PRELOAD_EXPORT void free(void *block)
{
    call_free(block);
}

PRELOAD_EXPORT void *realloc(void *block, size_t size)
{
    if (block == NULL) {
        return malloc(size);
    }
    if (size == 0) { /* what this C library does */
        call_free(block);
        return NULL;
    }
    return call_resize(block, size);
}

PRELOAD_EXPORT void *reallocarray(void *block, size_t count, size_t size)
{
    return realloc(block, product(count, size));
}

/* Alignments that are no power of two are rounded up, as this C library does. */
PRELOAD_EXPORT void *memalign(size_t alignment, size_t size)
{
    return call_allocate(GRT_TRACE_ALIGNED, size, round_to_power_of_two(alignment));
}

PRELOAD_EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
    if (!is_power_of_two(alignment)) {
        errno = EINVAL;
        return NULL;
    }
    return memalign(alignment, size);
}

PRELOAD_EXPORT int posix_memalign(void **block, size_t alignment, size_t size)
{
    if (!is_power_of_two(alignment) || alignment % sizeof(void *) != 0) {
        return EINVAL;
    }
    int saved = errno;
    void *got = memalign(alignment, size);
    errno = saved;
    if (got == NULL) {
        return ENOMEM;
    }
    *block = got;
    return 0;
}

PRELOAD_EXPORT void *valloc(size_t size)
{
    return memalign(PAGE, size);
}

PRELOAD_EXPORT void *pvalloc(size_t size)
{
    size_t pages = size / PAGE + (size % PAGE != 0 || size == 0);
    return memalign(PAGE, product(pages, PAGE));
}

PRELOAD_EXPORT size_t malloc_usable_size(void *block)
{
    return call_usable_size(block);
}
