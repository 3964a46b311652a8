/* x_heap_xam.c - exports of other names for the process heap and for physical memory. */
#include "kernel/x_heap.h"

/* What XMemAlloc and its kin call attributes. */
#define ATTRIBUTE_PHYSICAL        0x80000000u
#define ATTRIBUTE_ZERO            0x40000000u
#define ATTRIBUTE_PROTECT_SHIFT   28
#define ATTRIBUTE_ALIGNMENT_SHIFT 24

#define XAM_NOT_ZEROED 0x00100000u
#define XAM_PHYSICAL   0x40000000u

#define LMEM_MOVEABLE 0x02u
#define LMEM_ZERO     0x40u

#define S_OK          0u
#define E_INVALIDARG  0x80070057u
#define E_OUTOFMEMORY 0x8007000Eu

/* ---- by attributes ------------------------------------------------------------------------- */

static grt_addr allocate_physical(grt_call *call, uint32_t size, uint32_t attributes)
{
    static const uint32_t protections[] = {
        GRT_PAGE_READWRITE, GRT_PAGE_READWRITE | 0x200 /* no cache */, GRT_PAGE_READWRITE,
        GRT_PAGE_READWRITE | 0x400 /* write combine */};
    grt_vm_physical request = {.page = GRT_PAGE_SIZE,
                               .alignment = 1u << (attributes >> ATTRIBUTE_ALIGNMENT_SHIFT & 0xF),
                               .last = UINT32_MAX,
                               .protect = protections[attributes >> ATTRIBUTE_PROTECT_SHIFT & 3],
                               .zeroed = attributes & ATTRIBUTE_ZERO};
    return grt_allocate_physical(call, size, &request);
}

static grt_addr allocate_aligned(grt_call *call, uint32_t size, uint32_t attributes)
{
    uint32_t alignment = 1u << (attributes >> ATTRIBUTE_ALIGNMENT_SHIFT & 0xF);
    bool zeroed = attributes & ATTRIBUTE_ZERO;
    if (alignment <= 16)
        return grt_title_allocate(call, GRT_PROCESS_HEAP, size, zeroed);
    grt_title_heap_wait(call, GRT_PROCESS_HEAP);
    grt_addr block = grt_heap_alloc_aligned(call->runtime->user_heap, size, alignment);
    if (block && zeroed)
        grt_call_fill(call, block, size, 0, "the new block");
    return block;
}

static grt_addr allocate(grt_call *call, uint32_t size, uint32_t attributes)
{
    return attributes & ATTRIBUTE_PHYSICAL ? allocate_physical(call, size, attributes)
                                           : allocate_aligned(call, size, attributes);
}

static bool free_block(grt_call *call, grt_addr block, bool physical)
{
    return physical ? grt_free_physical(call, block)
                    : grt_title_free(call, GRT_PROCESS_HEAP, block);
}

/* 0 for what is no block. */
static uint32_t size_of(grt_call *call, grt_addr block, bool physical)
{
    grt_vm_region region;
    if (!physical) {
        uint32_t size = grt_title_size(call, GRT_PROCESS_HEAP, block);
        return size == UINT32_MAX ? 0 : size;
    }
    if (grt_vm_find(call->runtime, &call->kernel->vm, block, &region) &&
        region.kind == GRT_VM_PHYSICAL &&
        region.first == grt_physical_canonical(call->runtime, block))
        return (uint32_t)region.size;
    grt_call_complain(call, "0x%08X is no start of a physical block", (unsigned)block);
    return 0;
}

uint32_t grt_export_XAllocMem(grt_call *call, uint32_t size, uint32_t flags)
{
    return allocate(call, size, flags);
}

void grt_export_XFreeMem(grt_call *call, grt_addr address, uint32_t flags)
{
    free_block(call, address, flags & ATTRIBUTE_PHYSICAL);
}

uint32_t grt_export_XMemAlloc(grt_call *call, uint32_t size, uint32_t attributes)
{
    return allocate(call, size, attributes);
}

void grt_export_XMemFree(grt_call *call, grt_addr address, uint32_t attributes)
{
    free_block(call, address, attributes & ATTRIBUTE_PHYSICAL);
}

uint32_t grt_export_XMemSize(grt_call *call, grt_addr address, uint32_t attributes)
{
    return size_of(call, address, attributes & ATTRIBUTE_PHYSICAL);
}

/* ---- xam's own ----------------------------------------------------------------------------- */

/* Stores the block; frees it again when that cannot be done. */
static uint32_t hand_out(grt_call *call, grt_addr block, bool physical, grt_addr block_out)
{
    if (!block)
        return E_OUTOFMEMORY;
    if (grt_call_write_u32(call, block_out, block, "block_out"))
        return S_OK;
    free_block(call, block, physical);
    return E_INVALIDARG;
}

uint32_t grt_export_XamAlloc(grt_call *call, uint32_t flags, uint32_t size, grt_addr block_out)
{
    if (!grt_call_write_u32(call, block_out, 0, "block_out"))
        return E_INVALIDARG;
    grt_addr block = grt_title_allocate(call, GRT_PROCESS_HEAP, size, !(flags & XAM_NOT_ZEROED));
    return hand_out(call, block, false, block_out);
}

uint32_t grt_export_XamAllocEx(grt_call *call, uint32_t attributes, uint32_t flags, uint32_t size,
                               grt_addr block_out)
{
    if (!(flags & XAM_PHYSICAL))
        return grt_export_XamAlloc(call, flags, size, block_out);
    if (!grt_call_write_u32(call, block_out, 0, "block_out"))
        return E_INVALIDARG;
    return hand_out(call, allocate_physical(call, size, attributes), true, block_out);
}

static bool is_physical(const grt_call *call, grt_addr address)
{
    grt_addr canonical = grt_physical_canonical(call->runtime, address);
    return grt_heap_owns(call->runtime->physical_heap, canonical);
}

uint32_t grt_export_XamFree(grt_call *call, grt_addr block)
{
    return free_block(call, block, is_physical(call, block)) ? S_OK : E_INVALIDARG;
}

uint32_t grt_export_XamAllocSize(grt_call *call, grt_addr block)
{
    return size_of(call, block, is_physical(call, block));
}

/* ---- Win32 names --------------------------------------------------------------------------- */

uint32_t grt_export_LocalAlloc(grt_call *call, uint32_t flags, uint32_t size)
{
    if (flags & LMEM_MOVEABLE)
        grt_call_complain(call, "a block that may move is not known here; this one stays");
    return grt_title_allocate(call, GRT_PROCESS_HEAP, size, flags & LMEM_ZERO);
}

uint32_t grt_export_LocalFree(grt_call *call, grt_addr block)
{
    return grt_title_free(call, GRT_PROCESS_HEAP, block) ? 0 : block;
}
