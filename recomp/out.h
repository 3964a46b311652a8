/*
 * out.h - a growing text buffer for generated code.
 *
 * Running out of memory sets [failed] and drops text from then on; it is tested once at the end.
 */
#ifndef GRC_OUT_H
#define GRC_OUT_H

#include <stdbool.h>
#include <stddef.h>

typedef struct grc_out {
    char *text;
    size_t size, capacity;
    bool failed;
} grc_out;

void grc_out_free(grc_out *out);
void grc_out_add(grc_out *out, const char *text, size_t size);
void grc_printf(grc_out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
