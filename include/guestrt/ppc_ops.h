/*
 * ppc_ops.h - the inline operations that generated code is made of: guest memory, integer
 * arithmetic, the reservation. Floating point is in ppc_float.h.
 *
 * The guest is a 64-bit core in 32-bit mode: registers hold 64 bits, while effective addresses,
 * comparisons for cr0, XER[CA] and XER[OV] use the low 32. Where the architecture leaves a result
 * open, generated code does this, always:
 *
 * - an update form writes the effective address to rA with the upper half zero;
 * - mulhw, mulhwu, divw and divwu zero the upper half;
 * - a division by zero, and the most negative number divided by -1, give the dividend;
 * - mfocrf zeroes the bits of other fields, and gives all fields if not exactly one is selected.
 */
#ifndef GUESTRT_PPC_OPS_H
#define GUESTRT_PPC_OPS_H

#include "guestrt/ppc.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GRT_LIKELY(condition)   __builtin_expect(!!(condition), 1)
#define GRT_UNLIKELY(condition) __builtin_expect(!!(condition), 0)

/* ---- the condition register --------------------------------------------------------------------
 */

/* Sets field [cr] (cr0 ... cr7) by comparing [a] with [b]. */
#define GRT_COMPARE(cr, a, b)                                                                      \
    (cr##_lt = (uint8_t)((a) < (b)), cr##_gt = (uint8_t)((a) > (b)),                               \
     cr##_eq = (uint8_t)((a) == (b)), cr##_so = xer_so)

/* Sets field [cr] from four bits, LT first. */
#define GRT_SET_FIELD(cr, bits)                                                                    \
    (cr##_lt = (uint8_t)((bits) >> 3 & 1), cr##_gt = (uint8_t)((bits) >> 2 & 1),                   \
     cr##_eq = (uint8_t)((bits) >> 1 & 1), cr##_so = (uint8_t)((bits)&1))

/* Field [cr] as four bits, LT first. */
#define GRT_GET_FIELD(cr)                                                                          \
    ((uint32_t)cr##_lt << 3 | (uint32_t)cr##_gt << 2 | (uint32_t)cr##_eq << 1 | (uint32_t)cr##_so)

/* ---- guest memory ------------------------------------------------------------------------------
 */

static inline uint8_t grt_ld8(const uint8_t *base, grt_addr address)
{
    return base[address];
}
static inline uint16_t grt_ld16(const uint8_t *base, grt_addr address)
{
    return grt_load16(base + address);
}
static inline uint32_t grt_ld32(const uint8_t *base, grt_addr address)
{
    return grt_load32(base + address);
}
static inline uint64_t grt_ld64(const uint8_t *base, grt_addr address)
{
    return grt_load64(base + address);
}
static inline void grt_st8(uint8_t *base, grt_addr address, uint64_t value)
{
    base[address] = (uint8_t)value;
}
static inline void grt_st16(uint8_t *base, grt_addr address, uint64_t value)
{
    grt_store16(base + address, (uint16_t)value);
}
static inline void grt_st32(uint8_t *base, grt_addr address, uint64_t value)
{
    grt_store32(base + address, (uint32_t)value);
}
static inline void grt_st64(uint8_t *base, grt_addr address, uint64_t value)
{
    grt_store64(base + address, value);
}

/* Byte-reversed, that is little-endian. */
static inline uint16_t grt_ld16r(const uint8_t *base, grt_addr address)
{
    return __builtin_bswap16(grt_ld16(base, address));
}
static inline uint32_t grt_ld32r(const uint8_t *base, grt_addr address)
{
    return __builtin_bswap32(grt_ld32(base, address));
}
static inline uint64_t grt_ld64r(const uint8_t *base, grt_addr address)
{
    return __builtin_bswap64(grt_ld64(base, address));
}
static inline void grt_st16r(uint8_t *base, grt_addr address, uint64_t value)
{
    grt_st16(base, address, __builtin_bswap16((uint16_t)value));
}
static inline void grt_st32r(uint8_t *base, grt_addr address, uint64_t value)
{
    grt_st32(base, address, __builtin_bswap32((uint32_t)value));
}
static inline void grt_st64r(uint8_t *base, grt_addr address, uint64_t value)
{
    grt_st64(base, address, __builtin_bswap64(value));
}

/* One register of a string load or store: up to four bytes, the first in the highest byte. */
static inline uint32_t grt_ld_string(const uint8_t *base, grt_addr address, unsigned count)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < 4 && i < count; i++)
        value |= (uint32_t)grt_ld8(base, address + i) << (24 - 8 * i);
    return value;
}
static inline void grt_st_string(uint8_t *base, grt_addr address, unsigned count, uint64_t value)
{
    for (unsigned i = 0; i < 4 && i < count; i++)
        grt_st8(base, address + i, value >> (24 - 8 * i));
}

/* dcbz and dcbzl: [size] is a power of two. */
static inline void grt_zero_line(uint8_t *base, grt_addr address, uint32_t size)
{
    memset(base + (address & ~(size - 1)), 0, size);
}

/* ---- ordering and the reservation --------------------------------------------------------------
 */

/* sync orders everything; lwsync and eieio everything but a store before a load; isync keeps what
 * follows from starting early. */
static inline void grt_sync(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}
static inline void grt_lwsync(void)
{
    __atomic_thread_fence(__ATOMIC_ACQ_REL);
}
static inline void grt_isync(void)
{
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
}

/* At the end of a loop that may be polling memory: loads may not be moved out of it. */
#define GRT_POLL() __atomic_signal_fence(__ATOMIC_SEQ_CST)

/*
 * The reservation is the address and the value that was seen there; the conditional store compares
 * and swaps. A location that changed and changed back is not noticed (nor does it matter to code
 * written for a lock-free exchange of values); any other address or size fails, as the console's
 * does. The reservation never spans guest threads: it lies in the context.
 */
static inline uint32_t grt_lwarx(grt_ppc *ctx, uint8_t *base, grt_addr address)
{
    uint32_t raw = __atomic_load_n((uint32_t *)(void *)(base + address), __ATOMIC_ACQUIRE);
    ctx->reserve_size = 4;
    ctx->reserve_address = address;
    ctx->reserve_value = raw;
    return grt_swap32(raw);
}
static inline uint64_t grt_ldarx(grt_ppc *ctx, uint8_t *base, grt_addr address)
{
    uint64_t raw = __atomic_load_n((uint64_t *)(void *)(base + address), __ATOMIC_ACQUIRE);
    ctx->reserve_size = 8;
    ctx->reserve_address = address;
    ctx->reserve_value = raw;
    return grt_swap64(raw);
}

/* Gives up the reservation; true iff it was for these [size] bytes. */
static inline bool grt_take_reservation(grt_ppc *ctx, grt_addr address, uint8_t size)
{
    bool held = ctx->reserve_size == size && ctx->reserve_address == address;
    ctx->reserve_size = 0;
    return held;
}

/* 1 iff the store took place. */
static inline uint8_t grt_stwcx(grt_ppc *ctx, uint8_t *base, grt_addr address, uint64_t value)
{
    if (!grt_take_reservation(ctx, address, 4))
        return 0;
    uint32_t expected = (uint32_t)ctx->reserve_value;
    return __atomic_compare_exchange_n((uint32_t *)(void *)(base + address), &expected,
                                       grt_swap32((uint32_t)value), false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}
static inline uint8_t grt_stdcx(grt_ppc *ctx, uint8_t *base, grt_addr address, uint64_t value)
{
    if (!grt_take_reservation(ctx, address, 8))
        return 0;
    uint64_t expected = ctx->reserve_value;
    return __atomic_compare_exchange_n((uint64_t *)(void *)(base + address), &expected,
                                       grt_swap64(value), false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}

/* ---- integers ----------------------------------------------------------------------------------
 */

static inline uint32_t grt_rotl32(uint64_t value, uint64_t count)
{
    uint32_t word = (uint32_t)value, n = (uint32_t)count & 31;
    return word << n | word >> (-n & 31);
}
static inline uint64_t grt_rotl64(uint64_t value, uint64_t count)
{
    uint32_t n = (uint32_t)count & 63;
    return value << n | value >> (-n & 63);
}

/* Both halves of the register that a 32-bit rotation makes: its mask may wrap into the upper one.
 */
static inline uint64_t grt_rotl32_twice(uint64_t value, uint64_t count)
{
    uint64_t word = grt_rotl32(value, count);
    return word << 32 | word;
}

/* Shifts use one more bit of the count than the width needs: half of the counts shift all out. */
static inline uint64_t grt_slw(uint64_t value, uint64_t count)
{
    return (count & 32) != 0 ? 0 : (uint32_t)value << (count & 31);
}
static inline uint64_t grt_srw(uint64_t value, uint64_t count)
{
    return (count & 32) != 0 ? 0 : (uint32_t)value >> (count & 31);
}
static inline uint64_t grt_sld(uint64_t value, uint64_t count)
{
    return (count & 64) != 0 ? 0 : value << (count & 63);
}
static inline uint64_t grt_srd(uint64_t value, uint64_t count)
{
    return (count & 64) != 0 ? 0 : value >> (count & 63);
}
static inline uint64_t grt_sraw(uint64_t value, uint64_t count)
{
    return (uint64_t)(int64_t)((int32_t)value >> ((count & 32) != 0 ? 31 : count & 31));
}
static inline uint64_t grt_srad(uint64_t value, uint64_t count)
{
    return (uint64_t)((int64_t)value >> ((count & 64) != 0 ? 63 : count & 63));
}

/* XER[CA] of the arithmetic shifts: negative, and a one was shifted out. */
static inline uint8_t grt_sraw_carry(uint64_t value, uint64_t count)
{
    uint32_t lost = (count & 32) != 0 ? ~0u : (1u << (count & 31)) - 1;
    return (int32_t)value < 0 && ((uint32_t)value & lost) != 0;
}
static inline uint8_t grt_srad_carry(uint64_t value, uint64_t count)
{
    uint64_t lost = (count & 64) != 0 ? ~UINT64_C(0) : (UINT64_C(1) << (count & 63)) - 1;
    return (int64_t)value < 0 && (value & lost) != 0;
}

static inline uint64_t grt_cntlzw(uint64_t value)
{
    return (uint32_t)value == 0 ? 32 : (uint64_t)__builtin_clz((uint32_t)value);
}
static inline uint64_t grt_cntlzd(uint64_t value)
{
    return value == 0 ? 64 : (uint64_t)__builtin_clzll(value);
}

/* XER[CA] and XER[OV] of a + b + carry, all in 32 bits. Subtraction adds the complement. */
static inline uint8_t grt_carry(uint64_t a, uint64_t b, uint8_t carry)
{
    return (uint8_t)(((uint64_t)(uint32_t)a + (uint32_t)b + carry) >> 32);
}
static inline uint8_t grt_overflow(uint64_t a, uint64_t b, uint8_t carry)
{
    uint32_t sum = (uint32_t)a + (uint32_t)b + carry;
    return (uint8_t)((((uint32_t)a ^ sum) & ((uint32_t)b ^ sum)) >> 31);
}

/* XER[CA] of a - b. */
static inline uint8_t grt_not_below(uint64_t a, uint64_t b)
{
    return (uint32_t)a >= (uint32_t)b;
}

static inline uint64_t grt_mullw(uint64_t a, uint64_t b)
{
    return (uint64_t)((int64_t)(int32_t)a * (int32_t)b);
}
static inline uint8_t grt_mullw_overflow(uint64_t a, uint64_t b)
{
    int64_t product = (int64_t)grt_mullw(a, b);
    return product != (int32_t)product;
}
static inline uint8_t grt_mulld_overflow(uint64_t a, uint64_t b)
{
    int64_t product;
    return __builtin_mul_overflow((int64_t)a, (int64_t)b, &product);
}
static inline uint64_t grt_mulhw(uint64_t a, uint64_t b)
{
    return grt_mullw(a, b) >> 32;
}
static inline uint64_t grt_mulhwu(uint64_t a, uint64_t b)
{
    return (uint64_t)(uint32_t)a * (uint32_t)b >> 32;
}
__extension__ typedef __int128 grt_int128;
__extension__ typedef unsigned __int128 grt_uint128;
static inline uint64_t grt_mulhd(uint64_t a, uint64_t b)
{
    return (uint64_t)((grt_int128)(int64_t)a * (int64_t)b >> 64);
}
static inline uint64_t grt_mulhdu(uint64_t a, uint64_t b)
{
    return (uint64_t)((grt_uint128)a * b >> 64);
}

/* XER[OV] of the divisions: there is no quotient. */
static inline uint8_t grt_divw_overflow(uint64_t a, uint64_t b)
{
    return (uint32_t)b == 0 || ((uint32_t)a == 0x80000000u && (uint32_t)b == ~0u);
}
static inline uint8_t grt_divd_overflow(uint64_t a, uint64_t b)
{
    return b == 0 || (a == UINT64_C(1) << 63 && b == ~UINT64_C(0));
}
static inline uint64_t grt_divw(uint64_t a, uint64_t b)
{
    if (GRT_UNLIKELY(grt_divw_overflow(a, b)))
        return (uint32_t)a;
    return (uint32_t)((int32_t)a / (int32_t)b);
}
static inline uint64_t grt_divwu(uint64_t a, uint64_t b)
{
    return (uint32_t)a / (GRT_UNLIKELY((uint32_t)b == 0) ? 1 : (uint32_t)b);
}
static inline uint64_t grt_divd(uint64_t a, uint64_t b)
{
    if (GRT_UNLIKELY(grt_divd_overflow(a, b)))
        return a;
    return (uint64_t)((int64_t)a / (int64_t)b);
}
static inline uint64_t grt_divdu(uint64_t a, uint64_t b)
{
    return a / (GRT_UNLIKELY(b == 0) ? 1 : b);
}

#ifdef __cplusplus
}
#endif

#include "guestrt/ppc_float.h"

#endif
