/*
 * The place where the next block will be is freed: never handed out as one, and the middle of an
 * older, larger block whose span was given up.
 *
 * expect:
 * [HEAP-BAD-FREE] free address=0x00020140 status=GRT_NOT_A_BLOCK heap=user call_site=0x00000000
 *     repeat=1: 320 bytes inside the freed block 0x00020000 that occupied 512 bytes
 * sound, 1 bad frees, 0 failures
 */
#include "fault.h"

int main(void)
{
    open_heap(64);
    for (int i = 0; i < 8; i++) {
        EXPECT(grt_heap_alloc(heap, 512) != 0);
    }
    empty_heap();
    (void)grt_heap_trim(heap);
    grt_addr block = grt_heap_alloc(heap, 320);
    EXPECT(grt_heap_free(heap, block + 320) == GRT_NOT_A_BLOCK);
    return go_on(1, 0);
}
