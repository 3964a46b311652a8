/*
 * ppc.h - the contract between generated code and whatever runs it.
 *
 * This header is all that generated code and the runtime share; docs/abi.md explains it. It holds
 * the register context, the module descriptor that a translated image exports, and the functions
 * that generated code expects from the runtime ("the host's part"). The inline operations that
 * generated code is made of are in ppc_ops.h.
 */
#ifndef GUESTRT_PPC_H
#define GUESTRT_PPC_H

#include "guestrt/types.h"
#include <setjmp.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Raised whenever generated code must be made anew. */
#define GRT_PPC_ABI 1u

typedef struct grt_ppc grt_ppc;

/* Every translated function, import and override has this type. [base] is the host address of guest
 * address 0. */
typedef void grt_ppc_function(grt_ppc *ctx, uint8_t *base);

typedef union grt_fpr {
    double d;
    uint64_t u;
} grt_fpr;

/* Condition register bits, in the order of the architecture. */
enum { GRT_CR_LT = 0, GRT_CR_GT = 1, GRT_CR_EQ = 2, GRT_CR_SO = 3 };

/*
 * The registers of one guest thread, in host memory that the guest cannot reach. While translated
 * code runs it keeps registers in C locals; at a call they are here as far as the callee (by
 * analysis of the whole image) can look at them. r1, lr and the argument registers of a call are
 * always here when a call or an import is entered.
 */
struct grt_ppc {
    uint64_t r[32];
    grt_fpr f[32];
    uint64_t lr;
    uint64_t ctr;
    uint8_t cr[32]; /* one byte, 0 or 1, for each bit: cr[4 * field + GRT_CR_EQ] */
    uint8_t xer_so, xer_ov, xer_ca;
    uint8_t xer_count; /* XER[25:31], for lswx and stswx */
    uint32_t fpscr;    /* status bits are kept only by code translated with exact FPSCR */
    uint32_t vrsave;
    uint8_t reserve_size; /* 0: no reservation; else 4 or 8 */
    grt_addr reserve_address;
    uint64_t reserve_value;

    /* The host's part: set before guest code runs, constant while it does. */
    grt_ppc_function *const *code;    /* one entry a word of the image's code, null = no function */
    grt_addr code_base;               /* guest address of code[0] */
    uint32_t code_words;              /* entries of [code] */
    grt_ppc_function *const *imports; /* by index into the module's import table */
    uint32_t import_index;            /* of the import being called */
    struct grt_thread *thread;        /* the runtime's record of this guest thread */
};

/* ---- the module: what a translated image exports -----------------------------------------------
 */

typedef struct grt_ppc_entry {
    grt_addr address;
    uint32_t size; /* bytes of guest code */
    grt_ppc_function *function;
    const char *name; /* symbol, or null */
} grt_ppc_entry;

typedef struct grt_ppc_import {
    grt_addr thunk;   /* guest address of the 16-byte thunk (function) or of the word (variable) */
    uint16_t library; /* GRT_LIBRARY_... */
    uint16_t ordinal;
    bool variable;
    const char *name; /* as the image or the export table names it, or null */
} grt_ppc_import;

/* Import libraries, as stored in .import_table. */
enum { GRT_LIBRARY_XBOXKRNL = 0, GRT_LIBRARY_XAM = 1, GRT_LIBRARY_GUESTRT = 2 };

enum { GRT_SEGMENT_READ = 4, GRT_SEGMENT_WRITE = 2, GRT_SEGMENT_EXECUTE = 1 };

typedef struct grt_ppc_segment {
    grt_addr address;
    uint32_t file_size;
    uint32_t memory_size; /* the rest beyond file_size is zero */
    uint32_t flags;       /* GRT_SEGMENT_... */
    const uint8_t *bytes; /* file_size bytes */
} grt_ppc_segment;

typedef struct grt_ppc_module {
    uint32_t abi; /* GRT_PPC_ABI of the generator */
    const char *name;
    uint64_t image_hash; /* FNV-1a 64 of the image file */
    grt_addr entry;
    grt_addr code_base; /* lowest code address */
    uint32_t code_size; /* bytes up to the end of the highest code */
    uint32_t entry_count;
    const grt_ppc_entry *entries; /* ascending by address */
    uint32_t import_count;
    const grt_ppc_import *imports;
    uint32_t segment_count;
    const grt_ppc_segment *segments;
} grt_ppc_module;

/* ---- the host's part: symbols the embedder (normally libguestrt) must define --------------------
 */

typedef enum grt_ppc_trap_kind {
    GRT_TRAP_INSTRUCTION = 0,       /* tw, twi, td, tdi whose condition holds */
    GRT_TRAP_UNTRANSLATED = 1,      /* an instruction the translation left as a reporting trap */
    GRT_TRAP_SYSTEM_CALL = 2,       /* sc */
    GRT_TRAP_RETURN = 3,            /* blr to another place than the call came from */
    GRT_TRAP_UNALIGNED_RESERVE = 4, /* lwarx, ldarx, stwcx., stdcx. at an unaligned address */
    GRT_TRAP_FELL_OFF = 5,          /* execution ran past the end of the known code */
    GRT_TRAP_JUMP = 6,              /* bctr to a place that its function was not known to jump to */
} grt_ppc_trap_kind;

/* A trap at guest address [address]; [detail] is the instruction word, or the bad target for
 * GRT_TRAP_RETURN and GRT_TRAP_JUMP. Does not return unless the runtime's policy is to go on. */
void grt_ppc_trap(grt_ppc *ctx, uint8_t *base, grt_ppc_trap_kind kind, grt_addr address,
                  uint32_t detail);

/* An indirect call at guest address [site] whose [target] is no function. Reported; does
 * not return unless the policy is to go on, then the call counts as done. */
void grt_ppc_bad_call(grt_ppc *ctx, uint8_t *base, grt_addr target, grt_addr site);

/* The 50 MHz time base. */
uint64_t grt_ppc_time_base(grt_ppc *ctx);

/*
 * setjmp and longjmp of the guest. The generated caller of the guest's setjmp expands
 * GRT_PPC_SETJMP(ctx, base, buffer): 0 on the first return, else longjmp's value. The slot (in host
 * memory, keyed by the guest buffer's address) keeps a copy of the registers that must come back:
 * r1, r2, r13-r31, f14-f31, cr, lr, fpscr. grt_ppc_longjmp() restores them and leaves; a buffer
 * that no live setjmp filled is reported, like a bad call.
 */
jmp_buf *grt_ppc_setjmp_slot(grt_ppc *ctx, uint8_t *base, grt_addr buffer);
#define GRT_PPC_SETJMP(ctx, base, buffer) _setjmp(*grt_ppc_setjmp_slot((ctx), (base), (buffer)))
void grt_ppc_longjmp(grt_ppc *ctx, uint8_t *base, grt_addr buffer, uint32_t value);

/* Calls import [index] of the module; sets ctx->import_index. */
static inline void grt_ppc_call_import(grt_ppc *ctx, uint8_t *base, uint32_t index)
{
    ctx->import_index = index;
    ctx->imports[index](ctx, base);
}

/* The function at [target], or null. One subtraction, one comparison, one load. */
static inline grt_ppc_function *grt_ppc_lookup(const grt_ppc *ctx, grt_addr target)
{
    uint32_t offset = target - ctx->code_base;
    uint32_t word = (offset >> 2) | (offset << 30); /* a misaligned target becomes huge */
    return word < ctx->code_words ? ctx->code[word] : (grt_ppc_function *)0;
}

/* An indirect call from guest address [site]. */
static inline void grt_ppc_call(grt_ppc *ctx, uint8_t *base, grt_addr target, grt_addr site)
{
    grt_ppc_function *function = grt_ppc_lookup(ctx, target);
    if (__builtin_expect(function != 0, 1))
        function(ctx, base);
    else
        grt_ppc_bad_call(ctx, base, target, site);
}

/* An indirect jump at guest address [site] out of its function, or so it seems: to another one. */
static inline void grt_ppc_jump(grt_ppc *ctx, uint8_t *base, grt_addr target, grt_addr site)
{
    grt_ppc_function *function = grt_ppc_lookup(ctx, target);
    if (__builtin_expect(function != 0, 1))
        function(ctx, base);
    else
        grt_ppc_trap(ctx, base, GRT_TRAP_JUMP, site, target);
}

#ifdef __cplusplus
}
#endif

#endif
