/*
 * A title looks for the largest block there is and halves its wish.
 *
 * expect:
 * [HEAP-ALLOC-FAIL] size=1073741824 cause=GRT_HEAP_LARGER_THAN_ARENA rounded=1073741824
 *     alignment=16 heap=user call_site=0x00000000 repeat=1: the request is larger than the whole
 *     heap
 * [HEAP-DIAG] remedy: look at the caller's size: a negative one, or a title that probes for the
 *     largest block
 * [HEAP-DIAG] capacity=268435456 allocated=0 peak_allocated=0 oom_count=1 free_space=268435456
 *     fragmentation=0.0%
 * [HEAP-DIAG] largest_free=268435456 would_fit=268435456 cached=0 committed=0 blocks=0 asked=0
 * [HEAP-ALLOC-FAIL] size=536870912 cause=GRT_HEAP_LARGER_THAN_ARENA rounded=536870912 alignment=16
 *     heap=user call_site=0x00000000 repeat=1: the request is larger than the whole heap
 * [HEAP-DIAG] remedy: look at the caller's size: a negative one, or a title that probes for the
 *     largest block
 * [HEAP-DIAG] capacity=268435456 allocated=0 peak_allocated=0 oom_count=2 free_space=268435456
 *     fragmentation=0.0%
 * [HEAP-DIAG] largest_free=268435456 would_fit=268435456 cached=0 committed=0 blocks=0 asked=0
 * sound, 0 bad frees, 2 failures
 */
#include "fault.h"

int main(void)
{
    grt_heap_config config = heap_config(UINT64_C(0x10000000));
    open_with(&config, 0);
    uint32_t size = 0x40000000u;
    while (grt_heap_alloc(heap, size) == 0) {
        size /= 2;
    }
    EXPECT(size == 0x10000000u);
    return go_on(0, 2);
}
