/*
 * guest.c - guestrt's heap, as a runtime creates it: the flat profile's user heap, every check on.
 *
 * The heap speaks guest addresses; adding and subtracting the base is part of what is measured.
 */
#include "allocator.h"
#include "guestrt/heap.h"
#include "guestrt/version.h"
#include <stdio.h>

static grt_heap *heap;
static uint8_t *base;

static bool guest_init(bench_allocator *self)
{
    grt_memory_config memory_config = grt_memory_config_default();
    grt_heap_config heap_config = grt_heap_config_default();
    grt_memory *memory;
    (void)self;
    heap_config.first = GRT_FLAT_USER_FIRST;
    heap_config.end = GRT_FLAT_USER_END;
    if (grt_memory_create(&memory_config, &memory) != GRT_OK)
        return false;
    base = grt_memory_base(memory);
    return grt_heap_create(memory, &heap_config, &heap) == GRT_OK;
}

static inline void *host(grt_addr block)
{
    return block ? base + block : NULL;
}

static inline grt_addr guest(const void *block)
{
    return (grt_addr)((const uint8_t *)block - base);
}

static void *guest_alloc(size_t size)
{
    return host(grt_heap_alloc(heap, (uint32_t)size));
}

static void *guest_zalloc(size_t size)
{
    return host(grt_heap_alloc_zeroed(heap, (uint32_t)size));
}

static void *guest_realloc(void *block, size_t size)
{
    return host(grt_heap_realloc(heap, guest(block), (uint32_t)size));
}

static void guest_free(void *block)
{
    grt_heap_free(heap, guest(block));
}

const bench_allocator bench_guestrt = {
    "guestrt " GRT_VERSION, guest_init, guest_alloc,     guest_zalloc,
    guest_realloc,          guest_free, bench_no_thread, bench_no_thread,
};
