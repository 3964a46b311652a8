/*
 * emit_stubs.c - makes a C function of each stub, straight from the emitter's text.
 *
 * usage: emit_stubs exact|fast < LIST > FILE.c
 *
 * A line of LIST: the stub's index, its guest address, the number of words, the words
 * (hexadecimal). A function declares just the registers that grc_insn_effects() names, loads those
 * that are read and stores those that are written: text that touches any other register does not
 * compile.
 */
#include "insn.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 64 };

typedef struct isa_stub {
    unsigned index;
    uint32_t address;
    unsigned count;
    uint32_t words[WORDS_MAX];
} isa_stub;

static void fail(const char *what, const isa_stub *stub)
{
    fprintf(stderr, "emit_stubs: stub %u: %s\n", stub != NULL ? stub->index : 0, what);
    exit(1);
}

static void add_regs(grc_regs *sum, const grc_regs *more)
{
    sum->gpr |= more->gpr;
    sum->fpr |= more->fpr;
    sum->cr |= more->cr;
    sum->misc |= more->misc;
}

/* ---- one register after the other
 * ------------------------------------------------------------------ */

typedef struct register_name {
    char local[16], type[12], context[24];
} register_name;

static const char *const cr_bits[4] = {"lt", "gt", "eq", "so"};
static const struct {
    unsigned bit;
    register_name name;
} misc_names[] = {
    {GRC_LR, {"lr", "uint64_t", "ctx->lr"}},
    {GRC_CTR, {"ctr", "uint64_t", "ctx->ctr"}},
    {GRC_XER_CA, {"xer_ca", "uint8_t", "ctx->xer_ca"}},
    {GRC_XER_OV, {"xer_ov", "uint8_t", "ctx->xer_ov"}},
    {GRC_XER_SO, {"xer_so", "uint8_t", "ctx->xer_so"}},
    {GRC_XER_COUNT, {"xer_count", "uint8_t", "ctx->xer_count"}},
};

typedef void with_name(const register_name *name);

static void each_name(const grc_regs *set, with_name *act)
{
    register_name n;
    for (unsigned i = 0; i < 32; i++) {
        if (set->gpr >> i & 1) {
            n = (register_name){"", "uint64_t", ""};
            snprintf(n.local, sizeof n.local, "r%u", i);
            snprintf(n.context, sizeof n.context, "ctx->r[%u]", i);
            act(&n);
        }
        if (set->fpr >> i & 1) {
            n = (register_name){"", "grt_fpr", ""};
            snprintf(n.local, sizeof n.local, "f%u", i);
            snprintf(n.context, sizeof n.context, "ctx->f[%u]", i);
            act(&n);
        }
        if (set->cr >> i & 1) {
            n = (register_name){"", "uint8_t", ""};
            snprintf(n.local, sizeof n.local, "cr%u_%s", i / 4, cr_bits[i % 4]);
            snprintf(n.context, sizeof n.context, "ctx->cr[%u]", i);
            act(&n);
        }
    }
    for (size_t i = 0; i < sizeof misc_names / sizeof *misc_names; i++)
        if (set->misc & misc_names[i].bit)
            act(&misc_names[i].name);
}

static void declare(const register_name *name)
{
    printf("    %s %s;\n", name->type, name->local);
}
static void load(const register_name *name)
{
    printf("    %s = %s;\n", name->local, name->context);
}
static void store(const register_name *name)
{
    printf("    %s = %s;\n", name->context, name->local);
}

/* ---- a stub
 * ------------------------------------------------------------------------------------------ */

static void emit_one(const isa_stub *stub, unsigned i, grc_emit_options *options,
                     const grc_regs *ready, const grc_regs *used)
{
    grc_insn insn = grc_decode(stub->address + 4 * i, stub->words[i]);
    grc_effects effects;
    grc_insn_effects(&insn, &effects);
    grc_regs stored = {.fpr = ready->fpr}, loaded = {.fpr = used->fpr};
    if (effects.whole_fpr_file)
        each_name(&stored, store);
    grc_out out = {0};
    if (!grc_emit_insn(&out, &insn, options) || out.failed)
        fail("an instruction is not translated", stub);
    char text[80];
    grc_disassemble(&insn, text, sizeof text);
    printf("    /* %08" PRIx32 " %s */\n%.*s\n", insn.word, text, (int)out.size,
           out.text != NULL ? out.text : "");
    grc_out_free(&out);
    if (effects.whole_fpr_file)
        each_name(&loaded, load);
    options->fpr_single = grc_fpr_single_after(&insn, options->fpr_single);
}

static void emit_stub(const isa_stub *stub, bool exact)
{
    grc_regs reads = {0}, writes = {0}, used = {0};
    for (unsigned i = 0; i < stub->count; i++) {
        grc_insn insn = grc_decode(stub->address + 4 * i, stub->words[i]);
        if (insn.op == GRC_OP_INVALID) {
            fprintf(stderr, "emit_stubs: %08" PRIx32 " does not decode\n", stub->words[i]);
            fail("not an instruction", stub);
        }
        grc_effects effects;
        grc_insn_effects(&insn, &effects);
        add_regs(&reads, &effects.reads);
        add_regs(&writes, &effects.writes);
    }
    add_regs(&used, &reads);
    add_regs(&used, &writes);
    printf("void stub_%u(grt_ppc *ctx, uint8_t *base)\n{\n", stub->index);
    each_name(&used, declare);
    each_name(&reads, load);
    grc_emit_options options = {.exact_fpscr = exact};
    grc_regs ready = reads;
    for (unsigned i = 0; i < stub->count; i++) {
        emit_one(stub, i, &options, &ready, &used);
        grc_insn insn = grc_decode(stub->address + 4 * i, stub->words[i]);
        grc_effects effects;
        grc_insn_effects(&insn, &effects);
        add_regs(&ready, &effects.writes);
    }
    each_name(&writes, store);
    printf("    (void)ctx;\n    (void)base;\n}\n\n");
}

static bool read_stub(isa_stub *stub)
{
    if (scanf("%u %" SCNx32 " %u", &stub->index, &stub->address, &stub->count) != 3)
        return false;
    if (stub->count > WORDS_MAX)
        fail("too long", stub);
    for (unsigned i = 0; i < stub->count; i++)
        if (scanf("%" SCNx32, &stub->words[i]) != 1)
            fail("words are missing", stub);
    return true;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        fail("usage: emit_stubs exact|fast", NULL);
    printf("#include \"guestrt/ppc_float.h\"\n\n");
    static isa_stub current;
    while (read_stub(&current))
        emit_stub(&current, strcmp(argv[1], "exact") == 0);
    return 0;
}
