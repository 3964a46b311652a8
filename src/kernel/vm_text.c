/* vm_text.c - what is at an address, in words for a complaint. */
#include "kernel/vm_text.h"

#include "diag/fault.h"
#include "kernel/physical.h"
#include "kernel/state.h"

#include <stdio.h>

void grt_vm_region_text(const grt_runtime *runtime, const grt_vm_region *region, char *text,
                        size_t size)
{
    char place[96];
    grt_call_place(runtime, region->site, place, sizeof place);
    snprintf(text, size, "the %s 0x%08X of 0x%llX bytes, asked for by thread %u from %s",
             region->kind == GRT_VM_PHYSICAL ? "physical block" : "region", (unsigned)region->first,
             (unsigned long long)region->size, (unsigned)region->thread, place);
}

void grt_vm_address_text(const grt_call *call, grt_addr address, char *text, size_t size)
{
    grt_vm_region region;
    char where[GRT_VM_TEXT_MAX];
    if (!grt_vm_find(call->runtime, &call->kernel->vm, address, &region)) {
        grt_fault_describe(call->runtime, address, text, size);
        return;
    }
    grt_vm_region_text(call->runtime, &region, where, sizeof where);
    snprintf(text, size, "0x%X bytes inside %s",
             (unsigned)(grt_physical_canonical(call->runtime, address) - region.first), where);
}
