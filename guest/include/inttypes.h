/* inttypes.h - printf conversions of the fixed-width integers. */
#ifndef GUEST_INTTYPES_H
#define GUEST_INTTYPES_H

#include <stdint.h>

#define PRId32  "d"
#define PRIi32  "i"
#define PRIu32  "u"
#define PRIx32  "x"
#define PRIX32  "X"
#define PRId64  "lld"
#define PRIi64  "lli"
#define PRIu64  "llu"
#define PRIx64  "llx"
#define PRIX64  "llX"
#define PRIxPTR "x"
#define PRIuPTR "u"

#endif
