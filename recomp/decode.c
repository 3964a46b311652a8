/*
 * decode.c - from a word to a row of isa.def.
 */
#include "forms.h"

const grc_op_row grc_op_rows[GRC_OP_COUNT] = {
    [GRC_OP_INVALID] = {"", 0, 0, GRC_FORM_BARRIER},
#define GRC_INSN(id, mnemonic, mask, match, form)                                                  \
    [GRC_OP_##id] = {mnemonic, mask, match, GRC_FORM_##form},
#include "isa.def"
#undef GRC_INSN
};

const grc_form_row grc_form_rows[GRC_FORM_COUNT] = {
/* The flags of forms.def are written without their prefix. */
#define RC                              GRC_RC
#define RC1                             GRC_RC1
#define DOT                             GRC_DOT
#define OE                              GRC_OE
#define CA_IN                           GRC_CA_IN
#define CA_OUT                          GRC_CA_OUT
#define LOAD                            GRC_LOAD
#define STORE                           GRC_STORE
#define BARRIER                         GRC_BARRIER
#define FLOAT                           GRC_FLOAT
#define SO_IN                           GRC_SO_IN
#define CUSTOM                          GRC_CUSTOM
#define GRC_FORM(name, operands, flags) {operands, (unsigned)(flags)},
#include "forms.def"
#undef GRC_FORM
};

/* True iff register [reg] is among the [count] registers from [first] on, r0 following r31. */
static bool in_range(unsigned reg, unsigned first, unsigned count)
{
    return ((reg - first) & 31) < count;
}

/*
 * The architecture calls some operand choices invalid. Their effect differs from one processor to
 * the next, compilers never emit them, and data that is taken for code often hits them: so they do
 * not decode.
 */
static bool operands_valid(const grc_insn *insn)
{
    unsigned rd = grc_rd(insn), ra = grc_ra(insn);
    switch (grc_insn_form(insn)) {
    case GRC_FORM_LOAD_U:
    case GRC_FORM_LOAD_UX:
    case GRC_FORM_LOAD_DS_U:
        return ra != 0 && ra != rd;
    case GRC_FORM_STORE_U:
    case GRC_FORM_STORE_UX:
    case GRC_FORM_STORE_DS_U:
    case GRC_FORM_FLOAD_U:
    case GRC_FORM_FLOAD_UX:
    case GRC_FORM_FSTORE_U:
    case GRC_FORM_FSTORE_UX:
        return ra != 0;
    case GRC_FORM_LOAD_MULTIPLE:
        return ra < rd;
    case GRC_FORM_LOAD_STRING_I:
        return !in_range(ra, rd, (grc_nb(insn) + 3) / 4);
    case GRC_FORM_LOAD_STRING_X:
        return rd != ra && rd != grc_rb(insn);
    case GRC_FORM_BRANCH_CTR:
        return (rd & 4) != 0; /* cannot count CTR down and jump to it */
    default:
        return true;
    }
}

/* The first row whose primary opcode is at least [primary]; rows are ascending by it. */
static unsigned first_row(uint32_t primary)
{
    unsigned low = GRC_OP_INVALID + 1, high = GRC_OP_COUNT;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (grc_op_rows[middle].match >> 26 < primary)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

grc_insn grc_decode(uint32_t address, uint32_t word)
{
    grc_insn insn = {address, word, GRC_OP_INVALID};
    uint32_t primary = word >> 26;
    for (unsigned i = first_row(primary); i < GRC_OP_COUNT && grc_op_rows[i].match >> 26 == primary;
         i++) {
        if ((word & grc_op_rows[i].mask) != grc_op_rows[i].match)
            continue;
        insn.op = (grc_op)i;
        if (!operands_valid(&insn))
            insn.op = GRC_OP_INVALID;
        break;
    }
    return insn;
}
