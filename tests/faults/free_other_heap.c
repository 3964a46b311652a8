/*
 * A block of the physical heap is given to the user heap.
 *
 * expect:
 * [HEAP-BAD-FREE] free address=0xA0040000 status=GRT_OUT_OF_RANGE heap=user call_site=0x00000000
 *     repeat=1 owner=physical: outside heap user (0x00020000 to 0x0005FFFF), 262144 bytes inside
 *     the region 0xA0000000 of physical
 * sound, 1 bad frees, 0 failures
 */
#include "fault.h"

int main(void)
{
    open_heap(64);
    grt_heap_config config = heap_config(0);
    config.name = "physical";
    config.first = GRT_FLAT_PHYSICAL_FIRST;
    config.end = GRT_FLAT_PHYSICAL_END;
    grt_heap *physical;
    EXPECT(grt_heap_create(memory, &config, &physical) == GRT_OK);
    (void)grt_heap_alloc(physical, 40000);
    grt_addr block = grt_heap_alloc(physical, 100);
    EXPECT(grt_heap_free(heap, block) == GRT_OUT_OF_RANGE);
    EXPECT(grt_heap_free(physical, block) == GRT_OK);
    grt_heap_destroy(physical);
    return go_on(1, 0);
}
