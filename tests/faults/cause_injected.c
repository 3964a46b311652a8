/*
 * A test refuses the second request.
 *
 * expect:
 * [HEAP-ALLOC-FAIL] size=2000 cause=GRT_HEAP_INJECTED rounded=2048 alignment=16 heap=user
 *     call_site=0x00000000 repeat=1: a test injected it
 * [HEAP-DIAG] remedy: remove the injection
 * [HEAP-DIAG] capacity=262144 allocated=2048 peak_allocated=8192 oom_count=1 free_space=196608
 *     fragmentation=0.0%
 * [HEAP-DIAG] largest_free=196608 would_fit=196608 cached=63488 committed=262144 blocks=1
 *     asked=2000
 * [HEAP-DIAG] owner 1: 2048 bytes in 1 blocks of up to 2048 bytes
 * sound, 0 bad frees, 1 failures
 */
#include "fault.h"

int main(void)
{
    open_heap(64);
    grt_heap_inject_failure(heap, 2, false);
    EXPECT(grt_heap_alloc(heap, 2000) != 0);
    EXPECT(grt_heap_alloc(heap, 2000) == 0);
    EXPECT(last_cause() == GRT_HEAP_INJECTED);
    return go_on(0, 1);
}
