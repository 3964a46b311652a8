/* vm.c - the regions of NtAllocateVirtualMemory. */
#include "kernel/vm.h"

#include <string.h>

/* ---- the sorted list; the lock is held
 * ------------------------------------------------------------ */

/* How many regions start at or below [address]. */
static uint32_t count_up_to(const grt_vm *vm, grt_addr address)
{
    uint32_t low = 0, high = vm->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (vm->regions[middle].first <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The region that holds all of the range, or null. */
static grt_vm_region *region_of(const grt_vm *vm, grt_addr first, uint64_t size)
{
    uint32_t index = count_up_to(vm, first);
    if (index == 0)
        return NULL;
    grt_vm_region *region = &vm->regions[index - 1];
    return first - region->first + size <= region->size ? region : NULL;
}

static bool make_room(grt_vm *vm)
{
    if (vm->count < vm->capacity)
        return true;
    uint32_t capacity = vm->capacity ? vm->capacity * 2 : 16;
    grt_vm_region *regions = os_alloc((size_t)capacity * sizeof *regions);
    if (!regions)
        return false;
    if (vm->count)
        memcpy(regions, vm->regions, vm->count * sizeof *regions);
    os_free(vm->regions);
    vm->regions = regions;
    vm->capacity = capacity;
    return true;
}

static void insert(grt_vm *vm, const grt_vm_region *region)
{
    uint32_t index = count_up_to(vm, region->first);
    memmove(&vm->regions[index + 1], &vm->regions[index],
            (vm->count - index) * sizeof *vm->regions);
    vm->regions[index] = *region;
    vm->count++;
}

static void remove_region(grt_vm *vm, grt_vm_region *region)
{
    uint32_t index = (uint32_t)(region - vm->regions);
    vm->count--;
    memmove(region, region + 1, (vm->count - index) * sizeof *vm->regions);
}

/* ---- reserve ------------------------------------------------------------------------------- */

static uint32_t reserve_from_heap(grt_runtime *runtime, uint64_t size, uint32_t alignment,
                                  grt_addr *first)
{
    if (size > UINT32_MAX)
        return GRT_NT_NO_MEMORY;
    *first = grt_heap_alloc_aligned(runtime->user_heap, (uint32_t)size, alignment);
    if (!*first)
        return GRT_NT_NO_MEMORY;
    /* Nothing may be read or written before it is committed, and commit promises zeros. */
    grt_status status = grt_memory_decommit(runtime->memory, *first, size);
    if (status == GRT_OK)
        return GRT_NT_SUCCESS;
    grt_heap_free(runtime->user_heap, *first);
    return GRT_NT_NO_MEMORY;
}

static uint32_t reserve_at(grt_runtime *runtime, grt_addr wanted, uint64_t size)
{
    switch (grt_memory_reserve(runtime->memory, wanted, size, "NtAllocateVirtualMemory")) {
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

uint32_t grt_vm_reserve(grt_runtime *runtime, grt_vm *vm, grt_addr wanted, uint64_t size,
                        uint32_t alignment, grt_addr *first)
{
    uint32_t status = GRT_NT_NO_MEMORY;
    os_mutex_lock(&vm->lock);
    if (make_room(vm)) {
        *first = wanted;
        status = wanted ? reserve_at(runtime, wanted, size)
                        : reserve_from_heap(runtime, size, alignment, first);
        if (status == GRT_NT_SUCCESS) {
            grt_vm_region region = {.first = *first, .size = size, .from_heap = wanted == 0};
            insert(vm, &region);
        }
    }
    os_mutex_unlock(&vm->lock);
    return status;
}

/* ---- commit and what undoes it --------------------------------------------------------------- */

uint32_t grt_vm_commit(grt_runtime *runtime, grt_vm *vm, grt_addr first, uint64_t size,
                       grt_access access)
{
    uint32_t status = GRT_NT_MEMORY_NOT_ALLOCATED;
    os_mutex_lock(&vm->lock);
    if (region_of(vm, first, size)) {
        grt_status result = grt_memory_commit(runtime->memory, first, size);
        if (result == GRT_OK)
            result = grt_memory_protect(runtime->memory, first, size, access);
        status = result == GRT_OK ? GRT_NT_SUCCESS : GRT_NT_NO_MEMORY;
    }
    os_mutex_unlock(&vm->lock);
    return status;
}

uint32_t grt_vm_decommit(grt_runtime *runtime, grt_vm *vm, grt_addr first, uint64_t size)
{
    uint32_t status = GRT_NT_MEMORY_NOT_ALLOCATED;
    os_mutex_lock(&vm->lock);
    if (region_of(vm, first, size) && grt_memory_decommit(runtime->memory, first, size) == GRT_OK)
        status = GRT_NT_SUCCESS;
    os_mutex_unlock(&vm->lock);
    return status;
}

/* The heap takes back a block whose pages are all there, as it handed them out. */
static uint32_t give_back_to_heap(grt_runtime *runtime, const grt_vm_region *region)
{
    if (grt_memory_commit(runtime->memory, region->first, region->size) != GRT_OK ||
        grt_memory_protect(runtime->memory, region->first, region->size, GRT_READ_WRITE) != GRT_OK)
        return GRT_NT_NO_MEMORY;
    grt_status status = grt_heap_free(runtime->user_heap, region->first);
    /* The program may have freed the block itself, as a heap block; the region is gone all the
     * same, and the heap has reported it. */
    (void)status;
    return GRT_NT_SUCCESS;
}

static uint32_t give_back_to_memory(grt_runtime *runtime, const grt_vm_region *region)
{
    grt_status status = grt_memory_release(runtime->memory, region->first);
    return status == GRT_OK ? GRT_NT_SUCCESS : GRT_NT_MEMORY_NOT_ALLOCATED;
}

uint32_t grt_vm_release(grt_runtime *runtime, grt_vm *vm, grt_addr first, uint64_t *size)
{
    uint32_t status = GRT_NT_MEMORY_NOT_ALLOCATED;
    os_mutex_lock(&vm->lock);
    grt_vm_region *region = region_of(vm, first, 1);
    if (region && region->first == first) {
        *size = region->size;
        status = region->from_heap ? give_back_to_heap(runtime, region)
                                   : give_back_to_memory(runtime, region);
        if (status == GRT_NT_SUCCESS)
            remove_region(vm, region);
    }
    os_mutex_unlock(&vm->lock);
    return status;
}

bool grt_vm_find(grt_vm *vm, grt_addr address, grt_vm_region *region)
{
    os_mutex_lock(&vm->lock);
    const grt_vm_region *found = region_of(vm, address, 1);
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
