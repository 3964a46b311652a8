/*
 * compile.h - from an image file to a loaded module: translate, compile, cache.
 *
 * The cache is keyed by everything that decides the result: the image's bytes, this program's own
 * bytes (recompiler and headers' version), the compiler and its flags.
 */
#ifndef CLI_COMPILE_H
#define CLI_COMPILE_H

#include "guestrt/ppc.h"
#include "guestrt/recomp.h"

typedef struct compile_options {
    const char *image_path;
    grc_options translate;
    bool overridable; /* keep weak symbols: slower calls */
    bool no_cache;
    bool verbose;
} compile_options;

/* Returns the module, or null after saying why on stderr, with the exit code in [*exit_code]. */
const grt_ppc_module *compile_image(const compile_options *options, int *exit_code);

/* Reads an image and says on stderr what is wrong with it; the caller frees [*bytes]. */
bool compile_read_image(const char *path, uint8_t **bytes, size_t *size, int *exit_code);

/* The command's exit code for a translation's outcome. */
int compile_exit_code(grc_status status);

/* Says on stderr what the translation found. */
void compile_print_messages(const char *image_path, grc_status status, const grc_report *report);

#endif
