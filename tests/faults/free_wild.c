/*
 * Addresses in the heap where no block ever was are freed: in fresh pages, and between the blocks
 * of a span.
 *
 * expect:
 * [HEAP-BAD-FREE] free address=0x00048000 status=GRT_NOT_A_BLOCK heap=user call_site=0x00000000
 *     repeat=1: no block was ever here
 * [HEAP-BAD-FREE] free address=0x00020070 status=GRT_NOT_A_BLOCK heap=user call_site=0x00000000
 *     repeat=1: no block was ever here
 * sound, 2 bad frees, 0 failures
 */
#include "fault.h"

int main(void)
{
    open_heap(64);
    grt_addr block = grt_heap_alloc(heap, 100);
    EXPECT(grt_heap_free(heap, block + 0x28000) == GRT_NOT_A_BLOCK);
    EXPECT(grt_heap_free(heap, block + 112) == GRT_NOT_A_BLOCK);
    return go_on(2, 0);
}
