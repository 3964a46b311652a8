/*
 * A small block is freed a second time after its span was given up and a shorter span was made at
 * its start, whose records lie where those of the old one did.
 *
 * expect:
 * [HEAP-BAD-FREE] free address=0x00038000 status=GRT_DOUBLE_FREE heap=user call_site=0x00000000
 *     repeat=1: the start of a freed block that occupied 32768 bytes
 * [HEAP-BAD-FREE] free address=0x00058010 status=GRT_NOT_A_BLOCK heap=user call_site=0x00000000
 *     repeat=1: 16 bytes inside the freed block 0x00058000 that occupied 32768 bytes
 * sound, 2 bad frees, 0 failures
 */
#include "fault.h"

int main(void)
{
    open_heap(256);
    grt_addr blocks[8];
    for (int i = 0; i < 8; i++) {
        blocks[i] = grt_heap_alloc(heap, 32768);
    }
    empty_heap();
    (void)grt_heap_trim(heap);
    for (int i = 0; i < 4; i++) {
        EXPECT(grt_heap_alloc(heap, 3000) != 0);
    }
    EXPECT(grt_heap_free(heap, blocks[3]) == GRT_DOUBLE_FREE);
    EXPECT(grt_heap_free(heap, blocks[7] + 16) == GRT_NOT_A_BLOCK);
    return go_on(2, 0);
}
