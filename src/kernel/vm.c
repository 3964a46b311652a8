/* vm.c - regions of virtual memory. */
#include "kernel/vm.h"

#include "guestrt/ntstatus.h"
#include "heap/bare.h"
#include "kernel/physical.h"

#include <string.h>

#define OWNER "NtAllocateVirtualMemory" /* of regions that are no heap's */

/* ---- reserve ------------------------------------------------------------------------------- */

static uint32_t reserve_from_heap(grt_runtime *runtime, grt_vm_region *region, uint32_t alignment,
                                  bool top_down)
{
    static const grt_heap_bounds from_the_top = {0, UINT32_MAX, true};
    if (region->size > UINT32_MAX)
        return GRT_NT_NO_MEMORY;
    region->kind = GRT_VM_HEAP;
    region->first = grt_heap_alloc_bare(runtime->user_heap, (uint32_t)region->size, alignment,
                                        top_down ? &from_the_top : NULL, false);
    return region->first ? GRT_NT_SUCCESS : GRT_NT_NO_MEMORY;
}

/* The user heap has most of the address space; a program that wants a place in it can have it as
 * long as no block is there. */
static uint32_t reserve_in_heap(grt_runtime *runtime, grt_vm_region *region)
{
    grt_heap_failure failure;
    grt_heap_bounds exactly = {region->first, (grt_addr)(region->first + region->size - 1), false};
    region->kind = GRT_VM_HEAP;
    if (grt_heap_alloc_bare(runtime->user_heap, (uint32_t)region->size, GRT_PAGE_SIZE, &exactly,
                            true))
        return GRT_NT_SUCCESS;
    bool occupied = grt_heap_last_failure(&failure) && (failure.cause == GRT_HEAP_NO_ROOM_WITHIN ||
                                                        failure.cause == GRT_HEAP_EXHAUSTED);
    return occupied ? GRT_NT_CONFLICTING_ADDRESSES : GRT_NT_NO_MEMORY;
}

static uint32_t reserve_outside(grt_runtime *runtime, grt_vm_region *region)
{
    region->kind = GRT_VM_OWN;
    switch (grt_memory_reserve(runtime->memory, region->first, region->size, OWNER)) {
    case GRT_OK:
        return GRT_NT_SUCCESS;
    case GRT_REGION_OVERLAP:
        return GRT_NT_CONFLICTING_ADDRESSES;
    case GRT_INVALID_ARGUMENT:
        return GRT_NT_INVALID_PARAMETER;
    default:
        return GRT_NT_NO_MEMORY;
    }
}

static uint32_t reserve_at(grt_runtime *runtime, const grt_vm *vm, grt_vm_region *region)
{
    const grt_vm_region *other = grt_vm_table_touching(vm, region->first, region->size);
    if (other) {
        *region = *other;
        return GRT_NT_CONFLICTING_ADDRESSES;
    }
    grt_addr last = (grt_addr)(region->first + region->size - 1);
    bool in_heap =
        grt_heap_owns(runtime->user_heap, region->first) && grt_heap_owns(runtime->user_heap, last);
    uint32_t status = in_heap ? reserve_in_heap(runtime, region) : reserve_outside(runtime, region);
    if (status != GRT_NT_SUCCESS)
        region->size = 0;
    return status;
}

uint32_t grt_vm_reserve(grt_runtime *runtime, grt_vm *vm, grt_vm_region *region, uint32_t alignment,
                        bool top_down)
{
    uint32_t status = GRT_NT_NO_MEMORY;
    os_mutex_lock(&vm->lock);
    if (grt_vm_table_make_room(vm)) {
        status = region->first ? reserve_at(runtime, vm, region)
                               : reserve_from_heap(runtime, region, alignment, top_down);
        if (status == GRT_NT_SUCCESS)
            grt_vm_table_insert(vm, region);
    }
    os_mutex_unlock(&vm->lock);
    return status;
}

uint32_t grt_vm_reserve_between(grt_runtime *runtime, grt_vm *vm, grt_vm_region *region,
                                grt_addr lowest, uint64_t end)
{
    grt_status status = GRT_NO_HOST_MEMORY;
    region->kind = GRT_VM_OWN;
    os_mutex_lock(&vm->lock);
    if (grt_vm_table_make_room(vm))
        status = grt_memory_reserve_anywhere(runtime->memory, lowest, end, region->size,
                                             region->page, OWNER, &region->first);
    if (status == GRT_OK)
        grt_vm_table_insert(vm, region);
    os_mutex_unlock(&vm->lock);
    return status == GRT_OK ? GRT_NT_SUCCESS : GRT_NT_NO_MEMORY;
}

/* ---- commit and what undoes it --------------------------------------------------------------- */

static grt_vm_region *virtual_holding(const grt_vm *vm, grt_addr first, uint64_t size)
{
    grt_vm_region *region = grt_vm_table_holding(vm, first, size);
    return region && region->kind != GRT_VM_PHYSICAL ? region : NULL;
}

uint32_t grt_vm_commit(grt_runtime *runtime, grt_vm *vm, grt_addr first, uint64_t size,
                       grt_page_protect protect)
{
    uint32_t status = GRT_NT_MEMORY_NOT_ALLOCATED;
    os_mutex_lock(&vm->lock);
    if (virtual_holding(vm, first, size)) {
        grt_status result = grt_memory_commit(runtime->memory, first, size);
        if (result == GRT_OK)
            result = grt_memory_protect_noted(runtime->memory, first, size, protect.access,
                                              protect.note);
        status = result == GRT_OK ? GRT_NT_SUCCESS : GRT_NT_NO_MEMORY;
    }
    os_mutex_unlock(&vm->lock);
    return status;
}

uint32_t grt_vm_decommit(grt_runtime *runtime, grt_vm *vm, grt_addr first, uint64_t size)
{
    uint32_t status = GRT_NT_MEMORY_NOT_ALLOCATED;
    os_mutex_lock(&vm->lock);
    if (virtual_holding(vm, first, size) &&
        grt_memory_decommit(runtime->memory, first, size) == GRT_OK)
        status = GRT_NT_SUCCESS;
    os_mutex_unlock(&vm->lock);
    return status;
}

static void give_back(grt_runtime *runtime, const grt_vm_region *region)
{
    if (region->kind == GRT_VM_OWN) {
        grt_memory_release(runtime->memory, region->first);
        return;
    }
    /* The heap takes pages in any state. They go without contents, and their notes with them. */
    grt_memory_decommit(runtime->memory, region->first, region->size);
    grt_heap_free(runtime->user_heap, region->first);
}

uint32_t grt_vm_release(grt_runtime *runtime, grt_vm *vm, grt_addr first, grt_vm_region *region)
{
    os_mutex_lock(&vm->lock);
    uint32_t status = grt_vm_table_take(vm, first, false, region);
    if (status == GRT_NT_SUCCESS)
        give_back(runtime, region);
    os_mutex_unlock(&vm->lock);
    return status;
}

/* ---- protect ------------------------------------------------------------------------------- */

static uint32_t protect_locked(grt_runtime *runtime, const grt_vm *vm, grt_addr first,
                               uint64_t size, grt_page_protect protect, uint32_t *before)
{
    if (!grt_vm_table_holding(vm, grt_physical_canonical(runtime, first), size))
        return GRT_NT_ACCESS_DENIED;
    grt_page_info page;
    grt_memory_query(runtime->memory, first, &page);
    grt_status status =
        grt_memory_protect_noted(runtime->memory, first, size, protect.access, protect.note);
    if (status == GRT_HOST_REFUSED_COMMIT)
        return GRT_NT_NO_MEMORY;
    if (status != GRT_OK)
        return GRT_NT_ACCESS_DENIED;
    *before = grt_protect_bits(page.access, page.note);
    return GRT_NT_SUCCESS;
}

uint32_t grt_vm_protect(grt_runtime *runtime, grt_vm *vm, grt_addr first, uint64_t size,
                        grt_page_protect protect, uint32_t *before)
{
    os_mutex_lock(&vm->lock);
    uint32_t status = protect_locked(runtime, vm, first, size, protect, before);
    os_mutex_unlock(&vm->lock);
    return status;
}

/* ---- finding ------------------------------------------------------------------------------- */

uint32_t grt_vm_check_committed(grt_runtime *runtime, grt_vm *vm, grt_addr first, uint64_t size)
{
    os_mutex_lock(&vm->lock);
    bool holds = virtual_holding(vm, first, size) != NULL &&
                 grt_memory_accessible(runtime->memory, first, size, GRT_NO_ACCESS);
    os_mutex_unlock(&vm->lock);
    return holds ? GRT_NT_SUCCESS : GRT_NT_MEMORY_NOT_ALLOCATED;
}

bool grt_vm_find(grt_runtime *runtime, grt_vm *vm, grt_addr address, grt_vm_region *region)
{
    os_mutex_lock(&vm->lock);
    const grt_vm_region *found =
        grt_vm_table_holding(vm, grt_physical_canonical(runtime, address), 1);
    if (found)
        *region = *found;
    os_mutex_unlock(&vm->lock);
    return found != NULL;
}

void grt_vm_destroy(grt_vm *vm)
{
    os_free(vm->regions);
    memset(vm, 0, sizeof *vm);
}
