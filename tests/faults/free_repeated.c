/*
 * A loop frees the same block 1,000 times: written at the powers of ten, counted each time.
 *
 * expect:
 * [HEAP-BAD-FREE] free address=0x00020000 status=GRT_DOUBLE_FREE heap=user call_site=0x82001234
 *     repeat=1: the start of a freed block that occupied 112 bytes
 * [HEAP-BAD-FREE] free address=0x00020000 status=GRT_DOUBLE_FREE heap=user call_site=0x82001234
 *     repeat=10: the start of a freed block that occupied 112 bytes
 * [HEAP-BAD-FREE] free address=0x00020000 status=GRT_DOUBLE_FREE heap=user call_site=0x82001234
 *     repeat=100: the start of a freed block that occupied 112 bytes
 * [HEAP-BAD-FREE] free address=0x00020000 status=GRT_DOUBLE_FREE heap=user call_site=0x82001234
 *     repeat=1000: the start of a freed block that occupied 112 bytes
 * sound, 1000 bad frees, 0 failures
 */
#include "fault.h"

int main(void)
{
    open_heap(64);
    grt_addr block = grt_heap_alloc(heap, 100);
    (void)grt_set_call_site(0x82001234u);
    EXPECT(grt_heap_free(heap, block) == GRT_OK);
    for (int i = 0; i < 1000; i++) {
        EXPECT(grt_heap_free(heap, block) == GRT_DOUBLE_FREE);
    }
    (void)grt_set_call_site(0);
    return go_on(1000, 0);
}
