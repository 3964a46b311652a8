/*
 * forms.h - the rows of isa.def and forms.def as tables, and the fields of an instruction word.
 */
#ifndef GRC_FORMS_H
#define GRC_FORMS_H

#include "insn.h"

typedef enum grc_form {
#define GRC_FORM(name, operands, flags) GRC_FORM_##name,
#include "forms.def"
#undef GRC_FORM
    GRC_FORM_COUNT
} grc_form;

enum {
    GRC_RC = 1 << 0,
    GRC_RC1 = 1 << 1,
    GRC_DOT = 1 << 2,
    GRC_OE = 1 << 3,
    GRC_CA_IN = 1 << 4,
    GRC_CA_OUT = 1 << 5,
    GRC_LOAD = 1 << 6,
    GRC_STORE = 1 << 7,
    GRC_BARRIER = 1 << 8,
    GRC_FLOAT = 1 << 9,
    GRC_SO_IN = 1 << 10,
    GRC_CUSTOM = 1 << 11,
};

typedef struct grc_op_row {
    const char *mnemonic;
    uint32_t mask, match;
    grc_form form;
} grc_op_row;

typedef struct grc_form_row {
    const char *operands;
    unsigned flags;
} grc_form_row;

/* Row 0 stands for GRC_OP_INVALID and has an empty mnemonic; its form is meaningless. */
extern const grc_op_row grc_op_rows[GRC_OP_COUNT];
extern const grc_form_row grc_form_rows[GRC_FORM_COUNT];

static inline grc_form grc_insn_form(const grc_insn *insn)
{
    return grc_op_rows[insn->op].form;
}
static inline unsigned grc_insn_flags(const grc_insn *insn)
{
    return grc_form_rows[grc_insn_form(insn)].flags;
}

/* ---- fields of the word, by their place; several names share one place --------------------------
 */

static inline unsigned grc_rd(const grc_insn *insn) /* rD, rS, frD, frS, TO, BO, crbD */
{
    return insn->word >> 21 & 31;
}
static inline unsigned grc_ra(const grc_insn *insn) /* rA, frA, BI, crbA */
{
    return insn->word >> 16 & 31;
}
static inline unsigned grc_rb(const grc_insn *insn) /* rB, frB, SH, NB, crbB */
{
    return insn->word >> 11 & 31;
}
static inline unsigned grc_rc(const grc_insn *insn) /* frC, MB */
{
    return insn->word >> 6 & 31;
}
static inline unsigned grc_me(const grc_insn *insn)
{
    return insn->word >> 1 & 31;
}
static inline unsigned grc_sh6(const grc_insn *insn) /* the shift of rldicl and sradi */
{
    return (insn->word >> 11 & 31) | (insn->word << 4 & 32);
}
static inline unsigned grc_mb6(const grc_insn *insn) /* the mask bound of rldicl and rldcl */
{
    return (insn->word >> 6 & 31) | (insn->word & 32);
}
static inline unsigned grc_crd(const grc_insn *insn)
{
    return insn->word >> 23 & 7;
}
static inline unsigned grc_crs(const grc_insn *insn)
{
    return insn->word >> 18 & 7;
}
static inline int32_t grc_simm(const grc_insn *insn)
{
    return (int16_t)(insn->word & 0xFFFF);
}
static inline int32_t grc_simm_ds(const grc_insn *insn)
{
    return (int16_t)(insn->word & 0xFFFC);
}
static inline uint32_t grc_uimm(const grc_insn *insn)
{
    return insn->word & 0xFFFF;
}
static inline unsigned grc_fxm(const grc_insn *insn) /* bit 0x80 is cr0 */
{
    return insn->word >> 12 & 0xFF;
}
/* The conditions of a trap instruction that can hold at all, as the five bits of TO: from the left,
 * signed less, signed greater, equal, unsigned less, unsigned greater. 31: it always traps. */
unsigned grc_trap_conditions(const grc_insn *insn);

/* The fields that mfcr or mfocrf reads: all of them, unless mfocrf names exactly one. */
static inline unsigned grc_fields_read(const grc_insn *insn)
{
    unsigned fxm = grc_fxm(insn);
    bool one = insn->op == GRC_OP_MFOCRF && fxm != 0 && (fxm & (fxm - 1)) == 0;
    return one ? fxm : 0xFF;
}
static inline unsigned grc_fm(const grc_insn *insn) /* bit 0x80 is FPSCR[0:3] */
{
    return insn->word >> 17 & 0xFF;
}
static inline unsigned grc_nb(const grc_insn *insn) /* bytes of lswi and stswi, 1..32 */
{
    unsigned count = grc_rb(insn);
    return count != 0 ? count : 32;
}
static inline bool grc_sets_record(const grc_insn *insn) /* Rc is set, where the form has it */
{
    return (grc_insn_flags(insn) & (GRC_RC | GRC_RC1)) != 0 && (insn->word & 1) != 0;
}
static inline bool grc_sets_overflow(const grc_insn *insn)
{
    return (grc_insn_flags(insn) & GRC_OE) != 0 && (insn->word & 0x400) != 0;
}
/* True iff cr0 is set from the result: Rc of an integer form, or a form that always does. */
static inline bool grc_sets_cr0(const grc_insn *insn)
{
    unsigned flags = grc_insn_flags(insn);
    return (flags & GRC_DOT) != 0 || ((flags & GRC_RC) != 0 && (insn->word & 1) != 0);
}
static inline bool grc_sets_cr1(const grc_insn *insn)
{
    return (grc_insn_flags(insn) & GRC_RC1) != 0 && (insn->word & 1) != 0;
}

#endif
