/*
 * size_class.h - the sizes that small blocks are rounded up to.
 *
 * Multiples of 16 up to 128, then eight classes a doubling up to 8 KiB: rounding wastes at most
 * an eighth of a request above 128 bytes. Larger blocks are whole pages: in spans of their own they
 * would tie up more memory than the rounding to pages does. Every power of two is a class, so every
 * alignment up to a page has a class that satisfies it by construction.
 *
 * Blocks of up to 32 whole pages are medium ones, which threads cut out of chunks of their own, see
 * chunk.h.
 */
#ifndef GRT_HEAP_SIZE_CLASS_H
#define GRT_HEAP_SIZE_CLASS_H

#include <stdint.h>

#define SMALL_ALIGNMENT  16u
#define SMALL_MAX        8192u
#define SIZE_CLASS_COUNT 56u
#define SIZE_CLASS_NONE  UINT32_MAX

#define MEDIUM_PAGES_MAX 32u
#define MEDIUM_MAX       (MEDIUM_PAGES_MAX * 4096u)
#define MEDIUM_CLASS     SIZE_CLASS_COUNT /* of all of them, where a class is said */

/* Bytes that a block of each class occupies; for trusted class numbers. */
extern const uint32_t size_class_extents[SIZE_CLASS_COUNT] __attribute__((visibility("hidden")));

/* Bytes that a block of [size_class] occupies. O(1). */
uint32_t size_class_extent(uint32_t size_class);

/* The smallest class for 1 <= [size] <= SMALL_MAX, without a branch: above 128, the doubling and
 * the three bits below the leading one; below, the doubling is 0 and the same shift counts in
 * sixteens. O(1). */
static inline uint32_t size_class_of(uint32_t size)
{
    uint32_t last = size - 1;
    uint32_t doubling = 24u - (uint32_t)__builtin_clz(last | 128u);
    return doubling * 8u + (last >> (doubling + 4u));
}

/* The same for 1 <= [size] <= SIZE_CLASS_TABLE_MAX, where a table is quicker still. */
#define SIZE_CLASS_TABLE_MAX 1024u
extern const uint8_t size_class_table[SIZE_CLASS_TABLE_MAX / SMALL_ALIGNMENT + 1]
    __attribute__((visibility("hidden")));

static inline uint32_t size_class_by_table(uint32_t size)
{
    return size_class_table[(size + SMALL_ALIGNMENT - 1) / SMALL_ALIGNMENT];
}

/* The smallest class that holds [size] bytes and starts every block at a multiple of [alignment]
 * (a power of two); SIZE_CLASS_NONE when only whole pages can. At most eight steps. */
uint32_t size_class_for(uint64_t size, uint32_t alignment);

/* True iff every block of the class starts at a multiple of [alignment]. O(1). */
int size_class_aligns(uint32_t size_class, uint32_t alignment);

/* Blocks in a span of the class, and the pages of such a span: no page is left unused. O(1). */
uint32_t size_class_blocks(uint32_t size_class);
uint32_t size_class_pages(uint32_t size_class);

#endif
