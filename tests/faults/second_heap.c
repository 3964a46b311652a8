/*
 * A second heap is made over a live one: refused, and nothing is wiped.
 *
 * expect:
 * [MEMORY] 'again' cannot reserve 0x00020000-0x00060000: 'user' owns 0x00020000-0x00060000
 * sound, 0 bad frees, 0 failures
 */
#include "fault.h"

int main(void)
{
    open_heap(64);
    grt_addr block = grt_heap_alloc(heap, 100);
    grt_heap_config config = heap_config(64 * GRT_PAGE_SIZE);
    config.name = "again";
    grt_heap *again;
    EXPECT(grt_heap_create(memory, &config, &again) == GRT_REGION_OVERLAP && again == NULL);
    EXPECT(grt_heap_size(heap, block) == 100);
    return go_on(0, 0);
}
