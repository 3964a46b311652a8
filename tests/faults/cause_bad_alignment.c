/*
 * Alignments that cannot be: no power of two, and 32 MiB.
 *
 * expect:
 * [HEAP-ALLOC-FAIL] size=2000 cause=GRT_HEAP_BAD_ALIGNMENT rounded=2000 alignment=48 heap=user
 *     call_site=0x00000000 repeat=1: the alignment is not a power of two or larger than the heap
 *     can honour
 * [HEAP-DIAG] remedy: ask for a power of two of at most 16 MiB
 * [HEAP-DIAG] capacity=262144 allocated=0 peak_allocated=0 oom_count=1 free_space=262144
 *     fragmentation=0.0%
 * [HEAP-DIAG] largest_free=262144 would_fit=0 cached=0 committed=0 blocks=0 asked=0
 * [HEAP-ALLOC-FAIL] size=2000 cause=GRT_HEAP_BAD_ALIGNMENT rounded=2000 alignment=33554432
 *     heap=user call_site=0x00000000 repeat=1: the alignment is not a power of two or larger than
 *     the heap can honour
 * [HEAP-DIAG] remedy: ask for a power of two of at most 16 MiB
 * [HEAP-DIAG] capacity=262144 allocated=0 peak_allocated=0 oom_count=2 free_space=262144
 *     fragmentation=0.0%
 * [HEAP-DIAG] largest_free=262144 would_fit=0 cached=0 committed=0 blocks=0 asked=0
 * sound, 0 bad frees, 2 failures
 */
#include "fault.h"

int main(void)
{
    open_heap(64);
    EXPECT(grt_heap_alloc_aligned(heap, 2000, 48) == 0);
    EXPECT(last_cause() == GRT_HEAP_BAD_ALIGNMENT);
    EXPECT(grt_heap_alloc_aligned(heap, 2000, 0x2000000u) == 0);
    EXPECT(last_cause() == GRT_HEAP_BAD_ALIGNMENT);
    return go_on(0, 2);
}
