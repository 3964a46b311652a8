/* x_memory_physical.c - exports about physical memory. */
#include "kernel/x_memory.h"

#include "kernel/vm_text.h"

#define PAGES_64K 0x20000000u /* in the protection argument */
#define PAGES_16M 0x80000000u

static uint32_t page_of(uint32_t protect)
{
    if (protect & PAGES_16M)
        return GRT_PAGE_16M;
    return protect & PAGES_64K ? GRT_PAGE_64K : GRT_PAGE_SIZE;
}

grt_addr grt_allocate_physical(grt_call *call, uint32_t size, grt_vm_physical *request)
{
    uint64_t rounded = ((uint64_t)size + request->page - 1) & ~(uint64_t)(request->page - 1);
    if (size == 0 || rounded > UINT32_MAX) {
        grt_call_complain(call, "a size of 0x%08X cannot be had", (unsigned)size);
        return 0;
    }
    if (request->alignment & (request->alignment - 1)) {
        grt_call_complain(call, "alignment 0x%08X is no power of two",
                          (unsigned)request->alignment);
        return 0;
    }
    if (!grt_protect_parse(request->protect, &request->parsed)) {
        grt_call_complain(call, "protection 0x%08X: %s", (unsigned)request->protect,
                          grt_nt_sentence(GRT_NT_INVALID_PAGE_PROTECTION));
        return 0;
    }
    request->size = (uint32_t)rounded;
    request->site = call->call_site;
    request->thread = call->thread->id;
    return grt_vm_allocate_physical(call->runtime, &call->kernel->vm, request);
}

bool grt_free_physical(grt_call *call, grt_addr address)
{
    grt_vm_region region;
    char text[GRT_VM_TEXT_MAX];
    if (address == 0)
        return true;
    uint32_t status = grt_vm_free_physical(call->runtime, &call->kernel->vm, address, &region);
    if (status == GRT_NT_SUCCESS)
        return true;
    if (status == GRT_NT_MEMORY_NOT_ALLOCATED) { /* the heap knows what it was, or who owns it */
        grt_addr block = grt_physical_canonical(call->runtime, address);
        return grt_heap_free(call->runtime->physical_heap, block) == GRT_OK;
    }
    grt_vm_address_text(call, address, text, sizeof text);
    grt_call_complain(call, "0x%08X is no start of a physical block: %s", (unsigned)address, text);
    return false;
}

uint32_t grt_export_MmAllocatePhysicalMemoryEx(grt_call *call, uint32_t type, uint32_t size,
                                               uint32_t protect, uint32_t minimum, uint32_t maximum,
                                               uint32_t alignment)
{
    (void)type;
    grt_vm_physical request = {.page = page_of(protect),
                               .alignment = alignment,
                               .lowest = minimum,
                               .last = maximum,
                               .protect = protect};
    return grt_allocate_physical(call, size, &request);
}

uint32_t grt_export_MmAllocatePhysicalMemory(grt_call *call, uint32_t type, uint32_t size,
                                             uint32_t protect)
{
    return grt_export_MmAllocatePhysicalMemoryEx(call, type, size, protect, 0, UINT32_MAX, 0);
}

void grt_export_MmFreePhysicalMemory(grt_call *call, uint32_t type, grt_addr address)
{
    (void)type;
    grt_free_physical(call, address);
}

uint32_t grt_export_MmGetPhysicalAddress(grt_call *call, grt_addr address)
{
    grt_page_info info;
    grt_addr physical;
    grt_memory_query(call->runtime->memory, address, &info);
    bool known = info.committed && grt_physical_of(call->runtime, address, &physical);
    return known ? physical : 0;
}

uint32_t grt_export_MmQueryAllocationSize(grt_call *call, grt_addr address)
{
    grt_vm_region region;
    grt_runtime *runtime = call->runtime;
    if (grt_vm_find(runtime, &call->kernel->vm, address, &region))
        return (uint32_t)region.size;
    address = grt_physical_canonical(runtime, address);
    grt_heap *heap = grt_heap_owns(runtime->physical_heap, address) ? runtime->physical_heap
                                                                    : runtime->user_heap;
    grt_block_info info;
    grt_heap_describe(heap, address, &info);
    return info.state == GRT_BLOCK_LIVE ? info.asked : 0;
}
