/*
 * host_float.h - the host's floating-point status and rounding mode.
 *
 * On x86-64 the functions of <fenv.h> also serve the x87 unit, which costs several times as much as
 * the operation that is examined; MXCSR alone decides about float and double there.
 *
 * Compilers do not know that arithmetic depends on any of this. The operations are therefore fed
 * from and stored to volatile objects between these calls.
 */
#ifndef GRT_PPC_HOST_FLOAT_H
#define GRT_PPC_HOST_FLOAT_H

#include <fenv.h>
#include <stdbool.h>

enum host_flags { HOST_INEXACT = 1, HOST_OVERFLOW = 2 };

#if defined(__x86_64__)

typedef unsigned host_mode;

static inline host_mode host_get_mode(void)
{
    return __builtin_ia32_stmxcsr();
}
/* Also clears the flags, or brings back those that there were at host_get_mode(). */
static inline void host_set_mode(host_mode mode)
{
    __builtin_ia32_ldmxcsr(mode);
}
static inline host_mode host_clear_flags(host_mode mode)
{
    return mode & ~0x3Fu;
}
static inline host_mode host_toward_zero(host_mode mode)
{
    return mode | 0x6000u;
}
static inline unsigned host_get_flags(void)
{
    unsigned status = __builtin_ia32_stmxcsr();
    return ((status & 0x20) != 0 ? HOST_INEXACT : 0u) | ((status & 0x08) != 0 ? HOST_OVERFLOW : 0u);
}

#else

typedef int host_mode; /* a rounding mode of <fenv.h> */

static inline host_mode host_get_mode(void)
{
    return fegetround();
}
static inline void host_set_mode(host_mode mode)
{
    feclearexcept(FE_ALL_EXCEPT);
    fesetround(mode);
}
static inline host_mode host_clear_flags(host_mode mode)
{
    return mode;
}
static inline host_mode host_toward_zero(host_mode mode)
{
    (void)mode;
    return FE_TOWARDZERO;
}
static inline unsigned host_get_flags(void)
{
    return (fetestexcept(FE_INEXACT) != 0 ? HOST_INEXACT : 0u) |
           (fetestexcept(FE_OVERFLOW) != 0 ? HOST_OVERFLOW : 0u);
}

#endif

#endif
