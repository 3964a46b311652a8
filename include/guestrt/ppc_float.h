/*
 * ppc_float.h - floating point for generated code.
 *
 * Results are those of the architecture, bit for bit, in every rounding mode; NaNs included: an
 * operand that is a NaN is the result (frA before frB before frC, made quiet), else an invalid
 * operation gives the positive quiet NaN 0x7FF8000000000000. Choices where it is open, or where
 * processors differ:
 *
 * - a single-precision operation keeps only the upper 23 fraction bits of a NaN;
 * - fres and frsqrte are not estimates but correctly rounded (frsqrte: twice);
 * - FPSCR[NI] is kept but changes nothing, and no exception is ever taken: an enabled one shows in
 *   FPSCR[FEX], with the result that it has when disabled;
 * - fctiw and fctiwz sign-extend into the upper half, mffs zeroes it.
 *
 * The guest's rounding mode is the host's: grt_ppc_apply_rounding() makes it so. Generated code
 * must be compiled without contraction (-ffp-contract=off) and without -ffast-math, and is fastest
 * with -fno-math-errno and a target that has fused multiply-add.
 */
#ifndef GUESTRT_PPC_FLOAT_H
#define GUESTRT_PPC_FLOAT_H

#include "guestrt/ppc_ops.h"

#ifdef __cplusplus
extern "C" {
#endif

static inline uint64_t grt_to_bits(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}
static inline double grt_from_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
static inline uint32_t grt_single_to_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}
static inline float grt_single_from_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* ---- the rare paths (src/ppc) ------------------------------------------------------------------
 */

/* Single-precision results of operands that may have more precision, rounded once. They handle
 * everything that the inline versions cannot: ties between two roundings, and subnormal results. */
float grt_ppc_add_once(double a, double b);
float grt_ppc_mul_once(double a, double c);
float grt_ppc_div_once(double a, double b);
float grt_ppc_sqrt_once(double b);
float grt_ppc_fma_once(double a, double c, double b);

/* Makes the host round as FPSCR[RN] says. For the thread that runs the context: to be called when
 * it starts to, and when FPSCR was changed by other means than the functions below. */
void grt_ppc_apply_rounding(const grt_ppc *ctx);

/* Writes of the FPSCR. [field_mask] has bit 0x80 for FPSCR[0:3]; [field] 0 is FPSCR[0:3]; [bit] 0
 * is FPSCR[0]. FEX and VX follow from the other bits. */
void grt_ppc_mtfsf(grt_ppc *ctx, unsigned field_mask, double value);
void grt_ppc_mtfsfi(grt_ppc *ctx, unsigned field, unsigned value);
void grt_ppc_mtfsb(grt_ppc *ctx, unsigned bit, unsigned value);

/* The four bits of [field]; its exception bits are cleared. */
unsigned grt_ppc_mcrfs(grt_ppc *ctx, unsigned field);

/* ---- exact FPSCR: every operation as a function (src/ppc)
 * ---------------------------------------- */

double grt_ppc_fadd(grt_ppc *ctx, double a, double b);
double grt_ppc_fsub(grt_ppc *ctx, double a, double b);
double grt_ppc_fmul(grt_ppc *ctx, double a, double c);
double grt_ppc_fdiv(grt_ppc *ctx, double a, double b);
double grt_ppc_fsqrt(grt_ppc *ctx, double b);
double grt_ppc_fmadd(grt_ppc *ctx, double a, double c, double b);
double grt_ppc_fmsub(grt_ppc *ctx, double a, double c, double b);
double grt_ppc_fnmadd(grt_ppc *ctx, double a, double c, double b);
double grt_ppc_fnmsub(grt_ppc *ctx, double a, double c, double b);
double grt_ppc_fadds(grt_ppc *ctx, double a, double b);
double grt_ppc_fsubs(grt_ppc *ctx, double a, double b);
double grt_ppc_fmuls(grt_ppc *ctx, double a, double c);
double grt_ppc_fdivs(grt_ppc *ctx, double a, double b);
double grt_ppc_fsqrts(grt_ppc *ctx, double b);
double grt_ppc_fmadds(grt_ppc *ctx, double a, double c, double b);
double grt_ppc_fmsubs(grt_ppc *ctx, double a, double c, double b);
double grt_ppc_fnmadds(grt_ppc *ctx, double a, double c, double b);
double grt_ppc_fnmsubs(grt_ppc *ctx, double a, double c, double b);
double grt_ppc_fres(grt_ppc *ctx, double b);
double grt_ppc_frsqrte(grt_ppc *ctx, double b);
double grt_ppc_frsp(grt_ppc *ctx, double b);
double grt_ppc_fcfid(grt_ppc *ctx, double b);
double grt_ppc_fctid(grt_ppc *ctx, double b);
double grt_ppc_fctidz(grt_ppc *ctx, double b);
double grt_ppc_fctiw(grt_ppc *ctx, double b);
double grt_ppc_fctiwz(grt_ppc *ctx, double b);

/* The four bits of the CR field. */
unsigned grt_ppc_fcmpu(grt_ppc *ctx, double a, double b);
unsigned grt_ppc_fcmpo(grt_ppc *ctx, double a, double b);

/* ---- loads, stores, moves ----------------------------------------------------------------------
 */

/* Exact for every pattern: games copy integers through these, so a signalling NaN must survive. The
 * host's conversion does that for all but NaNs. */
static inline double grt_widen(float value)
{
    uint32_t bits = grt_single_to_bits(value);
    if (GRT_UNLIKELY(value != value))
        return grt_from_bits((uint64_t)(bits & 0x80000000u) << 32 | UINT64_C(0x7FF) << 52 |
                             (uint64_t)(bits & 0x7FFFFFu) << 29);
    return value;
}
static inline float grt_ld_single(const uint8_t *base, grt_addr address)
{
    return grt_single_from_bits(grt_ld32(base, address));
}
static inline void grt_st_single(uint8_t *base, grt_addr address, float value)
{
    grt_st32(base, address, grt_single_to_bits(value));
}
static inline double grt_lfs(const uint8_t *base, grt_addr address)
{
    return grt_widen(grt_ld_single(base, address));
}
static inline double grt_lfd(const uint8_t *base, grt_addr address)
{
    return grt_from_bits(grt_ld64(base, address));
}
static inline void grt_stfd(uint8_t *base, grt_addr address, double value)
{
    grt_st64(base, address, grt_to_bits(value));
}
static inline void grt_stfiw(uint8_t *base, grt_addr address, double value)
{
    grt_st32(base, address, grt_to_bits(value));
}

/* The architecture's conversion for stores: it cuts bits off and never rounds. */
static inline uint32_t grt_cut_to_single(double value)
{
    uint64_t bits = grt_to_bits(value);
    uint32_t exponent = (uint32_t)(bits >> 52) & 0x7FF;
    if (GRT_LIKELY(exponent > 896)) /* normal as a single, infinite, or a NaN */
        return (uint32_t)(bits >> 32 & 0xC0000000u) | (uint32_t)(bits >> 29 & 0x3FFFFFFFu);
    uint32_t sign = (uint32_t)(bits >> 32) & 0x80000000u;
    if (exponent < 874)
        return sign;
    uint64_t fraction = (bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1) << 52;
    return sign | (uint32_t)(fraction >> (926 - exponent));
}
static inline void grt_stfs(uint8_t *base, grt_addr address, double value)
{
    grt_st32(base, address, grt_cut_to_single(value));
}

/* [value] is known to be a single-precision number or a NaN. */
static inline void grt_stfs_single(uint8_t *base, grt_addr address, double value)
{
    float single = (float)value;
    if (GRT_UNLIKELY(single != single))
        grt_st32(base, address, grt_cut_to_single(value));
    else
        grt_st32(base, address, grt_single_to_bits(single));
}

/* ---- NaN results -------------------------------------------------------------------------------
 */

/* These are inline although they are rarely reached: a call would cost the registers of every path
 * around it. */
static inline double grt_quiet(double nan)
{
    return grt_from_bits(grt_to_bits(nan) | UINT64_C(1) << 51);
}
static inline double grt_nan1(double b)
{
    return b != b ? grt_quiet(b) : grt_from_bits(UINT64_C(0x7FF8) << 48);
}
static inline double grt_nan2(double a, double b)
{
    return a != a ? grt_quiet(a) : grt_nan1(b);
}
static inline double grt_nan3(double a, double b, double c)
{
    return a != a ? grt_quiet(a) : grt_nan2(b, c);
}
static inline float grt_nan1s(float b)
{
    return b != b ? grt_single_from_bits(grt_single_to_bits(b) | 1u << 22)
                  : grt_single_from_bits(0x7FC00000u);
}
static inline float grt_nan2s(float a, float b)
{
    return grt_nan1s(a != a ? a : b);
}
static inline float grt_nan3s(float a, float b, float c)
{
    return grt_nan2s(a != a ? a : b, c);
}

/* ---- double precision --------------------------------------------------------------------------
 */

/* name_raw leaves a NaN as the host makes it: for the runs of operations that are done again with
 * name when one of them came out as a NaN. */
#define GRT_RESULT(type, name, parameters, expression, nan)                                        \
    static inline type name##_raw parameters                                                       \
    {                                                                                              \
        return (expression);                                                                       \
    }                                                                                              \
    static inline type name parameters                                                             \
    {                                                                                              \
        type result = (expression);                                                                \
        return GRT_UNLIKELY(result != result) ? (nan) : result;                                    \
    }

GRT_RESULT(double, grt_fadd, (double a, double b), a + b, grt_nan2(a, b))
GRT_RESULT(double, grt_fsub, (double a, double b), a - b, grt_nan2(a, b))
GRT_RESULT(double, grt_fmul, (double a, double c), a *c, grt_nan2(a, c))
GRT_RESULT(double, grt_fdiv, (double a, double b), a / b, grt_nan2(a, b))
GRT_RESULT(double, grt_fsqrt, (double b), __builtin_sqrt(b), grt_nan1(b))
GRT_RESULT(double, grt_frsqrte, (double b), 1.0 / __builtin_sqrt(b), grt_nan1(b))
GRT_RESULT(double, grt_fmadd, (double a, double c, double b), __builtin_fma(a, c, b),
           grt_nan3(a, b, c))
GRT_RESULT(double, grt_fmsub, (double a, double c, double b), __builtin_fma(a, c, -b),
           grt_nan3(a, b, c))
GRT_RESULT(double, grt_fnmadd, (double a, double c, double b), -__builtin_fma(a, c, b),
           grt_nan3(a, b, c))
GRT_RESULT(double, grt_fnmsub, (double a, double c, double b), -__builtin_fma(a, c, -b),
           grt_nan3(a, b, c))

/* ---- single precision, operands known to be singles (or NaNs)
 * ------------------------------------ */

GRT_RESULT(float, grt_fadds, (float a, float b), a + b, grt_nan2s(a, b))
GRT_RESULT(float, grt_fsubs, (float a, float b), a - b, grt_nan2s(a, b))
GRT_RESULT(float, grt_fmuls, (float a, float c), a *c, grt_nan2s(a, c))
GRT_RESULT(float, grt_fdivs, (float a, float b), a / b, grt_nan2s(a, b))
GRT_RESULT(float, grt_fsqrts, (float b), __builtin_sqrtf(b), grt_nan1s(b))
GRT_RESULT(float, grt_fres, (float b), 1.0f / b, grt_nan1s(b))
GRT_RESULT(float, grt_fmadds, (float a, float c, float b), __builtin_fmaf(a, c, b),
           grt_nan3s(a, b, c))
GRT_RESULT(float, grt_fmsubs, (float a, float c, float b), __builtin_fmaf(a, c, -b),
           grt_nan3s(a, b, c))
GRT_RESULT(float, grt_fnmadds, (float a, float c, float b), -__builtin_fmaf(a, c, b),
           grt_nan3s(a, b, c))
GRT_RESULT(float, grt_fnmsubs, (float a, float c, float b), -__builtin_fmaf(a, c, -b),
           grt_nan3s(a, b, c))

/* ---- single precision, any operands
 * -------------------------------------------------------------- */

/*
 * True iff rounding the double [value], itself a rounded result, to single could differ from
 * rounding the true result once: it lies exactly between two singles, or where singles are
 * subnormal and have their ties elsewhere. Zero is harmless.
 */
static inline bool grt_rounds_twice(double value)
{
    uint64_t bits = grt_to_bits(value);
    bool tie = (bits & 0x1FFFFFFF) == 0x10000000;
    bool subnormal = (bits << 1) - 1 < (UINT64_C(897) << 53) - 1;
    return tie || subnormal;
}

#define GRT_RESULT_ONCE(name, parameters, expression, nan, once)                                   \
    static inline float name parameters                                                            \
    {                                                                                              \
        double result = (expression);                                                              \
        if (GRT_UNLIKELY(result != result))                                                        \
            return nan;                                                                            \
        return GRT_UNLIKELY(grt_rounds_twice(result)) ? (once) : (float)result;                    \
    }

GRT_RESULT_ONCE(grt_fadds_wide, (double a, double b), a + b, grt_nan2s((float)a, (float)b),
                grt_ppc_add_once(a, b))
GRT_RESULT_ONCE(grt_fsubs_wide, (double a, double b), a - b, grt_nan2s((float)a, (float)b),
                grt_ppc_add_once(a, -b))
GRT_RESULT_ONCE(grt_fmuls_wide, (double a, double c), a *c, grt_nan2s((float)a, (float)c),
                grt_ppc_mul_once(a, c))
GRT_RESULT_ONCE(grt_fdivs_wide, (double a, double b), a / b, grt_nan2s((float)a, (float)b),
                grt_ppc_div_once(a, b))
GRT_RESULT_ONCE(grt_fsqrts_wide, (double b), __builtin_sqrt(b), grt_nan1s((float)b),
                grt_ppc_sqrt_once(b))
GRT_RESULT_ONCE(grt_fres_wide, (double b), 1.0 / b, grt_nan1s((float)b), grt_ppc_div_once(1.0, b))
GRT_RESULT_ONCE(grt_fmadds_wide, (double a, double c, double b), __builtin_fma(a, c, b),
                grt_nan3s((float)a, (float)b, (float)c), grt_ppc_fma_once(a, c, b))
GRT_RESULT_ONCE(grt_fmsubs_wide, (double a, double c, double b), __builtin_fma(a, c, -b),
                grt_nan3s((float)a, (float)b, (float)c), grt_ppc_fma_once(a, c, -b))

/* Negated after rounding: before, a directed rounding would go the other way. */
static inline float grt_fnmadds_wide(double a, double c, double b)
{
    float result = grt_fmadds_wide(a, c, b);
    return result != result ? result : -result;
}
static inline float grt_fnmsubs_wide(double a, double c, double b)
{
    float result = grt_fmsubs_wide(a, c, b);
    return result != result ? result : -result;
}

#undef GRT_RESULT
#undef GRT_RESULT_ONCE

/* ---- conversions and comparison ----------------------------------------------------------------
 */

/* The integer conversions saturate; a NaN gives the most negative number. */
static inline uint64_t grt_saturate64(double value)
{
    return value > 0 ? ~UINT64_C(0) >> 1 : UINT64_C(1) << 63;
}
static inline uint64_t grt_saturate32(double value)
{
    return value > 0 ? UINT64_C(0x7FFFFFFF) : UINT64_C(0xFFFFFFFF80000000);
}
static inline double grt_fctidz(double b)
{
    bool fits = b >= -0x1p63 && b < 0x1p63;
    return grt_from_bits(GRT_LIKELY(fits) ? (uint64_t)(int64_t)b : grt_saturate64(b));
}
static inline double grt_fctid(double b)
{
    bool fits = b >= -0x1p63 && b < 0x1p63;
    return grt_from_bits(GRT_LIKELY(fits) ? (uint64_t)__builtin_llrint(b) : grt_saturate64(b));
}
static inline double grt_fctiwz(double b)
{
    bool fits = b > -0x1.00000002p31 && b < 0x1p31;
    return grt_from_bits(GRT_LIKELY(fits) ? (uint64_t)(int32_t)b : grt_saturate32(b));
}
static inline double grt_fctiw(double b)
{
    bool near = b > -0x1p32 && b < 0x1p32; /* whether it fits, only rounding shows */
    int64_t rounded = GRT_LIKELY(near) ? (int64_t)__builtin_llrint(b) : INT64_MIN;
    bool fits = rounded == (int32_t)rounded;
    return grt_from_bits(GRT_LIKELY(fits) ? (uint64_t)rounded : grt_saturate32(b));
}
static inline double grt_fcfid(double b)
{
    return (double)(int64_t)grt_to_bits(b);
}

/* Sets field [cr] by comparing two numbers. */
#define GRT_FCOMPARE(cr, a, b)                                                                     \
    (cr##_lt = (uint8_t)((a) < (b)), cr##_gt = (uint8_t)((a) > (b)),                               \
     cr##_eq = (uint8_t)((a) == (b)), cr##_so = (uint8_t)__builtin_isunordered((a), (b)))

#ifdef __cplusplus
}
#endif

#endif
