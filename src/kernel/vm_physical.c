/* vm_physical.c - blocks of physical memory. */
#include "guestrt/ntstatus.h"
#include "kernel/physical.h"
#include "kernel/vm.h"

/* The part of the bounds that the window shows, in canonical addresses. Where it shows none, the
 * heap is asked for a place between no bounds, so that it says so as for every other refusal. */
static grt_heap_bounds bounds_of(const grt_runtime *runtime, const grt_vm_physical *request,
                                 const grt_physical_window *window)
{
    uint64_t low = request->lowest, end = (uint64_t)request->last + 1;
    low = low > window->first_physical ? low : window->first_physical;
    end = end < window->end_physical ? end : window->end_physical;
    if (end <= low)
        return (grt_heap_bounds){1, 0, false};
    grt_addr zero =
        grt_physical_canonical(runtime, window->base) - (grt_addr)window->first_physical;
    return (grt_heap_bounds){zero + (grt_addr)low, zero + (grt_addr)(end - 1), false};
}

/* A canonical address. */
static grt_addr take_block(grt_runtime *runtime, const grt_vm_physical *request,
                           const grt_physical_window *window, uint32_t alignment)
{
    grt_heap *heap = runtime->physical_heap;
    if (grt_memory_profile(runtime->memory) == GRT_PROFILE_FLAT)
        return grt_heap_alloc_aligned(heap, request->size, alignment);
    grt_heap_bounds bounds = bounds_of(runtime, request, window);
    return grt_heap_alloc_within(heap, request->size, alignment, &bounds);
}

static bool prepare(grt_runtime *runtime, const grt_vm_physical *request, grt_addr block)
{
    grt_memory *memory = runtime->memory;
    /* Fresh pages are zero, readable and writable. */
    if (request->zeroed && (grt_memory_decommit(memory, block, request->size) != GRT_OK ||
                            grt_memory_commit(memory, block, request->size) != GRT_OK))
        return false;
    bool plain = request->parsed.access == GRT_READ_WRITE && request->parsed.note == 0;
    return plain || grt_memory_protect_noted(memory, block, request->size, request->parsed.access,
                                             request->parsed.note) == GRT_OK;
}

/* The address in the window of a canonical one. */
static grt_addr seen_through(const grt_runtime *runtime, const grt_physical_window *window,
                             grt_addr block)
{
    grt_addr physical;
    (void)grt_physical_of(runtime, block, &physical);
    return (grt_addr)(window->base + (physical - window->first_physical));
}

grt_addr grt_vm_allocate_physical(grt_runtime *runtime, grt_vm *vm, const grt_vm_physical *request)
{
    uint32_t alignment = request->alignment > request->page ? request->alignment : request->page;
    grt_physical_window window = grt_physical_window_for(runtime, request->page, alignment);
    grt_addr block = 0;
    os_mutex_lock(&vm->lock);
    if (grt_vm_table_make_room(vm))
        block = take_block(runtime, request, &window, alignment);
    if (block && !prepare(runtime, request, block)) {
        grt_heap_free(runtime->physical_heap, block);
        block = 0;
    }
    if (block) {
        grt_vm_region region = {block,          request->size,    GRT_VM_PHYSICAL,
                                request->page,  request->protect, request->site,
                                request->thread};
        grt_vm_table_insert(vm, &region);
    }
    os_mutex_unlock(&vm->lock);
    return block ? seen_through(runtime, &window, block) : 0;
}

/* Other blocks must not inherit the protection. Pages whose protection the host will not change are
 * given up: the heap takes pages in any state. */
static void give_back(grt_runtime *runtime, const grt_vm_region *region)
{
    grt_page_info page;
    grt_memory_query(runtime->memory, region->first, &page);
    bool plain = page.committed && page.access == GRT_READ_WRITE && page.note == 0 &&
                 page.run_size >= region->size;
    if (!plain &&
        grt_memory_protect(runtime->memory, region->first, region->size, GRT_READ_WRITE) != GRT_OK)
        grt_memory_decommit(runtime->memory, region->first, region->size);
    grt_heap_free(runtime->physical_heap, region->first);
}

uint32_t grt_vm_free_physical(grt_runtime *runtime, grt_vm *vm, grt_addr address,
                              grt_vm_region *region)
{
    os_mutex_lock(&vm->lock);
    uint32_t status = grt_vm_table_take(vm, grt_physical_canonical(runtime, address), true, region);
    if (status == GRT_NT_SUCCESS)
        give_back(runtime, region);
    os_mutex_unlock(&vm->lock);
    return status;
}
