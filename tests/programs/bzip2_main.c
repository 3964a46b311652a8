/*
 * bzip2_main.c - round trips through bzip2.
 */
#include "parts.h"
#include <bzlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void bz_internal_error(int code)
{
    printf("bzip2: internal error %d\n", code);
    exit(100);
}

typedef struct setting {
    int block, work;
} setting;

/* The smallest work factor forces the fallback sort. */
static const setting settings[] = {{1, 30}, {9, 0}, {3, 1}};

static void round_trip(unsigned index, part_output *output)
{
    const setting *s = &settings[index];
    unsigned size = (unsigned)(test_data_end - test_data), packed_size = size + size / 100 + 600;
    unsigned unpacked_size = size;
    char *packed = malloc(packed_size), *unpacked = malloc(size);
    if (!packed || !unpacked) {
        output->failed = 1;
        return;
    }
    int status = BZ2_bzBuffToBuffCompress(packed, &packed_size, (char *)test_data, size, s->block,
                                          0, s->work);
    part_printf(output, "bzip2 %d/%d: %u -> %u status %d crc %08x\n", s->block, s->work, size,
                packed_size, status, (unsigned)crc32_of(packed, packed_size));
    status = BZ2_bzBuffToBuffDecompress(unpacked, &unpacked_size, packed, packed_size,
                                        (int)index & 1, 0);
    int same = unpacked_size == size && memcmp(unpacked, test_data, size) == 0;
    part_printf(output, "  back: %u status %d crc %08x %s\n", unpacked_size, status,
                (unsigned)crc32_of(unpacked, unpacked_size), same ? "same" : "DIFFERENT");
    output->failed |= !same;

    packed[packed_size / 2] ^= 0x10;
    unpacked_size = size;
    status = BZ2_bzBuffToBuffDecompress(unpacked, &unpacked_size, packed, packed_size, 0, 0);
    part_printf(output, "  damaged: status %d\n", status);
    free(packed);
    free(unpacked);
}

int main(void)
{
    return run_parts(sizeof settings / sizeof *settings, round_trip);
}
