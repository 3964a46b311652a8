/* list_imports.c - what an image imports, without translating it. */
#include "guestrt/recomp.h"
#include "image/image.h"

static void hand_out(const grc_image *image, grc_import_sink *sink, void *user)
{
    for (size_t i = 0; i < image->import_count; i++) {
        const grc_import *import = &image->imports[i];
        const grc_import_entry entry = {.address = import->thunk,
                                        .library = import->library,
                                        .ordinal = import->ordinal,
                                        .variable = import->kind == GRC_IMPORT_VARIABLE,
                                        .name = import->name};
        sink(user, &entry);
    }
}

/* The jumps end here, so that nothing that changes in between is a local of this function. */
static bool read_guarded(grc_work *work, const void *elf, size_t size, grc_image *image)
{
    jmp_buf exhausted;
    work->arena.exhausted = work->scratch.exhausted = &exhausted;
    if (setjmp(exhausted))
        work->status = GRC_NO_MEMORY;
    else if (setjmp(work->stop) == 0)
        grc_image_read_elf(work, elf, size, image);
    return work->status == GRC_OK;
}

grc_status grc_list_imports(const void *elf, size_t size, grc_import_sink *sink, void *user,
                            grc_report *report)
{
    const grc_options options = grc_options_default();
    grc_work work = {.options = &options, .report = report};
    grc_image image = {0};
    *report = (grc_report){0};
    if (read_guarded(&work, elf, size, &image)) {
        report->image_hash = image.hash;
        report->imports = (uint32_t)image.import_count;
        hand_out(&image, sink, user);
    }
    grc_arena_free(&work.scratch);
    grc_arena_free(&work.arena);
    return work.status;
}
