/* recompile.c - the whole translation: image, analysis, C files. */
#include "guestrt/recomp.h"

#include "write/write.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { NAME_LIMIT = 63, DEFAULT_FILE_SIZE = 4000 };

const char *grc_status_sentence(grc_status status)
{
    switch (status) {
#define GRC_STATUS_CASE(name, sentence)                                                            \
    case GRC_##name:                                                                               \
        return sentence;
        GRC_STATUS_MAP(GRC_STATUS_CASE)
#undef GRC_STATUS_CASE
    }
    return "not a status of the recompiler";
}

grc_options grc_options_default(void)
{
    return (grc_options){
        .size = sizeof(grc_options),
        .name = "module",
        .instructions_per_file = DEFAULT_FILE_SIZE,
    };
}

/* One translation and its files, which are all held back until it is known to succeed. */
typedef struct output {
    grc_out *code; /* NAME_code_0.c ... */
    uint32_t code_count;
    grc_out module, header, build;
} output;

typedef struct translation {
    grc_work work;
    grc_image image;
    grc_program program;
    output out;
    grc_sink *sink;
    void *user;
} translation;

/* ---- options -----------------------------------------------------------------------------------
 */

static bool is_identifier(const char *name)
{
    size_t size = 0;
    for (; name[size]; size++) {
        char c = name[size];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (size == NAME_LIMIT || !(letter || (size && c >= '0' && c <= '9')))
            return false;
    }
    return size != 0;
}

static void check_options(grc_work *work)
{
    const grc_options *options = work->options;
    if (options->size != sizeof(grc_options))
        grc_stop(work, GRC_BAD_OPTION, 0, "the options were made for another version");
    if (!options->name || !is_identifier(options->name))
        grc_stop(work, GRC_BAD_OPTION, 0, "the name is not a C identifier of at most %d characters",
                 NAME_LIMIT);
    if ((unsigned)options->fp > GRC_FP_FAST)
        grc_stop(work, GRC_BAD_OPTION, 0, "the floating-point mode %d is not known",
                 (int)options->fp);
    if (options->instructions_per_file == 0)
        grc_stop(work, GRC_BAD_OPTION, 0, "a file must hold at least one instruction");
}

/* Whoever names a jump wants it taken care of: another address is a mistake. */
static void check_jumps(translation *t)
{
    const grc_options *options = t->work.options;
    for (size_t i = 0; i < options->jump_count; i++) {
        uint32_t address = options->jumps[i], word = 0;
        grc_branch branch = {.flow = GRC_FLOW_NONE};
        if (grc_image_is_code(&t->image, address) && grc_image_word(&t->image, address, &word)) {
            grc_insn insn = grc_decode(address, word);
            grc_insn_branch(&insn, &branch);
        }
        if (branch.flow != GRC_FLOW_JUMP_CTR)
            grc_stop(&t->work, GRC_BAD_OPTION, address,
                     "the jump given by option is no jump through CTR");
    }
}

/* ---- intrinsics --------------------------------------------------------------------------------
 */

static bool is_one_of(const char *name, const char *const *names)
{
    for (; *names; names++)
        if (strcmp(name, *names) == 0)
            return true;
    return false;
}

/* Import records say it best, then options, then names. */
static uint32_t find_intrinsic(const translation *t, uint32_t recorded, uint32_t option,
                               const char *const *names)
{
    if (recorded || option)
        return recorded ? recorded : option;
    for (size_t i = 0; i < t->image.symbol_count; i++)
        if (is_one_of(t->image.symbols[i].name, names))
            return t->image.symbols[i].address;
    return 0;
}

static void find_intrinsics(translation *t)
{
    static const char *const setjmps[] = {"setjmp", "_setjmp", NULL};
    static const char *const longjmps[] = {"longjmp", "_longjmp", NULL};
    const grc_options *options = t->work.options;
    grc_image *image = &t->image;
    image->setjmp_address =
        find_intrinsic(t, image->setjmp_address, options->setjmp_address, setjmps);
    image->longjmp_address =
        find_intrinsic(t, image->longjmp_address, options->longjmp_address, longjmps);
    if (image->setjmp_address && !grc_image_is_code(image, image->setjmp_address))
        grc_stop(&t->work, GRC_BAD_OPTION, image->setjmp_address, "setjmp is not in the code");
    if (image->longjmp_address && !grc_image_is_code(image, image->longjmp_address))
        grc_stop(&t->work, GRC_BAD_OPTION, image->longjmp_address, "longjmp is not in the code");
}

/* ---- code files --------------------------------------------------------------------------------
 */

static bool reads_fp_status(const grc_program *program)
{
    for (uint32_t word = 0; word < program->words; word++) {
        grc_effects effects;
        if (!(program->flags[word] & GRC_WORD_REACHED))
            continue;
        grc_insn_effects(&program->insns[word], &effects);
        if (effects.reads_fp_status)
            return true;
    }
    return false;
}

static void begin_code(const translation *t, grc_out *out, bool in_context)
{
    grc_printf(out, "/* Generated: translated guest code. */\n#include \"%s.h\"\n",
               t->work.options->name);
    if (in_context)
        grc_printf(out, "#include \"guestrt/ppc_in_context.h\"\n");
}

static grc_out *next_code(translation *t, bool in_context)
{
    grc_out *out = &t->out.code[t->out.code_count++];
    begin_code(t, out, in_context);
    return out;
}

/* Writes the functions that keep registers in the context, or those that do not; the two kinds
 * never share a file. */
static void write_functions(translation *t, const grc_emit_options *options, bool in_context)
{
    uint32_t room = 0;
    grc_out *out = NULL;
    for (uint32_t i = 0; i < t->program.function_count; i++) {
        grc_function *function = &t->program.functions[i];
        if (function->in_context != in_context)
            continue;
        if (room == 0) {
            out = next_code(t, in_context);
            room = t->work.options->instructions_per_file;
        }
        grc_write_function(&t->work, &t->program, function, options, out);
        room -= function->step_count < room ? function->step_count : room;
        t->work.report->instructions += function->step_count;
    }
}

static void write_code(translation *t)
{
    grc_report *report = t->work.report;
    const grc_options *options = t->work.options;
    report->exact_fp =
        options->fp == GRC_FP_EXACT || (options->fp == GRC_FP_AUTO && reads_fp_status(&t->program));
    grc_emit_options emit = {.exact_fpscr = report->exact_fp, .single_locals = true};
    t->out.code = grc_alloc(&t->work.arena, t->program.function_count + 2, sizeof *t->out.code);
    write_functions(t, &emit, false);
    write_functions(t, &emit, true);
    report->code_files = t->out.code_count;
    if (report->message_count && !options->trap_untranslated) {
        t->work.status = GRC_UNTRANSLATED;
        longjmp(t->work.stop, 1);
    }
}

/* ---- handing out -------------------------------------------------------------------------------
 */

static void write_build(const translation *t, grc_out *out)
{
    const char *name = t->work.options->name;
    grc_printf(out,
               "# Generated. Builds the object library %s; the project that adds this directory\n"
               "# provides the target guestrt::guestrt, whose headers the files include.\n"
               "add_library(%s OBJECT\n    %s_module.c\n",
               name, name, name);
    for (uint32_t i = 0; i < t->out.code_count; i++)
        grc_printf(out, "    %s_code_%" PRIu32 ".c\n", name, i);
    grc_printf(out,
               ")\n"
               "set_target_properties(%s PROPERTIES C_STANDARD 11 C_EXTENSIONS OFF)\n"
               "target_include_directories(%s PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})\n"
               "# Without a build type there would be no optimisation at all.\n"
               "target_compile_options(%s PRIVATE -ffp-contract=off -fno-math-errno"
               " $<$<CONFIG:>:-O2>)\n"
               "target_link_libraries(%s PUBLIC guestrt::guestrt)\n",
               name, name, name, name);
}

static void hand_out(translation *t, const char *name, const grc_out *out)
{
    if (out->failed) {
        t->work.status = GRC_NO_MEMORY;
        longjmp(t->work.stop, 1);
    }
    if (!t->sink(t->user, name, out->text, out->size))
        grc_stop(&t->work, GRC_CANNOT_WRITE, 0, "cannot write %s", name);
}

static void hand_out_all(translation *t)
{
    char file[NAME_LIMIT + 40];
    const char *name = t->work.options->name;
    snprintf(file, sizeof file, "%s.h", name);
    hand_out(t, file, &t->out.header);
    for (uint32_t i = 0; i < t->out.code_count; i++) {
        snprintf(file, sizeof file, "%s_code_%" PRIu32 ".c", name, i);
        hand_out(t, file, &t->out.code[i]);
    }
    snprintf(file, sizeof file, "%s_module.c", name);
    hand_out(t, file, &t->out.module);
    hand_out(t, "CMakeLists.txt", &t->out.build);
}

/* ---- the whole ---------------------------------------------------------------------------------
 */

static void report_unknown_tables(translation *t)
{
    grc_report *report = t->work.report;
    const grc_words *jumps = &t->program.unknown_tables;
    report->unknown_tables = (uint32_t)jumps->count;
    for (size_t i = 0; i < jumps->count && i < GRC_TABLE_LIMIT; i++)
        report->unknown_table_jumps[i] = jumps->items[i];
}

static void run(translation *t, const void *elf, size_t size)
{
    check_options(&t->work);
    grc_image_read_elf(&t->work, elf, size, &t->image);
    t->work.report->image_hash = t->image.hash;
    t->work.report->imports = (uint32_t)t->image.import_count;
    check_jumps(t);
    find_intrinsics(t);
    grc_program_create(&t->work, &t->image, &t->program);
    grc_find_starts(&t->program);
    grc_explore(&t->program);
    grc_summarize(&t->program);
    t->work.report->functions = t->program.function_count;
    t->work.report->jump_tables = t->program.jump_tables;
    t->work.report->unresolved_jumps = t->program.unresolved_jumps;
    report_unknown_tables(t);
    write_code(t);
    grc_write_module(&t->program, &t->out.module);
    grc_write_header(&t->program, &t->out.header);
    write_build(t, &t->out.build);
    hand_out_all(t);
}

static void release(translation *t)
{
    for (uint32_t i = 0; i < t->out.code_count; i++)
        grc_out_free(&t->out.code[i]);
    grc_out_free(&t->out.module);
    grc_out_free(&t->out.header);
    grc_out_free(&t->out.build);
    grc_arena_free(&t->program.round);
    grc_arena_free(&t->work.scratch);
    grc_arena_free(&t->work.arena);
}

/* The jumps end here, so that nothing that changes in between is a local of this function. */
static void run_guarded(translation *t, const void *elf, size_t size)
{
    jmp_buf exhausted;
    t->work.arena.exhausted = t->work.scratch.exhausted = &exhausted;
    if (setjmp(exhausted))
        t->work.status = GRC_NO_MEMORY;
    else if (setjmp(t->work.stop) == 0)
        run(t, elf, size);
}

grc_status grc_recompile_to(const grc_options *options, const void *elf, size_t size,
                            grc_sink *sink, void *user, grc_report *report)
{
    translation t = {.work = {.options = options, .report = report}, .sink = sink, .user = user};
    *report = (grc_report){0};
    run_guarded(&t, elf, size);
    release(&t);
    return t.work.status;
}

/* ---- into a directory --------------------------------------------------------------------------
 */

static bool write_file(void *user, const char *name, const char *text, size_t size)
{
    const char *directory = user;
    char path[4096];
    if (snprintf(path, sizeof path, "%s/%s", directory, name) >= (int)sizeof path)
        return false;
    FILE *file = fopen(path, "wb");
    if (!file)
        return false;
    bool good = fwrite(text, 1, size, file) == size;
    return fclose(file) == 0 && good;
}

grc_status grc_recompile(const grc_options *options, const void *elf, size_t size,
                         const char *out_dir, grc_report *report)
{
    char *directory = (char *)(uintptr_t)out_dir;
    return grc_recompile_to(options, elf, size, write_file, directory, report);
}
