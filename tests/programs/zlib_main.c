/*
 * zlib_main.c - round trips through zlib: levels and strategies, whole and in odd pieces.
 */
#include "parts.h"
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

typedef struct setting {
    int level, strategy, window, memory;
} setting;

static const setting settings[] = {
    {1, Z_DEFAULT_STRATEGY, 15, 8},
    {6, Z_DEFAULT_STRATEGY, 15, 8},
    {9, Z_DEFAULT_STRATEGY, 15, 9},
    {0, Z_DEFAULT_STRATEGY, 15, 8},
    {6, Z_HUFFMAN_ONLY, 9, 1},
    {6, Z_RLE, 12, 4},
    {4, Z_FIXED, 15, 8},
    {6, Z_DEFAULT_STRATEGY, 31, 8},
    {5, Z_FILTERED, -15, 8},
};

/* Feeds and drains in pieces whose sizes share no factor. */
static size_t pump(z_stream *stream, int (*step)(z_stream *, int), const unsigned char *from,
                   size_t size, unsigned char *to, size_t room, int *status)
{
    size_t taken = 0, given = 0;
    *status = Z_OK;
    while (*status == Z_OK || *status == Z_BUF_ERROR) {
        size_t in = size - taken < 7919 ? size - taken : 7919,
               out = room - given < 5003 ? room - given : 5003;
        if (!out)
            break;
        stream->next_in = (unsigned char *)from + taken;
        stream->avail_in = (uInt)in;
        stream->next_out = to + given;
        stream->avail_out = (uInt)out;
        *status = step(stream, taken + in == size ? Z_FINISH : Z_NO_FLUSH);
        taken += in - stream->avail_in;
        given += out - stream->avail_out;
    }
    return given;
}

static void round_trip(unsigned index, part_output *output)
{
    const setting *s = &settings[index];
    size_t size = (size_t)(test_data_end - test_data), room = size + size / 100 + 4096;
    unsigned char *packed = malloc(room), *unpacked = malloc(size + 1);
    if (!packed || !unpacked) {
        output->failed = 1;
        return;
    }
    z_stream stream;
    int status, end;
    memset(&stream, 0, sizeof stream);
    deflateInit2(&stream, s->level, Z_DEFLATED, s->window, s->memory, s->strategy);
    size_t packed_size = pump(&stream, deflate, test_data, size, packed, room, &status);
    end = deflateEnd(&stream);
    part_printf(output, "zlib %d/%d/%d/%d: %u -> %u status %d %d crc %08lx adler %08lx\n", s->level,
                s->strategy, s->window, s->memory, (unsigned)size, (unsigned)packed_size, status,
                end, crc32(0, packed, (uInt)packed_size), adler32(1, packed, (uInt)packed_size));

    memset(&stream, 0, sizeof stream);
    inflateInit2(&stream, s->window);
    size_t unpacked_size = pump(&stream, inflate, packed, packed_size, unpacked, size + 1, &status);
    end = inflateEnd(&stream);
    int same = unpacked_size == size && memcmp(unpacked, test_data, size) == 0;
    part_printf(output, "  back: %u status %d %d crc %08lx %s\n", (unsigned)unpacked_size, status,
                end, crc32(0, unpacked, (uInt)unpacked_size), same ? "same" : "DIFFERENT");
    output->failed |= !same;

    /* A damaged stream must be refused in the same way everywhere. */
    packed[packed_size / 2] ^= 0x10;
    memset(&stream, 0, sizeof stream);
    inflateInit2(&stream, s->window);
    unpacked_size = pump(&stream, inflate, packed, packed_size, unpacked, size + 1, &status);
    part_printf(output, "  damaged: %u status %d %s\n", (unsigned)unpacked_size, status,
                stream.msg ? stream.msg : "");
    inflateEnd(&stream);
    free(packed);
    free(unpacked);
}

int main(void)
{
    return run_parts(sizeof settings / sizeof *settings, round_trip);
}
