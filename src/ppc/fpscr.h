/*
 * fpscr.h - the bits of the FPSCR, and the two ways they change.
 */
#ifndef GRT_PPC_FPSCR_H
#define GRT_PPC_FPSCR_H

#include "guestrt/ppc.h"

enum {
    FPSCR_FEX = 1 << 30,
    FPSCR_VX = 1 << 29,
    FPSCR_OX = 1 << 28,
    FPSCR_UX = 1 << 27,
    FPSCR_ZX = 1 << 26,
    FPSCR_XX = 1 << 25,
    FPSCR_VXSNAN = 1 << 24,
    FPSCR_VXISI = 1 << 23,
    FPSCR_VXIDI = 1 << 22,
    FPSCR_VXZDZ = 1 << 21,
    FPSCR_VXIMZ = 1 << 20,
    FPSCR_VXVC = 1 << 19,
    FPSCR_FR = 1 << 18,
    FPSCR_FI = 1 << 17,
    FPSCR_C = 1 << 16,
    FPSCR_FPCC_SHIFT = 12,
    FPSCR_FPCC = 0xF << FPSCR_FPCC_SHIFT,
    FPSCR_FPRF = FPSCR_C | FPSCR_FPCC,
    FPSCR_RESERVED = 1 << 11,
    FPSCR_VXSOFT = 1 << 10,
    FPSCR_VXSQRT = 1 << 9,
    FPSCR_VXCVI = 1 << 8,
    FPSCR_VE = 1 << 7,
    FPSCR_RN = 3,
    FPSCR_VX_ALL = FPSCR_VXSNAN | FPSCR_VXISI | FPSCR_VXIDI | FPSCR_VXZDZ | FPSCR_VXIMZ |
                   FPSCR_VXVC | FPSCR_VXSOFT | FPSCR_VXSQRT | FPSCR_VXCVI,
};
#define FPSCR_FX (1u << 31)

/* The result class of a quiet NaN in FPSCR[FPRF]. */
enum { FPRF_NAN = 0x11 << FPSCR_FPCC_SHIFT };

/* [fpscr] with FEX and VX following from the other bits. */
uint32_t fpscr_summarise(uint32_t fpscr);

/* Adds the exceptions that an operation caused, and FX if there are any. */
void fpscr_raise(grt_ppc *ctx, uint32_t exceptions);

/* FPSCR[FPRF] of a result. A single-precision one may be subnormal although the register holds it
 * as a normal double. */
uint32_t fpscr_class(double value, bool single);

#endif
