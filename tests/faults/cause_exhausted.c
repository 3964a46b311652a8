/*
 * The heap is full.
 *
 * expect:
 * [HEAP-ALLOC-FAIL] size=20000 cause=GRT_HEAP_EXHAUSTED rounded=20480 alignment=16 heap=user
 *     call_site=0x82005678 repeat=1: fewer bytes are free than were asked for
 * [HEAP-DIAG] remedy: find who holds the memory: the owners below are sorted by bytes
 * [HEAP-DIAG] capacity=262144 allocated=245760 peak_allocated=245760 oom_count=1 free_space=16384
 *     fragmentation=0.0%
 * [HEAP-DIAG] largest_free=16384 would_fit=16384 cached=0 committed=245760 blocks=3 asked=240000
 * [HEAP-DIAG] owner 1: 245760 bytes in 3 blocks of 80000 bytes from call site 0x82001234
 * sound, 0 bad frees, 1 failures
 */
#include "fault.h"

int main(void)
{
    open_heap(64);
    (void)grt_set_call_site(0x82001234u);
    for (int i = 0; i < 3; i++) {
        EXPECT(grt_heap_alloc(heap, 80000) != 0);
    }
    (void)grt_set_call_site(0x82005678u);
    EXPECT(grt_heap_alloc(heap, 20000) == 0);
    (void)grt_set_call_site(0);
    EXPECT(last_cause() == GRT_HEAP_EXHAUSTED);
    return go_on(0, 1);
}
