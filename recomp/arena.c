/* arena.c - a list of blocks, each twice as useful as one malloc an object. */
#include "arena.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE = 256 * 1024, ALIGNMENT = 16 };

struct grc_arena_block {
    struct grc_arena_block *next;
    size_t used, size;
    _Alignas(16) unsigned char bytes[];
};

static struct grc_arena_block *add_block(grc_arena *arena, size_t size)
{
    size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
    struct grc_arena_block *block = malloc(sizeof *block + room);
    if (!block)
        longjmp(*arena->exhausted, 1);
    block->used = 0;
    block->size = room;
    block->next = arena->blocks;
    arena->blocks = block;
    return block;
}

void *grc_alloc(grc_arena *arena, size_t count, size_t size)
{
    if (size && count > (SIZE_MAX / 2) / size)
        longjmp(*arena->exhausted, 1);
    size_t bytes = (count * size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    struct grc_arena_block *block = arena->blocks;
    if (!block || block->size - block->used < bytes)
        block = add_block(arena, bytes);
    void *memory = block->bytes + block->used;
    block->used += bytes;
    return memset(memory, 0, bytes);
}

void grc_arena_free(grc_arena *arena)
{
    while (arena->blocks) {
        struct grc_arena_block *next = arena->blocks->next;
        free(arena->blocks);
        arena->blocks = next;
    }
}

void *grc_grow(grc_arena *arena, void *items, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return items;
    size_t larger = *capacity ? *capacity * 2 : 16;
    void *copy = grc_alloc(arena, larger, size);
    if (count)
        memcpy(copy, items, count * size);
    *capacity = larger;
    return copy;
}
