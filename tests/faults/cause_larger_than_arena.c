/*
 * More is asked for than the whole heap has.
 *
 * expect:
 * [HEAP-ALLOC-FAIL] size=262145 cause=GRT_HEAP_LARGER_THAN_ARENA rounded=266240 alignment=16
 *     heap=user call_site=0x00000000 repeat=1: the request is larger than the whole heap
 * [HEAP-DIAG] remedy: look at the caller's size: a negative one, or a title that probes for the
 *     largest block
 * [HEAP-DIAG] capacity=262144 allocated=0 peak_allocated=0 oom_count=1 free_space=262144
 *     fragmentation=0.0%
 * [HEAP-DIAG] largest_free=262144 would_fit=262144 cached=0 committed=0 blocks=0 asked=0
 * sound, 0 bad frees, 1 failures
 */
#include "fault.h"

int main(void)
{
    open_heap(64);
    EXPECT(grt_heap_alloc(heap, 64 * GRT_PAGE_SIZE + 1) == 0);
    EXPECT(last_cause() == GRT_HEAP_LARGER_THAN_ARENA);
    return go_on(0, 1);
}
