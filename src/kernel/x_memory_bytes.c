/*
 * x_memory_bytes.c - exports that fill, copy and compare.
 *
 * A range is checked as a whole before anything is written: a length that is wrong by gigabytes
 * must not destroy what lies before the first inaccessible page. Another thread may take pages away
 * during the work; then it ends there, reported.
 */
#include "kernel/x_memory.h"

#include <string.h>

#define PIECE 4096u

/* The first byte of the range that does not allow the access. */
static uint64_t first_bad(const grt_memory *memory, grt_addr address, grt_access access)
{
    uint64_t at = address;
    while (at < GRT_WINDOW_SIZE && grt_memory_accessible(memory, (grt_addr)at, 1, access)) {
        grt_page_info page;
        grt_memory_query(memory, (grt_addr)at, &page);
        at = (at & ~(uint64_t)(GRT_PAGE_SIZE - 1)) + page.run_size;
    }
    return at;
}

bool grt_call_range(grt_call *call, grt_addr address, uint32_t size, grt_access access,
                    const char *name)
{
    const grt_memory *memory = call->runtime->memory;
    if (grt_memory_accessible(memory, address, size, access))
        return true;
    uint64_t bad = first_bad(memory, address, access);
    grt_call_complain(call, "%s: of 0x%08X bytes from 0x%08X, byte 0x%llX %s", name, (unsigned)size,
                      (unsigned)address, (unsigned long long)bad,
                      bad >= GRT_WINDOW_SIZE     ? "is behind the address space"
                      : access == GRT_READ_WRITE ? "cannot be written"
                                                 : "cannot be read");
    return false;
}

/* ---- fill ---------------------------------------------------------------------------------- */

void grt_export_RtlFillMemoryUlong(grt_call *call, grt_addr destination, uint32_t length,
                                   uint32_t pattern)
{
    length &= ~3u; /* whole words only, as the name says */
    if (grt_call_range(call, destination, length, GRT_READ_WRITE, "destination"))
        grt_call_fill(call, destination, length, pattern, "destination");
}

uint32_t grt_export_XMemSet(grt_call *call, grt_addr destination, uint32_t value, uint32_t size)
{
    uint32_t byte = value & 0xFF;
    if (grt_call_range(call, destination, size, GRT_READ_WRITE, "destination"))
        grt_call_fill(call, destination, size, byte * 0x01010101u, "destination");
    return destination;
}

/* ---- copy ---------------------------------------------------------------------------------- */

static void copy(grt_call *call, grt_addr to, grt_addr from, uint32_t size)
{
    uint8_t piece[PIECE];
    for (uint32_t done = 0; done < size;) {
        uint32_t part = size - done < PIECE ? size - done : PIECE;
        if (!grt_call_read(call, piece, from + done, part, "source") ||
            !grt_call_write(call, to + done, piece, part, "destination"))
            return;
        done += part;
    }
}

uint32_t grt_export_XMemCpy(grt_call *call, grt_addr destination, grt_addr source, uint32_t size)
{
    if (grt_call_range(call, source, size, GRT_READ_ONLY, "source") &&
        grt_call_range(call, destination, size, GRT_READ_WRITE, "destination"))
        copy(call, destination, source, size);
    return destination;
}

uint32_t grt_export_XMemCpyStreaming(grt_call *call, grt_addr destination, grt_addr source,
                                     uint32_t size)
{
    return grt_export_XMemCpy(call, destination, source, size);
}

/* ---- compare ------------------------------------------------------------------------------- */

/* How many bytes from the start are the same. */
static uint32_t same_bytes(const uint8_t *a, const uint8_t *b, uint32_t size)
{
    uint32_t same = 0;
    if (memcmp(a, b, size) == 0)
        return size;
    while (a[same] == b[same])
        same++;
    return same;
}

uint32_t grt_export_RtlCompareMemory(grt_call *call, grt_addr first, grt_addr second, uint32_t size)
{
    uint8_t a[PIECE], b[PIECE];
    if (!grt_call_range(call, first, size, GRT_READ_ONLY, "first") ||
        !grt_call_range(call, second, size, GRT_READ_ONLY, "second"))
        return 0;
    for (uint32_t done = 0; done < size;) {
        uint32_t part = size - done < PIECE ? size - done : PIECE;
        if (!grt_call_read(call, a, first + done, part, "first") ||
            !grt_call_read(call, b, second + done, part, "second"))
            return done;
        uint32_t same = same_bytes(a, b, part);
        done += same;
        if (same < part)
            return done;
    }
    return size;
}

/* Leading bytes that repeat the pattern, in whole words. */
static uint32_t same_words(const uint8_t *bytes, uint32_t size, uint32_t pattern)
{
    uint32_t same = 0;
    while (same < size && grt_load32(bytes + same) == pattern)
        same += 4;
    return same;
}

uint32_t grt_export_RtlCompareMemoryUlong(grt_call *call, grt_addr source, uint32_t length,
                                          uint32_t pattern)
{
    uint8_t bytes[PIECE];
    length &= ~3u;
    if (!grt_call_range(call, source, length, GRT_READ_ONLY, "source"))
        return 0;
    for (uint32_t done = 0; done < length;) {
        uint32_t part = length - done < PIECE ? length - done : PIECE;
        if (!grt_call_read(call, bytes, source + done, part, "source"))
            return done;
        uint32_t same = same_words(bytes, part, pattern);
        done += same;
        if (same < part)
            return done;
    }
    return length;
}
