/*
 * run_program.c - runs the stubs as the translated program: harness.s does the work, in guest code.
 */
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const grt_ppc_module grt_module;

static void load_segments(uint8_t *base)
{
    for (uint32_t i = 0; i < grt_module.segment_count; i++) {
        const grt_ppc_segment *segment = &grt_module.segments[i];
        if (segment->file_size != 0)
            memcpy(base + segment->address, segment->bytes, segment->file_size);
    }
}

/* Fills the function table and returns the function called [name]. */
static grt_ppc_function *bind_functions(grt_ppc_function **code, const char *name)
{
    grt_ppc_function *found = NULL;
    for (uint32_t i = 0; i < grt_module.entry_count; i++) {
        const grt_ppc_entry *entry = &grt_module.entries[i];
        code[(entry->address - grt_module.code_base) / 4] = entry->function;
        if (entry->name != NULL && strcmp(entry->name, name) == 0)
            found = entry->function;
    }
    return found;
}

void isa_run(grt_ppc *ctx, uint8_t *base)
{
    load_segments(base);
    ctx->code_base = grt_module.code_base;
    ctx->code_words = grt_module.code_size / 4;
    grt_ppc_function **code = calloc(ctx->code_words, sizeof *code);
    grt_ppc_function *run_all = code != NULL ? bind_functions(code, "run_all") : NULL;
    if (run_all == NULL) {
        fprintf(stderr, "isa host: no run_all\n");
        exit(1);
    }
    ctx->code = (grt_ppc_function *const *)code;
    ctx->r[1] = 0x70000000;
    grt_ppc_apply_rounding(ctx);
    run_all(ctx, base);
    free(code);
}
