/* x_memory_pool.c - exports about pools. A pool is a way to ask the process heap. */
#include "kernel/x_memory.h"

#define POOL_BLOCK_MAX 0xFD8u /* larger pool blocks start at a page */

/* Four printable characters: a tag that was handed in where the size belongs. */
static bool looks_like_tag(uint32_t size)
{
    for (uint32_t shift = 0; shift < 32; shift += 8) {
        uint32_t byte = size >> shift & 0xFF;
        if (byte < 0x20 || byte > 0x7E)
            return false;
    }
    return true;
}

uint32_t grt_export_ExAllocatePoolTypeWithTag(grt_call *call, uint32_t size, uint32_t tag,
                                              uint32_t type)
{
    (void)tag;
    (void)type;
    if (looks_like_tag(size))
        grt_call_complain(call, "the size 0x%08X looks like a four-character tag", (unsigned)size);
    return grt_heap_alloc_aligned(call->runtime->user_heap, size,
                                  size > POOL_BLOCK_MAX ? GRT_PAGE_SIZE : 0);
}

uint32_t grt_export_ExAllocatePoolWithTag(grt_call *call, uint32_t size, uint32_t tag)
{
    return grt_export_ExAllocatePoolTypeWithTag(call, size, tag, 0);
}

uint32_t grt_export_ExAllocatePool(grt_call *call, uint32_t size)
{
    return grt_export_ExAllocatePoolTypeWithTag(call, size, 0, 0);
}

void grt_export_ExFreePool(grt_call *call, grt_addr address)
{
    grt_title_free(call, GRT_PROCESS_HEAP, address);
}

uint32_t grt_export_ExQueryPoolBlockSize(grt_call *call, grt_addr address)
{
    uint32_t size = grt_title_size(call, GRT_PROCESS_HEAP, address);
    return size == UINT32_MAX ? 0 : size;
}
