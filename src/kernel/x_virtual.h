/* x_virtual.h - what the exports about virtual memory share. */
#ifndef GRT_KERNEL_X_VIRTUAL_H
#define GRT_KERNEL_X_VIRTUAL_H

#include "kernel/state.h"

#define MEM_COMMIT      0x00001000u
#define MEM_RESERVE     0x00002000u
#define MEM_DECOMMIT    0x00004000u
#define MEM_RELEASE     0x00008000u
#define MEM_FREE        0x00010000u
#define MEM_PRIVATE     0x00020000u
#define MEM_RESET       0x00080000u
#define MEM_TOP_DOWN    0x00100000u
#define MEM_LARGE_PAGES 0x20000000u

/* The lowest address of the first page and the size in whole pages of what was asked for. */
typedef struct grt_page_range {
    grt_addr first;
    uint64_t size;
} grt_page_range;

/* Rounded to pages of [page] bytes, or of the region's that is there already. */
grt_page_range grt_whole_pages(grt_call *call, grt_addr base, uint32_t size, uint32_t page);

/* Reads both and makes sure that they can be written. */
bool grt_read_range(grt_call *call, grt_addr base_inout, grt_addr size_inout, grt_addr *base,
                    uint32_t *size);
/* SUCCESS or ACCESS_VIOLATION. */
uint32_t grt_write_range(grt_call *call, grt_addr base_inout, grt_addr size_inout,
                         const grt_page_range *range);

#endif
