/*
 * A guest function frees a variable on its stack.
 *
 * expect:
 * [HEAP-BAD-FREE] free address=0x00070F10 status=GRT_INTERIOR_POINTER heap=user
 *     call_site=0x00000000 repeat=1: 266000 bytes inside the live block 0x00030000 of 274064
 *     bytes
 * sound, 1 bad frees
 */
#include "fault_runtime.h"

static void guest(grt_ppc *ctx, uint8_t *base)
{
    (void)base;
    grt_addr variable = (grt_addr)ctx->r[1] - 0x40;
    EXPECT(grt_heap_free(heap, variable) == GRT_INTERIOR_POINTER);
}

int main(void)
{
    open_runtime(guest);
    run_guest();
    return end_runtime(1);
}
