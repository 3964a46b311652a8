/*
 * A pointer into a freed block is freed after the block's span was given up and a shorter one was
 * made at its start, whose records lie where those of the old one did.
 *
 * expect:
 * [HEAP-BAD-FREE] free address=0x0002F800 status=GRT_NOT_A_BLOCK heap=user call_site=0x00000000
 *     repeat=1: 6144 bytes inside the freed block 0x0002E000 that occupied 8192 bytes
 * sound, 1 bad frees, 0 failures
 */
#include "fault.h"

int main(void)
{
    open_heap(64);
    grt_addr block = 0;
    for (int i = 0; i < 8; i++) {
        block = grt_heap_alloc(heap, 8192);
    }
    empty_heap();
    (void)grt_heap_trim(heap);
    for (int i = 0; i < 12; i++) {
        EXPECT(grt_heap_alloc(heap, 5120) != 0);
    }
    EXPECT(grt_heap_free(heap, block + 0x1800) == GRT_NOT_A_BLOCK);
    return go_on(1, 0);
}
