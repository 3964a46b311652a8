/*
 * prototypes.c - only compiled: each export is called as the guest's headers declare it, with as
 * many arguments as its row has parameters, for a result as wide as the row says.
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
                   "result of " #name);

#define GRT_EXPORT0(l, o, name, returns, ...)  FITS(name, returns)
#define GRT_EXPORT1(l, o, name, returns, ...)  FITS(name, returns, 0)
#define GRT_EXPORT2(l, o, name, returns, ...)  FITS(name, returns, 0, 0)
#define GRT_EXPORT3(l, o, name, returns, ...)  FITS(name, returns, 0, 0, 0)
#define GRT_EXPORT4(l, o, name, returns, ...)  FITS(name, returns, 0, 0, 0, 0)
#define GRT_EXPORT5(l, o, name, returns, ...)  FITS(name, returns, 0, 0, 0, 0, 0)
#define GRT_EXPORT6(l, o, name, returns, ...)  FITS(name, returns, 0, 0, 0, 0, 0, 0)
#define GRT_EXPORT7(l, o, name, returns, ...)  FITS(name, returns, 0, 0, 0, 0, 0, 0, 0)
#define GRT_EXPORT8(l, o, name, returns, ...)  FITS(name, returns, 0, 0, 0, 0, 0, 0, 0, 0)
#define GRT_EXPORT9(l, o, name, returns, ...)  FITS(name, returns, 0, 0, 0, 0, 0, 0, 0, 0, 0)
#define GRT_EXPORT10(l, o, name, returns, ...) FITS(name, returns, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
#define GRT_EXPORTV(l, o, name, returns, ...)  FITS(name, returns, 0)
#define GRT_EXPORTV2(l, o, name, returns, ...) FITS(name, returns, 0, 0)
#define GRT_VARIABLE(l, o, name, size, ...)                                                        \
    _Static_assert(sizeof(name) == 4, "the word of " #name " holds an address");
#include "guestrt/exports.def"
