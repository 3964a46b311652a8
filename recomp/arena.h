/*
 * arena.h - memory that is freed all at once.
 *
 * Everything a translation allocates hangs from arenas, so that running out of memory, or stopping
 * at a broken image, can leave by longjmp and leak nothing. Callers never see a null.
 */
#ifndef GRC_ARENA_H
#define GRC_ARENA_H

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

typedef struct grc_arena {
    struct grc_arena_block *blocks;
    jmp_buf *exhausted; /* where to go when the host refuses memory */
} grc_arena;

/* Zeroed memory for [count] items of [size] bytes. */
void *grc_alloc(grc_arena *arena, size_t count, size_t size);

/* Frees everything; the arena can be used again. */
void grc_arena_free(grc_arena *arena);

/* Room for one more in an array of [count] items: returns it or a larger copy. */
void *grc_grow(grc_arena *arena, void *items, size_t count, size_t *capacity, size_t size);

/* Appends [value] to a vector with the fields items, count, capacity. */
#define GRC_PUSH(arena, vector, value)                                                             \
    ((vector)->items = grc_grow((arena), (vector)->items, (vector)->count, &(vector)->capacity,    \
                                sizeof *(vector)->items),                                          \
     (vector)->items[(vector)->count++] = (value))

typedef struct grc_words {
    uint32_t *items;
    size_t count, capacity;
} grc_words;

#endif
