/* x_virtual.c - exports that make and end virtual memory. */
#include "kernel/x_virtual.h"

#include "kernel/physical.h"
#include "kernel/vm_text.h"

#define ENCRYPTED_FIRST 0x8C000000u
#define ENCRYPTED_END   0x90000000u
#define ENCRYPTED_MAX   0x01000000u

/* ---- ranges -------------------------------------------------------------------------------- */

grt_page_range grt_whole_pages(grt_call *call, grt_addr base, uint32_t size, uint32_t page)
{
    grt_vm_region region;
    if (base && grt_vm_find(call->runtime, &call->kernel->vm, base, &region))
        page = region.page;
    uint64_t end = ((uint64_t)base + size + page - 1) & ~(uint64_t)(page - 1);
    grt_page_range range = {base & ~(page - 1), 0};
    range.size = end - range.first;
    return range;
}

bool grt_read_range(grt_call *call, grt_addr base_inout, grt_addr size_inout, grt_addr *base,
                    uint32_t *size)
{
    return grt_call_read_u32(call, base_inout, base, "base_inout") &&
           grt_call_read_u32(call, size_inout, size, "size_inout") &&
           grt_call_write_u32(call, base_inout, *base, "base_inout") &&
           grt_call_write_u32(call, size_inout, *size, "size_inout");
}

uint32_t grt_write_range(grt_call *call, grt_addr base_inout, grt_addr size_inout,
                         const grt_page_range *range)
{
    bool written = grt_call_write_u32(call, base_inout, range->first, "base_inout") &&
                   grt_call_write_u32(call, size_inout, (uint32_t)range->size, "size_inout");
    return written ? GRT_NT_SUCCESS : GRT_NT_ACCESS_VIOLATION;
}

/* ---- allocate ------------------------------------------------------------------------------ */

typedef struct allocation {
    grt_addr base; /* as the program said */
    uint32_t size;
    uint32_t type, protect;
    grt_page_protect parsed;
    uint32_t page;
    grt_page_range range;
    grt_vm_region other; /* in the way */
} allocation;

static uint32_t refuse(grt_call *call, const allocation *wanted, uint32_t status)
{
    char text[GRT_VM_TEXT_MAX];
    if (status == GRT_NT_CONFLICTING_ADDRESSES && wanted->other.size)
        grt_vm_region_text(call->runtime, &wanted->other, text, sizeof text);
    else
        grt_vm_address_text(call, wanted->base, text, sizeof text);
    grt_call_complain(call, "0x%08X bytes at 0x%08X, type 0x%08X: %s%s%s", (unsigned)wanted->size,
                      (unsigned)wanted->base, (unsigned)wanted->type, grt_nt_sentence(status),
                      wanted->base ? ": " : "", wanted->base ? text : "");
    return status;
}

/* Checks what the program said and rounds it to pages. */
static uint32_t understand(grt_call *call, allocation *wanted)
{
    uint32_t kinds = MEM_COMMIT | MEM_RESERVE | MEM_RESET;
    bool reset = wanted->type & MEM_RESET;
    if ((int32_t)wanted->size < 0) /* programs are known to hand in the size negated */
        wanted->size = 0 - wanted->size;
    if (wanted->size == 0 || !(wanted->type & kinds) || (reset && wanted->type != MEM_RESET))
        return GRT_NT_INVALID_PARAMETER;
    if (!grt_protect_parse(wanted->protect, &wanted->parsed))
        return GRT_NT_INVALID_PAGE_PROTECTION;
    wanted->page = wanted->type & MEM_LARGE_PAGES ? GRT_PAGE_64K : GRT_PAGE_SIZE;
    wanted->range = grt_whole_pages(call, wanted->base, wanted->size, wanted->page);
    if (wanted->range.first + wanted->range.size > GRT_WINDOW_SIZE ||
        (wanted->base && !wanted->range.first))
        return GRT_NT_INVALID_PARAMETER;
    return GRT_NT_SUCCESS;
}

static uint32_t reserve(grt_call *call, allocation *wanted)
{
    grt_vm_region region = {.first = wanted->range.first,
                            .size = wanted->range.size,
                            .page = wanted->page,
                            .protect = wanted->protect,
                            .site = call->call_site,
                            .thread = call->thread->id};
    /* An address that the kernel chooses is a multiple of 64 KiB, as on the console. */
    uint32_t status = grt_vm_reserve(call->runtime, &call->kernel->vm, &region, GRT_PAGE_64K,
                                     wanted->type & MEM_TOP_DOWN);
    if (status == GRT_NT_SUCCESS)
        wanted->range.first = region.first;
    else
        wanted->other = region;
    return status;
}

/* Reserves, commits or both; on failure nothing has changed. */
static uint32_t allocate(grt_call *call, allocation *wanted)
{
    grt_vm *vm = &call->kernel->vm;
    const grt_page_range *range = &wanted->range;
    if (wanted->type == MEM_RESET) /* the contents may go, but need not */
        return grt_vm_check_committed(call->runtime, vm, range->first, range->size);
    /* The kernel can only choose an address that it reserves. */
    bool reserves = (wanted->type & MEM_RESERVE) || range->first == 0;
    uint32_t status = reserves ? reserve(call, wanted) : GRT_NT_SUCCESS;
    if (status != GRT_NT_SUCCESS || !(wanted->type & MEM_COMMIT))
        return status;
    status = grt_vm_commit(call->runtime, vm, range->first, range->size, wanted->parsed);
    if (status != GRT_NT_SUCCESS && reserves) {
        grt_vm_region region;
        grt_vm_release(call->runtime, vm, range->first, &region);
    }
    return status;
}

uint32_t grt_export_NtAllocateVirtualMemory(grt_call *call, grt_addr base_inout,
                                            grt_addr size_inout, uint32_t type, uint32_t protect,
                                            bool debug_memory)
{
    (void)debug_memory;
    allocation wanted = {.type = type, .protect = protect};
    if (!grt_read_range(call, base_inout, size_inout, &wanted.base, &wanted.size))
        return GRT_NT_ACCESS_VIOLATION;
    uint32_t status = understand(call, &wanted);
    if (status == GRT_NT_SUCCESS)
        status = allocate(call, &wanted);
    if (status != GRT_NT_SUCCESS)
        return refuse(call, &wanted, status);
    return grt_write_range(call, base_inout, size_inout, &wanted.range);
}

uint32_t grt_export_NtAllocateEncryptedMemory(grt_call *call, uint32_t flags, uint32_t size,
                                              grt_addr base_out)
{
    (void)flags;
    grt_vm *vm = &call->kernel->vm;
    if (size == 0 || size > ENCRYPTED_MAX) {
        grt_call_complain(call, "a size of 0x%08X cannot be had", (unsigned)size);
        return GRT_NT_INVALID_PARAMETER;
    }
    if (!grt_call_write_u32(call, base_out, 0, "base_out"))
        return GRT_NT_ACCESS_VIOLATION;
    grt_vm_region region = {.size = (size + GRT_PAGE_64K - 1) & ~(uint64_t)(GRT_PAGE_64K - 1),
                            .page = GRT_PAGE_64K,
                            .protect = GRT_PAGE_READWRITE,
                            .site = call->call_site,
                            .thread = call->thread->id};
    uint32_t status =
        grt_vm_reserve_between(call->runtime, vm, &region, ENCRYPTED_FIRST, ENCRYPTED_END);
    if (status == GRT_NT_SUCCESS)
        status = grt_vm_commit(call->runtime, vm, region.first, region.size,
                               (grt_page_protect){GRT_READ_WRITE, 0});
    if (status != GRT_NT_SUCCESS) {
        grt_vm_release(call->runtime, vm, region.first, &region);
        grt_call_complain(call, "0x%08X bytes: %s", (unsigned)size, grt_nt_sentence(status));
        return status;
    }
    bool written = grt_call_write_u32(call, base_out, region.first, "base_out");
    return written ? GRT_NT_SUCCESS : GRT_NT_ACCESS_VIOLATION;
}

/* ---- free ---------------------------------------------------------------------------------- */

/* A region goes as a whole, whatever size is given. */
static uint32_t release(grt_call *call, uint32_t size, grt_page_range *range)
{
    grt_vm_region region;
    uint32_t status = grt_vm_release(call->runtime, &call->kernel->vm, range->first, &region);
    if (status != GRT_NT_SUCCESS)
        return status;
    if (size && range->size < region.size)
        grt_call_complain(call, "a part of 0x%08X bytes was meant, but the region of 0x%llX goes",
                          (unsigned)size, (unsigned long long)region.size);
    range->size = region.size;
    return status;
}

static uint32_t decommit(grt_call *call, uint32_t size, grt_page_range *range)
{
    grt_vm *vm = &call->kernel->vm;
    grt_vm_region region;
    if (size == 0 && grt_vm_find(call->runtime, vm, range->first, &region))
        *range = (grt_page_range){region.first, region.size};
    return grt_vm_decommit(call->runtime, vm, range->first, range->size);
}

uint32_t grt_export_NtFreeVirtualMemory(grt_call *call, grt_addr base_inout, grt_addr size_inout,
                                        uint32_t type, bool debug_memory)
{
    (void)debug_memory;
    grt_addr base;
    uint32_t size, status;
    if (!grt_read_range(call, base_inout, size_inout, &base, &size))
        return GRT_NT_ACCESS_VIOLATION;
    if (type != MEM_DECOMMIT && type != MEM_RELEASE) {
        grt_call_complain(call, "type 0x%08X is neither decommit nor release", (unsigned)type);
        return GRT_NT_INVALID_PARAMETER;
    }
    grt_page_range range = grt_whole_pages(call, base, size, GRT_PAGE_SIZE);
    status = type == MEM_RELEASE ? release(call, size, &range) : decommit(call, size, &range);
    if (status != GRT_NT_SUCCESS) {
        char text[GRT_VM_TEXT_MAX];
        grt_vm_address_text(call, base, text, sizeof text);
        grt_call_complain(call, "0x%08X bytes at 0x%08X, type 0x%08X: %s: %s", (unsigned)size,
                          (unsigned)base, (unsigned)type, grt_nt_sentence(status), text);
        return status;
    }
    return grt_write_range(call, base_inout, size_inout, &range);
}
