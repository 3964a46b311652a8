/* module.c - the module descriptor: functions, imports, segments with their bytes. */
#include "write.h"

#include "guestrt/ppc.h"
#include <inttypes.h>

enum { IMPORT_THUNK_WORDS = 4 };

/* The word after the function: its own extent, which also covers padding and code that nothing
 * reaches, or the blocks that follow each other from its start on, whichever is longer. */
static uint32_t function_end(const grc_function *function)
{
    uint32_t end = function->start;
    if (function->kind == GRC_FUNCTION_IMPORT)
        return end + IMPORT_THUNK_WORDS;
    for (uint32_t i = 0; i < function->block_count; i++)
        if (function->blocks[i].first == end)
            end = function->blocks[i].end;
    return end > function->end ? end : function->end;
}

/* Bytes of guest code. An address belongs to one function only, so the next one's start, or the
 * end of the code, is the limit: functions may share their last instructions. */
static uint32_t function_size(const grc_program *program, uint32_t index)
{
    const grc_function *function = &program->functions[index];
    bool last = index + 1 == program->function_count;
    uint32_t limit = last ? program->words : function[1].start;
    uint32_t end = function_end(function);
    return 4 * ((end < limit ? end : limit) - function->start);
}

static void write_entries(const grc_program *program, grc_out *out)
{
    grc_printf(out, "\nstatic const grt_ppc_entry entries[] = {\n");
    for (uint32_t i = 0; i < program->function_count; i++) {
        const grc_function *function = &program->functions[i];
        uint32_t address = grc_address(program, function->start);
        grc_printf(out, "    {0x%08" PRIX32 "u, %" PRIu32 "u, sub_%08" PRIX32 ", ", address,
                   function_size(program, i), address);
        grc_write_string(out, function->name);
        grc_printf(out, "},\n");
    }
    grc_printf(out, "};\n");
}

static void write_imports(const grc_image *image, grc_out *out)
{
    if (image->import_count == 0)
        return;
    grc_printf(out, "\nstatic const grt_ppc_import imports[] = {\n");
    for (size_t i = 0; i < image->import_count; i++) {
        const grc_import *import = &image->imports[i];
        grc_printf(out, "    {0x%08" PRIX32 "u, %u, %u, %s, ", import->thunk, import->library,
                   import->ordinal, import->kind == GRC_IMPORT_VARIABLE ? "true" : "false");
        grc_write_string(out, import->name);
        grc_printf(out, "},\n");
    }
    grc_printf(out, "};\n");
}

static void write_segments(const grc_image *image, grc_out *out)
{
    for (size_t i = 0; i < image->segment_count; i++) {
        const grc_segment *segment = &image->segments[i];
        grc_printf(out, "\nstatic const uint8_t segment_%zu[%" PRIu64 "] =\n", i,
                   (uint64_t)segment->file_size + 1);
        grc_write_bytes(out, segment->bytes, segment->file_size);
        grc_printf(out, "    ;\n");
    }
    grc_printf(out, "\nstatic const grt_ppc_segment segments[] = {\n");
    for (size_t i = 0; i < image->segment_count; i++) {
        const grc_segment *segment = &image->segments[i];
        grc_printf(
            out, "    {0x%08" PRIX32 "u, %" PRIu32 "u, %" PRIu32 "u, %" PRIu32 "u, segment_%zu},\n",
            segment->address, segment->file_size, segment->memory_size, segment->flags, i);
    }
    grc_printf(out, "};\n");
}

void grc_write_module(const grc_program *program, grc_out *out)
{
    const grc_image *image = program->image;
    const char *name = program->work->options->name;
    grc_printf(out,
               "/* Generated: the module's tables and the bytes of its segments. */\n"
               "#include \"%s.h\"\n",
               name);
    write_entries(program, out);
    write_imports(image, out);
    write_segments(image, out);
    grc_printf(out,
               "\nconst grt_ppc_module grt_module = {\n"
               "    .abi = GRT_PPC_ABI,\n    .name = \"%s\",\n",
               name);
    grc_printf(out, "    .image_hash = 0x%016" PRIX64 "u,\n    .entry = 0x%08" PRIX32 "u,\n",
               image->hash, image->entry);
    grc_printf(out, "    .code_base = 0x%08" PRIX32 "u,\n    .code_size = %" PRIu32 "u,\n",
               program->first, 4 * program->words);
    grc_printf(out, "    .entry_count = %" PRIu32 "u,\n    .entries = entries,\n",
               program->function_count);
    if (image->import_count)
        grc_printf(out, "    .import_count = %zuu,\n    .imports = imports,\n",
                   image->import_count);
    grc_printf(out, "    .segment_count = %zuu,\n    .segments = segments,\n};\n",
               image->segment_count);
}

void grc_write_header(const grc_program *program, grc_out *out)
{
    const char *name = program->work->options->name;
    grc_printf(out,
               "/* Generated: one line for each guest function. Override sub_X, call orig_sub_X"
               " (guestrt/ppc_code.h). */\n"
               "#ifndef GRT_MODULE_%s_H\n#define GRT_MODULE_%s_H\n\n"
               "#include \"guestrt/ppc_code.h\"\n\n"
               "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n"
               "extern const grt_ppc_module grt_module;\n\n",
               name, name);
    for (uint32_t i = 0; i < program->function_count; i++) {
        const grc_function *function = &program->functions[i];
        grc_printf(out, "GRT_DECLARE(%08" PRIX32 ")", grc_address(program, function->start));
        if (function->name) {
            grc_printf(out, " /* ");
            grc_write_name(out, function->name);
            grc_printf(out, " */");
        }
        grc_printf(out, "\n");
    }
    grc_printf(out, "\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n");
}
