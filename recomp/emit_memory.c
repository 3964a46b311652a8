/*
 * emit_memory.c - loads, stores and the reservation; multiples and strings are in emit_multiple.c.
 */
#include "emit.h"
#include <stddef.h>

/* The statement with the effective address written as $e. */
static const char *const plain[GRC_OP_COUNT] = {
#define LOAD(op, expression) [GRC_OP_##op] = "$d = " expression ";"
#define STORE(op, function)  [GRC_OP_##op] = function "(base, $e, $d);"
    LOAD(LBZ, "grt_ld8(base, $e)"),
    LOAD(LBZX, "grt_ld8(base, $e)"),
    LOAD(LHZ, "grt_ld16(base, $e)"),
    LOAD(LHZX, "grt_ld16(base, $e)"),
    LOAD(LHA, "(uint64_t)(int64_t)(int16_t)grt_ld16(base, $e)"),
    LOAD(LHAX, "(uint64_t)(int64_t)(int16_t)grt_ld16(base, $e)"),
    LOAD(LWZ, "grt_ld32(base, $e)"),
    LOAD(LWZX, "grt_ld32(base, $e)"),
    LOAD(LWA, "(uint64_t)(int64_t)(int32_t)grt_ld32(base, $e)"),
    LOAD(LWAX, "(uint64_t)(int64_t)(int32_t)grt_ld32(base, $e)"),
    LOAD(LD, "grt_ld64(base, $e)"),
    LOAD(LDX, "grt_ld64(base, $e)"),
    LOAD(LHBRX, "grt_ld16r(base, $e)"),
    LOAD(LWBRX, "grt_ld32r(base, $e)"),
    LOAD(LDBRX, "grt_ld64r(base, $e)"),
    STORE(STB, "grt_st8"),
    STORE(STBX, "grt_st8"),
    STORE(STH, "grt_st16"),
    STORE(STHX, "grt_st16"),
    STORE(STW, "grt_st32"),
    STORE(STWX, "grt_st32"),
    STORE(STD, "grt_st64"),
    STORE(STDX, "grt_st64"),
    STORE(STHBRX, "grt_st16r"),
    STORE(STWBRX, "grt_st32r"),
    STORE(STDBRX, "grt_st64r"),
    [GRC_OP_LFS] = "$F = grt_lfs(base, $e);",
    [GRC_OP_LFSX] = "$F = grt_lfs(base, $e);",
    [GRC_OP_LFD] = "$F = grt_lfd(base, $e);",
    [GRC_OP_LFDX] = "$F = grt_lfd(base, $e);",
    [GRC_OP_STFS] = "grt_stfs(base, $e, $F);",
    [GRC_OP_STFSX] = "grt_stfs(base, $e, $F);",
    [GRC_OP_STFD] = "grt_stfd(base, $e, $F);",
    [GRC_OP_STFDX] = "grt_stfd(base, $e, $F);",
    [GRC_OP_STFIWX] = "grt_stfiw(base, $e, $F);",
#undef LOAD
#undef STORE
};

/* The statement of an update form, with the address in the variable ea. Storing the old rA and
 * adding a loaded rB both need the address before anything is written. */
static const char *const updating[GRC_OP_COUNT] = {
#define LOAD(op, expression) [GRC_OP_##op] = "$d = " expression ";"
#define STORE(op, function)  [GRC_OP_##op] = function "(base, ea, $d);"
    LOAD(LBZU, "grt_ld8(base, ea)"),
    LOAD(LBZUX, "grt_ld8(base, ea)"),
    LOAD(LHZU, "grt_ld16(base, ea)"),
    LOAD(LHZUX, "grt_ld16(base, ea)"),
    LOAD(LHAU, "(uint64_t)(int64_t)(int16_t)grt_ld16(base, ea)"),
    LOAD(LHAUX, "(uint64_t)(int64_t)(int16_t)grt_ld16(base, ea)"),
    LOAD(LWZU, "grt_ld32(base, ea)"),
    LOAD(LWZUX, "grt_ld32(base, ea)"),
    LOAD(LWAUX, "(uint64_t)(int64_t)(int32_t)grt_ld32(base, ea)"),
    LOAD(LDU, "grt_ld64(base, ea)"),
    LOAD(LDUX, "grt_ld64(base, ea)"),
    STORE(STBU, "grt_st8"),
    STORE(STBUX, "grt_st8"),
    STORE(STHU, "grt_st16"),
    STORE(STHUX, "grt_st16"),
    STORE(STWU, "grt_st32"),
    STORE(STWUX, "grt_st32"),
    STORE(STDU, "grt_st64"),
    STORE(STDUX, "grt_st64"),
    [GRC_OP_LFSU] = "$F = grt_lfs(base, ea);",
    [GRC_OP_LFSUX] = "$F = grt_lfs(base, ea);",
    [GRC_OP_LFDU] = "$F = grt_lfd(base, ea);",
    [GRC_OP_LFDUX] = "$F = grt_lfd(base, ea);",
    [GRC_OP_STFSU] = "grt_stfs(base, ea, $F);",
    [GRC_OP_STFSUX] = "grt_stfs(base, ea, $F);",
    [GRC_OP_STFDU] = "grt_stfd(base, ea, $F);",
    [GRC_OP_STFDUX] = "grt_stfd(base, ea, $F);",
#undef LOAD
#undef STORE
};

/* Singles: stfs of a value known to be one is a plain conversion, and with float locals neither
 * load nor store converts anything. */
static const char *single_access(const grc_emit *emit)
{
    bool local = emit->options->single_locals;
    bool known = (emit->options->fpr_single >> grc_rd(emit->insn) & 1) != 0;
    switch (emit->insn->op) {
    case GRC_OP_LFS:
    case GRC_OP_LFSX:
        return local ? "$s = grt_ld_single(base, $e); $F = grt_widen($s);" : NULL;
    case GRC_OP_LFSU:
    case GRC_OP_LFSUX:
        return local ? "$s = grt_ld_single(base, ea); $F = grt_widen($s);" : NULL;
    case GRC_OP_STFS:
    case GRC_OP_STFSX:
        return !known  ? NULL
               : local ? "grt_st_single(base, $e, $s);"
                       : "grt_stfs_single(base, $e, $F);";
    case GRC_OP_STFSU:
    case GRC_OP_STFSUX:
        return !known  ? NULL
               : local ? "grt_st_single(base, ea, $s);"
                       : "grt_stfs_single(base, ea, $F);";
    default:
        return NULL;
    }
}

/* The architecture wants these aligned; elsewhere an atomic access may be impossible. */
static void emit_alignment_check(const grc_emit *emit, unsigned size)
{
    grc_printf(emit->out, "if (GRT_UNLIKELY((ea & %u) != 0)) ", size - 1);
    grc_emit_trap(emit, "UNALIGNED_RESERVE");
    grc_printf(emit->out, " ");
}

static bool emit_reservation(const grc_emit *emit)
{
    bool word = emit->insn->op == GRC_OP_LWARX || emit->insn->op == GRC_OP_STWCX_RC;
    grc_emit_text(emit, "{ uint32_t ea = $e; ");
    emit_alignment_check(emit, word ? 4 : 8);
    if (grc_insn_form(emit->insn) == GRC_FORM_LOAD_RESERVE) {
        grc_emit_text(emit, word ? "$d = grt_lwarx(ctx, base, ea); }"
                                 : "$d = grt_ldarx(ctx, base, ea); }");
    } else {
        grc_emit_text(emit, "cr0_lt = 0; cr0_gt = 0; ");
        grc_emit_text(emit, word ? "cr0_eq = grt_stwcx(ctx, base, ea, $d); "
                                 : "cr0_eq = grt_stdcx(ctx, base, ea, $d); ");
        grc_emit_text(emit, "cr0_so = xer_so; }");
    }
    return true;
}

bool grc_emit_memory(const grc_emit *emit)
{
    grc_form form = grc_insn_form(emit->insn);
    if (form == GRC_FORM_LOAD_RESERVE || form == GRC_FORM_STORE_CONDITIONAL)
        return emit_reservation(emit);
    const char *statement = single_access(emit);
    bool updates = updating[emit->insn->op] != NULL;
    if (statement == NULL)
        statement = updates ? updating[emit->insn->op] : plain[emit->insn->op];
    if (statement == NULL)
        return false;
    if (updates)
        grc_emit_text(emit, "{ uint32_t ea = $e; ");
    grc_emit_text(emit, statement);
    if (updates)
        grc_emit_text(emit, " $a = ea; }");
    return true;
}
