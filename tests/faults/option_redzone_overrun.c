/*
 * A block of a whole class is overrun by one byte, where only a red zone has room to notice.
 *
 * expect:
 * [HEAP-DAMAGE] overrun block=0x00020000 asked=64 damage=64-64 found=419E9E9E9E9E9E9E
 *     noticed_by=free heap=user call_site=0x82001234 repeat=1: bytes behind the block were
 *     written to; asked for by call site 0x82001234 on thread 0
 * sound, 0 bad frees, 0 failures
 */
#include "fault.h"

int main(void)
{
    open_heap_options(64, "redzone=16,sites=1");
    grt_set_call_site(0x82001234u);
    grt_addr block = grt_heap_alloc(heap, 64);
    bytes_of(block)[64] = 0x41;
    EXPECT(grt_heap_free(heap, block) == GRT_OK);
    return go_on(0, 0);
}
