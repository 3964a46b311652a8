/*
 * peer.c - loads a peer of peer.h and gives it a region of the guest heap's size.
 */
#include "allocator.h"
#include "peer.h"
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

static void *library;
static const char *library_path;

static bool take(const char *symbol, void *function)
{
    void *found = dlsym(library, symbol);
    if (found)
        memcpy(function, &found, sizeof found);
    return found != NULL;
}

static bool need(const char *symbol, void *function)
{
    if (take(symbol, function))
        return true;
    fprintf(stderr, "bench_heap: the peer %s has no %s (see bench/heap/peer.h)\n", library_path,
            symbol);
    return false;
}

/* Where the guest's heap would lie, if that is free; anywhere else otherwise. */
static void *region(void)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    int access = PROT_READ | PROT_WRITE;
    void *base = mmap((void *)BENCH_REGION_BASE, BENCH_REGION_SIZE, access,
                      flags | MAP_FIXED_NOREPLACE, -1, 0);
    if (base == MAP_FAILED)
        base = mmap(NULL, BENCH_REGION_SIZE, access, flags, -1, 0);
    return base == MAP_FAILED ? NULL : base;
}

static bool peer_ready(bench_allocator *self)
{
    int (*init)(void *, size_t);
    void *base = region();
    (void)self;
    if (!base || !need("peer_init", &init))
        return false;
    if (init(base, BENCH_REGION_SIZE) == 0)
        return true;
    fprintf(stderr, "bench_heap: peer_init of %s refused the region\n", library_path);
    return false;
}

static void name_peer(bench_allocator *allocator)
{
    const char *(*name)(void);
    const char *text = take("peer_name", &name) ? name() : library_path;
    snprintf(allocator->name, sizeof allocator->name, "%s", text);
}

bool bench_peer_open(const char *path, bench_allocator *allocator)
{
    library_path = path;
    library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        fprintf(stderr, "bench_heap: the peer cannot be loaded: %s\n", dlerror());
        return false;
    }
    name_peer(allocator);
    allocator->init = peer_ready;
    allocator->thread_init = allocator->thread_exit = bench_no_thread;
    if (take("peer_thread_init", &allocator->thread_init) &&
        !need("peer_thread_exit", &allocator->thread_exit))
        return false;
    return need("peer_alloc", &allocator->alloc) && need("peer_zalloc", &allocator->zalloc) &&
           need("peer_realloc", &allocator->realloc) && need("peer_free", &allocator->free);
}
