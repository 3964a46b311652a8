/*
 * recomp.h - the recompiler as a library: a PowerPC ELF file in, C source files out.
 *
 * The recompiler shares nothing with the runtime but guestrt/ppc.h, which its output includes. It
 * has no global state; two translations may run at the same time in two threads.
 */
#ifndef GUESTRT_RECOMP_H
#define GUESTRT_RECOMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a translation can end with: (name, sentence). */
#define GRC_STATUS_MAP(X)                                                                          \
    X(OK, "the image was translated")                                                              \
    X(BAD_IMAGE, "the file is not an image that can be translated")                                \
    X(UNTRANSLATED, "the image holds instructions that cannot be translated")                      \
    X(CANNOT_WRITE, "an output file could not be written")                                         \
    X(NO_MEMORY, "the host refused memory")                                                        \
    X(BAD_OPTION, "an option is outside what is accepted")

typedef enum grc_status {
#define GRC_STATUS_ENUM(name, sentence) GRC_##name,
    GRC_STATUS_MAP(GRC_STATUS_ENUM)
#undef GRC_STATUS_ENUM
} grc_status;

/* One sentence without a full stop; never null. Any thread. O(1). */
const char *grc_status_sentence(grc_status status);

/* How closely the floating-point status bits (FPSCR) are kept. Results are the same in all modes.
 */
typedef enum grc_fp {
    GRC_FP_AUTO = 0,  /* exact iff the image holds an instruction that reads status bits */
    GRC_FP_EXACT = 1, /* every status bit after every instruction; much slower */
    GRC_FP_FAST = 2,  /* control bits only */
} grc_fp;

typedef struct grc_options {
    size_t size;      /* sizeof(grc_options), set by the initialiser */
    const char *name; /* prefix of the output files, a C identifier of at most 63 characters */
    grc_fp fp;
    /* Keeps every register in the context at every instruction. Slow; for debugging, and the oracle
     * for the register analysis: output must behave the same. */
    bool full_state;
    /* Turns an instruction that cannot be translated into a trap that reports it when it is
     * reached, instead of failing the translation. */
    bool trap_untranslated;
    const uint32_t *functions; /* further function starts that the analysis cannot see */
    size_t function_count;
    /* Addresses of indirect jumps (bctr) that may go to any instruction of their function: for a
     * table that the analysis misunderstands. Such a function is large and slow, and right. */
    const uint32_t *jumps;
    size_t jump_count;
    uint32_t setjmp_address; /* 0: found by import records and symbol names only */
    uint32_t longjmp_address;
    uint32_t instructions_per_file; /* where output files are cut */
} grc_options;

grc_options grc_options_default(void);

typedef struct grc_message {
    uint32_t address; /* guest address, or file offset when the text says "file offset" */
    char text[200];
} grc_message;

enum { GRC_MESSAGE_LIMIT = 32, GRC_TABLE_LIMIT = 16 };

typedef struct grc_report {
    uint32_t message_count; /* all errors; the first GRC_MESSAGE_LIMIT are kept */
    grc_message messages[GRC_MESSAGE_LIMIT];
    uint64_t image_hash;
    uint32_t functions;
    uint32_t instructions; /* emitted; code shared by functions counts once for each */
    uint32_t imports;
    uint32_t jump_tables;      /* indirect jumps whose table was found */
    uint32_t unresolved_jumps; /* indirect jumps that go through the global function table */
    /* Those of them that use a table which was not understood, in functions too large to allow
     * every instruction as a target unasked. */
    uint32_t unknown_tables;
    uint32_t unknown_table_jumps[GRC_TABLE_LIMIT]; /* addresses of the first */
    uint32_t code_files;                           /* NAME_code_0.c ... */
    bool exact_fp;
} grc_report;

/* Receives one finished output file; false stops the translation with CANNOT_WRITE. [name] and
 * [text] belong to the caller and end with the call. */
typedef bool grc_sink(void *user, const char *name, const char *text, size_t size);

/* Translates the ELF file of [size] bytes at [elf], handing each output file to [sink]. Output is a
 * pure function of the file and the options. [report] is filled in either case.
 * Fails iff: BAD_OPTION, BAD_IMAGE, UNTRANSLATED (all of them listed; nothing was handed out),
 * CANNOT_WRITE, NO_MEMORY. Any thread. Cost: a few microseconds an instruction. */
grc_status grc_recompile_to(const grc_options *options, const void *elf, size_t size,
                            grc_sink *sink, void *user, grc_report *report);

/* The same, writing into the directory [out_dir], which must exist. */
grc_status grc_recompile(const grc_options *options, const void *elf, size_t size,
                         const char *out_dir, grc_report *report);

/* ---- what an image asks its kernel for ---------------------------------------------------------
 */

typedef struct grc_import_entry {
    uint32_t address; /* of the thunk, or of a variable's word */
    uint16_t library; /* GRT_LIBRARY_... */
    uint16_t ordinal;
    bool variable;
    const char *name; /* as the image has it, or null; ends with the call */
} grc_import_entry;

typedef void grc_import_sink(void *user, const grc_import_entry *import);

/* Hands each import of the ELF file of [size] bytes at [elf] to [sink], ascending by address.
 * setjmp and longjmp are none. [report] is filled in either case. Fails iff: BAD_IMAGE, NO_MEMORY;
 * nothing was handed out. Any thread. */
grc_status grc_list_imports(const void *elf, size_t size, grc_import_sink *sink, void *user,
                            grc_report *report);

#ifdef __cplusplus
}
#endif

#endif
