/* xbox/debug.h - text, bug checks and the end of the program. */
#ifndef GUEST_XBOX_DEBUG_H
#define GUEST_XBOX_DEBUG_H

#include <xbox/types.h>

/*
 * The kernel reads further arguments where the console's compiler puts them: r4-r10, then 8-byte
 * slots from r1+0x54. This compiler agrees on the registers only, and passes floating point
 * elsewhere, so hand over at most seven words. printf() formats in the guest for that reason.
 */
uint32_t DbgPrint(const char *format, ...);
void DbgBreakPoint(void);
_Noreturn void KeBugCheckEx(uint32_t code, uint32_t a, uint32_t b, uint32_t c, uint32_t d);

#endif
