/*
 * bitmap.c - word-at-a-time bitmaps.
 */
#include "heap/bitmap.h"

#include "os/assert.h"

/* Bits [low, high) of a word, 0 <= low < high <= 64. */
static uint64_t word_mask(uint32_t low, uint32_t high)
{
    return (~UINT64_C(0) >> (64 - (high - low))) << low;
}

bool bitmap_get(const uint64_t *words, uint32_t bit)
{
    return (words[bit / 64] >> (bit % 64)) & 1;
}

/* The part of [first, end) that lies in the word of [first]; sets [*next] to what follows it. */
static uint64_t leading_mask(uint32_t first, uint32_t end, uint32_t *next)
{
    uint32_t word_end = first - first % 64 + 64;
    *next = end < word_end ? end : word_end;
    return word_mask(first % 64, *next - (first - first % 64));
}

void bitmap_fill(uint64_t *words, uint32_t first, uint32_t count, bool value)
{
    for (uint32_t end = first + count, next; first < end; first = next) {
        uint64_t mask = leading_mask(first, end, &next);
        if (value) {
            words[first / 64] |= mask;
        } else {
            words[first / 64] &= ~mask;
        }
    }
}

uint32_t bitmap_count(const uint64_t *words, uint32_t first, uint32_t count)
{
    uint32_t sum = 0;
    for (uint32_t end = first + count, next; first < end; first = next) {
        uint64_t mask = leading_mask(first, end, &next);
        sum += (uint32_t)__builtin_popcountll(words[first / 64] & mask);
    }
    return sum;
}

uint32_t bitmap_find(const uint64_t *words, uint32_t first, uint32_t end, bool value)
{
    for (uint32_t next; first < end; first = next) {
        uint64_t mask = leading_mask(first, end, &next);
        uint64_t word = value ? words[first / 64] : ~words[first / 64];
        if ((word & mask) != 0) {
            return first - first % 64 + (uint32_t)__builtin_ctzll(word & mask);
        }
    }
    return end;
}

static size_t layer_words(uint32_t bits, int layer)
{
    size_t words = bitmap_words(bits);
    for (int i = 0; i < layer; i++) {
        words = (words + 63) / 64;
    }
    return words;
}

size_t layered_words(uint32_t bits)
{
    size_t sum = 0;
    for (int layer = 0; layer < LAYERS; layer++) {
        sum += layer_words(bits, layer);
    }
    return sum;
}

void layered_init(layered_bitmap *bitmap, uint32_t bits, uint64_t *storage)
{
    bitmap->bits = bits;
    for (int layer = 0; layer < LAYERS; layer++) {
        bitmap->words[layer] = storage;
        storage += layer_words(bits, layer);
    }
}

bool layered_get(const layered_bitmap *bitmap, uint32_t bit)
{
    return bitmap_get(bitmap->words[0], bit);
}

void layered_set(layered_bitmap *bitmap, uint32_t bit)
{
    GRT_ASSERT(bit < bitmap->bits);
    for (int layer = 0; layer < LAYERS; layer++, bit /= 64) {
        bitmap->words[layer][bit / 64] |= UINT64_C(1) << (bit % 64);
    }
}

void layered_clear(layered_bitmap *bitmap, uint32_t bit)
{
    GRT_ASSERT(bit < bitmap->bits);
    for (int layer = 0; layer < LAYERS; layer++, bit /= 64) {
        uint64_t *word = &bitmap->words[layer][bit / 64];
        *word &= ~(UINT64_C(1) << (bit % 64));
        if (*word != 0) {
            return; /* the summaries above stay true */
        }
    }
}

/* Follows the last set bit of [word] in [layer] down to a bit of layer 0. */
static uint32_t descend(const layered_bitmap *bitmap, int layer, uint32_t word, uint64_t value)
{
    uint32_t bit = word * 64 + 63 - (uint32_t)__builtin_clzll(value);
    while (layer-- > 0) {
        bit = bit * 64 + 63 - (uint32_t)__builtin_clzll(bitmap->words[layer][bit]);
    }
    return bit;
}

uint32_t layered_find_back(const layered_bitmap *bitmap, uint32_t bit)
{
    for (int layer = 0; layer < LAYERS; layer++) {
        uint32_t word = bit / 64;
        uint64_t value = bitmap->words[layer][word] & word_mask(0, bit % 64 + 1);
        if (value != 0) {
            return descend(bitmap, layer, word, value);
        }
        if (word == 0) {
            return LAYERED_NONE;
        }
        bit = word - 1; /* everything before this word, seen from the layer above */
    }
    /* Above the top layer there are no summaries: a heap of 4 GiB has four words there. */
    for (uint32_t word = bit + 1; word-- > 0;) {
        uint64_t value = bitmap->words[LAYERS - 1][word];
        if (value != 0) {
            return descend(bitmap, LAYERS - 1, word, value);
        }
    }
    return LAYERED_NONE;
}

bool layered_consistent(const layered_bitmap *bitmap)
{
    for (int layer = 0; layer + 1 < LAYERS; layer++) {
        size_t words = layer_words(bitmap->bits, layer);
        for (size_t i = 0; i < words; i++) {
            if (bitmap_get(bitmap->words[layer + 1], (uint32_t)i) !=
                (bitmap->words[layer][i] != 0)) {
                return false;
            }
        }
    }
    return true;
}
