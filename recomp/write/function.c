/* function.c - one guest function as one C function. */
#include "float_run.h"
#include "write.h"

#include <inttypes.h>
#include <string.h>

#define INDENT "    "

static void write_heading(const grc_writer *w)
{
    uint32_t address = grc_address(w->program, w->function->start);
    grc_printf(w->out, "\n");
    if (w->function->name) {
        grc_printf(w->out, "/* ");
        grc_write_name(w->out, w->function->name);
        grc_printf(w->out, " */\n");
    }
    grc_printf(w->out, "GRT_FUNCTION(%08" PRIX32 ")\n{\n", address);
}

static void write_trap(const grc_writer *w, const char *kind, const grc_insn *insn)
{
    grc_printf(w->out,
               INDENT "grt_ppc_trap(ctx, base, GRT_TRAP_%s, 0x%08" PRIX32 "u, 0x%08" PRIX32 "u);\n",
               kind, insn->address, insn->word);
}

/* A zero word, or data behind a call that does not return, is the end of code and no instruction:
 * the block's exit reports it if it is ever reached. A known instruction is refused like any. */
static bool is_end_of_code(const grc_writer *w, const grc_block *block, uint32_t index)
{
    const grc_step *step = &w->plan->steps[index];
    char text[16];
    if (step->insn.word == 0)
        return true;
    bool after_call = index > block->step && w->plan->steps[index - 1].calls;
    return after_call && strcmp(grc_mnemonic(&step->insn, text), "(invalid)") == 0;
}

static void write_untranslated(const grc_writer *w, const grc_insn *insn)
{
    char text[96];
    grc_disassemble(insn, text, sizeof text);
    grc_error(w->program->work, insn->address, "cannot translate %s", text);
    grc_printf(w->out, "\n");
    write_trap(w, "UNTRANSLATED", insn);
}

/* "r4 = r4;", which an addition of zero comes to and compilers warn about. */
static bool is_self_assignment(const char *text, size_t size)
{
    size_t name = 0;
    while (name < size && text[name] != ' ')
        name++;
    return size == 2 * name + 4 && memcmp(text + name, " = ", 3) == 0 &&
           memcmp(text, text + name + 3, name) == 0 && text[size - 1] == ';';
}

/* Emits the statements of an instruction; false if there are none for it. */
static bool write_statements(const grc_writer *w, const grc_insn *insn,
                             const grc_emit_options *options)
{
    grc_out *out = w->out;
    grc_printf(out, INDENT);
    size_t before = out->size;
    bool translated = grc_emit_insn(out, insn, options);
    if (!out->failed && (!translated || is_self_assignment(out->text + before, out->size - before)))
        out->size = before;
    return translated;
}

static void write_plain(const grc_writer *w, uint32_t index, uint32_t *single, bool raw_nan)
{
    const grc_step *step = &w->plan->steps[index];
    grc_emit_options options = *w->options;
    bool in_context = w->function->in_context;
    char text[96];
    options.fpr_single = *single;
    options.single_locals = options.single_locals && !in_context;
    options.raw_nan = raw_nan;
    if (step->transfers && !in_context)
        grc_write_stores(w->out, w->plan->spill[index], INDENT);
    if (write_statements(w, &step->insn, &options)) {
        grc_disassemble(&step->insn, text, sizeof text);
        if ((step->own.writes.gpr & 2) && !in_context)
            grc_printf(w->out, " ctx->r[1] = r1;");
        grc_printf(w->out, " /* %08" PRIX32 " %s */\n", step->insn.address, text);
    } else {
        write_untranslated(w, &step->insn);
    }
    if (step->transfers && !in_context)
        grc_write_loads(w->out, w->plan->reload[index], INDENT);
    *single = grc_fpr_single_after(&step->insn, *single);
}

static void write_step(const grc_writer *w, const grc_block *block, uint32_t index,
                       uint32_t *single)
{
    const grc_step *step = &w->plan->steps[index];
    switch (step->branch.flow) {
    case GRC_FLOW_CALL:
    case GRC_FLOW_CALL_CTR:
    case GRC_FLOW_CALL_LR:
        grc_write_call(w, index);
        break;
    case GRC_FLOW_NONE:
        if (step->insn.op != GRC_OP_INVALID)
            write_plain(w, index, single, false);
        else if (!is_end_of_code(w, block, index))
            write_untranslated(w, &step->insn);
        break;
    default:
        break; /* the end of the block */
    }
    if (step->transfers)
        *single &= ~step->other.writes.fpr;
}

static void write_run(const grc_writer *w, grc_float_run *run, uint32_t *single)
{
    uint32_t before = *single;
    grc_printf(w->out, INDENT "{\n");
    grc_float_run_save(w, run, run->saved_first, before);
    for (uint32_t i = run->first; i < run->end; i++) {
        write_plain(w, i, single, run->operation[i - run->first]);
        grc_float_run_save(w, run, run->saved_at[i - run->first], *single);
    }
    grc_float_run_finish(w, run, before);
    grc_printf(w->out, INDENT "}\n");
}

static void write_steps(const grc_writer *w, const grc_block *block, uint32_t *single)
{
    uint32_t end = block->step + (block->end - block->first);
    for (uint32_t i = block->step; i < end;) {
        grc_float_run run;
        grc_float_run_find(w, i, end, *single, &run);
        if (run.end > i)
            write_run(w, &run, single);
        else
            write_step(w, block, i, single);
        i = run.end > i ? run.end : i + 1;
    }
}

static void write_block(const grc_writer *w, uint32_t index)
{
    const grc_block *block = &w->function->blocks[index];
    uint32_t single = w->plan->single[index];
    if (w->plan->label[index])
        grc_printf(w->out, "L%08" PRIX32 ":;\n", grc_address(w->program, block->first));
    write_steps(w, block, &single);
    grc_write_block_end(w, index);
}

static void write_code(const grc_writer *w)
{
    const grc_function *function = w->function;
    if (!function->in_context)
        grc_write_locals(w->out, w->plan);
    if (w->plan->checks_return)
        grc_printf(w->out, INDENT "GRT_UNUSED const uint32_t lr_entry = (uint32_t)%s;\n",
                   function->in_context ? "lr" : "ctx->lr");
    if (function->entry != 0)
        grc_printf(w->out, INDENT "goto L%08" PRIX32 ";\n",
                   grc_address(w->program, function->start));
    for (uint32_t i = 0; i < function->block_count; i++)
        write_block(w, i);
}

/* Thunks are functions too, so that an import can be passed as a callback. */
static void write_special(const grc_writer *w)
{
    const grc_insn *insn = &w->program->insns[w->function->start];
    switch (w->function->kind) {
    case GRC_FUNCTION_IMPORT:
        grc_printf(w->out, INDENT "grt_ppc_call_import(ctx, base, %" PRIu32 ");\n",
                   w->function->import);
        break;
    case GRC_FUNCTION_LONGJMP:
        grc_printf(w->out, INDENT "grt_ppc_longjmp(ctx, base, (uint32_t)ctx->r[3], "
                                  "(uint32_t)ctx->r[4]);\n");
        break;
    default:
        /* Only a direct call of setjmp can be translated: its caller must be the one to return
         * twice. */
        write_trap(w, "UNTRANSLATED", insn);
        break;
    }
}

void grc_write_function(grc_work *work, const grc_program *program, grc_function *function,
                        const grc_emit_options *options, grc_out *out)
{
    grc_plan plan;
    grc_writer w = {program, options, out, function, &plan};
    write_heading(&w);
    if (function->kind == GRC_FUNCTION_CODE) {
        grc_plan_make(program, &work->scratch, function, &plan);
        write_code(&w);
    } else {
        write_special(&w);
    }
    grc_printf(out, "}\n");
    grc_arena_free(&work->scratch);
}
