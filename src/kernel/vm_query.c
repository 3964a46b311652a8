/* vm_query.c - what the memory at an address is. */
#include "kernel/physical.h"
#include "kernel/vm.h"

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* What the pages themselves say. */
static void describe_pages(const grt_page_info *page, grt_vm_info *info)
{
    info->size = page->run_size;
    if (page->region_size == 0) {
        info->state = GRT_VM_FREE;
        info->protect = GRT_PAGE_NOACCESS;
        return;
    }
    info->first = page->region_first;
    info->made_with = GRT_PAGE_READWRITE;
    info->state = page->committed ? GRT_VM_COMMITTED : GRT_VM_RESERVED;
    info->protect = page->committed ? grt_protect_bits(page->access, page->note) : 0;
}

/* Narrows the answer to the region, in the window that the question came through; or, outside of
 * regions, to what lies before the next one. */
static void describe_region(const grt_vm *vm, grt_addr canonical, grt_vm_info *info)
{
    const grt_vm_region *region = grt_vm_table_touching(vm, canonical, info->size);
    if (!region)
        return;
    if (region->first > canonical) {
        info->size = region->first - canonical;
        return;
    }
    info->first = info->base - (canonical - region->first);
    info->made_with = region->protect;
    info->size = smaller(info->size, region->size - (canonical - region->first));
}

void grt_vm_query(grt_runtime *runtime, grt_vm *vm, grt_addr address, grt_vm_info *info)
{
    grt_page_info page;
    *info = (grt_vm_info){.base = address & ~(grt_addr)(GRT_PAGE_SIZE - 1)};
    os_mutex_lock(&vm->lock);
    grt_memory_query(runtime->memory, info->base, &page);
    describe_pages(&page, info);
    if (info->state != GRT_VM_FREE)
        describe_region(vm, grt_physical_canonical(runtime, info->base), info);
    os_mutex_unlock(&vm->lock);
}

static uint64_t committed_in(const grt_runtime *runtime, const grt_vm_region *region)
{
    uint64_t committed = 0, end = region->first + region->size;
    for (uint64_t at = region->first; at < end;) {
        grt_page_info page;
        grt_memory_query(runtime->memory, (grt_addr)at, &page);
        uint64_t run = smaller(page.run_size, end - at);
        committed += page.committed ? run : 0;
        at += run;
    }
    return committed;
}

void grt_vm_get_stats(grt_runtime *runtime, grt_vm *vm, grt_vm_stats *stats)
{
    *stats = (grt_vm_stats){0, 0};
    os_mutex_lock(&vm->lock);
    for (uint32_t i = 0; i < vm->count; i++) {
        const grt_vm_region *region = &vm->regions[i];
        if (region->kind == GRT_VM_HEAP)
            stats->in_heap += region->size;
        if (region->kind != GRT_VM_PHYSICAL)
            stats->committed += committed_in(runtime, region);
    }
    os_mutex_unlock(&vm->lock);
}
