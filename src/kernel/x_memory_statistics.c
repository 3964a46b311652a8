/* x_memory_statistics.c - MmQueryStatistics: what is there and what is taken, in pages. */
#include "kernel/x_memory.h"

#define STATISTICS_SIZE 104u
#define TOTAL_PAGES     0x20000u /* 512 MiB */
#define SECTION_TITLE   3u       /* words before the title's figures; the system's follow */
#define HIGHEST_PAGE    25u      /* word */

typedef struct figures {
    uint32_t available, virtual_bytes, reserved_bytes, physical, pool, stack, image, heap;
    uint32_t virtual_pages, page_tables, cache;
} figures;

static uint32_t pages_of(uint64_t bytes)
{
    return (uint32_t)(bytes / GRT_PAGE_SIZE);
}

static uint64_t less(uint64_t from, uint64_t what)
{
    return from > what ? from - what : 0;
}

static bool add_image(void *user, grt_addr first, uint64_t size, const char *owner,
                      uint64_t committed)
{
    uint64_t *total = user;
    (void)size, (void)owner;
    if (first >= 0x80000000u && first < 0xA0000000u) /* where images are */
        *total += committed;
    return true;
}

/* Pages that may still be committed: of the console's memory, within the configured budget. */
static uint32_t available(const grt_memory_stats *memory)
{
    uint64_t budget = (uint64_t)TOTAL_PAGES * GRT_PAGE_SIZE;
    if (memory->budget && memory->budget < budget)
        budget = memory->budget;
    return pages_of(less(budget, memory->committed));
}

/* Pools are parts of the heap and not told apart from it; page tables and caches are the host's. */
static void measure(grt_call *call, figures *title)
{
    grt_runtime *runtime = call->runtime;
    grt_memory_stats memory;
    grt_heap_stats heap;
    grt_thread_stats threads;
    grt_vm_stats regions;
    uint64_t image = 0;
    grt_memory_get_stats(runtime->memory, &memory);
    grt_heap_get_stats(runtime->user_heap, &heap);
    grt_runtime_get_thread_stats(runtime, &threads);
    grt_memory_walk(runtime->memory, add_image, &image);
    grt_vm_get_stats(runtime, &call->kernel->vm, &regions);
    *title = (figures){.available = available(&memory),
                       .virtual_bytes = (uint32_t)heap.capacity,
                       .reserved_bytes = (uint32_t)heap.live,
                       .physical = pages_of(memory.committed),
                       .stack = pages_of(threads.context_bytes),
                       .image = pages_of(image),
                       .heap = pages_of(less(heap.live, threads.context_bytes + regions.in_heap)),
                       .virtual_pages = pages_of(regions.committed)};
}

static void store_section(uint8_t *bytes, const figures *section)
{
    const uint32_t words[] = {section->available,   section->virtual_bytes, section->reserved_bytes,
                              section->physical,    section->pool,          section->stack,
                              section->image,       section->heap,          section->virtual_pages,
                              section->page_tables, section->cache};
    for (uint32_t i = 0; i < sizeof words / sizeof *words; i++)
        grt_store32(bytes + 4 * i, words[i]);
}

uint32_t grt_export_MmQueryStatistics(grt_call *call, grt_addr statistics)
{
    uint32_t size;
    figures title;
    uint8_t bytes[STATISTICS_SIZE] = {0};
    if (statistics == 0) {
        grt_call_complain(call, "statistics is null");
        return GRT_NT_INVALID_PARAMETER;
    }
    if (!grt_call_read_u32(call, statistics, &size, "statistics"))
        return GRT_NT_ACCESS_VIOLATION;
    if (size != STATISTICS_SIZE) {
        grt_call_complain(call, "a size of %u, not %u", (unsigned)size, STATISTICS_SIZE);
        return GRT_NT_BUFFER_TOO_SMALL;
    }
    measure(call, &title);
    grt_store32(bytes, STATISTICS_SIZE);
    grt_store32(bytes + 4, TOTAL_PAGES);
    store_section(bytes + 4 * SECTION_TITLE, &title);
    grt_store32(bytes + 4 * HIGHEST_PAGE, TOTAL_PAGES - 1);
    return grt_call_write(call, statistics, bytes, sizeof bytes, "statistics")
               ? GRT_NT_SUCCESS
               : GRT_NT_ACCESS_VIOLATION;
}
