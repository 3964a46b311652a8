/* page_protect.c - protection bits to access and note, and back. */
#include "kernel/page_protect.h"

#define KINDS            0x0FFu
#define MODIFIERS        0x700u /* GUARD, NOCACHE, WRITECOMBINE */
#define MODIFIER_SHIFT   8
#define NOTE_KIND        3u /* which of the kinds that have the same access */
#define NOTE_MODIFIERS   2  /* shift */
#define KINDS_PER_ACCESS 4

static const uint16_t kinds[][KINDS_PER_ACCESS] = {
    [GRT_NO_ACCESS] = {GRT_PAGE_NOACCESS},
    [GRT_READ_ONLY] = {GRT_PAGE_READONLY, 0x10 /* EXECUTE */, 0x20 /* EXECUTE_READ */},
    [GRT_READ_WRITE] = {GRT_PAGE_READWRITE, 0x08 /* WRITECOPY */, 0x40 /* EXECUTE_READWRITE */,
                        0x80 /* EXECUTE_WRITECOPY */},
};

bool grt_protect_parse(uint32_t bits, grt_page_protect *protect)
{
    for (uint32_t access = GRT_NO_ACCESS; access <= GRT_READ_WRITE; access++) {
        for (uint32_t kind = 0; kind < KINDS_PER_ACCESS; kind++) {
            if (kinds[access][kind] == 0 || kinds[access][kind] != (bits & KINDS))
                continue;
            uint32_t modifiers = (bits & MODIFIERS) >> MODIFIER_SHIFT;
            protect->access = (grt_access)access;
            protect->note = (uint8_t)(kind | modifiers << NOTE_MODIFIERS);
            return true;
        }
    }
    return false;
}

uint32_t grt_protect_bits(grt_access access, uint8_t note)
{
    return kinds[access][note & NOTE_KIND] | (uint32_t)(note >> NOTE_MODIFIERS) << MODIFIER_SHIFT;
}
