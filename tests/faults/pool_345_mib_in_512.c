/*
 * A title asks for four pools of 345 MiB and gets one, as on the console.
 *
 * expect:
 * [HEAP-ALLOC-FAIL] size=361758720 cause=GRT_HEAP_OVER_BUDGET rounded=361758720 alignment=16
 *     heap=user call_site=0x00000000 repeat=1: the heap's or the memory's budget would be exceeded
 * [HEAP-DIAG] remedy: raise the budget, or find who holds the memory
 * [HEAP-DIAG] capacity=2145910784 allocated=361758720 peak_allocated=361758720 oom_count=1
 *     free_space=1784152064 fragmentation=0.0%
 * [HEAP-DIAG] largest_free=1784152064 would_fit=175112192 cached=0 committed=361758720 blocks=1
 *     asked=361758720
 * [HEAP-DIAG] budget=536870912 memory_budget=0 memory_committed=361758720 (0: none)
 * [HEAP-DIAG] owner 1: 361758720 bytes in 1 blocks of 361758720 bytes from call site 0x00000000
 * sound, 0 bad frees, 3 failures
 */
#include "fault.h"

int main(void)
{
    grt_heap_config config = grt_heap_config_default();
    config.log.write = print_line;
    config.budget = UINT64_C(512) << 20;
    open_with(&config, 0);
    EXPECT(grt_heap_alloc(heap, 345u << 20) != 0);
    for (int i = 0; i < 3; i++) {
        EXPECT(grt_heap_alloc(heap, 345u << 20) == 0);
        EXPECT(last_cause() == GRT_HEAP_OVER_BUDGET);
    }
    return go_on(0, 3);
}
