/*
 * allocator.h - one table for every allocator, so that each call costs the same indirect call.
 */
#ifndef GUESTRT_BENCH_ALLOCATOR_H
#define GUESTRT_BENCH_ALLOCATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The guest's user heap: where it lies if the host has that room, and its size. */
#define BENCH_REGION_BASE 0x100020000ull
#define BENCH_REGION_SIZE 0x7FE80000ull

typedef struct bench_allocator {
    char name[96]; /* with its version */
    bool (*init)(struct bench_allocator *self);
    void *(*alloc)(size_t size);
    void *(*zalloc)(size_t size);
    void *(*realloc)(void *block, size_t size);
    void (*free)(void *block);
    void (*thread_init)(void);
    void (*thread_exit)(void);
} bench_allocator;

extern const bench_allocator bench_null;    /* nothing: the harness's floor */
extern const bench_allocator bench_mutex;   /* nothing, behind a mutex: what one lock costs */
extern const bench_allocator bench_guestrt; /* grt_heap over the flat profile's user heap */
extern const bench_allocator bench_process; /* the process's malloc, whichever is loaded */

/* Fills [allocator] from one of the above by name, or from the peer at a path with a slash in it.
 * On failure says why on stderr and returns false. init() is still to be called. */
bool bench_allocator_find(const char *name, bench_allocator *allocator);

/* Loads a shared object of peer.h. */
bool bench_peer_open(const char *path, bench_allocator *allocator);

/* Finds out whose malloc the process's is. */
void bench_process_name(bench_allocator *allocator);

void bench_no_thread(void); /* thread_init and thread_exit of allocators that need none */

#endif
