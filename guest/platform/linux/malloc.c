/*
 * malloc.c - a small heap for the oracle build: blocks in size classes of powers of two and three
 * halves of them, freed blocks on a list a class, fresh ones cut from mapped chunks.
 */
#include "linux_call.h"
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER = 16, CLASSES = 64, CHUNK = 1 << 20, SMALLEST = 32 };

typedef struct block {
    uint32_t class;
    uint32_t asked;
    struct block *next; /* while it is free */
} block;

static block *free_blocks[CLASSES];
static char *chunk, *chunk_end;

/* Sizes 32, 48, 64, 96, 128, ... including the header. */
static size_t class_size(unsigned class)
{
    size_t power = (size_t)SMALLEST << (class / 2);
    return class % 2 ? power + power / 2 : power;
}

static unsigned class_of(size_t size)
{
    unsigned class = 0;
    while (class_size(class) < size)
        class ++;
    return class;
}

static void *map(size_t size)
{
    enum { READ_WRITE = 3, PRIVATE_ANONYMOUS = 0x22 };
    long address = linux_call(LINUX_MMAP, 0, size, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0);
    return (unsigned long)address > -4096ul ? 0 : (void *)address;
}

static block *fresh(size_t size)
{
    if ((size_t)(chunk_end - chunk) < size) {
        size_t mapped = size > CHUNK ? (size + 4095) & ~(size_t)4095 : CHUNK;
        chunk = map(mapped);
        chunk_end = chunk ? chunk + mapped : 0;
        if (!chunk)
            return 0;
    }
    block *result = (block *)chunk;
    chunk += size;
    return result;
}

void *malloc(size_t size)
{
    if (size > 0x40000000) {
        errno = ENOMEM;
        return 0;
    }
    unsigned class = class_of(size + HEADER);
    block *result = free_blocks[class];
    if (result)
        free_blocks[class] = result->next;
    else
        result = fresh(class_size(class));
    if (!result) {
        errno = ENOMEM;
        return 0;
    }
    result->class = class;
    result->asked = size;
    return (char *)result + HEADER;
}

void free(void *pointer)
{
    if (!pointer)
        return;
    block *freed = (block *)((char *)pointer - HEADER);
    freed->next = free_blocks[freed->class];
    free_blocks[freed->class] = freed;
}

void *calloc(size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) {
        errno = ENOMEM;
        return 0;
    }
    void *result = malloc(total);
    return result ? memset(result, 0, total) : 0;
}

void *realloc(void *pointer, size_t size)
{
    if (!pointer)
        return malloc(size);
    block *old = (block *)((char *)pointer - HEADER);
    if (size + HEADER <= class_size(old->class) && size <= 0x40000000) {
        old->asked = size;
        return pointer;
    }
    void *result = malloc(size);
    if (!result)
        return 0;
    memcpy(result, pointer, old->asked < size ? old->asked : size);
    free(pointer);
    return result;
}
