/* control.c - branches, calls, returns: what leads from one place of the guest to another. */
#include "write.h"

#include <inttypes.h>

#define INDENT "    "

/* A jump table is denser by word than by case when it has many cases; see write_dense_switch(). */
enum { DENSE_CASES = 8, DENSE_SPAN = 1 << 15 };

static const char *link_name(const grc_writer *w)
{
    return w->function->in_context ? "lr" : "ctx->lr";
}

static uint32_t block_address(const grc_writer *w, uint32_t block)
{
    return grc_address(w->program, w->function->blocks[block].first);
}

static void write_stores(const grc_writer *w, grc_regs set, const char *indent)
{
    if (!w->function->in_context)
        grc_write_stores(w->out, set, indent);
}

/* ---- inside the function -----------------------------------------------------------------------
 */

static void write_goto(const grc_writer *w, uint32_t from, uint32_t to)
{
    grc_regs stored = grc_plan_edge_spill(w->plan, from, to);
    if (!w->function->in_context && !grc_regs_empty(stored)) {
        grc_printf(w->out, "\n");
        write_stores(w, stored, INDENT "    ");
        grc_printf(w->out, INDENT "    ");
    }
    if (to <= from && w->plan->poll[to])
        grc_printf(w->out, "GRT_POLL(); ");
    grc_printf(w->out, "goto L%08" PRIX32 ";", block_address(w, to));
}

/* ---- calls -------------------------------------------------------------------------------------
 */

static void write_comment_name(const grc_writer *w, const char *name)
{
    if (!name)
        return;
    grc_printf(w->out, " /* ");
    grc_write_name(w->out, name);
    grc_printf(w->out, " */");
}

/* The call itself, as a statement. */
static void write_callee(const grc_writer *w, const grc_function *callee)
{
    uint32_t address = grc_address(w->program, callee->start);
    if (callee->kind == GRC_FUNCTION_IMPORT)
        grc_printf(w->out, "grt_ppc_call_import(ctx, base, %" PRIu32 ");", callee->import);
    else
        grc_printf(w->out, "sub_%08" PRIX32 "(ctx, base);", address);
    write_comment_name(w, callee->name);
}

static void write_target(const grc_writer *w, const grc_step *step)
{
    uint32_t address = step->insn.address;
    if (step->callee && step->callee->kind == GRC_FUNCTION_SETJMP)
        grc_printf(w->out, "r3 = (uint64_t)(int64_t)GRT_PPC_SETJMP(ctx, base, (uint32_t)r3);");
    else if (step->callee)
        write_callee(w, step->callee);
    else if (step->branch.flow == GRC_FLOW_CALL)
        grc_printf(w->out, "grt_ppc_call(ctx, base, 0x%08" PRIX32 "u, 0x%08" PRIX32 "u);",
                   step->branch.target, address);
    else
        grc_printf(w->out, "grt_ppc_call(ctx, base, %s, 0x%08" PRIX32 "u);",
                   step->branch.flow == GRC_FLOW_CALL_CTR ? "(uint32_t)ctr & ~3u" : "target",
                   address);
}

static void write_disassembly(const grc_writer *w, const grc_insn *insn)
{
    char text[96];
    grc_disassemble(insn, text, sizeof text);
    grc_printf(w->out, " /* %08" PRIX32 " %s */\n", insn->address, text);
}

/* bl to the next instruction: only the link matters. */
static void write_get_address(const grc_writer *w, const grc_step *step)
{
    char condition[128];
    grc_printf(w->out, INDENT);
    grc_emit_condition(w->out, &step->insn, condition, sizeof condition);
    grc_printf(w->out, "lr = 0x%08" PRIX32 "u;", step->insn.address + 4);
    write_disassembly(w, &step->insn);
}

void grc_write_call(const grc_writer *w, uint32_t index)
{
    const grc_step *step = &w->plan->steps[index];
    char condition[128];
    bool by_link = step->branch.flow == GRC_FLOW_CALL_LR;
    if (!step->calls) {
        write_get_address(w, step);
        return;
    }
    grc_printf(w->out, INDENT "%s", by_link ? "{ uint32_t target = (uint32_t)lr & ~3u; " : "");
    grc_emit_condition(w->out, &step->insn, condition, sizeof condition);
    grc_printf(w->out, "%s = 0x%08" PRIX32 "u;", link_name(w), step->insn.address + 4);
    write_disassembly(w, &step->insn);
    write_stores(w, w->plan->spill[index], INDENT);
    grc_printf(w->out, INDENT);
    if (step->branch.conditional)
        grc_printf(w->out, "if (%s) { ", condition);
    write_target(w, step);
    grc_printf(w->out, "%s%s\n", step->branch.conditional ? " }" : "", by_link ? " }" : "");
    if (!w->function->in_context)
        grc_write_loads(w->out, w->plan->reload[index], INDENT);
}

/* ---- leaving the function ----------------------------------------------------------------------
 */

static void write_return_check(const grc_writer *w, const grc_exit *out_of, uint32_t address,
                               const char *indent)
{
    if (!w->plan->checks_return || !grc_exit_keeps_return(out_of))
        return;
    grc_printf(w->out, "%sif (GRT_UNLIKELY((uint32_t)lr != lr_entry))\n", indent);
    grc_printf(w->out,
               "%s    grt_ppc_trap(ctx, base, GRT_TRAP_RETURN, 0x%08" PRIX32 "u, (uint32_t)lr);\n",
               indent, address);
}

/* [step] is the last of the block. */
static void write_leave(const grc_writer *w, const grc_exit *out_of, const grc_step *step)
{
    switch (out_of->kind) {
    case GRC_EXIT_RETURN:
        break;
    case GRC_EXIT_FUNCTION:
        write_callee(w, out_of->callee);
        grc_printf(w->out, " ");
        break;
    case GRC_EXIT_TABLE:
        if (step->branch.flow == GRC_FLOW_JUMP_CTR)
            grc_printf(w->out, "grt_ppc_jump(ctx, base, (uint32_t)ctr & ~3u, 0x%08" PRIX32 "u); ",
                       step->insn.address);
        else
            grc_printf(w->out, "grt_ppc_call(ctx, base, 0x%08" PRIX32 "u, 0x%08" PRIX32 "u); ",
                       out_of->address, step->insn.address);
        break;
    case GRC_EXIT_FELL_OFF:
        grc_printf(w->out, "grt_ppc_trap(ctx, base, GRT_TRAP_FELL_OFF, 0x%08" PRIX32 "u, 0); ",
                   out_of->address);
        break;
    }
    grc_printf(w->out, "return;\n");
}

static void write_exit(const grc_writer *w, uint32_t block, const grc_exit *out_of,
                       const char *indent)
{
    const grc_block *b = &w->function->blocks[block];
    const grc_step *step = &w->plan->steps[b->step + b->end - b->first - 1];
    write_return_check(w, out_of, step->insn.address, indent);
    if (!w->function->in_context)
        grc_write_stores(
            w->out, grc_plan_exit_spill(w->program, w->function, w->plan, block, out_of), indent);
    grc_printf(w->out, "%s", indent);
    write_leave(w, out_of, step);
}

/* The exit of a block by its branch, or by running on. */
static bool find_exit(const grc_writer *w, uint32_t block, bool branches, grc_exit *out_of)
{
    grc_exit exits[2];
    unsigned count = grc_block_exits(w->program, &w->function->blocks[block], exits);
    for (unsigned i = 0; i < count; i++)
        if (exits[i].branches == branches) {
            *out_of = exits[i];
            return true;
        }
    return false;
}

/* ---- indirect jumps ----------------------------------------------------------------------------
 */

static void write_case(const grc_writer *w, uint32_t from, uint32_t to, uint32_t value)
{
    grc_printf(w->out, INDENT "    case 0x%" PRIX32 "u: ", value);
    write_goto(w, from, to);
    grc_printf(w->out, "\n");
}

static void write_plain_switch(const grc_writer *w, uint32_t block)
{
    const grc_block *b = &w->function->blocks[block];
    grc_printf(w->out, INDENT "    switch ((uint32_t)ctr & ~3u) {\n");
    for (uint32_t i = 0; i < b->case_count; i++)
        write_case(w, block, b->cases[i], block_address(w, b->cases[i]));
    grc_printf(w->out, INDENT "    default: break;\n" INDENT "    }\n");
}

/* Code addresses are too sparse for the compiler to make a table of a switch over them. So a small
 * table numbers the cases first, and the switch over numbers is dense. */
static void write_dense_switch(const grc_writer *w, uint32_t block, uint32_t span)
{
    const grc_block *b = &w->function->blocks[block];
    uint32_t first = block_address(w, b->cases[0]);
    grc_printf(w->out, INDENT "    static const uint%u_t numbers[%" PRIu32 "] = {",
               b->case_count < 255 ? 8u : 16u, span);
    for (uint32_t i = 0; i < b->case_count; i++)
        grc_printf(w->out, "%s[%" PRIu32 "] = %" PRIu32 ",", i % 8 ? " " : "\n" INDENT "        ",
                   (block_address(w, b->cases[i]) - first) / 4, i + 1);
    grc_printf(w->out,
               "\n" INDENT "    };\n" INDENT "    uint32_t word = ((uint32_t)ctr - 0x%08" PRIX32
               "u) >> 2;\n" INDENT "    switch (word < %" PRIu32 "u ? numbers[word] : 0) {\n",
               first, span);
    for (uint32_t i = 0; i < b->case_count; i++)
        write_case(w, block, b->cases[i], i + 1);
    grc_printf(w->out, INDENT "    default: break;\n" INDENT "    }\n");
}

static void write_switch(const grc_writer *w, uint32_t block)
{
    const grc_block *b = &w->function->blocks[block];
    if (b->case_count == 0)
        return;
    uint32_t first = w->function->blocks[b->cases[0]].first;
    uint32_t span = w->function->blocks[b->cases[b->case_count - 1]].first - first + 1;
    if (b->case_count >= DENSE_CASES && span <= DENSE_SPAN)
        write_dense_switch(w, block, span);
    else
        write_plain_switch(w, block);
}

/* ---- the end of a block ------------------------------------------------------------------------
 */

/* What the branch at the end of a block does when it is taken. */
static void write_taken(const grc_writer *w, uint32_t block, const grc_step *step,
                        const char *condition)
{
    const grc_block *b = &w->function->blocks[block];
    grc_exit out_of;
    bool leaves = find_exit(w, block, true, &out_of), always = !step->branch.conditional;
    if (!leaves) {
        if (!always)
            grc_printf(w->out, "if (%s) { ", condition);
        write_goto(w, block, b->target);
        grc_printf(w->out, "%s", always ? "" : " }");
        write_disassembly(w, &step->insn);
        return;
    }
    if (always)
        grc_printf(w->out, "{");
    else
        grc_printf(w->out, "if (%s) {", condition);
    write_disassembly(w, &step->insn);
    if (step->branch.flow == GRC_FLOW_JUMP_CTR)
        write_switch(w, block);
    write_exit(w, block, &out_of, INDENT "    ");
    grc_printf(w->out, INDENT "}\n");
}

static void write_running_on(const grc_writer *w, uint32_t block)
{
    const grc_block *b = &w->function->blocks[block];
    grc_exit out_of;
    if (find_exit(w, block, false, &out_of)) {
        write_exit(w, block, &out_of, INDENT);
    } else if (b->next != GRC_NONE && b->next != block + 1) {
        grc_printf(w->out, INDENT);
        write_goto(w, block, b->next);
        grc_printf(w->out, "\n");
    } else if (b->next != GRC_NONE) {
        write_stores(w, grc_plan_edge_spill(w->plan, block, b->next), INDENT);
    }
}

void grc_write_block_end(const grc_writer *w, uint32_t block)
{
    const grc_block *b = &w->function->blocks[block];
    const grc_step *step = &w->plan->steps[b->step + b->end - b->first - 1];
    char condition[128];
    bool branches = step->branch.flow == GRC_FLOW_BRANCH || step->branch.flow == GRC_FLOW_RETURN ||
                    step->branch.flow == GRC_FLOW_JUMP_CTR;
    if (branches) {
        grc_printf(w->out, INDENT);
        grc_emit_condition(w->out, &step->insn, condition, sizeof condition);
        grc_printf(w->out, " ");
        write_taken(w, block, step, condition);
    }
    write_running_on(w, block);
}
