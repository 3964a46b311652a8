/*
 * A freed block is made larger, and another one smaller.
 *
 * expect:
 * [HEAP-BAD-FREE] realloc address=0x00020000 status=GRT_DOUBLE_FREE heap=user
 *     call_site=0x00000000 repeat=1: the start of a freed block that occupied 112 bytes
 * [HEAP-BAD-FREE] realloc address=0x00030000 status=GRT_DOUBLE_FREE heap=user
 *     call_site=0x00000000 repeat=1: the start of a freed block that occupied 102400 bytes
 * sound, 2 bad frees, 0 failures
 */
#include "fault.h"

int main(void)
{
    open_heap(64);
    grt_addr small = grt_heap_alloc(heap, 100);
    grt_addr large = grt_heap_alloc(heap, 100000);
    EXPECT(grt_heap_free(heap, small) == GRT_OK);
    EXPECT(grt_heap_free(heap, large) == GRT_OK);
    EXPECT(grt_heap_realloc(heap, small, 200) == 0);
    EXPECT(grt_heap_realloc(heap, large, 50000) == 0);
    EXPECT(last_cause() == GRT_HEAP_NONE);
    return go_on(2, 0);
}
