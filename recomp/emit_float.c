/*
 * emit_float.c - floating-point arithmetic, conversions, comparisons, and the FPSCR.
 */
#include "emit.h"
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/*
 * Each operation in three ways. [fast] leaves the FPSCR's status bits alone; [narrow] is the same
 * for operands that are all single-precision numbers, where it is arithmetic on floats; [exact]
 * keeps the FPSCR. Where one is missing, [fast] serves.
 */
typedef struct operation {
    const char *fast, *narrow, *exact;
} operation;

#define DOUBLE_2(name, x, y)                                                                       \
    {                                                                                              \
        "grt_" name "(" x ", " y ")", NULL, "grt_ppc_" name "(ctx, " x ", " y ")"                  \
    }
#define DOUBLE_1(name)                                                                             \
    {                                                                                              \
        "grt_" name "($2)", NULL, "grt_ppc_" name "(ctx, $2)"                                      \
    }
#define DOUBLE_3(name)                                                                             \
    {                                                                                              \
        "grt_" name "($1, $3, $2)", NULL, "grt_ppc_" name "(ctx, $1, $3, $2)"                      \
    }
#define SINGLE_2(name, x, y, narrow_x, narrow_y)                                                   \
    {                                                                                              \
        "grt_" name "_wide(" x ", " y ")", "grt_" name "(" narrow_x ", " narrow_y ")",             \
            "grt_ppc_" name "(ctx, " x ", " y ")"                                                  \
    }
#define SINGLE_1(name)                                                                             \
    {                                                                                              \
        "grt_" name "_wide($2)", "grt_" name "($5)", "grt_ppc_" name "(ctx, $2)"                   \
    }
#define SINGLE_3(name)                                                                             \
    {                                                                                              \
        "grt_" name "_wide($1, $3, $2)", "grt_" name "($4, $6, $5)",                               \
            "grt_ppc_" name "(ctx, $1, $3, $2)"                                                    \
    }

static const operation rows[GRC_OP_COUNT] = {
    [GRC_OP_FADD] = DOUBLE_2("fadd", "$1", "$2"),
    [GRC_OP_FSUB] = DOUBLE_2("fsub", "$1", "$2"),
    [GRC_OP_FMUL] = DOUBLE_2("fmul", "$1", "$3"),
    [GRC_OP_FDIV] = DOUBLE_2("fdiv", "$1", "$2"),
    [GRC_OP_FSQRT] = DOUBLE_1("fsqrt"),
    [GRC_OP_FRSQRTE] = DOUBLE_1("frsqrte"),
    [GRC_OP_FMADD] = DOUBLE_3("fmadd"),
    [GRC_OP_FMSUB] = DOUBLE_3("fmsub"),
    [GRC_OP_FNMADD] = DOUBLE_3("fnmadd"),
    [GRC_OP_FNMSUB] = DOUBLE_3("fnmsub"),
    [GRC_OP_FADDS] = SINGLE_2("fadds", "$1", "$2", "$4", "$5"),
    [GRC_OP_FSUBS] = SINGLE_2("fsubs", "$1", "$2", "$4", "$5"),
    [GRC_OP_FMULS] = SINGLE_2("fmuls", "$1", "$3", "$4", "$6"),
    [GRC_OP_FDIVS] = SINGLE_2("fdivs", "$1", "$2", "$4", "$5"),
    [GRC_OP_FSQRTS] = SINGLE_1("fsqrts"),
    [GRC_OP_FRES] = SINGLE_1("fres"),
    [GRC_OP_FMADDS] = SINGLE_3("fmadds"),
    [GRC_OP_FMSUBS] = SINGLE_3("fmsubs"),
    [GRC_OP_FNMADDS] = SINGLE_3("fnmadds"),
    [GRC_OP_FNMSUBS] = SINGLE_3("fnmsubs"),
    [GRC_OP_FCFID] = DOUBLE_1("fcfid"),
    [GRC_OP_FCTID] = DOUBLE_1("fctid"),
    [GRC_OP_FCTIDZ] = DOUBLE_1("fctidz"),
    [GRC_OP_FCTIW] = DOUBLE_1("fctiw"),
    [GRC_OP_FCTIWZ] = DOUBLE_1("fctiwz"),
    [GRC_OP_FRSP] = {"(float)$2", NULL, "grt_ppc_frsp(ctx, $2)"},
    [GRC_OP_FMR] = {"$2", "$5", NULL},
    [GRC_OP_FNEG] = {"-$2", "-$5", NULL},
    [GRC_OP_FABS] = {"__builtin_fabs($2)", "__builtin_fabsf($5)", NULL},
    [GRC_OP_FNABS] = {"-__builtin_fabs($2)", "-__builtin_fabsf($5)", NULL},
    [GRC_OP_FSEL] = {"$1 >= 0.0 ? $3 : $2", "$1 >= 0.0 ? $6 : $5", NULL},
    [GRC_OP_MFFS] = {"grt_from_bits(ctx->fpscr)", NULL, NULL},
};

static bool operands_single(const grc_emit *emit)
{
    grc_effects effects;
    grc_insn_effects(emit->insn, &effects);
    return (effects.reads.fpr & ~emit->options->fpr_single) == 0;
}

static bool result_single(const grc_emit *emit)
{
    uint32_t after = grc_fpr_single_after(emit->insn, emit->options->fpr_single);
    return (after >> grc_rd(emit->insn) & 1) != 0;
}

static void emit_assignment(const grc_emit *emit, const char *target, const char *expression)
{
    grc_emit_text(emit, target);
    grc_emit_text(emit, " = ");
    grc_emit_text(emit, expression);
    grc_emit_text(emit, ";");
}

/* The functions that ppc_float.h also has as name_raw. Everything that is not single precision is
 * one; single precision only as arithmetic on floats. */
static bool is_arithmetic(grc_op op)
{
    switch (op) {
    case GRC_OP_FADD:
    case GRC_OP_FSUB:
    case GRC_OP_FMUL:
    case GRC_OP_FDIV:
    case GRC_OP_FSQRT:
    case GRC_OP_FMADD:
    case GRC_OP_FMSUB:
    case GRC_OP_FNMADD:
    case GRC_OP_FNMSUB:
        return true;
    default:
        return false;
    }
}

bool grc_emit_can_defer(const grc_insn *insn, const grc_emit_options *options)
{
    grc_emit emit = {NULL, insn, options};
    const operation *row = &rows[insn->op];
    grc_form form = grc_insn_form(insn);
    if (options->exact_fpscr || grc_sets_cr1(insn) || row->exact == NULL)
        return false;
    if (is_arithmetic(insn->op))
        return true;
    return row->narrow != NULL && form != GRC_FORM_FLOAT_MOVE && form != GRC_FORM_FLOAT_SELECT &&
           operands_single(&emit);
}

void grc_emit_result_name(const grc_insn *insn, const grc_emit_options *options, char text[8])
{
    grc_emit emit = {NULL, insn, options};
    bool local = options->single_locals && result_single(&emit);
    snprintf(text, 8, local ? "s%u" : "f%u.d", grc_rd(insn));
}

/* "grt_fadd($1, $2)" becomes "grt_fadd_raw($1, $2)". */
static void raw_name(const char *expression, char *text, size_t size)
{
    int name = (int)strcspn(expression, "(");
    snprintf(text, size, "%.*s_raw%s", name, expression, expression + name);
}

/* Arithmetic: a single-precision result that has a float local goes there first. */
static void emit_operation(const grc_emit *emit, const operation *row)
{
    bool shadowed = emit->options->single_locals && result_single(emit);
    if (emit->options->exact_fpscr && row->exact != NULL) {
        emit_assignment(emit, "$F", row->exact);
        if (shadowed)
            grc_emit_text(emit, " $s = (float)$F;");
        return;
    }
    bool narrow = row->narrow != NULL && operands_single(emit);
    const char *expression = narrow ? row->narrow : row->fast;
    char raw[64];
    if (emit->options->raw_nan) {
        raw_name(expression, raw, sizeof raw);
        expression = raw;
    }
    emit_assignment(emit, shadowed ? "$s" : "$F", expression);
    if (shadowed)
        grc_emit_text(emit, " $F = $s;");
}

/* Moves keep every bit, those of a signalling NaN too, so float and double move side by side. The
 * float goes first: a choice by frA reads the double, which may be the one that is written. */
static void emit_move(const grc_emit *emit, const operation *row)
{
    if (emit->insn->op == GRC_OP_FMR && grc_rd(emit->insn) == grc_rb(emit->insn)) {
        grc_emit_text(emit, ";"); /* compilers warn of an assignment to itself */
        return;
    }
    if (emit->options->single_locals && result_single(emit)) {
        emit_assignment(emit, "$s", row->narrow);
        grc_emit_text(emit, " ");
    }
    emit_assignment(emit, "$F", row->fast);
}

static bool emit_row(const grc_emit *emit)
{
    const operation *row = &rows[emit->insn->op];
    grc_form form = grc_insn_form(emit->insn);
    if (row->fast == NULL)
        return false;
    if (form == GRC_FORM_FLOAT_MOVE || form == GRC_FORM_FLOAT_SELECT)
        emit_move(emit, row);
    else
        emit_operation(emit, row);
    return true;
}

static bool emit_comparison(const grc_emit *emit)
{
    if (!emit->options->exact_fpscr)
        grc_emit_text(emit, operands_single(emit) ? "GRT_FCOMPARE($c, $4, $5);"
                                                  : "GRT_FCOMPARE($c, $1, $2);");
    else if (emit->insn->op == GRC_OP_FCMPU)
        grc_emit_text(emit, "{ unsigned bits = grt_ppc_fcmpu(ctx, $1, $2); "
                            "GRT_SET_FIELD($c, bits); }");
    else
        grc_emit_text(emit, "{ unsigned bits = grt_ppc_fcmpo(ctx, $1, $2); "
                            "GRT_SET_FIELD($c, bits); }");
    return true;
}

static bool emit_fpscr(const grc_emit *emit)
{
    const grc_insn *insn = emit->insn;
    switch (grc_insn_form(insn)) {
    case GRC_FORM_MTFSF:
        grc_printf(emit->out, "grt_ppc_mtfsf(ctx, 0x%02xu, f%u.d);", grc_fm(insn), grc_rb(insn));
        return true;
    case GRC_FORM_MTFSFI:
        grc_printf(emit->out, "grt_ppc_mtfsfi(ctx, %u, %u);", grc_crd(insn),
                   (unsigned)(insn->word >> 12 & 15));
        return true;
    case GRC_FORM_MTFSB:
        grc_printf(emit->out, "grt_ppc_mtfsb(ctx, %u, %u);", grc_rd(insn),
                   insn->op == GRC_OP_MTFSB1 ? 1u : 0u);
        return true;
    case GRC_FORM_MCRFS:
        grc_printf(emit->out,
                   "{ unsigned bits = grt_ppc_mcrfs(ctx, %u); GRT_SET_FIELD(cr%u, bits); }",
                   grc_crs(insn), grc_crd(insn));
        return true;
    default:
        return false;
    }
}

bool grc_emit_float(const grc_emit *emit)
{
    bool done = grc_insn_form(emit->insn) == GRC_FORM_FLOAT_CMP
                    ? emit_comparison(emit)
                    : emit_row(emit) || emit_fpscr(emit);
    if (done && grc_sets_cr1(emit->insn))
        grc_emit_text(emit, " GRT_SET_FIELD(cr1, ctx->fpscr >> 28);");
    return done;
}
