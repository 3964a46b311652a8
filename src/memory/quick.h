/*
 * quick.h - the question whether guest bytes can be read or written, without a call, for code that
 * is only a few instructions long itself.
 *
 * Through the console's mirrors above 0xC0000000, pages have no records of their own: there it
 * takes grt_memory_accessible() to know.
 */
#ifndef GRT_MEMORY_QUICK_H
#define GRT_MEMORY_QUICK_H

#include "guestrt/memory.h"

/* The records of all pages by number, constant for the memory's life: what the functions
 * below take. O(1), no lock. */
const uint8_t *grt_memory_page_records(const grt_memory *memory);

/* What every record of a page has whose access is so much or more: 3 is read and write, 2 read
 * only, 1 nothing. A record's other bits are its note. */
#define GRT_QUICK_ACCESS(access) (1u + (unsigned)(access))

_Static_assert((GRT_QUICK_ACCESS(GRT_READ_ONLY) & GRT_QUICK_ACCESS(GRT_READ_WRITE)) ==
                   GRT_QUICK_ACCESS(GRT_READ_ONLY),
               "what allows more has the bits of what allows less");

/* True only if all [size] bytes, at most a page, are committed and allow reading and writing. Bytes
 * that run past 4 GiB are not noticed; they are inaccessible. Never faults, no lock. */
static inline bool grt_quick_writable(const uint8_t *records, grt_addr address, uint32_t size)
{
    uint8_t first = __atomic_load_n(&records[address / GRT_PAGE_SIZE], __ATOMIC_RELAXED);
    uint8_t last =
        __atomic_load_n(&records[(grt_addr)(address + size - 1) / GRT_PAGE_SIZE], __ATOMIC_RELAXED);
    return (first & last & GRT_QUICK_ACCESS(GRT_READ_WRITE)) == GRT_QUICK_ACCESS(GRT_READ_WRITE);
}

/* True iff all records from page [first] to before [end], at most 2^20, have the bits of [access],
 * which is not GRT_NO_ACCESS. Looks at eight at a time. */
static inline bool grt_quick_allowed(const uint8_t *records, uint32_t first, uint32_t end,
                                     grt_access access)
{
    _Static_assert(GRT_HOST_LITTLE, "the first of eight records is a word's lowest byte");
    const uint64_t *words = (const uint64_t *)(const void *)records;
    uint64_t bits = UINT64_C(0x0101010101010101) * GRT_QUICK_ACCESS(access);
    uint64_t wanted = bits << first % 8 * 8;
    uint32_t word = first / 8;
    for (; word < end / 8; word++) {
        if ((__atomic_load_n(&words[word], __ATOMIC_RELAXED) & wanted) != wanted) {
            return false;
        }
        wanted = bits;
    }
    wanted &= (UINT64_C(1) << end % 8 * 8) - 1;
    return wanted == 0 || (__atomic_load_n(&words[word], __ATOMIC_RELAXED) & wanted) == wanted;
}

#endif
