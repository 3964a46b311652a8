/* x_virtual_protect.c - exports that ask what memory is, and change its protection. */
#include "kernel/vm_text.h"
#include "kernel/x_virtual.h"

#define MBI_SIZE 0x1Cu /* MEMORY_BASIC_INFORMATION */

static uint32_t refuse(grt_call *call, grt_addr address, uint32_t size, uint32_t protect,
                       uint32_t status)
{
    char text[GRT_VM_TEXT_MAX];
    grt_vm_address_text(call, address, text, sizeof text);
    grt_call_complain(call, "0x%08X bytes at 0x%08X, protection 0x%08X: %s: %s", (unsigned)size,
                      (unsigned)address, (unsigned)protect, grt_nt_sentence(status), text);
    return status;
}

/* Protects the pages of a range; [*range] and [*before] are what the program is told. */
static uint32_t protect_range(grt_call *call, grt_addr base, uint32_t size, uint32_t bits,
                              grt_page_range *range, uint32_t *before)
{
    grt_page_protect protect;
    if (!grt_protect_parse(bits, &protect))
        return GRT_NT_INVALID_PAGE_PROTECTION;
    *range = grt_whole_pages(call, base, size, GRT_PAGE_SIZE);
    if (size == 0 || range->first + range->size > GRT_WINDOW_SIZE)
        return GRT_NT_INVALID_PARAMETER;
    return grt_vm_protect(call->runtime, &call->kernel->vm, range->first, range->size, protect,
                          before);
}

uint32_t grt_export_NtProtectVirtualMemory(grt_call *call, grt_addr base_inout, grt_addr size_inout,
                                           uint32_t protect, grt_addr old_out, bool debug_memory)
{
    (void)debug_memory;
    grt_addr base;
    uint32_t size, before;
    grt_page_range range;
    if (!grt_read_range(call, base_inout, size_inout, &base, &size) ||
        !grt_call_probe(call, old_out, "old_out"))
        return GRT_NT_ACCESS_VIOLATION;
    uint32_t status = protect_range(call, base, size, protect, &range, &before);
    if (status != GRT_NT_SUCCESS)
        return refuse(call, base, size, protect, status);
    if (old_out && !grt_call_write_u32(call, old_out, before, "old_out"))
        return GRT_NT_ACCESS_VIOLATION;
    return grt_write_range(call, base_inout, size_inout, &range);
}

void grt_export_MmSetAddressProtect(grt_call *call, grt_addr address, uint32_t size,
                                    uint32_t protect)
{
    grt_page_range range;
    uint32_t before;
    uint32_t status = protect_range(call, address, size, protect, &range, &before);
    if (status != GRT_NT_SUCCESS)
        refuse(call, address, size, protect, status);
}

uint32_t grt_export_MmQueryAddressProtect(grt_call *call, grt_addr address)
{
    grt_page_info page;
    grt_memory_query(call->runtime->memory, address, &page);
    return page.committed ? grt_protect_bits(page.access, page.note) : 0;
}

uint32_t grt_export_MmIsAddressValid(grt_call *call, grt_addr address)
{
    return grt_memory_accessible(call->runtime->memory, address, 1, GRT_READ_ONLY);
}

uint32_t grt_export_NtQueryVirtualMemory(grt_call *call, grt_addr address, grt_addr info_out)
{
    static const uint32_t states[] = {
        [GRT_VM_FREE] = MEM_FREE, [GRT_VM_RESERVED] = MEM_RESERVE, [GRT_VM_COMMITTED] = MEM_COMMIT};
    grt_vm_info info;
    grt_vm_query(call->runtime, &call->kernel->vm, address, &info);
    uint8_t bytes[MBI_SIZE];
    grt_store32(bytes, info.base);
    grt_store32(bytes + 0x04, info.first);
    grt_store32(bytes + 0x08, info.made_with);
    grt_store32(bytes + 0x0C, (uint32_t)info.size);
    grt_store32(bytes + 0x10, states[info.state]);
    grt_store32(bytes + 0x14, info.protect);
    grt_store32(bytes + 0x18, info.state == GRT_VM_FREE ? 0 : MEM_PRIVATE);
    return grt_call_write(call, info_out, bytes, sizeof bytes, "info_out")
               ? GRT_NT_SUCCESS
               : GRT_NT_ACCESS_VIOLATION;
}
