/*
 * Sizes that were computed below zero are asked for.
 *
 * expect:
 * [HEAP-ALLOC-FAIL] size=4294967280 cause=GRT_HEAP_SIZE_OVERFLOW rounded=4294967296 alignment=16
 *     heap=user call_site=0x00000000 repeat=1: the size does not fit once it is rounded up
 * [HEAP-DIAG] remedy: look at the caller: a negative or wrapped size
 * [HEAP-DIAG] capacity=262144 allocated=0 peak_allocated=0 oom_count=1 free_space=262144
 *     fragmentation=0.0%
 * [HEAP-DIAG] largest_free=262144 would_fit=262144 cached=0 committed=0 blocks=0 asked=0
 * [HEAP-ALLOC-FAIL] size=4294901760 cause=GRT_HEAP_LARGER_THAN_ARENA rounded=4294901760
 *     alignment=16 heap=user call_site=0x00000000 repeat=1: the request is larger than the whole
 *     heap
 * [HEAP-DIAG] remedy: look at the caller's size: a negative one, or a title that probes for the
 *     largest block
 * [HEAP-DIAG] capacity=262144 allocated=0 peak_allocated=0 oom_count=2 free_space=262144
 *     fragmentation=0.0%
 * [HEAP-DIAG] largest_free=262144 would_fit=262144 cached=0 committed=0 blocks=0 asked=0
 * sound, 0 bad frees, 2 failures
 */
#include "fault.h"

int main(void)
{
    open_heap(64);
    EXPECT(grt_heap_alloc(heap, (uint32_t)-16) == 0);
    EXPECT(last_cause() == GRT_HEAP_SIZE_OVERFLOW);
    EXPECT(grt_heap_alloc(heap, (uint32_t)-65536) == 0);
    EXPECT(last_cause() == GRT_HEAP_LARGER_THAN_ARENA);
    return go_on(0, 2);
}
