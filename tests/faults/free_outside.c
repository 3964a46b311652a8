/*
 * Addresses that belong to nobody are freed: a small number, and the ends of the range.
 *
 * expect:
 * [HEAP-BAD-FREE] free address=0x00000010 status=GRT_OUT_OF_RANGE heap=user call_site=0x00000000
 *     repeat=1 owner=none: outside heap user (0x00020000 to 0x0005FFFF), in no region
 * [HEAP-BAD-FREE] free address=0x0001FFF0 status=GRT_OUT_OF_RANGE heap=user call_site=0x00000000
 *     repeat=1 owner=none: outside heap user (0x00020000 to 0x0005FFFF), in no region
 * [HEAP-BAD-FREE] free address=0x00060000 status=GRT_OUT_OF_RANGE heap=user call_site=0x00000000
 *     repeat=1 owner=none: outside heap user (0x00020000 to 0x0005FFFF), in no region
 * [HEAP-BAD-FREE] free address=0xFFFFFFFF status=GRT_OUT_OF_RANGE heap=user call_site=0x00000000
 *     repeat=1 owner=none: outside heap user (0x00020000 to 0x0005FFFF), in no region
 * sound, 4 bad frees, 0 failures
 */
#include "fault.h"

int main(void)
{
    open_heap(64);
    EXPECT(grt_heap_free(heap, 0x00000010u) == GRT_OUT_OF_RANGE);
    EXPECT(grt_heap_free(heap, 0x0001FFF0u) == GRT_OUT_OF_RANGE);
    EXPECT(grt_heap_free(heap, 0x00060000u) == GRT_OUT_OF_RANGE);
    EXPECT(grt_heap_free(heap, 0xFFFFFFFFu) == GRT_OUT_OF_RANGE);
    return go_on(4, 0);
}
