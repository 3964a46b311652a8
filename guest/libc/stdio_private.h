/* stdio_private.h - what the parts of stdio share. */
#ifndef GUEST_STDIO_PRIVATE_H
#define GUEST_STDIO_PRIVATE_H

#include <stdarg.h>
#include <stddef.h>

/* Where formatted text goes. */
typedef struct format_sink {
    void (*write)(struct format_sink *sink, const char *text, size_t size);
    size_t written; /* kept by guest_format() */
} format_sink;

/* All of printf. Returns the number of bytes, -1 for a conversion that is not known. */
int guest_format(format_sink *sink, const char *format, va_list arguments);

/* Before main. */
void guest_stdio_start(void);

#endif
