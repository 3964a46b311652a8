/*
 * A title looks for the largest block there is, from 1 GiB down in steps of 64 KiB.
 *
 * expect:
 * [HEAP-ALLOC-FAIL] size=1073741823 cause=GRT_HEAP_LARGER_THAN_ARENA rounded=1073741824
 *     alignment=16 heap=user call_site=0x82001234 repeat=1: the request is larger than the whole
 *     heap
 * [HEAP-DIAG] remedy: look at the caller's size: a negative one, or a title that probes for the
 *     largest block
 * [HEAP-DIAG] capacity=536870912 allocated=134217728 peak_allocated=134217728 oom_count=1
 *     free_space=402653184 fragmentation=0.0%
 * [HEAP-DIAG] largest_free=402653184 would_fit=402653184 cached=0 committed=134217728 blocks=1
 *     asked=134217728
 * [HEAP-DIAG] owner 1: 134217728 bytes in 1 blocks of 134217728 bytes from call site 0x82001234
 * [HEAP-ALLOC-FAIL] size=1073151999 cause=GRT_HEAP_LARGER_THAN_ARENA rounded=1073152000
 *     alignment=16 heap=user call_site=0x82001234 repeat=10: the request is larger than the whole
 *     heap
 * [HEAP-DIAG] remedy: look at the caller's size: a negative one, or a title that probes for the
 *     largest block
 * [HEAP-DIAG] capacity=536870912 allocated=134217728 peak_allocated=134217728 oom_count=10
 *     free_space=402653184 fragmentation=0.0%
 * [HEAP-DIAG] largest_free=402653184 would_fit=402653184 cached=0 committed=134217728 blocks=1
 *     asked=134217728
 * [HEAP-DIAG] owner 1: 134217728 bytes in 1 blocks of 134217728 bytes from call site 0x82001234
 * [HEAP-ALLOC-FAIL] size=1067253759 cause=GRT_HEAP_LARGER_THAN_ARENA rounded=1067253760
 *     alignment=16 heap=user call_site=0x82001234 repeat=100: the request is larger than the whole
 *     heap
 * [HEAP-DIAG] remedy: look at the caller's size: a negative one, or a title that probes for the
 *     largest block
 * [HEAP-DIAG] capacity=536870912 allocated=134217728 peak_allocated=134217728 oom_count=100
 *     free_space=402653184 fragmentation=0.0%
 * [HEAP-DIAG] largest_free=402653184 would_fit=402653184 cached=0 committed=134217728 blocks=1
 *     asked=134217728
 * [HEAP-DIAG] owner 1: 134217728 bytes in 1 blocks of 134217728 bytes from call site 0x82001234
 * [HEAP-ALLOC-FAIL] size=1008271359 cause=GRT_HEAP_LARGER_THAN_ARENA rounded=1008271360
 *     alignment=16 heap=user call_site=0x82001234 repeat=1000: the request is larger than the whole
 *     heap
 * [HEAP-DIAG] remedy: look at the caller's size: a negative one, or a title that probes for the
 *     largest block
 * [HEAP-DIAG] capacity=536870912 allocated=134217728 peak_allocated=134217728 oom_count=1000
 *     free_space=402653184 fragmentation=0.0%
 * [HEAP-DIAG] largest_free=402653184 would_fit=402653184 cached=0 committed=134217728 blocks=1
 *     asked=134217728
 * [HEAP-DIAG] owner 1: 134217728 bytes in 1 blocks of 134217728 bytes from call site 0x82001234
 * [HEAP-ALLOC-FAIL] size=536870911 cause=GRT_HEAP_EXHAUSTED rounded=536870912 alignment=16
 *     heap=user call_site=0x82001234 repeat=1: fewer bytes are free than were asked for
 * [HEAP-DIAG] remedy: find who holds the memory: the owners below are sorted by bytes
 * [HEAP-DIAG] capacity=536870912 allocated=134217728 peak_allocated=134217728 oom_count=8193
 *     free_space=402653184 fragmentation=0.0%
 * [HEAP-DIAG] largest_free=402653184 would_fit=402653184 cached=0 committed=134217728 blocks=1
 *     asked=134217728
 * [HEAP-DIAG] owner 1: 134217728 bytes in 1 blocks of 134217728 bytes from call site 0x82001234
 * [HEAP-ALLOC-FAIL] size=536281087 cause=GRT_HEAP_EXHAUSTED rounded=536281088 alignment=16
 *     heap=user call_site=0x82001234 repeat=10: fewer bytes are free than were asked for
 * [HEAP-DIAG] remedy: find who holds the memory: the owners below are sorted by bytes
 * [HEAP-DIAG] capacity=536870912 allocated=134217728 peak_allocated=134217728 oom_count=8202
 *     free_space=402653184 fragmentation=0.0%
 * [HEAP-DIAG] largest_free=402653184 would_fit=402653184 cached=0 committed=134217728 blocks=1
 *     asked=134217728
 * [HEAP-DIAG] owner 1: 134217728 bytes in 1 blocks of 134217728 bytes from call site 0x82001234
 * [HEAP-ALLOC-FAIL] size=530382847 cause=GRT_HEAP_EXHAUSTED rounded=530382848 alignment=16
 *     heap=user call_site=0x82001234 repeat=100: fewer bytes are free than were asked for
 * [HEAP-DIAG] remedy: find who holds the memory: the owners below are sorted by bytes
 * [HEAP-DIAG] capacity=536870912 allocated=134217728 peak_allocated=134217728 oom_count=8292
 *     free_space=402653184 fragmentation=0.0%
 * [HEAP-DIAG] largest_free=402653184 would_fit=402653184 cached=0 committed=134217728 blocks=1
 *     asked=134217728
 * [HEAP-DIAG] owner 1: 134217728 bytes in 1 blocks of 134217728 bytes from call site 0x82001234
 * [HEAP-ALLOC-FAIL] size=471400447 cause=GRT_HEAP_EXHAUSTED rounded=471400448 alignment=16
 *     heap=user call_site=0x82001234 repeat=1000: fewer bytes are free than were asked for
 * [HEAP-DIAG] remedy: find who holds the memory: the owners below are sorted by bytes
 * [HEAP-DIAG] capacity=536870912 allocated=134217728 peak_allocated=134217728 oom_count=9192
 *     free_space=402653184 fragmentation=0.0%
 * [HEAP-DIAG] largest_free=402653184 would_fit=402653184 cached=0 committed=134217728 blocks=1
 *     asked=134217728
 * [HEAP-DIAG] owner 1: 134217728 bytes in 1 blocks of 134217728 bytes from call site 0x82001234
 * sound, 0 bad frees, 10240 failures
 */
#include "fault.h"

int main(void)
{
    grt_heap_config config = heap_config(UINT64_C(0x20000000));
    open_with(&config, 0);
    (void)grt_set_call_site(0x82001234u);
    (void)grt_heap_alloc(heap, 0x8000000u);
    uint32_t size = 0x3FFFFFFFu;
    while (grt_heap_alloc(heap, size) == 0) {
        size -= 0x10000;
    }
    (void)grt_set_call_site(0);
    EXPECT(size == 0x17FFFFFFu);
    return go_on(0, 0x2800);
}
