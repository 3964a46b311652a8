/*
 * The heap has room, but its budget has not.
 *
 * expect:
 * [HEAP-ALLOC-FAIL] size=200000 cause=GRT_HEAP_OVER_BUDGET rounded=200704 alignment=16 heap=user
 *     call_site=0x00000000 repeat=1: the heap's or the memory's budget would be exceeded
 * [HEAP-DIAG] remedy: raise the budget, or find who holds the memory
 * [HEAP-DIAG] capacity=1048576 allocated=200704 peak_allocated=200704 oom_count=1 free_space=847872
 *     fragmentation=0.0%
 * [HEAP-DIAG] largest_free=847872 would_fit=98304 cached=0 committed=200704 blocks=1 asked=200000
 * [HEAP-DIAG] budget=300000 memory_budget=0 memory_committed=200704 (0: none)
 * [HEAP-DIAG] owner 1: 200704 bytes in 1 blocks of 200000 bytes from call site 0x00000000
 * sound, 0 bad frees, 1 failures
 */
#include "fault.h"

int main(void)
{
    grt_heap_config config = heap_config(256 * GRT_PAGE_SIZE);
    config.budget = 300000;
    open_with(&config, 0);
    EXPECT(grt_heap_alloc(heap, 200000) != 0);
    EXPECT(grt_heap_alloc(heap, 200000) == 0);
    EXPECT(last_cause() == GRT_HEAP_OVER_BUDGET);
    return go_on(0, 1);
}
