/*
 * A block that was overrun is made larger: the damage is noticed before it is lost.
 *
 * expect:
 * [HEAP-DAMAGE] overrun block=0x00020000 asked=100 damage=111-111 found=00 noticed_by=realloc
 *     heap=user call_site=0x00000000 repeat=1: bytes behind the block were written to
 * sound, 0 bad frees, 0 failures
 */
#include "fault.h"

int main(void)
{
    open_heap_options(64, "slack");
    grt_addr block = grt_heap_alloc(heap, 100);
    bytes_of(block)[111] = 0;
    block = grt_heap_realloc(heap, block, 5000);
    EXPECT(block != 0);
    EXPECT(grt_heap_free(heap, block) == GRT_OK);
    return go_on(0, 0);
}
