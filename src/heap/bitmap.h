/*
 * bitmap.h - bitmaps over the pages of a heap.
 *
 * The plain one answers questions about ranges 64 pages at a time. The layered one has summaries
 * above it, so that "the last set bit at or before this one" costs a few words wherever it is.
 */
#ifndef GRT_HEAP_BITMAP_H
#define GRT_HEAP_BITMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- plain: an array of words, owned by the caller and zeroed ------------------------------- */

static inline size_t bitmap_words(uint32_t bits)
{
    return ((size_t)bits + 63) / 64;
}

bool bitmap_get(const uint64_t *words, uint32_t bit);

/* Sets or clears [first, first + count). O(count / 64). */
void bitmap_fill(uint64_t *words, uint32_t first, uint32_t count, bool value);

/* Set bits in [first, first + count). O(count / 64). */
uint32_t bitmap_count(const uint64_t *words, uint32_t first, uint32_t count);

/* The first bit at or after [first] that equals [value]; [end] if there is none before it.
 * O(distance / 64). */
uint32_t bitmap_find(const uint64_t *words, uint32_t first, uint32_t end, bool value);

/* ---- layered ------------------------------------------------------------------------------- */

#define LAYERS 3

typedef struct layered_bitmap {
    uint64_t *words[LAYERS]; /* a set bit in layer n + 1: that word of layer n is not 0 */
    uint32_t bits;
} layered_bitmap;

#define LAYERED_NONE UINT32_MAX

/* Words of storage for [bits] bits, and the set-up over zeroed storage of that many words. */
size_t layered_words(uint32_t bits);
void layered_init(layered_bitmap *bitmap, uint32_t bits, uint64_t *storage);

bool layered_get(const layered_bitmap *bitmap, uint32_t bit);
void layered_set(layered_bitmap *bitmap, uint32_t bit);
void layered_clear(layered_bitmap *bitmap, uint32_t bit);

/* The last set bit at or before [bit], LAYERED_NONE if there is none. O(layers). */
uint32_t layered_find_back(const layered_bitmap *bitmap, uint32_t bit);

/* True iff every summary bit tells the truth. O(bits / 64). */
bool layered_consistent(const layered_bitmap *bitmap);

#endif
