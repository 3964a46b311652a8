/*
 * A thread that was not stopped asks a heap that is going away.
 *
 * expect:
 * [HEAP-ALLOC-FAIL] size=2000 cause=GRT_HEAP_SHUT_DOWN rounded=2048 alignment=16 heap=user
 *     call_site=0x00000000 repeat=1: the heap is being destroyed
 * [HEAP-DIAG] remedy: stop guest threads before the runtime
 * [HEAP-DIAG] capacity=262144 allocated=20480 peak_allocated=20480 oom_count=1 free_space=241664
 *     fragmentation=0.0%
 * [HEAP-DIAG] largest_free=241664 would_fit=0 cached=0 committed=262144 blocks=1 asked=20000
 * [HEAP-DIAG] owner 1: 20480 bytes in 1 blocks of 20000 bytes from call site 0x00000000
 * [HEAP-ALLOC-FAIL] size=30000 cause=GRT_HEAP_SHUT_DOWN rounded=32768 alignment=16 heap=user
 *     call_site=0x00000000 repeat=1: the heap is being destroyed
 * [HEAP-DIAG] remedy: stop guest threads before the runtime
 * [HEAP-DIAG] capacity=262144 allocated=20480 peak_allocated=20480 oom_count=2 free_space=241664
 *     fragmentation=0.0%
 * [HEAP-DIAG] largest_free=241664 would_fit=0 cached=0 committed=262144 blocks=1 asked=20000
 * [HEAP-DIAG] owner 1: 20480 bytes in 1 blocks of 20000 bytes from call site 0x00000000
 * sound, 0 bad frees, 2 failures
 */
#include "fault.h"

int main(void)
{
    open_heap(64);
    grt_addr block = grt_heap_alloc(heap, 20000);
    grt_heap_shut_down(heap);
    EXPECT(grt_heap_alloc(heap, 2000) == 0);
    EXPECT(grt_heap_realloc(heap, block, 30000) == 0);
    EXPECT(last_cause() == GRT_HEAP_SHUT_DOWN);
    return end(0, 2);
}
