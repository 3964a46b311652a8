/*
 * A block is freed a second time at once.
 *
 * expect:
 * [HEAP-BAD-FREE] free address=0x00020000 status=GRT_DOUBLE_FREE heap=user call_site=0x00000000
 *     repeat=1: the start of a freed block that occupied 112 bytes
 * sound, 1 bad frees, 0 failures
 */
#include "fault.h"

int main(void)
{
    open_heap(64);
    grt_addr block = grt_heap_alloc(heap, 100);
    EXPECT(grt_heap_free(heap, block) == GRT_OK);
    EXPECT(grt_heap_free(heap, block) == GRT_DOUBLE_FREE);
    return go_on(1, 0);
}
