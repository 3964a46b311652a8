/*
 * Zero bytes are asked for, which counts as one: a block of its own.
 *
 * expect:
 * sound, 0 bad frees, 0 failures
 */
#include "fault.h"

int main(void)
{
    open_heap(64);
    grt_addr first = grt_heap_alloc(heap, 0);
    grt_addr second = grt_heap_alloc_zeroed(heap, 0);
    EXPECT(first != 0 && second != 0 && first != second);
    EXPECT(grt_heap_size(heap, first) == 1 && grt_heap_size(heap, second) == 1);
    EXPECT(grt_heap_realloc(heap, first, 0) == first);
    return go_on(0, 0);
}
