/*
 * A block is freed a second time after its address would have been handed out again; quarantine
 * keeps it from that, and the mistake from hitting the next owner.
 *
 * expect:
 * [HEAP-BAD-FREE] free address=0x00020000 status=GRT_DOUBLE_FREE heap=user call_site=0x82005678
 *     repeat=1: the start of a freed block that occupied 112 bytes, freed by call site 0x82001234
 *     on thread 0
 * sound, 1 bad frees, 0 failures
 */
#include "fault.h"

int main(void)
{
    open_heap_options(64, "quarantine=64K,sites=1");
    grt_addr block = grt_heap_alloc(heap, 100);
    grt_set_call_site(0x82001234u);
    EXPECT(grt_heap_free(heap, block) == GRT_OK);
    grt_set_call_site(0x82005678u);
    grt_addr other = grt_heap_alloc(heap, 100);
    EXPECT(other != block);
    EXPECT(grt_heap_free(heap, block) == GRT_DOUBLE_FREE);
    EXPECT(grt_heap_size(heap, other) == 100);
    grt_set_call_site(0);
    return go_on(1, 0);
}
