/*
 * physical.h - physical addresses and the windows that show them.
 *
 * In the console profile the same memory is seen at 0xA0000000 (64 KiB pages), 0xC0000000 (16 MiB
 * pages) and, a page further on, at 0xE0000000 (4 KiB pages). The flat profile has no physical
 * addresses of its own: each address stands for itself.
 */
#ifndef GRT_KERNEL_PHYSICAL_H
#define GRT_KERNEL_PHYSICAL_H

#include "thread/core.h"

#define GRT_PAGE_64K 0x10000u
#define GRT_PAGE_16M 0x1000000u

/* A physical address for each address of a window. In the console profile false for others. */
bool grt_physical_of(const grt_runtime *runtime, grt_addr address, grt_addr *physical);

/* The address of the same byte in the window that the physical heap is in; others unchanged. */
grt_addr grt_physical_canonical(const grt_runtime *runtime, grt_addr address);

/* A window: [first_physical, end_physical) is seen from [base] on. */
typedef struct grt_physical_window {
    grt_addr base;
    uint64_t first_physical, end_physical;
} grt_physical_window;

/* The window for pages of this size. 4 KiB pages at a coarser alignment are shown at 0xA0000000,
 * where an address is as aligned as the memory behind it. */
grt_physical_window grt_physical_window_for(const grt_runtime *runtime, uint32_t page,
                                            uint32_t alignment);

#endif
