/*
 * page_protect.h - the console's protection bits, and how pages keep them.
 *
 * Exactly one kind (NOACCESS to EXECUTE_WRITECOPY) says what is allowed; GUARD, NOCACHE and
 * WRITECOMBINE come on top. The host only knows access, so the rest is the page's note. Nothing is
 * executed from guest memory: what may execute may be read. GUARD is kept and given back, but such
 * a page does not trap.
 */
#ifndef GRT_KERNEL_PAGE_PROTECT_H
#define GRT_KERNEL_PAGE_PROTECT_H

#include "guestrt/memory.h"

#define GRT_PAGE_NOACCESS  0x01u
#define GRT_PAGE_READONLY  0x02u
#define GRT_PAGE_READWRITE 0x04u

typedef struct grt_page_protect {
    grt_access access;
    uint8_t note;
} grt_page_protect;

/* False iff [bits] hold none or several of the kinds. Bits above 0x400 are not looked at. */
bool grt_protect_parse(uint32_t bits, grt_page_protect *protect);

/* The bits that were parsed. */
uint32_t grt_protect_bits(grt_access access, uint8_t note);

#endif
