/*
 * The null pointer is freed, which is no mistake.
 *
 * expect:
 * sound, 0 bad frees, 0 failures
 */
#include "fault.h"

int main(void)
{
    open_heap(64);
    EXPECT(grt_heap_free(heap, 0) == GRT_OK);
    return go_on(0, 0);
}
