/*
 * A large block is freed a second time after a span of small blocks was made over its place.
 *
 * expect:
 * [HEAP-BAD-FREE] free address=0x0002A000 status=GRT_DOUBLE_FREE heap=user call_site=0x00000000
 *     repeat=1: the start of a freed block that occupied 40960 bytes
 * sound, 1 bad frees, 0 failures
 */
#include "fault.h"

int main(void)
{
    open_heap(64);
    grt_addr wall = grt_heap_alloc(heap, 40000);
    grt_addr block = grt_heap_alloc(heap, 40000);
    EXPECT(grt_heap_free(heap, wall) == GRT_OK);
    EXPECT(grt_heap_free(heap, block) == GRT_OK);
    (void)grt_heap_trim(heap);
    EXPECT(grt_heap_alloc(heap, 16) == wall);
    EXPECT(grt_heap_free(heap, block) == GRT_DOUBLE_FREE);
    return go_on(1, 0);
}
