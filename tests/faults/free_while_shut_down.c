/*
 * A heap that serves nobody any more still tells right frees from wrong ones.
 *
 * expect:
 * [HEAP-BAD-FREE] free address=0x00020010 status=GRT_INTERIOR_POINTER heap=user
 *     call_site=0x00000000 repeat=1: 16 bytes inside the live block 0x00020000 of 100 bytes
 * [HEAP-BAD-FREE] free address=0x00020000 status=GRT_DOUBLE_FREE heap=user call_site=0x00000000
 *     repeat=1: the start of a freed block that occupied 112 bytes
 * sound, 2 bad frees, 0 failures
 */
#include "fault.h"

int main(void)
{
    open_heap(64);
    grt_addr small = grt_heap_alloc(heap, 100);
    grt_addr large = grt_heap_alloc(heap, 100000);
    grt_heap_shut_down(heap);
    EXPECT(grt_heap_free(heap, small + 16) == GRT_INTERIOR_POINTER);
    EXPECT(grt_heap_free(heap, small) == GRT_OK);
    EXPECT(grt_heap_free(heap, small) == GRT_DOUBLE_FREE);
    EXPECT(grt_heap_free(heap, large) == GRT_OK);
    return end(2, 0);
}
