/*
 * lz4_main.c - round trips through LZ4: fast, high compression, frames.
 *
 * What LZ4 makes of its input depends on the byte order of the machine (its hashes do), so lines
 * about compressed bytes start with '~': they must agree between machines of one byte order.
 */
#include "parts.h"
#include <lz4.h>
#include <lz4frame.h>
#include <lz4hc.h>
#include <stdlib.h>
#include <string.h>

enum { PARTS = 6 };

static int pack(unsigned index, const char *from, int size, char *to, int room)
{
    switch (index) {
    case 0:
        return LZ4_compress_default(from, to, size, room);
    case 1:
        return LZ4_compress_fast(from, to, size, room, 8);
    case 2:
        return LZ4_compress_HC(from, to, size, room, 4);
    case 3:
        return LZ4_compress_HC(from, to, size, room, 12);
    case 4:
        return (int)LZ4F_compressFrame(to, (size_t)room, from, (size_t)size, 0);
    default: {
        LZ4F_preferences_t preferences = LZ4F_INIT_PREFERENCES;
        preferences.compressionLevel = 7;
        preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
        preferences.frameInfo.blockChecksumFlag = LZ4F_blockChecksumEnabled;
        preferences.frameInfo.contentSize = (unsigned long long)size;
        return (int)LZ4F_compressFrame(to, (size_t)room, from, (size_t)size, &preferences);
    }
    }
}

static int unpack_frame(const char *from, int size, char *to, int room)
{
    LZ4F_dctx *context;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION)))
        return -1;
    size_t taken = 0, given = 0, hint = 1;
    while (hint && taken < (size_t)size) {
        size_t in = (size_t)size - taken < 4099 ? (size_t)size - taken : 4099,
               out = (size_t)room - given;
        hint = LZ4F_decompress(context, to + given, &out, from + taken, &in, 0);
        if (LZ4F_isError(hint) || (!in && !out))
            break;
        taken += in;
        given += out;
    }
    LZ4F_freeDecompressionContext(context);
    return hint == 0 ? (int)given : -2;
}

static int unpack(unsigned index, const char *from, int size, char *to, int room)
{
    return index < 4 ? LZ4_decompress_safe(from, to, size, room)
                     : unpack_frame(from, size, to, room);
}

static void round_trip(unsigned index, part_output *output)
{
    int size = (int)(test_data_end - test_data), room = size + size / 100 + 4096;
    char *packed = malloc((size_t)room), *unpacked = malloc((size_t)size);
    if (!packed || !unpacked) {
        output->failed = 1;
        return;
    }
    int packed_size = pack(index, (const char *)test_data, size, packed, room);
    part_printf(output, "~lz4 %u: %d -> %d crc %08x\n", index, size, packed_size,
                (unsigned)crc32_of(packed, (size_t)packed_size));
    int unpacked_size = unpack(index, packed, packed_size, unpacked, size);
    int same = unpacked_size == size && memcmp(unpacked, test_data, (size_t)size) == 0;
    part_printf(output, "lz4 %u back: %d crc %08x %s\n", index, unpacked_size,
                unpacked_size > 0 ? (unsigned)crc32_of(unpacked, (size_t)unpacked_size) : 0,
                same ? "same" : "DIFFERENT");
    output->failed |= !same;

    packed[packed_size / 2] ^= 0x55;
    unpacked_size = unpack(index, packed, packed_size, unpacked, size);
    part_printf(output, "~lz4 %u damaged: %d\n", index, unpacked_size);
    free(packed);
    free(unpacked);
}

int main(void)
{
    return run_parts(PARTS, round_trip);
}
