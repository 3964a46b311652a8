/* physical.c - physical addresses and the windows that show them. */
#include "kernel/physical.h"

#define WINDOW_64K 0xA0000000u /* the physical heap's own */
#define WINDOW_16M 0xC0000000u
#define WINDOW_4K  0xE0000000u
#define SIZE       0x20000000u
#define SIZE_4K    0x1FD00000u

static const grt_physical_window windows[] = {
    {WINDOW_64K, 0, SIZE},
    {WINDOW_16M, 0, SIZE},
    {WINDOW_4K, GRT_PAGE_SIZE, GRT_PAGE_SIZE + SIZE_4K},
};

static bool is_flat(const grt_runtime *runtime)
{
    return grt_memory_profile(runtime->memory) == GRT_PROFILE_FLAT;
}

bool grt_physical_of(const grt_runtime *runtime, grt_addr address, grt_addr *physical)
{
    *physical = address;
    if (is_flat(runtime))
        return true;
    for (size_t i = 0; i < sizeof windows / sizeof *windows; i++) {
        const grt_physical_window *window = &windows[i];
        uint64_t offset = (uint64_t)address - window->base;
        if (address >= window->base && offset < window->end_physical - window->first_physical) {
            *physical = (grt_addr)(window->first_physical + offset);
            return true;
        }
    }
    *physical = 0;
    return false;
}

grt_addr grt_physical_canonical(const grt_runtime *runtime, grt_addr address)
{
    grt_addr physical;
    if (is_flat(runtime) || !grt_physical_of(runtime, address, &physical))
        return address;
    return WINDOW_64K + physical;
}

grt_physical_window grt_physical_window_for(const grt_runtime *runtime, uint32_t page,
                                            uint32_t alignment)
{
    if (is_flat(runtime))
        return (grt_physical_window){0, 0, GRT_WINDOW_SIZE};
    if (page == GRT_PAGE_SIZE && alignment <= GRT_PAGE_SIZE)
        return windows[2];
    return windows[page == GRT_PAGE_16M ? 1 : 0];
}
