/*
 * insn.h - one decoded PowerPC instruction: what it is, what it reads and writes, where it goes.
 *
 * The seam of the recompiler: decoding and the C text of an instruction lie on one side
 * (isa.def, decode.c, effects.c, emit_*.c), the structure of the program on the other (analysis/,
 * which knows nothing of single instructions beyond this header).
 */
#ifndef GRC_INSN_H
#define GRC_INSN_H

#include "out.h"
#include <stdbool.h>
#include <stdint.h>

/* One row of isa.def. */
typedef enum grc_op {
    GRC_OP_INVALID = 0,
#define GRC_INSN(id, mnemonic, mask, match, form) GRC_OP_##id,
#include "isa.def"
#undef GRC_INSN
    GRC_OP_COUNT
} grc_op;

typedef struct grc_insn {
    uint32_t address;
    uint32_t word;
    grc_op op; /* GRC_OP_INVALID: not an instruction we know */
} grc_insn;

grc_insn grc_decode(uint32_t address, uint32_t word);

/* "addic." with the record dot, "o" suffix and the like as the word has them; never null
 * ("(invalid)"). [text] has room for 16 characters. */
const char *grc_mnemonic(const grc_insn *insn, char text[16]);

/* A disassembly good enough for comments: "lwz r3,16(r1)". */
void grc_disassemble(const grc_insn *insn, char *text, unsigned size);

/* ---- effects -----------------------------------------------------------------------------------
 */

/* A set of registers. */
typedef struct grc_regs {
    uint32_t gpr;  /* bit n: rn */
    uint32_t fpr;  /* bit n: fn */
    uint32_t cr;   /* bit n: CR bit n, 0 = cr0.LT (so field f is bits 4f .. 4f+3) */
    uint32_t misc; /* GRC_LR ... */
} grc_regs;

enum {
    GRC_LR = 1 << 0,
    GRC_CTR = 1 << 1,
    GRC_XER_CA = 1 << 2,
    GRC_XER_OV = 1 << 3,
    GRC_XER_SO = 1 << 4,
    GRC_XER_COUNT = 1 << 5,
};

/* What a plain instruction does to registers. FPSCR, the reservation and VRSAVE always live in the
 * context and need no tracking. Branches: only CTR, CR bits and (with LK) LR; what the callee does
 * is the caller's business. */
typedef struct grc_effects {
    grc_regs reads;
    grc_regs writes; /* fully overwritten */
    bool loads, stores;
    bool barrier;         /* sync, lwsync, isync, eieio, lwarx, stwcx., dcbz ... */
    bool whole_fpr_file;  /* all FPRs must be in the context before and be reloaded after: writes of
                             FPSCR control bits */
    bool reads_fp_status; /* mffs, mcrfs, Rc forms of floating point: exact FPSCR is needed */
    bool is_float;
} grc_effects;

void grc_insn_effects(const grc_insn *insn, grc_effects *effects);

/* True iff the instruction writes back what a register holds: "ori r0,r0,0", the usual padding, and
 * the hints that look like "or r1,r1,r1". It has no effects, so that it keeps no register alive. */
bool grc_insn_is_nop(const grc_insn *insn);

/* ---- control flow ------------------------------------------------------------------------------
 */

typedef enum grc_flow {
    GRC_FLOW_NONE,     /* goes on to the next instruction (traps count as this) */
    GRC_FLOW_BRANCH,   /* b, bc without LK: [target], and the next one if conditional */
    GRC_FLOW_CALL,     /* bl, bcl with [target] */
    GRC_FLOW_RETURN,   /* bclr without LK */
    GRC_FLOW_JUMP_CTR, /* bcctr without LK: jump table or tail call */
    GRC_FLOW_CALL_CTR, /* bcctrl */
    GRC_FLOW_CALL_LR,  /* bclrl */
} grc_flow;

typedef struct grc_branch {
    grc_flow flow;
    bool conditional; /* needs grc_emit_condition() */
    uint32_t target;  /* for BRANCH and CALL; wraps at 32 bits */
} grc_branch;

void grc_insn_branch(const grc_insn *insn, grc_branch *branch);

/* ---- C text ------------------------------------------------------------------------------------
 */

/*
 * Names in the emitted text. Registers the function keeps in C locals:
 *   r0..r31 uint64_t; f0..f31 grt_fpr; ctr, lr uint64_t; cr0_lt, cr0_gt, cr0_eq, cr0_so ...
 * uint8_t; xer_ca, xer_ov, xer_so, xer_count uint8_t. The parameters: ctx, base. Everything else
 * (fpscr, reservation) is reached through ctx.
 */
typedef struct grc_emit_options {
    bool exact_fpscr;       /* keep FPSCR status bits exactly; else only control bits */
    bool trap_untranslated; /* emit a reporting trap for an instruction that is not translated */
    /* Facts the analysis proves about this instruction's inputs, as bit sets of FPRs. */
    uint32_t fpr_single; /* holds a value representable in single precision, or any NaN */
    /* Such values are also in float locals s0..s31: s5 is f5.d exactly, as a float, wherever bit 5
     * of fpr_single is set. Arithmetic on singles then needs no conversions. The writer declares
     * "float sN;" for each fN that it declares (it need not be initialised: facts begin empty, and
     * end when an FPR is loaded from the context). */
    bool single_locals;
    /* Leaves a NaN result as the host makes it; only where grc_emit_can_defer(). */
    bool raw_nan;
} grc_emit_options;

/* Emits statements for a non-branch instruction. False: this instruction cannot be translated
 * (nothing was emitted). */
bool grc_emit_insn(grc_out *out, const grc_insn *insn, const grc_emit_options *options);

/* True iff the instruction is floating-point arithmetic whose result is a NaN whenever an operand
 * is one, and which grc_emit_insn() can emit with raw_nan. */
bool grc_emit_can_defer(const grc_insn *insn, const grc_emit_options *options);

/* The C name of a deferrable instruction's result: "f1.d", or "s1" if it is a single in a local. */
void grc_emit_result_name(const grc_insn *insn, const grc_emit_options *options, char text[8]);

/* FPRs that hold a single-precision value after [insn], given [before]. */
uint32_t grc_fpr_single_after(const grc_insn *insn, uint32_t before);

/* For a branch: emits the CTR decrement statement if there is one, then returns the condition's C
 * expression in [text] ("1" when always taken). */
void grc_emit_condition(grc_out *out, const grc_insn *insn, char *text, unsigned size);

#endif
