/*
 * Pointers into a large block are freed, one of them at the start of a page.
 *
 * expect:
 * [HEAP-BAD-FREE] free address=0x00020010 status=GRT_INTERIOR_POINTER heap=user
 *     call_site=0x00000000 repeat=1: 16 bytes inside the live block 0x00020000 of 100000 bytes
 * [HEAP-BAD-FREE] free address=0x00025000 status=GRT_INTERIOR_POINTER heap=user
 *     call_site=0x00000000 repeat=1: 20480 bytes inside the live block 0x00020000 of 100000 bytes
 * sound, 2 bad frees, 0 failures
 */
#include "fault.h"

int main(void)
{
    open_heap(64);
    grt_addr block = grt_heap_alloc(heap, 100000);
    EXPECT(grt_heap_free(heap, block + 16) == GRT_INTERIOR_POINTER);
    EXPECT(grt_heap_free(heap, block + 5 * GRT_PAGE_SIZE) == GRT_INTERIOR_POINTER);
    return go_on(2, 0);
}
