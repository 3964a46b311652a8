/*
 * A string is copied with its terminator into a block that has no room for it; slack notices.
 *
 * expect:
 * [HEAP-DAMAGE] overrun block=0x00020000 asked=9 damage=9-9 found=009E9E9E9E9E9E noticed_by=free
 *     heap=user call_site=0x00000000 repeat=1: bytes behind the block were written to
 * sound, 0 bad frees, 0 failures
 */
#include "fault.h"

int main(void)
{
    open_heap_options(64, "slack");
    grt_addr block = grt_heap_alloc(heap, 9);
    memcpy(bytes_of(block), "nine long", 10);
    EXPECT(grt_heap_free(heap, block) == GRT_OK);
    return go_on(0, 0);
}
