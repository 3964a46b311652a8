/*
 * A small block is freed a second time after its span was given up and its pages went to the host.
 *
 * expect:
 * [HEAP-BAD-FREE] free address=0x00020C00 status=GRT_DOUBLE_FREE heap=user call_site=0x00000000
 *     repeat=1: the start of a freed block that occupied 3072 bytes
 * sound, 1 bad frees, 0 failures
 */
#include "fault.h"

int main(void)
{
    open_heap(64);
    (void)grt_heap_alloc(heap, 3000);
    grt_addr block = grt_heap_alloc(heap, 3000);
    empty_heap();
    EXPECT(grt_heap_trim(heap) > 0);
    EXPECT(grt_heap_free(heap, block) == GRT_DOUBLE_FREE);
    return go_on(1, 0);
}
