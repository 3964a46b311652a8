/*
 * malloc.c - the C heap on the title heap: the kernel's heap does the work and the checks.
 *
 * Heap 0 is the title's own heap.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <xbox/kernel.h>

static void *checked(void *block)
{
    if (!block)
        errno = ENOMEM;
    return block;
}

void *malloc(size_t size)
{
    return checked(RtlAllocateHeap(0, 0, size));
}

void *calloc(size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total))
        return checked(0);
    return checked(RtlAllocateHeap(0, HEAP_ZERO_MEMORY, total));
}

void *realloc(void *block, size_t size)
{
    return checked(block ? RtlReAllocateHeap(0, 0, block, size) : RtlAllocateHeap(0, 0, size));
}

void free(void *block)
{
    if (block)
        RtlFreeHeap(0, 0, block);
}
