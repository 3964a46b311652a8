/*
 * x_memory_machine.c - exports about the machine below: device windows, caches, translation.
 *
 * The host keeps its caches and page tables coherent for everything that runs here, so there is
 * nothing to flush. Guest code is translated ahead of time: storing to it changes nothing.
 */
#include "kernel/x_memory.h"

#define IMAGE_64K_FIRST 0x80000000u
#define IMAGE_4K_FIRST  0x90000000u
#define IMAGE_END       0xA0000000u
#define ENTRY_4K_PAGE   0x40000000u

uint32_t grt_export_MmMapIoSpace(grt_call *call, uint32_t kind, grt_addr address, uint32_t size,
                                 uint32_t flags)
{
    if (grt_memory_accessible(call->runtime->memory, address, size, GRT_READ_ONLY))
        return address;
    grt_call_complain(call, "0x%X bytes at 0x%08X, kind %u, flags 0x%X: there is no device",
                      (unsigned)size, (unsigned)address, (unsigned)kind, (unsigned)flags);
    return 0;
}

uint32_t grt_export_KeGetImagePageTableEntry(grt_call *call, grt_addr address)
{
    (void)call;
    if (address < IMAGE_64K_FIRST || address >= IMAGE_END)
        return 0;
    if (address < IMAGE_4K_FIRST)
        return (address - IMAGE_64K_FIRST) / GRT_PAGE_64K;
    return (address - IMAGE_4K_FIRST) / GRT_PAGE_SIZE | ENTRY_4K_PAGE;
}

uint32_t grt_export_KeLockL2(grt_call *call, uint32_t index, uint32_t size)
{
    (void)call, (void)index, (void)size;
    return 0;
}

void grt_export_KeUnlockL2(grt_call *call)
{
    (void)call;
}

void grt_export_KeFlushCacheRange(grt_call *call, grt_addr address, uint32_t size)
{
    (void)call, (void)address, (void)size;
}

void grt_export_KeSweepDcacheRange(grt_call *call, grt_addr address, uint32_t size)
{
    (void)call, (void)address, (void)size;
}

void grt_export_KeSweepIcacheRange(grt_call *call, grt_addr address, uint32_t size)
{
    (void)call, (void)address, (void)size;
}

void grt_export_KeFlushCurrentEntireTb(grt_call *call)
{
    (void)call;
}

void grt_export_KeFlushEntireTb(grt_call *call)
{
    (void)call;
}

void grt_export_KeFlushUserModeTb(grt_call *call)
{
    (void)call;
}

void grt_export_KeFlushUserModeCurrentTb(grt_call *call)
{
    (void)call;
}
