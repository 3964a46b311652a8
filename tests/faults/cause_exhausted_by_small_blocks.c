/*
 * A title leaks blocks of one small size until a thread context does not fit.
 *
 * expect:
 * [HEAP-ALLOC-FAIL] size=265872 cause=GRT_HEAP_EXHAUSTED rounded=266240 alignment=16 heap=user
 *     call_site=0x00000000 repeat=1: fewer bytes are free than were asked for
 * [HEAP-DIAG] remedy: find who holds the memory: the owners below are sorted by bytes
 * [HEAP-DIAG] capacity=1048576 allocated=896000 peak_allocated=901120 oom_count=1
 *     free_space=131072 fragmentation=0.0%
 * [HEAP-DIAG] largest_free=131072 would_fit=131072 cached=21504 committed=983040 blocks=14000
 *     asked=840000
 * [HEAP-DIAG] owner 1: 896000 bytes in 14000 blocks of up to 64 bytes
 * sound, 0 bad frees, 1 failures
 */
#include "fault.h"

int main(void)
{
    open_heap(256);
    for (int i = 0; i < 14000; i++) {
        EXPECT(grt_heap_alloc(heap, 60) != 0);
    }
    EXPECT(grt_heap_alloc(heap, 265872) == 0);
    EXPECT(last_cause() == GRT_HEAP_EXHAUSTED);
    return go_on(0, 1);
}
