/*
 * The same with a buffer of many pages.
 *
 * expect:
 * [HEAP-DAMAGE] write-after-free block=0x00020000 occupied=303104 damage=100000-149999
 *     found=0000000000000000 noticed_by=alloc heap=user call_site=0x00000000 repeat=1: a freed
 *     block was written to
 * sound, 0 bad frees, 0 failures
 */
#include "fault.h"

int main(void)
{
    open_heap_options(256, "fill");
    grt_addr block = grt_heap_alloc(heap, 300000);
    EXPECT(grt_heap_free(heap, block) == GRT_OK);
    memset(bytes_of(block) + 100000, 0, 50000);
    EXPECT(grt_heap_alloc(heap, 300000) == block);
    return go_on(0, 0);
}
