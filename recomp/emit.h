/*
 * emit.h - from an instruction to C text: what the emit_*.c files share.
 */
#ifndef GRC_EMIT_H
#define GRC_EMIT_H

#include "forms.h"

/* An instruction being emitted. */
typedef struct grc_emit {
    grc_out *out;
    const grc_insn *insn;
    const grc_emit_options *options;
} grc_emit;

/*
 * Emits [text], with each $x replaced by an operand of the instruction:
 *
 *   $d $a $b   r3: the register in the field of rD (and rS), rA, rB
 *   $z         rA, or 0 if its number is 0
 *   $i $I      signed immediate as a 64-bit constant; the same shifted left by 16
 *   $+         signed immediate as an addend: "" or " + 8" or " - 8"
 *   $w         signed immediate as a 32-bit constant
 *   $u $U      unsigned immediate; the same shifted left by 16
 *   $h $H      shift of 5 and of 6 bits
 *   $m $M      mask of a rotation; its complement in 64 bits
 *   $e         effective address
 *   $F $1 $2 $3  f1.d: frD (and frS), frA, frB, frC
 *   $s         s1: frD as a float, where options->single_locals has these
 *   $4 $5 $6   frA, frB, frC as floats: s1 or (float)f1.d
 *   $c $C      cr3: the field that is written; that is read
 *   $p $q $v   cr3_eq: the CR bit that is written, the two that are read
 *   $n         byte count;  $$ a dollar sign
 */
void grc_emit_text(const grc_emit *emit, const char *text);

/* The comparison of [gpr] with zero into cr0, if the instruction makes one. */
void grc_emit_record(const grc_emit *emit, unsigned gpr);

/* A call of grt_ppc_trap; [kind] is without GRT_TRAP_. */
void grc_emit_trap(const grc_emit *emit, const char *kind);

/* The mask of MASK(first, last), bits counted from the left of 64, which may wrap. */
uint64_t grc_rotate_mask(unsigned first, unsigned last);

/* "cr3_eq" for CR bit 14; [text] has room for 8. */
const char *grc_cr_bit(unsigned bit, char text[8]);

/* The families. Each emits the instruction and returns true, or returns false and emits nothing. */
bool grc_emit_arithmetic(const grc_emit *emit);
bool grc_emit_logic(const grc_emit *emit);
bool grc_emit_memory(const grc_emit *emit);
bool grc_emit_multiple(const grc_emit *emit);
bool grc_emit_float(const grc_emit *emit);
bool grc_emit_condition_register(const grc_emit *emit);
bool grc_emit_system(const grc_emit *emit);

#endif
