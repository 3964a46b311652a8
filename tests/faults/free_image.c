/*
 * A guest function frees its own code, as a title does with a static buffer.
 *
 * expect:
 * [HEAP-BAD-FREE] free address=0x82000008 status=GRT_OUT_OF_RANGE heap=user call_site=0x00000000
 *     repeat=1 owner=image game: outside heap user (0x00020000 to 0x7FE9FFFF), 8 bytes inside the
 *     region 0x82000000 of image game
 * sound, 1 bad frees
 */
#include "fault_runtime.h"

static void guest(grt_ppc *ctx, uint8_t *base)
{
    (void)ctx;
    (void)base;
    EXPECT(grt_heap_free(heap, CODE + 8) == GRT_OUT_OF_RANGE);
}

int main(void)
{
    open_runtime(guest);
    run_guest();
    return end_runtime(1);
}
