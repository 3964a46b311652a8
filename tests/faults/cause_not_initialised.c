/*
 * Static constructors allocate before there is a heap.
 *
 * expect:
 * [HEAP-ALLOC-FAIL] size=100 cause=GRT_HEAP_NOT_INITIALISED rounded=100 alignment=16 heap=none
 *     call_site=0x00000000 repeat=1: there is no heap
 * [HEAP-DIAG] remedy: create the runtime before guest code allocates
 * sound, 0 bad frees, 0 failures
 */
#include "fault.h"

int main(void)
{
    EXPECT(grt_heap_alloc(NULL, 100) == 0);
    EXPECT(last_cause() == GRT_HEAP_NOT_INITIALISED);
    open_heap(64);
    return go_on(0, 0);
}
