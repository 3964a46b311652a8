/*
 * disasm.c - an instruction as text, for comments and error messages.
 */
#include "forms.h"
#include <stdio.h>
#include <string.h>

/* A name for what cannot be translated. */
static const char *name_of_unknown(uint32_t word)
{
    static const struct {
        const char *mnemonic;
        uint32_t mask, match;
    } rows[] = {
#define GRC_NAME(mnemonic, mask, match) {mnemonic, mask, match},
#include "names.def"
#undef GRC_NAME
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if ((word & rows[i].mask) == rows[i].match)
            return rows[i].mnemonic;
    }
    return "(invalid)";
}

const char *grc_mnemonic(const grc_insn *insn, char text[16])
{
    if (insn->op == GRC_OP_INVALID)
        return strcpy(text, name_of_unknown(insn->word));
    bool branch = insn->op == GRC_OP_B || insn->op == GRC_OP_BC || insn->op == GRC_OP_BCLR ||
                  insn->op == GRC_OP_BCCTR;
    bool absolute = insn->op == GRC_OP_B || insn->op == GRC_OP_BC;
    snprintf(text, 16, "%s%s%s%s%s", grc_op_rows[insn->op].mnemonic,
             grc_sets_overflow(insn) ? "o" : "", grc_sets_record(insn) ? "." : "",
             branch && (insn->word & 1) != 0 ? "l" : "",
             absolute && (insn->word & 2) != 0 ? "a" : "");
    return text;
}

/* d(rA), the way assemblers write it: d(0) when rA = 0 means no register. */
static void memory_operand(grc_out *out, const grc_insn *insn, int32_t offset)
{
    if (grc_ra(insn) == 0)
        grc_printf(out, "%d(0)", (int)offset);
    else
        grc_printf(out, "%d(r%u)", (int)offset, grc_ra(insn));
}

static void register_operand(grc_out *out, const grc_insn *insn, char letter)
{
    switch (letter) {
    case 'd':
    case 's':
        grc_printf(out, "r%u", grc_rd(insn));
        break;
    case 'z':
        if (grc_ra(insn) == 0) {
            grc_printf(out, "0");
            break;
        } /* fall through */
    case 'a':
    case 'A':
    case 'x':
        grc_printf(out, "r%u", grc_ra(insn));
        break;
    case 'b':
        grc_printf(out, "r%u", grc_rb(insn));
        break;
    case 'F':
    case 'S':
        grc_printf(out, "f%u", grc_rd(insn));
        break;
    case '1':
        grc_printf(out, "f%u", grc_ra(insn));
        break;
    case '2':
        grc_printf(out, "f%u", grc_rb(insn));
        break;
    default:
        grc_printf(out, "f%u", grc_rc(insn));
        break;
    }
}

static void condition_operand(grc_out *out, const grc_insn *insn, char letter)
{
    switch (letter) {
    case 'c':
        grc_printf(out, "cr%u", grc_crd(insn));
        break;
    case 'r':
        grc_printf(out, "cr%u", grc_crs(insn));
        break;
    case 'p':
    case 't':
    case 'J':
        grc_printf(out, "%u", grc_rd(insn));
        break;
    case 'q':
        grc_printf(out, "%u", grc_ra(insn));
        break;
    case 'v':
        grc_printf(out, "%u", grc_rb(insn));
        break;
    case 'f':
        grc_printf(out, "0x%02x", grc_fxm(insn));
        break;
    case 'o':
        grc_printf(out, "%u,%u", grc_rd(insn), grc_ra(insn));
        break;
    case 'y':
        grc_printf(out, "%u", grc_crd(insn));
        break;
    case 'Y':
        grc_printf(out, "0x%02x", grc_fm(insn));
        break;
    default: /* R */
        grc_printf(out, "%u", grc_crs(insn));
        break;
    }
}

static void number_operand(grc_out *out, const grc_insn *insn, char letter)
{
    grc_branch branch;
    switch (letter) {
    case 'i':
        grc_printf(out, "%d", (int)grc_simm(insn));
        break;
    case 'u':
        grc_printf(out, "0x%x", (unsigned)grc_uimm(insn));
        break;
    case 'h':
        grc_printf(out, "%u", grc_rb(insn));
        break;
    case 'H':
        grc_printf(out, "%u", grc_sh6(insn));
        break;
    case 'n':
        grc_printf(out, "%u", grc_rc(insn));
        break;
    case 'e':
        grc_printf(out, "%u", grc_me(insn));
        break;
    case 'g':
        grc_printf(out, "%u", grc_mb6(insn));
        break;
    case 'N':
        grc_printf(out, "%u", grc_nb(insn));
        break;
    case 'j':
        grc_printf(out, "%u", (unsigned)(insn->word >> 12 & 15));
        break;
    default: /* w */
        grc_insn_branch(insn, &branch);
        grc_printf(out, "0x%08x", (unsigned)branch.target);
        break;
    }
}

static void operand(grc_out *out, const grc_insn *insn, char letter)
{
    if (strchr("dszaAxbFS123", letter) != NULL)
        register_operand(out, insn, letter);
    else if (strchr("crpqvtJfoyYR", letter) != NULL)
        condition_operand(out, insn, letter);
    else if (strchr("mM", letter) != NULL)
        memory_operand(out, insn, grc_simm(insn));
    else if (strchr("kK", letter) != NULL)
        memory_operand(out, insn, grc_simm_ds(insn));
    else
        number_operand(out, insn, letter);
}

void grc_disassemble(const grc_insn *insn, char *text, unsigned size)
{
    char mnemonic[16];
    grc_out out = {0};
    grc_printf(&out, "%s", grc_mnemonic(insn, mnemonic));
    if (insn->op == GRC_OP_INVALID) {
        grc_printf(&out, " 0x%08x", (unsigned)insn->word);
    } else {
        const char *operands = grc_form_rows[grc_insn_form(insn)].operands;
        for (unsigned i = 0; operands[i] != '\0'; i++) {
            grc_printf(&out, "%s", i == 0 ? " " : ",");
            operand(&out, insn, operands[i]);
        }
    }
    snprintf(text, size, "%s", out.text != NULL && !out.failed ? out.text : "(out of memory)");
    grc_out_free(&out);
}
