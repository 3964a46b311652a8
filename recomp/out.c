/*
 * out.c - a growing text buffer.
 */
#include "out.h"
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void grc_out_free(grc_out *out)
{
    free(out->text);
    *out = (grc_out){0};
}

/* Makes room for [more] characters and a terminating zero. */
static bool reserve(grc_out *out, size_t more)
{
    if (out->failed)
        return false;
    if (more < out->capacity - out->size)
        return true;
    size_t capacity = out->capacity < 4096 ? 4096 : out->capacity;
    while (capacity - out->size <= more) {
        if (capacity > SIZE_MAX / 2) {
            out->failed = true;
            return false;
        }
        capacity *= 2;
    }
    char *text = realloc(out->text, capacity);
    if (text == NULL) {
        out->failed = true;
        return false;
    }
    out->text = text;
    out->capacity = capacity;
    return true;
}

void grc_out_add(grc_out *out, const char *text, size_t size)
{
    if (!reserve(out, size))
        return;
    memcpy(out->text + out->size, text, size);
    out->size += size;
    out->text[out->size] = '\0';
}

void grc_printf(grc_out *out, const char *format, ...)
{
    char line[512]; /* nearly every piece of text fits, so it is formatted only once */
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (size < 0) {
        out->failed = true;
    } else if ((size_t)size < sizeof line) {
        grc_out_add(out, line, (size_t)size);
    } else if (reserve(out, (size_t)size)) {
        va_start(arguments, format);
        vsnprintf(out->text + out->size, (size_t)size + 1, format, arguments);
        va_end(arguments);
        out->size += (size_t)size;
    }
}
