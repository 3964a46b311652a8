/*
 * Memory is asked for between two addresses, and what is free there is too short.
 *
 * expect:
 * [HEAP-ALLOC-FAIL] size=102400 cause=GRT_HEAP_NO_ROOM_WITHIN rounded=102400 alignment=4096
 *     heap=user call_site=0x00000000 repeat=1: no free run is long enough between the bounds that
 *     were given
 * [HEAP-DIAG] remedy: look at what lies between the bounds, or widen them
 * [HEAP-DIAG] capacity=262144 allocated=131072 peak_allocated=131072 oom_count=1
 *     free_space=131072 fragmentation=0.0%
 * [HEAP-DIAG] largest_free=131072 would_fit=98304 cached=0 committed=131072 blocks=1 asked=131072
 * [HEAP-DIAG] owner 1: 131072 bytes in 1 blocks of 131072 bytes from call site 0x00000000
 * sound, 0 bad frees, 1 failures
 */
#include "fault.h"

int main(void)
{
    open_heap(64);
    grt_addr first = grt_heap_alloc(heap, 32 * GRT_PAGE_SIZE);
    grt_heap_bounds upper = {first + 40 * GRT_PAGE_SIZE, first + 64 * GRT_PAGE_SIZE - 1, false};
    EXPECT(grt_heap_alloc_within(heap, 25 * GRT_PAGE_SIZE, GRT_PAGE_SIZE, &upper) == 0);
    EXPECT(last_cause() == GRT_HEAP_NO_ROOM_WITHIN);
    EXPECT(grt_heap_alloc_within(heap, 24 * GRT_PAGE_SIZE, GRT_PAGE_SIZE, &upper) == upper.lowest);
    return go_on(0, 1);
}
