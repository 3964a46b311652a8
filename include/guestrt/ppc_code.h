/*
 * ppc_code.h - how generated files declare and define functions.
 *
 * A guest function at 82001234 is the C function orig_sub_82001234, and sub_82001234 is a weak
 * alias of it: define a strong sub_82001234 to override it. With GRT_CLOSED there are no overrides;
 * functions are hidden and the compiler may inline them into each other.
 */
#ifndef GUESTRT_PPC_CODE_H
#define GUESTRT_PPC_CODE_H

#include "guestrt/ppc.h"
#include "guestrt/ppc_ops.h"

#define GRT_UNUSED __attribute__((unused))

/* No guest access goes through [ctx] and no register through [base], which restrict tells the
 * compiler: registers stay in the processor across guest stores. */
#define GRT_PARAMETERS grt_ppc *ctx GRT_UNUSED, uint8_t *restrict base GRT_UNUSED

#ifdef GRT_CLOSED
#    define GRT_DECLARE(address)                                                                   \
        __attribute__((visibility("hidden"))) void sub_##address(grt_ppc *ctx, uint8_t *base);
#    define GRT_FUNCTION(address) void sub_##address(GRT_PARAMETERS)
#else
#    define GRT_DECLARE(address)                                                                   \
        void sub_##address(grt_ppc *ctx, uint8_t *base);                                           \
        void orig_sub_##address(grt_ppc *ctx, uint8_t *base);
#    define GRT_FUNCTION(address)                                                                  \
        void sub_##address(grt_ppc *ctx, uint8_t *base)                                            \
            __attribute__((weak, alias("orig_sub_" #address)));                                    \
        void orig_sub_##address(GRT_PARAMETERS)
#endif

#endif
