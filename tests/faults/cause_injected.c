/*
 * A test refuses the second request.
 *
 * expect:
 * [HEAP-ALLOC-FAIL] size=20000 cause=GRT_HEAP_INJECTED rounded=20480 alignment=16 heap=user
 *     call_site=0x00000000 repeat=1: a test injected it
 * [HEAP-DIAG] remedy: remove the injection
 * [HEAP-DIAG] capacity=262144 allocated=20480 peak_allocated=20480 oom_count=1 free_space=241664
 *     fragmentation=0.0%
 * [HEAP-DIAG] largest_free=241664 would_fit=241664 cached=0 committed=262144 blocks=1 asked=20000
 * [HEAP-DIAG] owner 1: 20480 bytes in 1 blocks of 20000 bytes from call site 0x00000000
 * sound, 0 bad frees, 1 failures
 */
#include "fault.h"

int main(void)
{
    open_heap(64);
    grt_heap_inject_failure(heap, 2, false);
    EXPECT(grt_heap_alloc(heap, 20000) != 0);
    EXPECT(grt_heap_alloc(heap, 20000) == 0);
    EXPECT(last_cause() == GRT_HEAP_INJECTED);
    return go_on(0, 1);
}
