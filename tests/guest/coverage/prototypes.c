/*
 * prototypes.c - only compiled: each export is called as the guest's headers declare it, with as
 * many arguments as its row has parameters, for a result as wide as the row says. With a
 * WIDE value that no byte holds, and a NARROW one likewise, the compiler warns of each parameter of
 * one byte, and run.py counts.
 */
#include <xbox/kernel.h>

#define WIDTH_void   0
#define WIDTH_noret  0
#define WIDTH_u32    4
#define WIDTH_s32    4
#define WIDTH_addr   4
#define WIDTH_handle 4
#define WIDTH_status 4
#define WIDTH_u64    8

/* The size of nothing is 1 to this compiler. */
#define WIDTH_OF(type) (__builtin_types_compatible_p(type, void) ? 0 : sizeof(type))
#define FITS(name, returns, ...)                                                                   \
    _Static_assert(WIDTH_OF(__typeof__((name)(__VA_ARGS__))) == WIDTH_##returns,                   \
                   "result of " #name);                                                            \
    __attribute__((unused)) static void call_##name(void)                                          \
    {                                                                                              \
        (void)(name)(__VA_ARGS__);                                                                 \
    }

/* The values of integers; 0 goes for a pointer as well. */
#ifndef WIDE
#    define WIDE   0
#    define NARROW 0
#endif
#define ARG_u8      NARROW
#define ARG_boolean NARROW
#define ARG_u32     WIDE
#define ARG_s32     WIDE
#define ARG_u64     0
#define ARG_s64     0
#define ARG_addr    0
#define ARG_handle  WIDE

#define A1(t, n, ...)  ARG_##t
#define A2(t, n, ...)  ARG_##t, A1(__VA_ARGS__)
#define A3(t, n, ...)  ARG_##t, A2(__VA_ARGS__)
#define A4(t, n, ...)  ARG_##t, A3(__VA_ARGS__)
#define A5(t, n, ...)  ARG_##t, A4(__VA_ARGS__)
#define A6(t, n, ...)  ARG_##t, A5(__VA_ARGS__)
#define A7(t, n, ...)  ARG_##t, A6(__VA_ARGS__)
#define A8(t, n, ...)  ARG_##t, A7(__VA_ARGS__)
#define A9(t, n, ...)  ARG_##t, A8(__VA_ARGS__)
#define A10(t, n, ...) ARG_##t, A9(__VA_ARGS__)

#define GRT_EXPORT0(l, o, name, returns, ...)  FITS(name, returns)
#define GRT_EXPORT1(l, o, name, returns, ...)  FITS(name, returns, A1(__VA_ARGS__))
#define GRT_EXPORT2(l, o, name, returns, ...)  FITS(name, returns, A2(__VA_ARGS__))
#define GRT_EXPORT3(l, o, name, returns, ...)  FITS(name, returns, A3(__VA_ARGS__))
#define GRT_EXPORT4(l, o, name, returns, ...)  FITS(name, returns, A4(__VA_ARGS__))
#define GRT_EXPORT5(l, o, name, returns, ...)  FITS(name, returns, A5(__VA_ARGS__))
#define GRT_EXPORT6(l, o, name, returns, ...)  FITS(name, returns, A6(__VA_ARGS__))
#define GRT_EXPORT7(l, o, name, returns, ...)  FITS(name, returns, A7(__VA_ARGS__))
#define GRT_EXPORT8(l, o, name, returns, ...)  FITS(name, returns, A8(__VA_ARGS__))
#define GRT_EXPORT9(l, o, name, returns, ...)  FITS(name, returns, A9(__VA_ARGS__))
#define GRT_EXPORT10(l, o, name, returns, ...) FITS(name, returns, A10(__VA_ARGS__))
#define GRT_EXPORTV(l, o, name, returns, ...)  FITS(name, returns, A1(__VA_ARGS__))
#define GRT_EXPORTV2(l, o, name, returns, ...) FITS(name, returns, A2(__VA_ARGS__))
#define GRT_VARIABLE(l, o, name, size, ...)                                                        \
    _Static_assert(sizeof(name) == 4, "the word of " #name " holds an address");
#include "guestrt/exports.def"
