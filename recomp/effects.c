/*
 * effects.c - what an instruction reads and writes.
 *
 * Most of it follows from the operand letters of the form; the rest is in custom_effects().
 */
#include "forms.h"

#define CR_FIELD(field) (15u << (4 * (field)))

/* Register numbers [first] .. [first + count - 1], r0 following r31. */
static uint32_t gpr_range(unsigned first, unsigned count)
{
    uint32_t set = 0;
    for (unsigned i = 0; i < count; i++)
        set |= 1u << ((first + i) & 31);
    return set;
}

/* The CR bits of the fields in [fxm], whose bit 0x80 is cr0. */
static uint32_t cr_fields(unsigned fxm)
{
    uint32_t set = 0;
    for (unsigned field = 0; field < 8; field++)
        if ((fxm & (0x80u >> field)) != 0)
            set |= CR_FIELD(field);
    return set;
}

static void operand_effects(const grc_insn *insn, char letter, grc_effects *effects)
{
    grc_regs *reads = &effects->reads, *writes = &effects->writes;
    uint32_t rd = 1u << grc_rd(insn), ra = 1u << grc_ra(insn), rb = 1u << grc_rb(insn);
    switch (letter) {
    case 'd':
        writes->gpr |= rd;
        break;
    case 's':
        reads->gpr |= rd;
        break;
    case 'a':
        reads->gpr |= ra;
        break;
    case 'A':
        writes->gpr |= ra;
        break;
    case 'x':
    case 'M':
    case 'K':
        reads->gpr |= ra;
        writes->gpr |= ra;
        break;
    case 'z':
    case 'm':
    case 'k':
        reads->gpr |= ra & ~1u; /* rA = 0 means the value 0 */
        break;
    case 'b':
        reads->gpr |= rb;
        break;
    case 'F':
        writes->fpr |= rd;
        break;
    case 'S':
        reads->fpr |= rd;
        break;
    case '1':
        reads->fpr |= ra;
        break;
    case '2':
        reads->fpr |= rb;
        break;
    case '3':
        reads->fpr |= 1u << grc_rc(insn);
        break;
    case 'c':
        writes->cr |= CR_FIELD(grc_crd(insn));
        break;
    case 'r':
        reads->cr |= CR_FIELD(grc_crs(insn));
        break;
    case 'p':
        writes->cr |= rd;
        break;
    case 'q':
        reads->cr |= ra;
        break;
    case 'v':
        reads->cr |= rb;
        break;
    default:
        break; /* immediates */
    }
}

static void flag_effects(const grc_insn *insn, unsigned flags, grc_effects *effects)
{
    if (grc_sets_overflow(insn)) {
        effects->reads.misc |= GRC_XER_SO; /* sticky: the new value depends on the old one */
        effects->writes.misc |= GRC_XER_SO | GRC_XER_OV;
    }
    if (grc_sets_cr0(insn)) {
        effects->reads.misc |= GRC_XER_SO;
        effects->writes.cr |= CR_FIELD(0);
    }
    if (grc_sets_cr1(insn)) {
        effects->reads_fp_status = true;
        effects->writes.cr |= CR_FIELD(1);
    }
    if ((flags & GRC_SO_IN) != 0)
        effects->reads.misc |= GRC_XER_SO;
    if ((flags & GRC_CA_IN) != 0)
        effects->reads.misc |= GRC_XER_CA;
    if ((flags & GRC_CA_OUT) != 0)
        effects->writes.misc |= GRC_XER_CA;
    effects->loads = (flags & GRC_LOAD) != 0;
    effects->stores = (flags & GRC_STORE) != 0;
    effects->barrier = (flags & GRC_BARRIER) != 0;
    effects->is_float = (flags & GRC_FLOAT) != 0;
}

static void branch_effects(const grc_insn *insn, grc_effects *effects)
{
    unsigned bo = grc_rd(insn);
    if (insn->op != GRC_OP_B) {
        if ((bo & 0x10) == 0)
            effects->reads.cr |= 1u << grc_ra(insn);
        if ((bo & 0x04) == 0) {
            effects->reads.misc |= GRC_CTR;
            effects->writes.misc |= GRC_CTR;
        }
    }
    if (insn->op == GRC_OP_BCLR)
        effects->reads.misc |= GRC_LR;
    if (insn->op == GRC_OP_BCCTR)
        effects->reads.misc |= GRC_CTR;
    if ((insn->word & 1) != 0)
        effects->writes.misc |= GRC_LR;
}

static void special_register_effects(const grc_insn *insn, grc_effects *effects)
{
    const uint32_t xer = GRC_XER_CA | GRC_XER_OV | GRC_XER_SO | GRC_XER_COUNT;
    switch (insn->op) {
    case GRC_OP_MFXER:
        effects->reads.misc |= xer;
        break;
    case GRC_OP_MTXER:
        effects->writes.misc |= xer;
        break;
    case GRC_OP_MFLR:
        effects->reads.misc |= GRC_LR;
        break;
    case GRC_OP_MTLR:
        effects->writes.misc |= GRC_LR;
        break;
    case GRC_OP_MFCTR:
        effects->reads.misc |= GRC_CTR;
        break;
    case GRC_OP_MTCTR:
        effects->writes.misc |= GRC_CTR;
        break;
    case GRC_OP_MCRXR:
        effects->reads.misc |= GRC_XER_CA | GRC_XER_OV | GRC_XER_SO;
        effects->writes.misc |= GRC_XER_CA | GRC_XER_OV | GRC_XER_SO;
        break;
    default:
        break; /* VRSAVE and the time base live in the context */
    }
}

/* Multiple and string accesses: the operand letters name the first register only. */
static void multiple_effects(const grc_insn *insn, grc_effects *effects)
{
    unsigned rd = grc_rd(insn);
    uint32_t words = gpr_range(rd, (grc_nb(insn) + 3) / 4);
    switch (grc_insn_form(insn)) {
    case GRC_FORM_LOAD_MULTIPLE:
        effects->writes.gpr |= gpr_range(rd, 32 - rd);
        break;
    case GRC_FORM_STORE_MULTIPLE:
        effects->reads.gpr |= gpr_range(rd, 32 - rd);
        break;
    case GRC_FORM_LOAD_STRING_I:
        effects->writes.gpr |= words;
        break;
    case GRC_FORM_STORE_STRING_I:
        effects->reads.gpr |= words;
        break;
    default: /* lswx, stswx: how many registers, only XER knows */
        effects->reads.misc |= GRC_XER_COUNT;
        effects->reads.gpr = ~0u;
        if (effects->loads)
            effects->writes.gpr = ~0u;
        break;
    }
}

static void custom_effects(const grc_insn *insn, grc_effects *effects)
{
    switch (grc_insn_form(insn)) {
    case GRC_FORM_MFCR:
    case GRC_FORM_MFOCRF:
        effects->reads.cr = cr_fields(grc_fields_read(insn));
        break;
    case GRC_FORM_MTCRF:
        effects->writes.cr = cr_fields(grc_fxm(insn));
        break;
    case GRC_FORM_MFFS:
    case GRC_FORM_MCRFS:
        effects->reads_fp_status = true;
        break;
    case GRC_FORM_MTFSF:
        effects->whole_fpr_file = (grc_fm(insn) & 1) != 0;
        break;
    case GRC_FORM_MTFSFI:
        effects->whole_fpr_file = grc_crd(insn) == 7;
        break;
    case GRC_FORM_MTFSB:
        effects->whole_fpr_file = grc_rd(insn) >= 28;
        break;
    case GRC_FORM_BRANCH:
    case GRC_FORM_BRANCH_COND:
    case GRC_FORM_BRANCH_LR:
    case GRC_FORM_BRANCH_CTR:
        branch_effects(insn, effects);
        break;
    case GRC_FORM_LOAD_MULTIPLE:
    case GRC_FORM_STORE_MULTIPLE:
    case GRC_FORM_LOAD_STRING_I:
    case GRC_FORM_LOAD_STRING_X:
    case GRC_FORM_STORE_STRING_I:
    case GRC_FORM_STORE_STRING_X:
        multiple_effects(insn, effects);
        break;
    default:
        special_register_effects(insn, effects);
        break;
    }
}

unsigned grc_trap_conditions(const grc_insn *insn)
{
    grc_form form = grc_insn_form(insn);
    unsigned to = grc_rd(insn);
    bool immediate = form == GRC_FORM_TRAP_IMM_W || form == GRC_FORM_TRAP_IMM_D;
    if (!immediate && grc_ra(insn) == grc_rb(insn))
        return (to & 4) != 0 ? 31 : 0;
    /* Nothing unsigned is below 0 or above -1, so the other two together always hold. */
    if (immediate && grc_simm(insn) == 0)
        to = (to & 5) == 5 ? 31 : to & ~2u;
    else if (immediate && grc_simm(insn) == -1)
        to = (to & 6) == 6 ? 31 : to & ~1u;
    bool always = (to & 28) == 28 || (to & 7) == 7;
    return always ? 31 : to;
}

/* True iff the instruction does nothing but name registers, or does not depend on those it names:
 * hints, idioms for constants, moves of a register to itself. */
static bool ignores_operands(const grc_insn *insn)
{
    unsigned rd = grc_rd(insn), ra = grc_ra(insn), rb = grc_rb(insn);
    switch (grc_insn_form(insn)) {
    case GRC_FORM_CACHE_HINT:
        return true;
    case GRC_FORM_ADD_IMM_Z:
        return ra != 0 && rd == ra && grc_simm(insn) == 0;
    case GRC_FORM_CMP_REG:
        return ra == rb;
    case GRC_FORM_TRAP_IMM_W:
    case GRC_FORM_TRAP_IMM_D:
    case GRC_FORM_TRAP_REG_W:
    case GRC_FORM_TRAP_REG_D:
        return grc_trap_conditions(insn) == 0 || grc_trap_conditions(insn) == 31;
    case GRC_FORM_CR_LOGIC:
        return (insn->op == GRC_OP_CRXOR || insn->op == GRC_OP_CREQV) && ra == rb;
    case GRC_FORM_CR_MOVE:
        return grc_crd(insn) == grc_crs(insn);
    case GRC_FORM_MTCRF:
        return grc_fxm(insn) == 0;
    case GRC_FORM_FLOAT_MOVE:
        return insn->op == GRC_OP_FMR && rd == rb;
    default:
        return insn->op == GRC_OP_OR && rd == ra && rd == rb && !grc_sets_record(insn);
    }
}

/* Takes back what the operand letters said. A comparison still writes its field, and CR logic its
 * bit; a move to itself leaves the register alone. */
static void forget_operands(const grc_insn *insn, grc_effects *effects)
{
    grc_form form = grc_insn_form(insn);
    effects->reads.gpr = effects->reads.fpr = effects->reads.cr = 0;
    effects->writes.gpr = effects->writes.fpr = 0;
    if (form == GRC_FORM_CR_MOVE)
        effects->writes.cr = 0;
}

bool grc_insn_is_nop(const grc_insn *insn)
{
    switch (insn->op) {
    case GRC_OP_ORI:
    case GRC_OP_ORIS:
    case GRC_OP_XORI:
    case GRC_OP_XORIS:
        return grc_ra(insn) == grc_rd(insn) && (insn->word & 0xFFFF) == 0;
    case GRC_OP_OR:
        return grc_ra(insn) == grc_rd(insn) && grc_ra(insn) == grc_rb(insn) &&
               (insn->word & 1) == 0;
    default:
        return false;
    }
}

void grc_insn_effects(const grc_insn *insn, grc_effects *effects)
{
    *effects = (grc_effects){0};
    if (insn->op == GRC_OP_INVALID || grc_insn_is_nop(insn))
        return;
    unsigned flags = grc_insn_flags(insn);
    for (const char *letter = grc_form_rows[grc_insn_form(insn)].operands; *letter != '\0';
         letter++)
        operand_effects(insn, *letter, effects);
    flag_effects(insn, flags, effects);
    if ((flags & GRC_CUSTOM) != 0)
        custom_effects(insn, effects);
    if (ignores_operands(insn))
        forget_operands(insn, effects);
}

/* The sources decide for moves and fsel; other results are single iff the operation rounds so. */
uint32_t grc_fpr_single_after(const grc_insn *insn, uint32_t before)
{
    grc_effects effects;
    grc_insn_effects(insn, &effects);
    if (effects.writes.fpr == 0)
        return before;
    bool single = false;
    switch (insn->op) {
    case GRC_OP_FMR:
    case GRC_OP_FNEG:
    case GRC_OP_FABS:
    case GRC_OP_FNABS:
        single = (effects.reads.fpr & ~before) == 0;
        break;
    case GRC_OP_FSEL: { /* frA only chooses */
        uint32_t values = 1u << grc_rb(insn) | 1u << grc_rc(insn);
        single = (values & ~before) == 0;
        break;
    }
    case GRC_OP_LFS:
    case GRC_OP_LFSU:
    case GRC_OP_LFSX:
    case GRC_OP_LFSUX:
    case GRC_OP_FRSP:
        single = true;
        break;
    default:
        single = insn->word >> 26 == 59; /* the primary opcode of single-precision arithmetic */
        break;
    }
    return single ? before | effects.writes.fpr : before & ~effects.writes.fpr;
}
