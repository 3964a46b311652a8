/*
 * An address that is not the heap's is made larger.
 *
 * expect:
 * [HEAP-BAD-FREE] realloc address=0x82000000 status=GRT_OUT_OF_RANGE heap=user
 *     call_site=0x00000000 repeat=1 owner=none: outside heap user (0x00020000 to 0x0005FFFF), in
 *     no region
 * sound, 1 bad frees, 0 failures
 */
#include "fault.h"

int main(void)
{
    open_heap(64);
    EXPECT(grt_heap_realloc(heap, 0x82000000u, 200) == 0);
    return go_on(1, 0);
}
