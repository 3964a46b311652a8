/*
 * arena.c - host memory for the library itself, which cannot ask the heap that it serves.
 *
 * One reservation, used from the front. Blocks are powers of two with a word before them that tells
 * which; freed ones are kept in a list a size. A signal handler may interrupt a thread that holds
 * the lock, and must not wait for it: it is refused a block, and one that it frees is lost.
 */
#include "preload.h"

#include <string.h>
#include <sys/mman.h>

#include "os/os.h"

enum {
    HEADER = 16, /* bytes before a block, so that it is aligned like any other */
    SMALLEST = 5,
    LARGEST = 29,
};
#define ARENA_SIZE ((size_t)1 << 30)
#define GROWTH     ((size_t)1 << 20)

typedef struct arena_block {
    uint64_t size_log;
    struct arena_block *next; /* while it is free */
} arena_block;

_Static_assert(sizeof(arena_block) == HEADER, "a block follows its header");

static struct {
    os_mutex lock;
    unsigned char *base;
    size_t used, ready; /* bytes; ready ones are accessible */
    arena_block *free[LARGEST + 1];
} arena;

static _Thread_local bool is_inside; /* the calling thread holds the lock, or is about to */

static bool enter(void)
{
    if (is_inside) {
        return false;
    }
    is_inside = true;
    os_mutex_lock(&arena.lock);
    return true;
}

static void leave(void)
{
    os_mutex_unlock(&arena.lock);
    is_inside = false;
}

static bool reserve(void)
{
    if (arena.base != NULL) {
        return true;
    }
    void *got =
        mmap(NULL, ARENA_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (got == MAP_FAILED) {
        return false;
    }
    __atomic_store_n(&arena.base, got, __ATOMIC_RELEASE);
    return true;
}

static bool make_ready(size_t end)
{
    if (end <= arena.ready) {
        return true;
    }
    size_t ready = (end + GROWTH - 1) & ~(GROWTH - 1);
    if (ready > ARENA_SIZE ||
        mprotect(arena.base + arena.ready, ready - arena.ready, PROT_READ | PROT_WRITE) != 0) {
        return false;
    }
    arena.ready = ready;
    return true;
}

static arena_block *take_fresh(unsigned size_log)
{
    size_t end = arena.used + ((size_t)1 << size_log);
    if (!reserve() || !make_ready(end)) {
        return NULL;
    }
    arena_block *block = (arena_block *)(void *)(arena.base + arena.used);
    arena.used = end;
    return block;
}

static arena_block *take(unsigned size_log)
{
    arena_block *block = arena.free[size_log];
    if (block == NULL) {
        return take_fresh(size_log);
    }
    arena.free[size_log] = block->next;
    memset((char *)block + HEADER, 0, ((size_t)1 << size_log) - HEADER);
    return block;
}

void *os_alloc(size_t size)
{
    unsigned size_log = SMALLEST;
    while (size_log <= LARGEST && ((size_t)1 << size_log) - HEADER < size) {
        size_log++;
    }
    if (size_log > LARGEST || !enter()) {
        return NULL;
    }
    arena_block *block = take(size_log);
    leave();
    if (block == NULL) {
        return NULL;
    }
    block->size_log = size_log;
    return (char *)block + HEADER;
}

void os_free(void *block)
{
    if (block == NULL || !enter()) {
        return;
    }
    arena_block *freed = (arena_block *)(void *)((char *)block - HEADER);
    freed->next = arena.free[freed->size_log];
    arena.free[freed->size_log] = freed;
    leave();
}

bool preload_arena_owns(const void *block)
{
    const unsigned char *base = __atomic_load_n(&arena.base, __ATOMIC_ACQUIRE);
    return base != NULL && (const unsigned char *)block >= base &&
           (const unsigned char *)block < base + ARENA_SIZE;
}

size_t preload_arena_size(const void *block)
{
    const arena_block *header = (const arena_block *)(const void *)((const char *)block - HEADER);
    return ((size_t)1 << header->size_log) - HEADER;
}

void preload_arena_lock(void)
{
    os_mutex_lock(&arena.lock);
}

void preload_arena_unlock(void)
{
    os_mutex_unlock(&arena.lock);
}
