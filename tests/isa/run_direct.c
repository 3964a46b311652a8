/*
 * run_direct.c - runs the stubs one by one, each as a C function around the emitter's text. No
 * analysis is involved: it tests the text of single instructions and what effects.c says about
 * them.
 */
#include "host.h"

/* By stub index; null for stubs that cannot be run alone. Made by translate.c. */
extern grt_ppc_function *const isa_stubs[];
extern const uint32_t isa_stub_count;

static const unsigned gprs[12] = {0, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13};

static void load_state(grt_ppc *ctx, const uint8_t *base, grt_addr at)
{
    for (unsigned i = 0; i < 12; i++)
        ctx->r[gprs[i]] = grt_ld64(base, at + 32 + 8 * i);
    for (unsigned i = 0; i < 6; i++)
        ctx->f[i].u = grt_ld64(base, at + 128 + 8 * i);
    uint32_t cr = grt_ld32(base, at + 8), xer = grt_ld32(base, at + 12);
    for (unsigned i = 0; i < 32; i++)
        ctx->cr[i] = cr >> (31 - i) & 1;
    ctx->xer_so = xer >> 31;
    ctx->xer_ov = xer >> 30 & 1;
    ctx->xer_ca = xer >> 29 & 1;
    ctx->xer_count = xer & 0x7F;
    ctx->r[31] = at;
    grt_ppc_mtfsf(ctx, 0xFF, grt_from_bits(grt_ld64(base, at + 16)));
}

static void store_state(const grt_ppc *ctx, uint8_t *base, grt_addr at)
{
    for (unsigned i = 0; i < 12; i++)
        grt_st64(base, at + 32 + 8 * i, ctx->r[gprs[i]]);
    for (unsigned i = 0; i < 6; i++)
        grt_st64(base, at + 128 + 8 * i, ctx->f[i].u);
    uint32_t cr = 0;
    for (unsigned i = 0; i < 32; i++)
        cr |= (uint32_t)ctx->cr[i] << (31 - i);
    grt_st32(base, at + 8, cr);
    grt_st32(base, at + 12,
             (uint32_t)ctx->xer_so << 31 | (uint32_t)ctx->xer_ov << 30 |
                 (uint32_t)ctx->xer_ca << 29 | ctx->xer_count);
    grt_st32(base, at + 20, ctx->fpscr);
    grt_st32(base, at + 4, grt_ld32(base, isa_trap_word));
    grt_st32(base, isa_trap_word, 0);
}

void isa_run(grt_ppc *ctx, uint8_t *base)
{
    uint32_t size;
    for (grt_addr at = ISA_VECTORS; (size = grt_ld32(base, at + 24)) != 0; at += size) {
        uint32_t index = grt_ld32(base, at);
        if (index >= isa_stub_count || isa_stubs[index] == NULL)
            continue;
        load_state(ctx, base, at);
        isa_stubs[index](ctx, base);
        store_state(ctx, base, at);
    }
}
