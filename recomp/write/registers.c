/* registers.c - registers as locals, as fields of the context, and moved between the two. */
#include "write.h"

#include <stdio.h>

enum { MOVES_A_LINE = 4, LOCALS_A_LINE = 8 };

typedef struct place {
    char local[16], field[16];
} place;

static void name_gpr(unsigned i, place *p)
{
    snprintf(p->local, sizeof p->local, "r%u", i);
    snprintf(p->field, sizeof p->field, "r[%u]", i);
}

static void name_fpr(unsigned i, place *p)
{
    snprintf(p->local, sizeof p->local, "f%u", i);
    snprintf(p->field, sizeof p->field, "f[%u]", i);
}

static void name_cr(unsigned i, place *p)
{
    static const char *const bits[] = {"lt", "gt", "eq", "so"};
    snprintf(p->local, sizeof p->local, "cr%u_%s", i / 4 & 7, bits[i & 3]);
    snprintf(p->field, sizeof p->field, "cr[%u]", i);
}

static void name_misc(unsigned i, place *p)
{
    static const char *const names[] = {"lr", "ctr", "xer_ca", "xer_ov", "xer_so", "xer_count"};
    snprintf(p->local, sizeof p->local, "%s", names[i]);
    snprintf(p->field, sizeof p->field, "%s", names[i]);
}

typedef void name_fn(unsigned i, place *p);

/* ---- moves -------------------------------------------------------------------------------------
 */

typedef struct mover {
    grc_out *out;
    const char *indent;
    bool store;
    unsigned on_line;
} mover;

static void move(mover *m, uint32_t set, name_fn *name)
{
    for (unsigned i = 0; i < 32; i++) {
        place p;
        if (!(set >> i & 1))
            continue;
        name(i, &p);
        grc_printf(m->out, "%s", m->on_line ? " " : m->indent);
        if (m->store)
            grc_printf(m->out, "ctx->%s = %s;", p.field, p.local);
        else
            grc_printf(m->out, "%s = ctx->%s;", p.local, p.field);
        m->on_line = (m->on_line + 1) % MOVES_A_LINE;
        if (m->on_line == 0)
            grc_printf(m->out, "\n");
    }
}

static void move_all(mover *m, grc_regs set)
{
    move(m, set.gpr, name_gpr);
    move(m, set.fpr, name_fpr);
    move(m, set.cr, name_cr);
    move(m, set.misc, name_misc);
    if (m->on_line)
        grc_printf(m->out, "\n");
}

void grc_write_stores(grc_out *out, grc_regs set, const char *indent)
{
    move_all(&(mover){out, indent, true, 0}, set);
}

void grc_write_loads(grc_out *out, grc_regs set, const char *indent)
{
    move_all(&(mover){out, indent, false, 0}, set);
}

/* ---- declarations ------------------------------------------------------------------------------
 */

static void declare(grc_out *out, const char *type, uint32_t set, uint32_t loads, name_fn *name)
{
    unsigned on_line = 0;
    for (unsigned i = 0; i < 32; i++) {
        place p;
        if (!(set >> i & 1))
            continue;
        name(i, &p);
        if (on_line == 0)
            grc_printf(out, "    %s ", type);
        else
            grc_printf(out, ", ");
        grc_printf(out, "%s", p.local);
        if (loads >> i & 1)
            grc_printf(out, " = ctx->%s", p.field);
        on_line = (on_line + 1) % LOCALS_A_LINE;
        if (on_line == 0)
            grc_printf(out, ";\n");
    }
    if (on_line)
        grc_printf(out, ";\n");
}

enum { WIDE = GRC_LR | GRC_CTR };

static void declare_wide(grc_out *out, grc_regs set, grc_regs loads, const char *prefix)
{
    char type[32];
    snprintf(type, sizeof type, "%suint64_t", prefix);
    declare(out, type, set.gpr, loads.gpr, name_gpr);
    declare(out, type, set.misc & WIDE, loads.misc, name_misc);
}

/* Each FPR also has a local for when it holds a single-precision value. */
static void declare_singles(grc_out *out, uint32_t set)
{
    for (unsigned i = 0; i < 32; i++) {
        if (set >> i & 1)
            grc_printf(out, "    GRT_UNUSED float s%u;\n", i);
    }
}

/* A local that is only written makes the compiler warn, though it drops it. For condition bits that
 * is the common case, and whether one is read depends on the text of single instructions; so it
 * does for FPRs, which may be read through the local of their single. */
void grc_write_locals(grc_out *out, const grc_plan *plan)
{
    declare_wide(out, plan->used, plan->loads, "");
    declare_wide(out, grc_regs_less(plan->locals, plan->used), plan->loads, "GRT_UNUSED ");
    declare(out, "GRT_UNUSED grt_fpr", plan->locals.fpr, plan->loads.fpr, name_fpr);
    declare(out, "GRT_UNUSED uint8_t", plan->locals.cr, plan->loads.cr, name_cr);
    declare(out, "GRT_UNUSED uint8_t", plan->locals.misc & ~(uint32_t)WIDE, plan->loads.misc,
            name_misc);
    declare_singles(out, plan->locals.fpr);
}
