/*
 * The sizes of a freed block, of the middle of a block and of nothing are asked for. A question is
 * no free, so none is counted.
 *
 * expect:
 * [HEAP-BAD-FREE] size address=0x00020000 status=GRT_DOUBLE_FREE heap=user call_site=0x00000000
 *     repeat=1: the start of a freed block that occupied 112 bytes
 * [HEAP-BAD-FREE] size address=0x00020080 status=GRT_INTERIOR_POINTER heap=user
 *     call_site=0x00000000 repeat=1: 16 bytes inside the live block 0x00020070 of 100 bytes
 * [HEAP-BAD-FREE] size address=0x00000000 status=GRT_OUT_OF_RANGE heap=user call_site=0x00000000
 *     repeat=1 owner=none: outside heap user (0x00020000 to 0x0005FFFF), in no region
 * sound, 0 bad frees, 0 failures
 */
#include "fault.h"

int main(void)
{
    open_heap(64);
    grt_addr freed = grt_heap_alloc(heap, 100);
    grt_addr live = grt_heap_alloc(heap, 100);
    EXPECT(grt_heap_free(heap, freed) == GRT_OK);
    EXPECT(grt_heap_size(heap, freed) == UINT32_MAX);
    EXPECT(grt_heap_size(heap, live + 16) == UINT32_MAX);
    EXPECT(grt_heap_size(heap, 0) == UINT32_MAX);
    return go_on(0, 0);
}
