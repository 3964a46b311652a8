/*
 * A pointer into freed blocks is freed, a small one and a large one.
 *
 * expect:
 * [HEAP-BAD-FREE] free address=0x00020010 status=GRT_NOT_A_BLOCK heap=user call_site=0x00000000
 *     repeat=1: 16 bytes inside the freed block 0x00020000 that occupied 112 bytes
 * [HEAP-BAD-FREE] free address=0x00034010 status=GRT_NOT_A_BLOCK heap=user call_site=0x00000000
 *     repeat=1: 16400 bytes inside the freed block 0x00030000 that occupied 40960 bytes
 * sound, 2 bad frees, 0 failures
 */
#include "fault.h"

int main(void)
{
    open_heap(64);
    grt_addr small = grt_heap_alloc(heap, 100);
    grt_addr large = grt_heap_alloc(heap, 40000);
    EXPECT(grt_heap_free(heap, small) == GRT_OK);
    EXPECT(grt_heap_free(heap, large) == GRT_OK);
    EXPECT(grt_heap_free(heap, small + 16) == GRT_NOT_A_BLOCK);
    EXPECT(grt_heap_free(heap, large + 0x4010) == GRT_NOT_A_BLOCK);
    return go_on(2, 0);
}
