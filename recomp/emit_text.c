/*
 * emit_text.c - templates of C text, and the pieces that several families emit.
 */
#include "emit.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *grc_cr_bit(unsigned bit, char text[8])
{
    static const char names[4][3] = {"lt", "gt", "eq", "so"};
    snprintf(text, 8, "cr%u_%s", bit / 4 & 7, names[bit & 3]);
    return text;
}

uint64_t grc_rotate_mask(unsigned first, unsigned last)
{
    uint64_t from = ~UINT64_C(0) >> first;
    uint64_t to = ~UINT64_C(0) << (63 - last);
    return first <= last ? from & to : from | to;
}

static void emit_constant(grc_out *out, uint64_t value)
{
    if (value <= 9)
        grc_printf(out, "%" PRIu64 "u", value);
    else
        grc_printf(out, "0x%" PRIx64 "u", value);
}

/* A sign-extended 64-bit constant. */
static void emit_signed(grc_out *out, int64_t value)
{
    if (value < 0 && value >= -0x8000)
        grc_printf(out, "(uint64_t)%" PRId64, value);
    else
        emit_constant(out, (uint64_t)value);
}

static void emit_addend(grc_out *out, int32_t value)
{
    if (value != 0)
        grc_printf(out, " %c %d", value < 0 ? '-' : '+', value < 0 ? -(int)value : (int)value);
}

static bool is_indexed(grc_form form)
{
    const char *operands = grc_form_rows[form].operands;
    return strchr(operands, 'b') != NULL;
}

static bool is_ds(grc_form form)
{
    return strpbrk(grc_form_rows[form].operands, "kK") != NULL;
}

/* The string forms with a byte count address by rA alone. */
static int32_t displacement(const grc_insn *insn)
{
    grc_form form = grc_insn_form(insn);
    if (form == GRC_FORM_LOAD_STRING_I || form == GRC_FORM_STORE_STRING_I)
        return 0;
    return is_ds(form) ? grc_simm_ds(insn) : grc_simm(insn);
}

static void emit_address(grc_out *out, const grc_insn *insn)
{
    unsigned ra = grc_ra(insn);
    if (is_indexed(grc_insn_form(insn))) {
        if (ra == 0)
            grc_printf(out, "(uint32_t)r%u", grc_rb(insn));
        else
            grc_printf(out, "(uint32_t)(r%u + r%u)", ra, grc_rb(insn));
        return;
    }
    int32_t offset = displacement(insn);
    if (ra == 0) {
        emit_constant(out, (uint32_t)offset);
    } else if (offset == 0) {
        grc_printf(out, "(uint32_t)r%u", ra);
    } else {
        grc_printf(out, "(uint32_t)(r%u", ra);
        emit_addend(out, offset);
        grc_printf(out, ")");
    }
}

/* The mask of rlwinm and its like is that of 32 bits in both halves if it wraps. */
static uint64_t rotation_mask(const grc_insn *insn)
{
    if (insn->word >> 26 != 30)
        return grc_rotate_mask(grc_rc(insn) + 32, grc_me(insn) + 32);
    if (insn->op == GRC_OP_RLDICR || insn->op == GRC_OP_RLDCR)
        return grc_rotate_mask(0, grc_mb6(insn));
    if (insn->op == GRC_OP_RLDIC || insn->op == GRC_OP_RLDIMI)
        return grc_rotate_mask(grc_mb6(insn), 63 - grc_sh6(insn));
    return grc_rotate_mask(grc_mb6(insn), 63);
}

static void emit_number(grc_out *out, const grc_insn *insn, char letter)
{
    switch (letter) {
    case 'i':
        emit_signed(out, grc_simm(insn));
        break;
    case 'I':
        emit_signed(out, (int64_t)grc_simm(insn) * 65536);
        break;
    case '+':
        emit_addend(out, grc_simm(insn));
        break;
    case 'w':
        grc_printf(out, "%d", (int)grc_simm(insn));
        break;
    case 'u':
        emit_constant(out, grc_uimm(insn));
        break;
    case 'U':
        emit_constant(out, (uint64_t)grc_uimm(insn) << 16);
        break;
    case 'h':
        grc_printf(out, "%u", grc_rb(insn));
        break;
    case 'H':
        grc_printf(out, "%u", grc_sh6(insn));
        break;
    case 'm':
        emit_constant(out, rotation_mask(insn));
        break;
    case 'M':
        emit_constant(out, ~rotation_mask(insn));
        break;
    case 'n':
        grc_printf(out, "%u", grc_nb(insn));
        break;
    case 'e':
        emit_address(out, insn);
        break;
    default:
        grc_printf(out, "$");
        break;
    }
}

static void emit_register(grc_out *out, const grc_insn *insn, char letter)
{
    char bit[8];
    switch (letter) {
    case 'd':
        grc_printf(out, "r%u", grc_rd(insn));
        break;
    case 'z':
        if (grc_ra(insn) == 0)
            grc_printf(out, "0u");
        else
            grc_printf(out, "r%u", grc_ra(insn));
        break;
    case 'a':
        grc_printf(out, "r%u", grc_ra(insn));
        break;
    case 'b':
        grc_printf(out, "r%u", grc_rb(insn));
        break;
    case 'F':
        grc_printf(out, "f%u.d", grc_rd(insn));
        break;
    case '1':
        grc_printf(out, "f%u.d", grc_ra(insn));
        break;
    case '2':
        grc_printf(out, "f%u.d", grc_rb(insn));
        break;
    case '3':
        grc_printf(out, "f%u.d", grc_rc(insn));
        break;
    case 'c':
        grc_printf(out, "cr%u", grc_crd(insn));
        break;
    case 'C':
        grc_printf(out, "cr%u", grc_crs(insn));
        break;
    case 'p':
        grc_printf(out, "%s", grc_cr_bit(grc_rd(insn), bit));
        break;
    case 'q':
        grc_printf(out, "%s", grc_cr_bit(grc_ra(insn), bit));
        break;
    default: /* v */
        grc_printf(out, "%s", grc_cr_bit(grc_rb(insn), bit));
        break;
    }
}

static void emit_single(const grc_emit *emit, char letter)
{
    const grc_insn *insn = emit->insn;
    unsigned reg = letter == 's'   ? grc_rd(insn)
                   : letter == '4' ? grc_ra(insn)
                   : letter == '5' ? grc_rb(insn)
                                   : grc_rc(insn);
    grc_printf(emit->out, emit->options->single_locals ? "s%u" : "(float)f%u.d", reg);
}

void grc_emit_text(const grc_emit *emit, const char *text)
{
    for (;;) {
        size_t plain = strcspn(text, "$");
        grc_out_add(emit->out, text, plain);
        text += plain;
        if (*text == '\0')
            return;
        char letter = text[1];
        if (strchr("s456", letter) != NULL)
            emit_single(emit, letter);
        else if (strchr("dzabF123cCpqv", letter) != NULL)
            emit_register(emit->out, emit->insn, letter);
        else
            emit_number(emit->out, emit->insn, letter);
        text += 2;
    }
}

void grc_emit_record(const grc_emit *emit, unsigned gpr)
{
    if (grc_sets_cr0(emit->insn))
        grc_printf(emit->out, " GRT_COMPARE(cr0, (int32_t)r%u, 0);", gpr);
}

void grc_emit_trap(const grc_emit *emit, const char *kind)
{
    grc_printf(emit->out,
               "grt_ppc_trap(ctx, base, GRT_TRAP_%s, 0x%08" PRIx32 "u, 0x%08" PRIx32 "u);", kind,
               emit->insn->address, emit->insn->word);
}
