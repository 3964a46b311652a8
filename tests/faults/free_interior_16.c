/*
 * A pointer sixteen bytes into a block is freed: aligned as a block would be.
 *
 * expect:
 * [HEAP-BAD-FREE] free address=0x00020080 status=GRT_INTERIOR_POINTER heap=user
 *     call_site=0x00000000 repeat=1: 16 bytes inside the live block 0x00020070 of 100 bytes
 * sound, 1 bad frees, 0 failures
 */
#include "fault.h"

int main(void)
{
    open_heap(64);
    (void)grt_heap_alloc(heap, 100);
    grt_addr block = grt_heap_alloc(heap, 100);
    EXPECT(grt_heap_free(heap, block + 16) == GRT_INTERIOR_POINTER);
    return go_on(1, 0);
}
