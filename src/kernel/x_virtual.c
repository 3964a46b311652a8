/* x_virtual.c - exports about virtual memory: reserve, commit, decommit, release. */
#include "kernel/state.h"

#define MEM_COMMIT      0x00001000u
#define MEM_RESERVE     0x00002000u
#define MEM_DECOMMIT    0x00004000u
#define MEM_RELEASE     0x00008000u
#define MEM_LARGE_PAGES 0x20000000u
#define PAGE_KINDS      0xFFu
#define LARGE_PAGE      0x10000u

/* The lowest address of the first page and the size in whole pages of what was asked for. */
typedef struct page_range {
    grt_addr first;
    uint64_t size;
} page_range;

static page_range whole_pages(grt_addr base, uint32_t size, uint32_t page)
{
    uint64_t end = ((uint64_t)base + size + page - 1) & ~(uint64_t)(page - 1);
    page_range range = {base & ~(page - 1), 0};
    range.size = end - range.first;
    return range;
}

/* Exactly one of the protection kinds must be given; what may execute may be read. */
static bool access_of(uint32_t protect, grt_access *access)
{
    switch (protect & PAGE_KINDS) {
    case 0x01:
        *access = GRT_NO_ACCESS;
        return true;
    case 0x02: /* read only */
    case 0x10: /* execute */
    case 0x20: /* execute and read */
        *access = GRT_READ_ONLY;
        return true;
    case 0x04: /* read and write */
    case 0x08: /* write copy */
    case 0x40: /* execute, read and write */
    case 0x80: /* execute and write copy */
        *access = GRT_READ_WRITE;
        return true;
    default:
        return false;
    }
}

static bool read_range(grt_call *call, grt_addr base_inout, grt_addr size_inout, grt_addr *base,
                       uint32_t *size)
{
    return grt_call_read_u32(call, base_inout, base, "base_inout") &&
           grt_call_read_u32(call, size_inout, size, "size_inout") &&
           grt_call_write_u32(call, base_inout, *base, "base_inout") &&
           grt_call_write_u32(call, size_inout, *size, "size_inout");
}

static uint32_t write_range(grt_call *call, grt_addr base_inout, grt_addr size_inout,
                            page_range range)
{
    bool written = grt_call_write_u32(call, base_inout, range.first, "base_inout") &&
                   grt_call_write_u32(call, size_inout, (uint32_t)range.size, "size_inout");
    return written ? GRT_NT_SUCCESS : GRT_NT_ACCESS_VIOLATION;
}

/* Reserves, commits or both; on failure nothing has changed. */
static uint32_t allocate(grt_call *call, page_range *range, uint32_t type, uint32_t page,
                         grt_access access)
{
    grt_vm *vm = &call->kernel->vm;
    /* The kernel can only choose an address that it reserves. */
    bool reserve = (type & MEM_RESERVE) || range->first == 0;
    uint32_t status = GRT_NT_SUCCESS;
    if (reserve)
        status = grt_vm_reserve(call->runtime, vm, range->first, range->size, page, &range->first);
    if (status != GRT_NT_SUCCESS || !(type & MEM_COMMIT))
        return status;
    status = grt_vm_commit(call->runtime, vm, range->first, range->size, access);
    if (status != GRT_NT_SUCCESS && reserve) {
        uint64_t size;
        grt_vm_release(call->runtime, vm, range->first, &size);
    }
    return status;
}

uint32_t grt_export_NtAllocateVirtualMemory(grt_call *call, grt_addr base_inout,
                                            grt_addr size_inout, uint32_t type, uint32_t protect,
                                            uint32_t debug_memory)
{
    (void)debug_memory;
    grt_addr base;
    uint32_t size;
    grt_access access;
    if (!read_range(call, base_inout, size_inout, &base, &size))
        return GRT_NT_ACCESS_VIOLATION;
    if ((int32_t)size < 0) /* programs are known to hand in the size negated */
        size = 0 - size;
    if (size == 0 || !(type & (MEM_COMMIT | MEM_RESERVE)))
        return GRT_NT_INVALID_PARAMETER;
    if (!access_of(protect, &access))
        return GRT_NT_INVALID_PAGE_PROTECTION;
    uint32_t page = type & MEM_LARGE_PAGES ? LARGE_PAGE : GRT_PAGE_SIZE;
    page_range range = whole_pages(base, size, page);
    if (range.first + range.size > GRT_WINDOW_SIZE || (base && !range.first))
        return GRT_NT_INVALID_PARAMETER;
    uint32_t status = allocate(call, &range, type, page, access);
    if (status != GRT_NT_SUCCESS) {
        grt_call_complain(call, "0x%08X bytes at 0x%08X, type 0x%08X: %s", (unsigned)size,
                          (unsigned)base, (unsigned)type, grt_nt_sentence(status));
        return status;
    }
    return write_range(call, base_inout, size_inout, range);
}

uint32_t grt_export_NtFreeVirtualMemory(grt_call *call, grt_addr base_inout, grt_addr size_inout,
                                        uint32_t type, uint32_t debug_memory)
{
    (void)debug_memory;
    grt_vm *vm = &call->kernel->vm;
    grt_addr base;
    uint32_t size, status;
    grt_vm_region region;
    if (!read_range(call, base_inout, size_inout, &base, &size))
        return GRT_NT_ACCESS_VIOLATION;
    if (type != MEM_DECOMMIT && type != MEM_RELEASE)
        return GRT_NT_INVALID_PARAMETER;
    page_range range = whole_pages(base, size, GRT_PAGE_SIZE);
    if (type == MEM_RELEASE) {
        status = grt_vm_release(call->runtime, vm, range.first, &range.size);
    } else {
        if (size == 0 && grt_vm_find(vm, base, &region))
            range = (page_range){region.first, region.size};
        status = grt_vm_decommit(call->runtime, vm, range.first, range.size);
    }
    if (status != GRT_NT_SUCCESS) {
        grt_call_complain(call, "0x%08X bytes at 0x%08X, type 0x%08X: %s", (unsigned)size,
                          (unsigned)base, (unsigned)type, grt_nt_sentence(status));
        return status;
    }
    return write_range(call, base_inout, size_inout, range);
}
