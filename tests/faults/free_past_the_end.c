/*
 * A pointer just behind a block is freed: into the rounding of this block.
 *
 * expect:
 * [HEAP-BAD-FREE] free address=0x00020064 status=GRT_INTERIOR_POINTER heap=user
 *     call_site=0x00000000 repeat=1: 0 bytes past the end of the live block 0x00020000 of 100
 *     bytes
 * sound, 1 bad frees, 0 failures
 */
#include "fault.h"

int main(void)
{
    open_heap(64);
    grt_addr block = grt_heap_alloc(heap, 100);
    EXPECT(grt_heap_free(heap, block + 100) == GRT_INTERIOR_POINTER);
    return go_on(1, 0);
}
