/* image.c - reading the image's memory. */
#include "image.h"

#include "guestrt/ppc.h"
#include "guestrt/types.h"
#include <string.h>

static const grc_segment *segment_of(const grc_image *image, uint32_t address, uint32_t size)
{
    for (size_t i = 0; i < image->segment_count; i++) {
        const grc_segment *segment = &image->segments[i];
        uint32_t offset = address - segment->address;
        if (address >= segment->address && offset < segment->memory_size &&
            segment->memory_size - offset >= size)
            return segment;
    }
    return NULL;
}

bool grc_image_word(const grc_image *image, uint32_t address, uint32_t *word)
{
    const grc_segment *segment = segment_of(image, address, 4);
    if (!segment)
        return false;
    uint32_t offset = address - segment->address;
    /* Beyond the file's bytes a segment is zero; a word across that edge is not worth having. */
    *word = 0;
    if (segment->file_size >= 4 && offset <= segment->file_size - 4)
        *word = grt_load32(segment->bytes + offset);
    return true;
}

bool grc_image_number(const grc_image *image, uint32_t address, unsigned width, uint32_t *number)
{
    const grc_segment *segment = segment_of(image, address, width);
    if (!segment)
        return false;
    *number = 0;
    for (uint32_t at = address - segment->address; width-- > 0; at++)
        *number = *number << 8 | (at < segment->file_size ? segment->bytes[at] : 0u);
    return true;
}

bool grc_image_is_writable(const grc_image *image, uint32_t address)
{
    const grc_segment *segment = segment_of(image, address, 1);
    return !segment || (segment->flags & GRT_SEGMENT_WRITE) != 0;
}

const char *grc_image_string(const grc_image *image, uint32_t address)
{
    const grc_segment *segment = segment_of(image, address, 1);
    if (!segment || address - segment->address >= segment->file_size)
        return NULL;
    uint32_t offset = address - segment->address;
    const uint8_t *text = segment->bytes + offset;
    return memchr(text, 0, segment->file_size - offset) ? (const char *)text : NULL;
}

bool grc_image_is_code(const grc_image *image, uint32_t address)
{
    size_t low = 0, high = image->code_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (image->code[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < image->code_count && address >= image->code[low].first && (address & 3) == 0;
}
