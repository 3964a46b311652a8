/* format_private.h - one conversion of printf, and the ways to write it. */
#ifndef GUEST_FORMAT_PRIVATE_H
#define GUEST_FORMAT_PRIVATE_H

#include "stdio_private.h"
#include <stdbool.h>

typedef struct format_spec {
    bool left, plus, space, alternate, zero;
    int width;
    int precision; /* -1: none given */
    char conversion;
} format_spec;

void guest_format_text(format_sink *sink, const char *text, size_t size);
void guest_format_repeat(format_sink *sink, char c, int count);

/* Writes what stands before a field of [length] bytes that starts with [prefix] (sign, "0x"), and
 * the prefix; guest_format_close() writes what stands behind it. */
void guest_format_open(format_sink *sink, const format_spec *spec, const char *prefix, int length);
void guest_format_close(format_sink *sink, const format_spec *spec, int length);

/* Conversions a, e, f, g and their capitals. */
void guest_format_double(format_sink *sink, const format_spec *spec, double value);

#endif
