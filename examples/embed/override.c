/* override.c - replaces the guest's function score() and still uses the original. */
#include "module.h" /* generated beside the code: declares sub_X and orig_sub_X */
#include <stdio.h>

/* score(r3 = hits, r4 = seconds) */
void sub_82001028(grt_ppc *ctx, uint8_t *base)
{
    uint32_t hits = (uint32_t)ctx->r[3];
    orig_sub_82001028(ctx, base);
    printf("%u hits give %d points\n", hits, (int)(int32_t)ctx->r[3]);
    ctx->r[3] *= 2; /* the result */
}
