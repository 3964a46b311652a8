/*
 * write.h - from functions and plans to C files.
 */
#ifndef GRC_WRITE_H
#define GRC_WRITE_H

#include "../analysis/plan.h"

/* A function being written. */
typedef struct grc_writer {
    const grc_program *program;
    const grc_emit_options *options;
    grc_out *out;
    grc_function *function;
    grc_plan *plan;
} grc_writer;

/* registers.c: statements that move registers, each line after [indent]. */
void grc_write_stores(grc_out *out, grc_regs set, const char *indent);
void grc_write_loads(grc_out *out, grc_regs set, const char *indent);
/* The declarations of the function's locals. */
void grc_write_locals(grc_out *out, const grc_plan *plan);

/* control.c: the branch, call or return that [step] is, and what follows the last step of a block.
 */
void grc_write_call(const grc_writer *w, uint32_t step);
void grc_write_block_end(const grc_writer *w, uint32_t block);

/* function.c: a whole function. */
void grc_write_function(grc_work *work, const grc_program *program, grc_function *function,
                        const grc_emit_options *options, grc_out *out);

/* module.c: the tables and segments, and the header that declares all functions. */
void grc_write_module(const grc_program *program, grc_out *out);
void grc_write_header(const grc_program *program, grc_out *out);

/* text.c: [text] so that it can stand in a comment or in a string; at most 160 characters. */
void grc_write_name(grc_out *out, const char *text);
void grc_write_string(grc_out *out, const char *text);
void grc_write_bytes(grc_out *out, const uint8_t *bytes, size_t size);

#endif
