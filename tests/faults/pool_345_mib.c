/*
 * A title takes pools of 345 MiB for as long as it gets them, which on the console is never twice.
 *
 * expect:
 * [HEAP-ALLOC-FAIL] size=361758720 cause=GRT_HEAP_EXHAUSTED rounded=361758720 alignment=16
 *     heap=user call_site=0x00000000 repeat=1: fewer bytes are free than were asked for
 * [HEAP-DIAG] remedy: find who holds the memory: the owners below are sorted by bytes
 * [HEAP-DIAG] capacity=2145910784 allocated=1808793600 peak_allocated=1808793600 oom_count=1
 *     free_space=337117184 fragmentation=0.0%
 * [HEAP-DIAG] largest_free=337117184 would_fit=337117184 cached=0 committed=1808793600 blocks=5
 *     asked=1808793600
 * [HEAP-DIAG] owner 1: 1808793600 bytes in 5 blocks of 361758720 bytes from call site 0x00000000
 * sound, 0 bad frees, 1 failures
 */
#include "fault.h"

int main(void)
{
    grt_heap_config config = grt_heap_config_default();
    config.log.write = print_line;
    open_with(&config, 0);
    for (int i = 0; i < 5; i++) {
        EXPECT(grt_heap_alloc(heap, 345u << 20) != 0);
    }
    EXPECT(grt_heap_alloc(heap, 345u << 20) == 0);
    EXPECT(last_cause() == GRT_HEAP_EXHAUSTED);
    EXPECT(grt_heap_alloc(heap, 265872) != 0);
    return go_on(0, 1);
}
