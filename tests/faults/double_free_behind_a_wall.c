/*
 * A small block is freed a second time after a large block took the start of its old span.
 *
 * expect:
 * [HEAP-BAD-FREE] free address=0x0002D800 status=GRT_DOUBLE_FREE heap=user call_site=0x00000000
 *     repeat=1: the start of a freed block that occupied 3072 bytes
 * sound, 1 bad frees, 0 failures
 */
#include "fault.h"

int main(void)
{
    open_heap(64);
    (void)grt_heap_alloc(heap, 3000);
    grt_addr block = grt_heap_alloc(heap, 3000);
    for (int i = 0; i < 17; i++) {
        block = grt_heap_alloc(heap, 3000);
    }
    empty_heap();
    (void)grt_heap_trim(heap);
    EXPECT(grt_heap_alloc(heap, 40000) != 0);
    EXPECT(grt_heap_free(heap, block) == GRT_DOUBLE_FREE);
    return go_on(1, 0);
}
