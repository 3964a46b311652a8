/* heap_alone.c - memory and heap without the rest, and the evidence for a refused request. */
#include <guestrt/heap.h>
#include <stdio.h>

int main(void)
{
    grt_memory_config memory_config = grt_memory_config_default();
    grt_memory *memory;
    grt_heap *heap;
    if (grt_memory_create(&memory_config, &memory) != GRT_OK)
        return 1;
    grt_heap_config config = grt_heap_config_default();
    config.name = "small";
    config.first = 0x40000000;
    config.end = 0x40100000; /* 1 MiB */
    config.log.level = GRT_LOG_ERROR;
    if (grt_heap_create(memory, &config, &heap) != GRT_OK)
        return 1;

    grt_addr first = grt_heap_alloc(heap, 300 * 1024), middle = grt_heap_alloc(heap, 300 * 1024);
    grt_addr last = grt_heap_alloc(heap, 300 * 1024);
    grt_heap_free(heap, first);
    grt_heap_free(heap, last);
    grt_addr block = grt_heap_alloc(heap, 600 * 1024);
    grt_heap_failure failure;
    if (block == 0 && grt_heap_last_failure(&failure))
        printf("%s: %s\nfree %u, largest run %u, would fit %u\n",
               grt_heap_cause_name(failure.cause), grt_heap_cause_sentence(failure.cause),
               (unsigned)failure.stats.free, (unsigned)failure.stats.largest_free,
               (unsigned)failure.would_fit);

    printf("%s\n", grt_status_name(grt_heap_free(heap, middle + 16)));
    printf("%s\n", grt_status_name(grt_heap_free(heap, last)));
    grt_heap_destroy(heap);
    grt_memory_destroy(memory);
    return 0;
}
