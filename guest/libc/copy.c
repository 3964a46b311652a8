/*
 * copy.c - memcpy and its kin, in the widest accesses that the processor has.
 *
 * The machine loads and stores unaligned words, so only sizes matter. Compiled without the
 * compiler's loop recognition, which would turn these loops into calls of themselves.
 */
#include <stdint.h>
#include <string.h>

typedef uint64_t __attribute__((may_alias, aligned(1))) wide;
typedef uint32_t __attribute__((may_alias, aligned(1))) word;

/* Copies fewer than 16 bytes; loads all of them before the first store, so overlap is fine. */
static void copy_short(unsigned char *to, const unsigned char *from, size_t size)
{
    if (size >= 8) {
        wide first = *(const wide *)from, last = *(const wide *)(from + size - 8);
        *(wide *)to = first;
        *(wide *)(to + size - 8) = last;
    } else if (size >= 4) {
        word first = *(const word *)from, last = *(const word *)(from + size - 4);
        *(word *)to = first;
        *(word *)(to + size - 4) = last;
    } else if (size) {
        unsigned char first = from[0], middle = from[size / 2], last = from[size - 1];
        to[0] = first;
        to[size / 2] = middle;
        to[size - 1] = last;
    }
}

static void copy_up(unsigned char *to, const unsigned char *from, size_t size)
{
    for (; size >= 32; size -= 32, to += 32, from += 32) {
        wide a = *(const wide *)from, b = *(const wide *)(from + 8);
        wide c = *(const wide *)(from + 16), d = *(const wide *)(from + 24);
        *(wide *)to = a;
        *(wide *)(to + 8) = b;
        *(wide *)(to + 16) = c;
        *(wide *)(to + 24) = d;
    }
    if (size >= 16) {
        wide a = *(const wide *)from, b = *(const wide *)(from + 8);
        *(wide *)to = a;
        *(wide *)(to + 8) = b;
        size -= 16, to += 16, from += 16;
    }
    copy_short(to, from, size);
}

static void copy_down(unsigned char *to, const unsigned char *from, size_t size)
{
    while (size >= 16) {
        size -= 16;
        wide a = *(const wide *)(from + size), b = *(const wide *)(from + size + 8);
        *(wide *)(to + size) = a;
        *(wide *)(to + size + 8) = b;
    }
    copy_short(to, from, size);
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    copy_up(to, from, size);
    return to;
}

void *memmove(void *to, const void *from, size_t size)
{
    if ((uintptr_t)to - (uintptr_t)from >= size)
        copy_up(to, from, size);
    else
        copy_down(to, from, size);
    return to;
}

void *memset(void *to, int byte, size_t size)
{
    unsigned char *at = to;
    wide pattern = (unsigned char)byte * 0x0101010101010101ull;
    if (size < 8) {
        while (size--)
            *at++ = (unsigned char)byte;
        return to;
    }
    unsigned char *last = at + size - 8;
    for (; size >= 32; size -= 32, at += 32) {
        *(wide *)at = pattern;
        *(wide *)(at + 8) = pattern;
        *(wide *)(at + 16) = pattern;
        *(wide *)(at + 24) = pattern;
    }
    for (; at < last; at += 8)
        *(wide *)at = pattern;
    *(wide *)last = pattern;
    return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
    const unsigned char *x = a, *y = b;
    while (size >= 8 && *(const wide *)x == *(const wide *)y)
        x += 8, y += 8, size -= 8;
    for (; size; size--, x++, y++)
        if (*x != *y)
            return *x - *y;
    return 0;
}
