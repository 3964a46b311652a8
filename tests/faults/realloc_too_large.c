/*
 * A block cannot be made as large as its owner wants: it stays, with its bytes.
 *
 * expect:
 * [HEAP-ALLOC-FAIL] size=300000 cause=GRT_HEAP_LARGER_THAN_ARENA rounded=303104 alignment=16
 *     heap=user call_site=0x00000000 repeat=1: the request is larger than the whole heap
 * [HEAP-DIAG] remedy: look at the caller's size: a negative one, or a title that probes for the
 *     largest block
 * [HEAP-DIAG] capacity=262144 allocated=102400 peak_allocated=102400 oom_count=1 free_space=159744
 *     fragmentation=0.0%
 * [HEAP-DIAG] largest_free=159744 would_fit=159744 cached=0 committed=102400 blocks=1 asked=100000
 * [HEAP-DIAG] owner 1: 102400 bytes in 1 blocks of 100000 bytes from call site 0x00000000
 * sound, 0 bad frees, 1 failures
 */
#include "fault.h"

int main(void)
{
    open_heap(64);
    grt_addr block = grt_heap_alloc(heap, 100000);
    memset(grt_memory_host(memory, block), 0x5A, 100000);
    EXPECT(grt_heap_realloc(heap, block, 300000) == 0);
    EXPECT(last_cause() == GRT_HEAP_LARGER_THAN_ARENA);
    EXPECT(grt_heap_size(heap, block) == 100000);
    EXPECT(((const unsigned char *)grt_memory_host(memory, block))[99999] == 0x5A);
    return go_on(0, 1);
}
