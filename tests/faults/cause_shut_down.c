/*
 * A thread that was not stopped asks a heap that is going away.
 *
 * expect:
 * [HEAP-ALLOC-FAIL] size=2000 cause=GRT_HEAP_SHUT_DOWN rounded=2048 alignment=16 heap=user
 *     call_site=0x00000000 repeat=1: the heap is being destroyed
 * [HEAP-DIAG] remedy: stop guest threads before the runtime
 * [HEAP-DIAG] capacity=262144 allocated=112 peak_allocated=7168 oom_count=1 free_space=196608
 *     fragmentation=0.0%
 * [HEAP-DIAG] largest_free=196608 would_fit=0 cached=65424 committed=262144 blocks=1 asked=100
 * [HEAP-DIAG] owner 1: 112 bytes in 1 blocks of up to 112 bytes
 * [HEAP-ALLOC-FAIL] size=3000 cause=GRT_HEAP_SHUT_DOWN rounded=3072 alignment=16 heap=user
 *     call_site=0x00000000 repeat=1: the heap is being destroyed
 * [HEAP-DIAG] remedy: stop guest threads before the runtime
 * [HEAP-DIAG] capacity=262144 allocated=112 peak_allocated=7168 oom_count=2 free_space=196608
 *     fragmentation=0.0%
 * [HEAP-DIAG] largest_free=196608 would_fit=0 cached=65424 committed=262144 blocks=1 asked=100
 * [HEAP-DIAG] owner 1: 112 bytes in 1 blocks of up to 112 bytes
 * sound, 0 bad frees, 2 failures
 */
#include "fault.h"

int main(void)
{
    open_heap(64);
    grt_addr block = grt_heap_alloc(heap, 100);
    grt_heap_shut_down(heap);
    EXPECT(grt_heap_alloc(heap, 2000) == 0);
    EXPECT(grt_heap_realloc(heap, block, 3000) == 0);
    EXPECT(last_cause() == GRT_HEAP_SHUT_DOWN);
    return end(0, 2);
}
