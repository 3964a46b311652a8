/* regs.h - sets of registers. */
#ifndef GRC_REGS_H
#define GRC_REGS_H

#include "../insn.h"

static inline grc_regs grc_regs_or(grc_regs a, grc_regs b)
{
    return (grc_regs){a.gpr | b.gpr, a.fpr | b.fpr, a.cr | b.cr, a.misc | b.misc};
}

static inline grc_regs grc_regs_and(grc_regs a, grc_regs b)
{
    return (grc_regs){a.gpr & b.gpr, a.fpr & b.fpr, a.cr & b.cr, a.misc & b.misc};
}

/* a without b */
static inline grc_regs grc_regs_less(grc_regs a, grc_regs b)
{
    return (grc_regs){a.gpr & ~b.gpr, a.fpr & ~b.fpr, a.cr & ~b.cr, a.misc & ~b.misc};
}

static inline bool grc_regs_equal(grc_regs a, grc_regs b)
{
    return a.gpr == b.gpr && a.fpr == b.fpr && a.cr == b.cr && a.misc == b.misc;
}

static inline bool grc_regs_empty(grc_regs a)
{
    return !(a.gpr | a.fpr | a.cr | a.misc);
}

static inline grc_regs grc_regs_all(void)
{
    return (grc_regs){~0u, ~0u, ~0u, 63u};
}

/* Adds [more] to [set]; true iff that changed it. */
static inline bool grc_regs_add(grc_regs *set, grc_regs more)
{
    grc_regs before = *set;
    *set = grc_regs_or(before, more);
    return !grc_regs_equal(before, *set);
}

#endif
