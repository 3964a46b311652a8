/*
 * process.c - the process's own malloc: the C library's, or what was preloaded over it.
 *
 * The name says which one answered, so that a preload that did not work is seen.
 */
#include "allocator.h"
#include <dlfcn.h>
#include <gnu/libc-version.h>
#include <stdio.h>
#include <stdlib.h>

static bool name_mimalloc(bench_allocator *self)
{
    int (*version)(void);
    *(void **)&version = dlsym(RTLD_DEFAULT, "mi_version");
    if (!version)
        return false;
    int v = version();
    snprintf(self->name, sizeof self->name, "mimalloc %d.%d.%d", v / 100, v / 10 % 10, v % 10);
    return true;
}

static bool name_jemalloc(bench_allocator *self)
{
    int (*control)(const char *, void *, size_t *, void *, size_t);
    const char *version = NULL;
    size_t size = sizeof version;
    *(void **)&control = dlsym(RTLD_DEFAULT, "mallctl");
    if (!control || control("version", &version, &size, NULL, 0) != 0)
        return false;
    snprintf(self->name, sizeof self->name, "jemalloc %.32s", version);
    return true;
}

void bench_process_name(bench_allocator *allocator)
{
    if (!name_mimalloc(allocator) && !name_jemalloc(allocator))
        snprintf(allocator->name, sizeof allocator->name, "glibc %s", gnu_get_libc_version());
}

static bool process_init(bench_allocator *self)
{
    (void)self;
    return true;
}

static void *process_zalloc(size_t size)
{
    return calloc(1, size);
}

const bench_allocator bench_process = {
    "malloc", process_init, malloc, process_zalloc, realloc, free, bench_no_thread, bench_no_thread,
};
