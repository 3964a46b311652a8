/* float_run.c - see float_run.h. */
#include "float_run.h"

#include <inttypes.h>
#include <string.h>

/* What is known of the FPRs while a run is looked for. */
typedef struct search {
    uint32_t inputs;  /* read by an operation before the run wrote them */
    uint32_t loaded;  /* given by a load in the run */
    uint32_t written; /* results of operations: not tested yet */
    uint32_t touched; /* any of these */
} search;

static bool is_plain(const grc_step *step)
{
    return step->branch.flow == GRC_FLOW_NONE && !step->transfers &&
           step->insn.op != GRC_OP_INVALID && !step->calls;
}

static bool can_defer(const grc_writer *w, const grc_step *step, uint32_t single)
{
    grc_emit_options options = *w->options;
    options.fpr_single = single;
    return is_plain(step) && grc_emit_can_defer(&step->insn, &options);
}

/* May the instruction stand in the run? It must not see a result, and a load must not give a new
 * meaning to a register that the second pass reads. */
static bool can_stand(const grc_step *step, const search *s)
{
    uint32_t reads = step->own.reads.fpr, writes = step->own.writes.fpr;
    if (!is_plain(step) || (reads & s->written) || (writes & s->touched))
        return false;
    return writes == 0 || reads == 0; /* a load, a store, or nothing to do with FPRs */
}

static void note_operation(const grc_step *step, search *s)
{
    s->inputs |= step->own.reads.fpr & ~s->written & ~s->loaded;
    s->written |= step->own.writes.fpr;
    s->touched |= step->own.reads.fpr | step->own.writes.fpr;
}

/* Steps that belong to the run, up to its last operation. */
static void find_extent(const grc_writer *w, uint32_t end, uint32_t single, grc_float_run *run)
{
    search s = {0};
    unsigned operations = 0;
    for (uint32_t i = run->first; i < end && i - run->first < GRC_RUN_MAX; i++) {
        const grc_step *step = &w->plan->steps[i];
        bool operation = can_defer(w, step, single);
        if (!operation && !can_stand(step, &s))
            break;
        run->operation[i - run->first] = operation;
        if (operation) {
            note_operation(step, &s);
            operations++;
            run->end = i + 1;
        } else {
            s.loaded |= step->own.writes.fpr;
            s.touched |= step->own.writes.fpr;
        }
        single = grc_fpr_single_after(&step->insn, single);
    }
    if (operations < 2)
        run->end = run->first;
}

/* Which registers the second pass must find as they were, and which results need the test: from the
 * end backwards, a result is covered if an operation reads it whose own result is tested or
 * covered. A result that is overwritten before such an operation reads it is of no concern to
 * anyone; what gave it is useless, and covers nothing. */
static void find_saves_and_tests(const grc_writer *w, grc_float_run *run)
{
    uint32_t overwritten = 0, covered = 0, unused = 0;
    for (uint32_t i = run->end; i-- > run->first;) {
        const grc_regs *reads = &w->plan->steps[i].own.reads,
                       *writes = &w->plan->steps[i].own.writes;
        uint32_t at = i - run->first;
        if (!run->operation[at]) {
            run->saved_at[at] = writes->fpr & overwritten;
            overwritten &= ~writes->fpr;
            continue;
        }
        overwritten |= writes->fpr;
        if (writes->fpr & unused)
            continue;
        run->tested[at] = (writes->fpr & ~covered) != 0;
        covered = (covered & ~writes->fpr) | reads->fpr;
        unused = (unused | writes->fpr) & ~reads->fpr;
    }
    search s = {0};
    for (uint32_t i = run->first; i < run->end; i++) {
        if (run->operation[i - run->first])
            note_operation(&w->plan->steps[i], &s);
        else
            s.loaded |= w->plan->steps[i].own.writes.fpr;
    }
    run->saved_first = s.inputs & s.written;
}

static bool saves_tests(const grc_float_run *run)
{
    unsigned operations = 0, tests = 0;
    for (uint32_t i = 0; i < run->end - run->first; i++) {
        operations += run->operation[i];
        tests += run->tested[i];
    }
    return tests < operations;
}

void grc_float_run_find(const grc_writer *w, uint32_t step, uint32_t end, uint32_t single,
                        grc_float_run *run)
{
    memset(run, 0, sizeof *run);
    run->first = run->end = step;
    if (w->function->in_context || !can_defer(w, &w->plan->steps[step], single))
        return;
    find_extent(w, end, single, run);
    find_saves_and_tests(w, run);
    if (run->end > run->first && !saves_tests(run))
        run->end = run->first;
}

/* ---- text --------------------------------------------------------------------------------------
 */

void grc_float_run_save(const grc_writer *w, grc_float_run *run, uint32_t saved, uint32_t single)
{
    if (!w->options->single_locals)
        single = 0;
    for (unsigned i = 0; i < 32; i++) {
        if (!(saved >> i & 1))
            continue;
        if (single >> i & 1)
            grc_printf(w->out, "    const float run_f%u = s%u;\n", i, i);
        else
            grc_printf(w->out, "    const double run_f%u = f%u.d;\n", i, i);
    }
    run->saved_single |= saved & single;
}

static void write_restores(const grc_writer *w, const grc_float_run *run)
{
    uint32_t saved = run->saved_first;
    for (uint32_t i = 0; i < run->end - run->first; i++)
        saved |= run->saved_at[i];
    for (unsigned i = 0; i < 32; i++) {
        if (!(saved >> i & 1))
            continue;
        if (run->saved_single >> i & 1)
            grc_printf(w->out, "        s%u = run_f%u; f%u.d = grt_widen(run_f%u);\n", i, i, i, i);
        else
            grc_printf(w->out, "        f%u.d = run_f%u;\n", i, i);
    }
}

/* The results of one kind to test, by name: two of a kind share a comparison. */
typedef struct tests {
    char names[GRC_RUN_MAX + 1][8];
    unsigned count;
} tests;

static void collect_tests(const grc_writer *w, const grc_float_run *run, uint32_t single, char kind,
                          tests *t)
{
    for (uint32_t i = run->first; i < run->end; i++) {
        const grc_insn *insn = &w->plan->steps[i].insn;
        grc_emit_options options = *w->options;
        options.fpr_single = single;
        if (run->tested[i - run->first]) {
            grc_emit_result_name(insn, &options, t->names[t->count]);
            t->count += t->names[t->count][0] == kind;
        }
        single = grc_fpr_single_after(insn, single);
    }
}

static void write_tests(grc_out *out, const tests *t, const char **joint)
{
    for (unsigned i = 0; i < t->count; i += 2) {
        const char *second = t->names[i + 1 < t->count ? i + 1 : i];
        grc_printf(out, "%s__builtin_isunordered(%s, %s)", *joint, t->names[i], second);
        *joint = " || ";
    }
}

static void write_test(const grc_writer *w, const grc_float_run *run, uint32_t single)
{
    tests doubles = {.count = 0}, singles = {.count = 0};
    const char *joint = "";
    collect_tests(w, run, single, 'f', &doubles);
    collect_tests(w, run, single, 's', &singles);
    grc_printf(w->out, "    if (GRT_UNLIKELY(");
    write_tests(w->out, &doubles, &joint);
    write_tests(w->out, &singles, &joint);
    grc_printf(w->out, ")) {\n");
}

void grc_float_run_finish(const grc_writer *w, const grc_float_run *run, uint32_t single)
{
    write_test(w, run, single);
    write_restores(w, run);
    for (uint32_t i = run->first; i < run->end; i++) {
        const grc_insn *insn = &w->plan->steps[i].insn;
        if (run->operation[i - run->first]) {
            grc_emit_options options = *w->options;
            options.fpr_single = single;
            grc_printf(w->out, "        ");
            grc_emit_insn(w->out, insn, &options);
            grc_printf(w->out, "\n");
        }
        single = grc_fpr_single_after(insn, single);
    }
    grc_printf(w->out, "    }\n");
}
