/*
 * A title leaks 192 KiB a level until something else is refused: the report names who holds it.
 *
 * expect:
 * [HEAP-ALLOC-FAIL] size=100000 cause=GRT_HEAP_EXHAUSTED rounded=102400 alignment=16 heap=user
 *     call_site=0x82005678 repeat=1: fewer bytes are free than were asked for
 * [HEAP-DIAG] remedy: find who holds the memory: the owners below are sorted by bytes
 * [HEAP-DIAG] capacity=16777216 allocated=16711680 peak_allocated=16711680 oom_count=1
 *     free_space=65536 fragmentation=0.0%
 * [HEAP-DIAG] largest_free=65536 would_fit=65536 cached=0 committed=16711680 blocks=85
 *     asked=16711680
 * [HEAP-DIAG] owner 1: 16711680 bytes in 85 blocks of 196608 bytes from call site 0x82001234
 * sound, 0 bad frees, 1 failures
 */
#include "fault.h"

int main(void)
{
    open_heap(4096);
    (void)grt_set_call_site(0x82001234u);
    for (int i = 0; i < 85; i++) {
        EXPECT(grt_heap_alloc(heap, 0x30000) != 0);
    }
    (void)grt_set_call_site(0x82005678u);
    EXPECT(grt_heap_alloc(heap, 100000) == 0);
    (void)grt_set_call_site(0);
    EXPECT(last_cause() == GRT_HEAP_EXHAUSTED);
    return go_on(0, 1);
}
