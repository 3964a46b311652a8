/*
 * quick.h - the question whether guest bytes can be written, without a call, for code that is only
 * a few instructions long itself.
 */
#ifndef GRT_MEMORY_QUICK_H
#define GRT_MEMORY_QUICK_H

#include "guestrt/memory.h"

/* The records of all pages by number, constant for the memory's life: what grt_quick_writable()
 * takes. O(1), no lock. */
const uint8_t *grt_memory_page_records(const grt_memory *memory);

/* True only if all [size] bytes, at most a page, are committed and allow reading and writing. False
 * may mean that it takes grt_memory_accessible() to know: through the console's mirrors above
 * 0xC0000000, pages have no records of their own. Bytes that run past 4 GiB are not noticed; they
 * are inaccessible. Never faults, no lock. */
static inline bool grt_quick_writable(const uint8_t *records, grt_addr address, uint32_t size)
{
    enum { WRITABLE = 1 + GRT_READ_WRITE }; /* every bit of a record */
    uint8_t first = __atomic_load_n(&records[address / GRT_PAGE_SIZE], __ATOMIC_RELAXED);
    uint8_t last =
        __atomic_load_n(&records[(grt_addr)(address + size - 1) / GRT_PAGE_SIZE], __ATOMIC_RELAXED);
    return (first & last) == WRITABLE;
}

#endif
