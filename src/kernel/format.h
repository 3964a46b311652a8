/*
 * format.h - formats text for the guest, with a format string and arguments that nobody vouches
 * for.
 *
 * The format and all strings stay in guest memory and are read piece by piece; arguments are 64-bit
 * positions. Nothing the guest hands in is ever given to the host's printf as a format or a
 * pointer, and %n stores nothing.
 */
#ifndef GRT_KERNEL_FORMAT_H
#define GRT_KERNEL_FORMAT_H

#include "thread/core.h"

/* Longest field; larger widths and precisions count as this. */
#define GRT_FORMAT_WIDTH_MAX 4096

typedef struct grt_format {
    grt_runtime *runtime;
    /* The next argument position; false when it cannot be read (then *value is 0). */
    bool (*argument)(void *user, uint64_t *value);
    /* Takes a piece of the result. */
    void (*put)(void *user, const char *text, size_t size);
    void *user;
} grt_format;

/* Formats by the guest string at [format]. Returns false when that string could not be read to its
 * end; what was readable has been put. A %s whose string is inaccessible becomes
 * "(bad address 0x...)". The caller holds no lock. */
bool grt_format_guest(const grt_format *state, grt_addr format);

/* Puts the guest string at [text], or the one of big-endian 16-bit characters, of which those
 * beyond a byte become '?'. Returns false when it could not be read to its end; what was readable
 * has been put. The caller holds no lock. */
bool grt_format_string(const grt_format *state, grt_addr text, bool wide);

#endif
