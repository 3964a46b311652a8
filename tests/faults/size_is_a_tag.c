/*
 * Arguments are shifted by one, so that a pool tag ("Mdl ") is taken for the size.
 *
 * expect:
 * [HEAP-ALLOC-FAIL] size=1298426912 cause=GRT_HEAP_EXHAUSTED rounded=1298427904 alignment=16
 *     heap=user call_site=0x00000000 repeat=1: fewer bytes are free than were asked for
 * [HEAP-DIAG] remedy: find who holds the memory: the owners below are sorted by bytes
 * [HEAP-DIAG] capacity=2145910784 allocated=1298427904 peak_allocated=1298427904 oom_count=1
 *     free_space=847482880 fragmentation=0.0%
 * [HEAP-DIAG] largest_free=847482880 would_fit=847482880 cached=0 committed=1298427904 blocks=1
 *     asked=1298426912
 * [HEAP-DIAG] owner 1: 1298427904 bytes in 1 blocks of 1298426912 bytes from call site 0x00000000
 * sound, 0 bad frees, 1 failures
 */
#include "fault.h"

int main(void)
{
    grt_heap_config config = grt_heap_config_default();
    config.log.write = print_line;
    open_with(&config, 0);
    EXPECT(grt_heap_alloc(heap, 0x4D646C20u) != 0);
    EXPECT(grt_heap_alloc(heap, 0x4D646C20u) == 0);
    EXPECT(last_cause() == GRT_HEAP_EXHAUSTED);
    return go_on(0, 1);
}
