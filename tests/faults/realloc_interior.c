/*
 * A pointer into a block is made larger: the block stays as it is.
 *
 * expect:
 * [HEAP-BAD-FREE] realloc address=0x00020010 status=GRT_INTERIOR_POINTER heap=user
 *     call_site=0x00000000 repeat=1: 16 bytes inside the live block 0x00020000 of 100 bytes
 * sound, 1 bad frees, 0 failures
 */
#include "fault.h"

int main(void)
{
    open_heap(64);
    grt_addr block = grt_heap_alloc(heap, 100);
    EXPECT(grt_heap_realloc(heap, block + 16, 200) == 0);
    EXPECT(grt_heap_size(heap, block) == 100);
    return go_on(1, 0);
}
