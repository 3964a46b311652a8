/*
 * size_class.c - arithmetic of the size classes.
 */
#include "heap/size_class.h"

#include "guestrt/memory.h"
#include "os/assert.h"

#define LINEAR_CLASSES 8u /* 16, 32, ..., 128 */
#define STEPS          8u /* classes a doubling */

/* A span aims at eight blocks and at least 64 KiB. */
#define SPAN_MIN_BYTES  0x10000u
#define SPAN_MIN_BLOCKS 8u

_Static_assert(LINEAR_CLASSES + STEPS * 6 == SIZE_CLASS_COUNT, "128 doubled six times is 8 KiB");

/* The eight classes above [base], a power of two. */
#define DOUBLING(base)                                                                             \
    (base) / 8 * 9, (base) / 8 * 10, (base) / 8 * 11, (base) / 8 * 12, (base) / 8 * 13,            \
        (base) / 8 * 14, (base) / 8 * 15, (base)*2

const uint32_t size_class_extents[SIZE_CLASS_COUNT] = {
    16,
    32,
    48,
    64,
    80,
    96,
    112,
    128,
    DOUBLING(128),
    DOUBLING(256),
    DOUBLING(512),
    DOUBLING(1024),
    DOUBLING(2048),
    DOUBLING(4096),
};

/* A class once, twice, four times; and eight classes so many times each. */
#define TIMES1(class) (class)
#define TIMES2(class) (class), (class)
#define TIMES4(class) TIMES2(class), TIMES2(class)
#define EIGHT(times, first)                                                                        \
    times(first), times((first) + 1), times((first) + 2), times((first) + 3), times((first) + 4),  \
        times((first) + 5), times((first) + 6), times((first) + 7)

const uint8_t size_class_table[SIZE_CLASS_TABLE_MAX / SMALL_ALIGNMENT + 1] = {
    0, EIGHT(TIMES1, 0), EIGHT(TIMES1, 8), EIGHT(TIMES2, 16), EIGHT(TIMES4, 24),
};

uint32_t size_class_extent(uint32_t size_class)
{
    GRT_ASSERT(size_class < SIZE_CLASS_COUNT);
    return size_class_extents[size_class];
}

int size_class_aligns(uint32_t size_class, uint32_t alignment)
{
    return alignment <= GRT_PAGE_SIZE && size_class_extent(size_class) % alignment == 0;
}

uint32_t size_class_for(uint64_t size, uint32_t alignment)
{
    if (size > SMALL_MAX || alignment > GRT_PAGE_SIZE) {
        return SIZE_CLASS_NONE;
    }
    /* No class below the alignment can be a multiple of it, so the search starts there and ends
     * at the next power of two at the latest. */
    uint32_t size_class = size_class_of(size < alignment ? alignment : (uint32_t)size);
    while (!size_class_aligns(size_class, alignment)) {
        size_class++;
    }
    return size_class;
}

uint32_t size_class_blocks(uint32_t size_class)
{
    uint32_t extent = size_class_extent(size_class);
    uint32_t blocks = SPAN_MIN_BYTES / extent;
    return blocks < SPAN_MIN_BLOCKS ? SPAN_MIN_BLOCKS : blocks;
}

uint32_t size_class_pages(uint32_t size_class)
{
    uint32_t bytes = size_class_blocks(size_class) * size_class_extent(size_class);
    return (bytes + GRT_PAGE_SIZE - 1) / GRT_PAGE_SIZE;
}
