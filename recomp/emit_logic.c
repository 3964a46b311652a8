/*
 * emit_logic.c - logic, shifts and rotates.
 */
#include "emit.h"
#include <stddef.h>

/* The new rA, and XER[CA] where the instruction sets it. */
typedef struct logic {
    const char *value, *carry;
} logic;

static const logic rows[GRC_OP_COUNT] = {
    [GRC_OP_ORI] = {"$d | $u", NULL},
    [GRC_OP_ORIS] = {"$d | $U", NULL},
    [GRC_OP_XORI] = {"$d ^ $u", NULL},
    [GRC_OP_XORIS] = {"$d ^ $U", NULL},
    [GRC_OP_ANDI_RC] = {"$d & $u", NULL},
    [GRC_OP_ANDIS_RC] = {"$d & $U", NULL},
    [GRC_OP_AND] = {"$d & $b", NULL},
    [GRC_OP_ANDC] = {"$d & ~$b", NULL},
    [GRC_OP_NAND] = {"~($d & $b)", NULL},
    [GRC_OP_OR] = {"$d | $b", NULL},
    [GRC_OP_ORC] = {"$d | ~$b", NULL},
    [GRC_OP_NOR] = {"~($d | $b)", NULL},
    [GRC_OP_XOR] = {"$d ^ $b", NULL},
    [GRC_OP_EQV] = {"~($d ^ $b)", NULL},
    [GRC_OP_EXTSB] = {"(uint64_t)(int64_t)(int8_t)$d", NULL},
    [GRC_OP_EXTSH] = {"(uint64_t)(int64_t)(int16_t)$d", NULL},
    [GRC_OP_EXTSW] = {"(uint64_t)(int64_t)(int32_t)$d", NULL},
    [GRC_OP_CNTLZW] = {"grt_cntlzw($d)", NULL},
    [GRC_OP_CNTLZD] = {"grt_cntlzd($d)", NULL},
    [GRC_OP_SLW] = {"grt_slw($d, $b)", NULL},
    [GRC_OP_SRW] = {"grt_srw($d, $b)", NULL},
    [GRC_OP_SLD] = {"grt_sld($d, $b)", NULL},
    [GRC_OP_SRD] = {"grt_srd($d, $b)", NULL},
    [GRC_OP_SRAW] = {"grt_sraw($d, $b)", "grt_sraw_carry($d, $b)"},
    [GRC_OP_SRAD] = {"grt_srad($d, $b)", "grt_srad_carry($d, $b)"},
    [GRC_OP_SRAWI] = {"(uint64_t)(int64_t)((int32_t)$d >> $h)", "grt_sraw_carry($d, $h)"},
    [GRC_OP_SRADI] = {"(uint64_t)((int64_t)$d >> $H)", "grt_srad_carry($d, $H)"},
    [GRC_OP_RLWNM] = {"grt_rotl32($d, $b) & $m", NULL},
    [GRC_OP_RLWIMI] = {"(grt_rotl32($d, $h) & $m) | ($a & $M)", NULL},
    [GRC_OP_RLDICL] = {"grt_rotl64($d, $H) & $m", NULL},
    [GRC_OP_RLDICR] = {"grt_rotl64($d, $H) & $m", NULL},
    [GRC_OP_RLDIC] = {"grt_rotl64($d, $H) & $m", NULL},
    [GRC_OP_RLDCL] = {"grt_rotl64($d, $b) & $m", NULL},
    [GRC_OP_RLDCR] = {"grt_rotl64($d, $b) & $m", NULL},
    [GRC_OP_RLDIMI] = {"(grt_rotl64($d, $H) & $m) | ($a & $M)", NULL},
};

/* MASK(mb, me) of a 32-bit rotation in 64 bits. */
static uint64_t word_mask(const grc_insn *insn)
{
    return grc_rotate_mask(grc_rc(insn) + 32, grc_me(insn) + 32);
}

/* A mask that wraps reaches into the upper half, where the rotated word is repeated. */
static const char *wrapped_rotation(const grc_insn *insn)
{
    if (word_mask(insn) >> 32 == 0)
        return NULL;
    switch (insn->op) {
    case GRC_OP_RLWINM:
        return "grt_rotl32_twice($d, $h) & $m";
    case GRC_OP_RLWNM:
        return "grt_rotl32_twice($d, $b) & $m";
    case GRC_OP_RLWIMI:
        return "(grt_rotl32_twice($d, $h) & $m) | ($a & $M)";
    default:
        return NULL;
    }
}

/* The bits of a word that a rotation to the left brings around from the other end. */
static uint64_t wrapped_bits(unsigned shift)
{
    return (UINT64_C(1) << shift) - 1;
}

/* Most rlwinm are a mask or a shift, and read better as one. Null: a shift to the right. */
static const char *word_rotation(const grc_insn *insn)
{
    uint64_t mask = word_mask(insn), wrapped = wrapped_bits(grc_rb(insn));
    if (wrapped == 0)
        return "$d & $m";
    if ((mask & wrapped) == 0)
        return "($d << $h) & $m";
    return (mask & ~wrapped) == 0 ? NULL : "grt_rotl32($d, $h) & $m";
}

static void emit_right_shift(const grc_emit *emit)
{
    unsigned shift = grc_rb(emit->insn);
    grc_printf(emit->out, "(uint32_t)r%u >> %u", grc_rd(emit->insn), 32 - shift);
    if (word_mask(emit->insn) != wrapped_bits(shift))
        grc_emit_text(emit, " & $m");
}

/* mr, and the priority hints that look like it. */
static bool is_move(const grc_insn *insn)
{
    return insn->op == GRC_OP_OR && grc_rd(insn) == grc_rb(insn);
}

static void emit_value(const grc_emit *emit)
{
    const char *value = NULL;
    if (emit->insn->word >> 26 >= 20 && emit->insn->word >> 26 <= 23)
        value = wrapped_rotation(emit->insn);
    if (value == NULL && emit->insn->op == GRC_OP_RLWINM)
        value = word_rotation(emit->insn);
    else if (value == NULL)
        value = rows[emit->insn->op].value;
    if (value != NULL)
        grc_emit_text(emit, value);
    else
        emit_right_shift(emit);
}

bool grc_emit_logic(const grc_emit *emit)
{
    const grc_insn *insn = emit->insn;
    const logic *row = &rows[insn->op];
    if (row->value == NULL && insn->op != GRC_OP_RLWINM)
        return false;
    if (row->carry != NULL) {
        grc_emit_text(emit, "xer_ca = ");
        grc_emit_text(emit, row->carry);
        grc_emit_text(emit, "; ");
    }
    if (is_move(insn)) {
        /* Compilers warn of a variable that is assigned to itself. */
        grc_emit_text(emit, grc_rd(insn) == grc_ra(insn) ? ";" : "$a = $d;");
    } else {
        grc_emit_text(emit, "$a = ");
        emit_value(emit);
        grc_emit_text(emit, ";");
    }
    grc_emit_record(emit, grc_ra(insn));
    return true;
}
