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

_Static_assert(LINEAR_CLASSES + STEPS * 8 == SIZE_CLASS_COUNT, "128 doubled eight times is 32 KiB");

uint32_t size_class_extent(uint32_t size_class)
{
    GRT_ASSERT(size_class < SIZE_CLASS_COUNT);
    if (size_class < LINEAR_CLASSES) {
        return (size_class + 1) * SMALL_ALIGNMENT;
    }
    uint32_t doubling = (size_class - LINEAR_CLASSES) / STEPS;
    uint32_t step = (size_class - LINEAR_CLASSES) % STEPS + 1;
    return (128u << doubling) + step * (16u << doubling);
}

uint32_t size_class_of(uint32_t size)
{
    GRT_ASSERT(size >= 1 && size <= SMALL_MAX);
    if (size <= 128) {
        return (size - 1) / SMALL_ALIGNMENT;
    }
    uint32_t doubling = 31 - 7 - (uint32_t)__builtin_clz(size - 1);
    uint32_t step = (size - 1 - (128u << doubling)) / (16u << doubling);
    return LINEAR_CLASSES + doubling * STEPS + step;
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
