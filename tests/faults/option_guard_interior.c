/*
 * A pointer into a guarded block is freed, then one before it, then the block twice.
 *
 * expect:
 * [HEAP-BAD-FREE] free address=0x00020F98 status=GRT_INTERIOR_POINTER heap=user
 *     call_site=0x00000000 repeat=1: 8 bytes inside the live block 0x00020F90 of 100 bytes
 * [HEAP-BAD-FREE] free address=0x00020F88 status=GRT_NOT_A_BLOCK heap=user call_site=0x00000000
 *     repeat=1: 8 bytes before the live block 0x00020F90 of 100 bytes
 * [HEAP-BAD-FREE] free address=0x00020F90 status=GRT_DOUBLE_FREE heap=user call_site=0x00000000
 *     repeat=1: the start of a freed block that occupied 112 bytes
 * sound, 3 bad frees, 0 failures
 */
#include "fault.h"

int main(void)
{
    open_heap_options(64, "guard=100");
    grt_addr block = grt_heap_alloc(heap, 100);
    EXPECT(grt_heap_free(heap, block + 8) == GRT_INTERIOR_POINTER);
    EXPECT(grt_heap_free(heap, block - 8) == GRT_NOT_A_BLOCK);
    EXPECT(grt_heap_free(heap, block) == GRT_OK);
    EXPECT(grt_heap_free(heap, block) == GRT_DOUBLE_FREE);
    return go_on(3, 0);
}
