/*
 * Enough bytes are free, but not side by side.
 *
 * expect:
 * [HEAP-ALLOC-FAIL] size=100000 cause=GRT_HEAP_FRAGMENTED rounded=102400 alignment=16 heap=user
 *     call_site=0x00000000 repeat=1: enough bytes are free, but not in one run
 * [HEAP-DIAG] remedy: see what lies between (grt_heap_walk), or, if cached is large, the small
 *     blocks that stay
 * [HEAP-DIAG] capacity=262144 allocated=131072 peak_allocated=262144 oom_count=1 free_space=131072
 *     fragmentation=50.0%
 * [HEAP-DIAG] largest_free=65536 would_fit=65536 cached=0 committed=262144 blocks=2 asked=131072
 * [HEAP-DIAG] owner 1: 131072 bytes in 2 blocks of 65536 bytes from call site 0x00000000
 * sound, 0 bad frees, 1 failures
 */
#include "fault.h"

int main(void)
{
    open_heap(64);
    grt_addr blocks[4];
    for (int i = 0; i < 4; i++) {
        blocks[i] = grt_heap_alloc(heap, 16 * GRT_PAGE_SIZE);
        EXPECT(blocks[i] != 0);
    }
    EXPECT(grt_heap_free(heap, blocks[0]) == GRT_OK);
    EXPECT(grt_heap_free(heap, blocks[2]) == GRT_OK);
    EXPECT(grt_heap_alloc(heap, 100000) == 0);
    EXPECT(last_cause() == GRT_HEAP_FRAGMENTED);
    return go_on(0, 1);
}
