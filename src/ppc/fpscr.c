/*
 * fpscr.c - the floating-point status and control register.
 */
#include "fpscr.h"
#include "guestrt/ppc_float.h"
#include <fenv.h>
#include <float.h>
#include <math.h>

uint32_t fpscr_summarise(uint32_t fpscr)
{
    fpscr &= ~(uint32_t)(FPSCR_FEX | FPSCR_VX);
    if ((fpscr & FPSCR_VX_ALL) != 0)
        fpscr |= FPSCR_VX;
    /* VX, OX, UX, ZX, XX and their enable bits are in the same order, 22 places apart. */
    if ((fpscr >> 22 & fpscr & 0xF8) != 0)
        fpscr |= FPSCR_FEX;
    return fpscr;
}

void fpscr_raise(grt_ppc *ctx, uint32_t exceptions)
{
    if (exceptions != 0)
        ctx->fpscr = fpscr_summarise(ctx->fpscr | exceptions | FPSCR_FX);
}

uint32_t fpscr_class(double value, bool single)
{
    bool negative = signbit(value) != 0;
    unsigned code;
    if (isnan(value))
        return FPRF_NAN;
    else if (isinf(value))
        code = negative ? 0x09 : 0x05;
    else if (value == 0)
        code = negative ? 0x12 : 0x02;
    else if (fabs(value) < (single ? FLT_MIN : DBL_MIN))
        code = negative ? 0x18 : 0x14;
    else
        code = negative ? 0x08 : 0x04;
    return (uint32_t)code << FPSCR_FPCC_SHIFT;
}

void grt_ppc_apply_rounding(const grt_ppc *ctx)
{
    static const int modes[4] = {FE_TONEAREST, FE_TOWARDZERO, FE_UPWARD, FE_DOWNWARD};
    fesetround(modes[ctx->fpscr & FPSCR_RN]);
}

/* Replaces the bits of [mask], which cannot touch the summaries. */
static void store(grt_ppc *ctx, uint32_t value, uint32_t mask)
{
    uint32_t before = ctx->fpscr;
    mask &= ~(uint32_t)FPSCR_RESERVED;
    ctx->fpscr = fpscr_summarise((before & ~mask) | (value & mask));
    if (((ctx->fpscr ^ before) & FPSCR_RN) != 0)
        grt_ppc_apply_rounding(ctx);
}

void grt_ppc_mtfsf(grt_ppc *ctx, unsigned field_mask, double value)
{
    uint32_t mask = 0;
    for (unsigned field = 0; field < 8; field++)
        if ((field_mask & (0x80u >> field)) != 0)
            mask |= 0xF0000000u >> (4 * field);
    store(ctx, (uint32_t)grt_to_bits(value), mask);
}

void grt_ppc_mtfsfi(grt_ppc *ctx, unsigned field, unsigned value)
{
    unsigned shift = 28 - 4 * field;
    store(ctx, (uint32_t)value << shift, 0xFu << shift);
}

void grt_ppc_mtfsb(grt_ppc *ctx, unsigned bit, unsigned value)
{
    store(ctx, (uint32_t)value << (31 - bit), 1u << (31 - bit));
}

unsigned grt_ppc_mcrfs(grt_ppc *ctx, unsigned field)
{
    const uint32_t exceptions =
        FPSCR_FX | FPSCR_OX | FPSCR_UX | FPSCR_ZX | FPSCR_XX | (uint32_t)FPSCR_VX_ALL;
    unsigned bits = ctx->fpscr >> (28 - 4 * field) & 0xF;
    store(ctx, 0, exceptions & (0xF0000000u >> (4 * field)));
    return bits;
}
