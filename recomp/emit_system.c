/*
 * emit_system.c - the condition register, special registers, barriers, caches, system calls.
 */
#include "emit.h"
#include <stddef.h>

/* CR logic on bytes that are 0 or 1. */
static const char *const cr_logic[GRC_OP_COUNT] = {
    [GRC_OP_CRAND] = "$p = $q & $v;",        [GRC_OP_CRANDC] = "$p = $q & ($v ^ 1);",
    [GRC_OP_CRNAND] = "$p = ($q & $v) ^ 1;", [GRC_OP_CROR] = "$p = $q | $v;",
    [GRC_OP_CRORC] = "$p = $q | ($v ^ 1);",  [GRC_OP_CRNOR] = "$p = ($q | $v) ^ 1;",
    [GRC_OP_CRXOR] = "$p = $q ^ $v;",        [GRC_OP_CREQV] = "$p = $q ^ $v ^ 1;",
};

/* The idioms crclr and crset do not depend on the bit that they name twice. */
static bool emit_cr_logic(const grc_emit *emit)
{
    bool same = grc_ra(emit->insn) == grc_rb(emit->insn);
    if (same && emit->insn->op == GRC_OP_CRXOR)
        grc_emit_text(emit, "$p = 0;");
    else if (same && emit->insn->op == GRC_OP_CREQV)
        grc_emit_text(emit, "$p = 1;");
    else
        grc_emit_text(emit, cr_logic[emit->insn->op]);
    return true;
}

static bool emit_cr_move(const grc_emit *emit)
{
    static const char names[4][3] = {"lt", "gt", "eq", "so"};
    unsigned to = grc_crd(emit->insn), from = grc_crs(emit->insn);
    if (to == from) {
        grc_printf(emit->out, ";");
        return true;
    }
    for (unsigned i = 0; i < 4; i++)
        grc_printf(emit->out, "%scr%u_%s = cr%u_%s;", i == 0 ? "" : " ", to, names[i], from,
                   names[i]);
    return true;
}

static bool emit_cr_read(const grc_emit *emit)
{
    unsigned fxm = grc_fields_read(emit->insn);
    grc_emit_text(emit, "$d = ");
    const char *separator = "";
    for (unsigned field = 0; field < 8; field++) {
        if ((fxm & (0x80u >> field)) == 0)
            continue;
        grc_printf(emit->out, "%sGRT_GET_FIELD(cr%u)", separator, field);
        if (field != 7)
            grc_printf(emit->out, " << %u", 28 - 4 * field);
        separator = " | ";
    }
    grc_emit_text(emit, ";");
    return true;
}

static bool emit_cr_write(const grc_emit *emit)
{
    const char *separator = "";
    unsigned fxm = grc_fxm(emit->insn);
    if (fxm == 0)
        grc_printf(emit->out, ";");
    for (unsigned field = 0; field < 8; field++) {
        if ((fxm & (0x80u >> field)) == 0)
            continue;
        grc_printf(emit->out, "%sGRT_SET_FIELD(cr%u, r%u >> %u);", separator, field,
                   grc_rd(emit->insn), 28 - 4 * field);
        separator = " ";
    }
    return true;
}

static bool emit_cr_from_xer(const grc_emit *emit)
{
    unsigned field = grc_crd(emit->insn);
    grc_printf(emit->out, "cr%u_lt = xer_so; cr%u_gt = xer_ov; cr%u_eq = xer_ca; cr%u_so = 0; ",
               field, field, field, field);
    grc_printf(emit->out, "xer_so = 0; xer_ov = 0; xer_ca = 0;");
    return true;
}

bool grc_emit_condition_register(const grc_emit *emit)
{
    switch (grc_insn_form(emit->insn)) {
    case GRC_FORM_CR_LOGIC:
        return emit_cr_logic(emit);
    case GRC_FORM_CR_MOVE:
        return emit_cr_move(emit);
    case GRC_FORM_MFCR:
    case GRC_FORM_MFOCRF:
        return emit_cr_read(emit);
    case GRC_FORM_MTCRF:
        return emit_cr_write(emit);
    case GRC_FORM_MCRXR:
        return emit_cr_from_xer(emit);
    default:
        return false;
    }
}

/* Cache hints change nothing that the guest can see; a semicolon stands for them. */
static const char *const system_text[GRC_OP_COUNT] = {
    [GRC_OP_MFXER] = "$d = (uint32_t)xer_so << 31 | (uint32_t)xer_ov << 30 | "
                     "(uint32_t)xer_ca << 29 | xer_count;",
    [GRC_OP_MTXER] = "xer_so = $d >> 31 & 1; xer_ov = $d >> 30 & 1; xer_ca = $d >> 29 & 1; "
                     "xer_count = $d & 127;",
    [GRC_OP_MFLR] = "$d = lr;",
    [GRC_OP_MTLR] = "lr = $d;",
    [GRC_OP_MFCTR] = "$d = ctr;",
    [GRC_OP_MTCTR] = "ctr = $d;",
    [GRC_OP_MFVRSAVE] = "$d = ctx->vrsave;",
    [GRC_OP_MTVRSAVE] = "ctx->vrsave = (uint32_t)$d;",
    [GRC_OP_MFSPR_TB] = "$d = grt_ppc_time_base(ctx);",
    [GRC_OP_MFTB] = "$d = grt_ppc_time_base(ctx);",
    [GRC_OP_MFSPR_TBU] = "$d = grt_ppc_time_base(ctx) >> 32;",
    [GRC_OP_MFTBU] = "$d = grt_ppc_time_base(ctx) >> 32;",
    [GRC_OP_SYNC] = "grt_sync();",
    [GRC_OP_PTESYNC] = "grt_sync();",
    [GRC_OP_LWSYNC] = "grt_lwsync();",
    [GRC_OP_EIEIO] = "grt_lwsync();",
    [GRC_OP_ISYNC] = "grt_isync();",
    [GRC_OP_DCBZ] = "grt_zero_line(base, $e, 32);",
    [GRC_OP_DCBZL] = "grt_zero_line(base, $e, 128);",
    [GRC_OP_DCBST] = ";",
    [GRC_OP_DCBF] = ";",
    [GRC_OP_DCBT] = ";",
    [GRC_OP_DCBTST] = ";",
    [GRC_OP_ICBI] = ";",
};

bool grc_emit_system(const grc_emit *emit)
{
    if (emit->insn->op == GRC_OP_SC)
        grc_emit_trap(emit, "SYSTEM_CALL");
    else if (system_text[emit->insn->op] != NULL)
        grc_emit_text(emit, system_text[emit->insn->op]);
    else
        return false;
    return true;
}
