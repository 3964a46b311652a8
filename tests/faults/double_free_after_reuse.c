/*
 * A block is freed a second time after its place was handed out again: the second free takes the
 * new block away, which no allocator can tell from a right one; the third is refused.
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
    EXPECT(grt_heap_alloc(heap, 104) == block);
    EXPECT(grt_heap_free(heap, block) == GRT_OK);
    EXPECT(grt_heap_free(heap, block) == GRT_DOUBLE_FREE);
    return go_on(1, 0);
}
