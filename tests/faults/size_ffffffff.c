/*
 * The largest number is asked for, by every entry point.
 *
 * expect:
 * [HEAP-ALLOC-FAIL] size=4294967295 cause=GRT_HEAP_SIZE_OVERFLOW rounded=4294967296 alignment=16
 *     heap=user call_site=0x00000000 repeat=1: the size does not fit once it is rounded up
 * [HEAP-DIAG] remedy: look at the caller: a negative or wrapped size
 * [HEAP-DIAG] capacity=262144 allocated=0 peak_allocated=0 oom_count=1 free_space=262144
 *     fragmentation=0.0%
 * [HEAP-DIAG] largest_free=262144 would_fit=262144 cached=0 committed=0 blocks=0 asked=0
 * sound, 0 bad frees, 4 failures
 */
#include "fault.h"

int main(void)
{
    open_heap(64);
    EXPECT(grt_heap_alloc(heap, UINT32_MAX) == 0);
    EXPECT(last_cause() == GRT_HEAP_SIZE_OVERFLOW);
    EXPECT(grt_heap_alloc_zeroed(heap, UINT32_MAX) == 0);
    EXPECT(grt_heap_alloc_aligned(heap, UINT32_MAX, 0x1000000u) == 0);
    EXPECT(grt_heap_realloc(heap, 0, UINT32_MAX) == 0);
    EXPECT(last_cause() == GRT_HEAP_SIZE_OVERFLOW);
    return go_on(0, 4);
}
