/*
 * Large blocks are freed a second time after their pages became one free run.
 *
 * expect:
 * [HEAP-BAD-FREE] free address=0x00039000 status=GRT_DOUBLE_FREE heap=user call_site=0x00000000
 *     repeat=1: the start of a freed block that occupied 200704 bytes
 * [HEAP-BAD-FREE] free address=0x00020000 status=GRT_DOUBLE_FREE heap=user call_site=0x00000000
 *     repeat=1: the start of a freed block that occupied 102400 bytes
 * sound, 2 bad frees, 0 failures
 */
#include "fault.h"

int main(void)
{
    open_heap(256);
    grt_addr first = grt_heap_alloc(heap, 100000);
    grt_addr second = grt_heap_alloc(heap, 200000);
    EXPECT(grt_heap_free(heap, second) == GRT_OK);
    EXPECT(grt_heap_free(heap, first) == GRT_OK);
    EXPECT(grt_heap_free(heap, second) == GRT_DOUBLE_FREE);
    EXPECT(grt_heap_free(heap, first) == GRT_DOUBLE_FREE);
    return go_on(2, 0);
}
