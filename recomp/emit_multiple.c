/*
 * emit_multiple.c - loads and stores of several registers.
 *
 * Registers are C variables, so each one gets a statement of its own.
 */
#include "emit.h"

static bool emit_multiple(const grc_emit *emit, bool load)
{
    grc_emit_text(emit, "{ uint32_t ea = $e;");
    for (unsigned reg = grc_rd(emit->insn), offset = 0; reg < 32; reg++, offset += 4)
        if (load)
            grc_printf(emit->out, " r%u = grt_ld32(base, ea + %u);", reg, offset);
        else
            grc_printf(emit->out, " grt_st32(base, ea + %u, r%u);", offset, reg);
    grc_printf(emit->out, " }");
    return true;
}

/* lswi, stswi: the last register may have one to three bytes. Registers wrap after r31. */
static bool emit_string_immediate(const grc_emit *emit, bool load)
{
    unsigned bytes = grc_nb(emit->insn), reg = grc_rd(emit->insn);
    grc_emit_text(emit, "{ uint32_t ea = (uint32_t)$z;");
    for (unsigned done = 0; done < bytes; done += 4, reg = (reg + 1) & 31)
        if (load)
            grc_printf(emit->out, " r%u = grt_ld_string(base, ea + %u, %u);", reg, done,
                       bytes - done);
        else
            grc_printf(emit->out, " grt_st_string(base, ea + %u, %u, r%u);", done, bytes - done,
                       reg);
    grc_printf(emit->out, " }");
    return true;
}

/* lswx, stswx: XER says how many bytes, at most 127, which is every register. */
static bool emit_string_indexed(const grc_emit *emit, bool load)
{
    unsigned reg = grc_rd(emit->insn);
    grc_emit_text(emit, "{ uint32_t ea = $e, count = xer_count;");
    for (unsigned done = 0; done < 128; done += 4, reg = (reg + 1) & 31)
        if (load)
            grc_printf(emit->out,
                       " if (count > %u) r%u = grt_ld_string(base, ea + %u, count - %u);", done,
                       reg, done, done);
        else
            grc_printf(emit->out, " if (count > %u) grt_st_string(base, ea + %u, count - %u, r%u);",
                       done, done, done, reg);
    grc_printf(emit->out, " }");
    return true;
}

bool grc_emit_multiple(const grc_emit *emit)
{
    switch (grc_insn_form(emit->insn)) {
    case GRC_FORM_LOAD_MULTIPLE:
        return emit_multiple(emit, true);
    case GRC_FORM_STORE_MULTIPLE:
        return emit_multiple(emit, false);
    case GRC_FORM_LOAD_STRING_I:
        return emit_string_immediate(emit, true);
    case GRC_FORM_STORE_STRING_I:
        return emit_string_immediate(emit, false);
    case GRC_FORM_LOAD_STRING_X:
        return emit_string_indexed(emit, true);
    case GRC_FORM_STORE_STRING_X:
        return emit_string_indexed(emit, false);
    default:
        return false;
    }
}
