/*
 * A freed block is written to, and handed out again.
 *
 * expect:
 * [HEAP-DAMAGE] write-after-free block=0x00020000 occupied=112 damage=4-4 found=019D9D9D9D9D9D9D
 *     noticed_by=alloc heap=user call_site=0x00000000 repeat=1: a freed block was written to;
 *     freed by call site 0x82001234 on thread 0
 * sound, 0 bad frees, 0 failures
 */
#include "fault.h"

int main(void)
{
    open_heap_options(64, "fill,sites=1");
    grt_addr block = grt_heap_alloc(heap, 100);
    grt_set_call_site(0x82001234u);
    EXPECT(grt_heap_free(heap, block) == GRT_OK);
    grt_set_call_site(0);
    bytes_of(block)[4] = 1;
    EXPECT(grt_heap_alloc(heap, 100) == block);
    return go_on(0, 0);
}
