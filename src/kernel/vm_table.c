/* vm_table.c - the sorted list of regions. */
#include "kernel/vm_table.h"

#include "guestrt/ntstatus.h"

#include <string.h>

#define FIRST_CAPACITY 16u

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

grt_vm_region *grt_vm_table_touching(const grt_vm *vm, grt_addr first, uint64_t size)
{
    uint32_t index = count_up_to(vm, first);
    if (index > 0 && first - vm->regions[index - 1].first < vm->regions[index - 1].size)
        return &vm->regions[index - 1];
    bool touches = index < vm->count && vm->regions[index].first < first + size;
    return touches ? &vm->regions[index] : NULL;
}

grt_vm_region *grt_vm_table_holding(const grt_vm *vm, grt_addr first, uint64_t size)
{
    uint32_t index = count_up_to(vm, first);
    if (index == 0)
        return NULL;
    grt_vm_region *region = &vm->regions[index - 1];
    return first - region->first + size <= region->size ? region : NULL;
}

bool grt_vm_table_make_room(grt_vm *vm)
{
    if (vm->count < vm->capacity)
        return true;
    uint32_t capacity = vm->capacity ? vm->capacity * 2 : FIRST_CAPACITY;
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

void grt_vm_table_insert(grt_vm *vm, const grt_vm_region *region)
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

uint32_t grt_vm_table_take(grt_vm *vm, grt_addr first, bool physical, grt_vm_region *region)
{
    grt_vm_region *found = grt_vm_table_holding(vm, first, 1);
    region->size = 0;
    if (!found)
        return GRT_NT_MEMORY_NOT_ALLOCATED;
    *region = *found;
    if (found->first != first || (found->kind == GRT_VM_PHYSICAL) != physical)
        return GRT_NT_UNSUCCESSFUL;
    remove_region(vm, found);
    return GRT_NT_SUCCESS;
}
