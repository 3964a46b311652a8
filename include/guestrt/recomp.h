/*
 * recomp.h - the recompiler: a PowerPC ELF executable in, C11 out.
 *
 * Links against nothing of the runtime. Nothing is global; two translations may run at once on two
 * threads. The translation of the same bytes with the same options is the same, to the byte.
 */
#ifndef GUESTRT_RECOMP_H
#define GUESTRT_RECOMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum grc_status {
    GRC_OK = 0,
    GRC_BAD_IMAGE = 1,      /* not an image we read; the text names what and where */
    GRC_UNTRANSLATED = 2,   /* instructions that cannot be translated; addresses in the text */
    GRC_WRITE_FAILED = 3,   /* an output file could not be written */
    GRC_NO_MEMORY = 4,
    GRC_INVALID_OPTION = 5, /* for example an address of --function outside the code */
} grc_status;

/* How much of FPSCR's status generated code keeps. */
typedef enum grc_fpscr {
    GRC_FPSCR_AUTO = 0,  /* exact if any instruction of the image can observe the status, else fast */
    GRC_FPSCR_EXACT = 1,
    GRC_FPSCR_FAST = 2,  /* values are exact all the same; status bits stay 0 */
} grc_fpscr;

typedef struct grc_options {
    size_t size;             /* sizeof(grc_options), set by the initialiser */
    const char *name;        /* base of the file names: NAME.h, NAME_code_0.c ...; "module" */
    grc_fpscr fpscr;
    bool trap_untranslated;  /* a reporting trap for what cannot be translated, not a failure */
    bool full_state;         /* all registers in the context at every call: slow, for debugging */
    const uint32_t *functions; /* additional function starts */
    unsigned function_count;
    uint32_t setjmp_address, longjmp_address; /* 0: by symbol or import record */
} grc_options;

grc_options grc_options_default(void);

typedef struct grc_report {
    grc_status status;
    char text[2048];           /* on failure: what and where, one finding a line */
    uint32_t functions;
    uint32_t instructions;
    uint32_t text_bytes;       /* guest code translated */
    uint32_t jump_tables;
    uint32_t unresolved_jumps; /* bctr that dispatch at run time */
    uint32_t untranslated;     /* instructions that became traps */
    uint32_t files;
    bool exact_fpscr;
} grc_report;

/* Translates the ELF file in [image] into C files in the existing directory [directory]. Borrows all
 * arguments. Returns report->status. Any thread. Time and memory are linear in the code's size. */
grc_status grc_recompile(const grc_options *options, const void *image, size_t size,
                         const char *directory, grc_report *report);

#ifdef __cplusplus
}
#endif

#endif
