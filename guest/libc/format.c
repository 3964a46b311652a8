/*
 * format.c - printf without floating point: parsing, integers, strings.
 */
#include "format_private.h"
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

void guest_format_text(format_sink *sink, const char *text, size_t size)
{
    if (size)
        sink->write(sink, text, size);
    sink->written += size;
}

void guest_format_repeat(format_sink *sink, char c, int count)
{
    char block[32];
    memset(block, c, sizeof block);
    for (; count > 0; count -= (int)sizeof block)
        guest_format_text(sink, block, count < (int)sizeof block ? (size_t)count : sizeof block);
}

void guest_format_open(format_sink *sink, const format_spec *spec, const char *prefix, int length)
{
    int padding = spec->width - length;
    if (!spec->left && !spec->zero)
        guest_format_repeat(sink, ' ', padding);
    guest_format_text(sink, prefix, strlen(prefix));
    if (!spec->left && spec->zero)
        guest_format_repeat(sink, '0', padding);
}

void guest_format_close(format_sink *sink, const format_spec *spec, int length)
{
    if (spec->left)
        guest_format_repeat(sink, ' ', spec->width - length);
}

static void put_field(format_sink *sink, const format_spec *spec, const char *prefix, int zeros,
                      const char *body, int size)
{
    int length = (int)strlen(prefix) + zeros + size;
    guest_format_open(sink, spec, prefix, length);
    guest_format_repeat(sink, '0', zeros);
    guest_format_text(sink, body, (size_t)size);
    guest_format_close(sink, spec, length);
}

/* ---- arguments ---- */

typedef enum argument_size {
    SIZE_INT,
    SIZE_CHAR,
    SIZE_SHORT,
    SIZE_LONG,
    SIZE_LONG_LONG
} argument_size;

static const char *parse_size(const char *format, argument_size *size)
{
    *size = SIZE_INT;
    switch (*format) {
    case 'h':
        *size = format[1] == 'h' ? SIZE_CHAR : SIZE_SHORT;
        return format + (format[1] == 'h' ? 2 : 1);
    case 'l':
        *size = format[1] == 'l' ? SIZE_LONG_LONG : SIZE_LONG;
        return format + (format[1] == 'l' ? 2 : 1);
    case 'j':
    case 'q':
        *size = SIZE_LONG_LONG;
        return format + 1;
    case 'z':
    case 't':
    case 'L': /* long double is double here */
        return format + 1;
    default:
        return format;
    }
}

/* A va_list inside a struct can be handed to functions by address on every machine. */
typedef struct argument_list {
    va_list list;
} argument_list;

static long long signed_argument(argument_list *arguments, argument_size size)
{
    switch (size) {
    case SIZE_LONG_LONG:
        return va_arg(arguments->list, long long);
    case SIZE_LONG:
        return va_arg(arguments->list, long);
    case SIZE_SHORT:
        return (short)va_arg(arguments->list, int);
    case SIZE_CHAR:
        return (signed char)va_arg(arguments->list, int);
    default:
        return va_arg(arguments->list, int);
    }
}

static unsigned long long unsigned_argument(argument_list *arguments, argument_size size)
{
    switch (size) {
    case SIZE_LONG_LONG:
        return va_arg(arguments->list, unsigned long long);
    case SIZE_LONG:
        return va_arg(arguments->list, unsigned long);
    case SIZE_SHORT:
        return (unsigned short)va_arg(arguments->list, unsigned);
    case SIZE_CHAR:
        return (unsigned char)va_arg(arguments->list, unsigned);
    default:
        return va_arg(arguments->list, unsigned);
    }
}

/* ---- integers ---- */

static void put_integer(format_sink *sink, format_spec *spec, const char *prefix,
                        unsigned long long value, unsigned base)
{
    const char *digits = spec->conversion == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    char text[24];
    int at = (int)sizeof text;
    for (; value >> 32; value /= base)
        text[--at] = digits[value % base];
    for (uint32_t low = (uint32_t)value; low; low /= base)
        text[--at] = digits[low % base];
    int size = (int)sizeof text - at;
    int zeros = spec->precision < 0 ? (size ? 0 : 1) : spec->precision - size;
    if (spec->conversion == 'o' && spec->alternate && zeros <= 0)
        zeros = 1;
    if (spec->precision >= 0)
        spec->zero = false;
    put_field(sink, spec, prefix, zeros > 0 ? zeros : 0, text + at, size);
}

static void put_signed(format_sink *sink, format_spec *spec, long long value)
{
    const char *sign = value < 0 ? "-" : spec->plus ? "+" : spec->space ? " " : "";
    unsigned long long magnitude = (unsigned long long)value;
    put_integer(sink, spec, sign, value < 0 ? 0 - magnitude : magnitude, 10);
}

static void put_unsigned(format_sink *sink, format_spec *spec, unsigned long long value)
{
    switch (spec->conversion) {
    case 'u':
        put_integer(sink, spec, "", value, 10);
        break;
    case 'o':
        put_integer(sink, spec, "", value, 8);
        break;
    case 'X':
        put_integer(sink, spec, spec->alternate && value ? "0X" : "", value, 16);
        break;
    default:
        put_integer(sink, spec, spec->alternate && value ? "0x" : "", value, 16);
        break;
    }
}

/* ---- text ---- */

static void put_string(format_sink *sink, format_spec *spec, const char *text)
{
    if (!text)
        text = "(null)";
    size_t size = spec->precision < 0 ? strlen(text) : strnlen(text, (size_t)spec->precision);
    spec->zero = false;
    put_field(sink, spec, "", 0, text, (int)size);
}

static void put_character(format_sink *sink, format_spec *spec, int c)
{
    char byte = (char)c;
    spec->zero = false;
    put_field(sink, spec, "", 0, &byte, 1);
}

static void put_pointer(format_sink *sink, format_spec *spec, const void *pointer)
{
    if (!pointer) {
        put_string(sink, spec, "(nil)");
        return;
    }
    spec->conversion = 'x';
    put_integer(sink, spec, "0x", (uintptr_t)pointer, 16);
}

static void store_count(argument_list *arguments, argument_size size, size_t count)
{
    if (size == SIZE_LONG_LONG)
        *va_arg(arguments->list, long long *) = (long long)count;
    else if (size == SIZE_SHORT)
        *va_arg(arguments->list, short *) = (short)count;
    else if (size == SIZE_CHAR)
        *va_arg(arguments->list, signed char *) = (signed char)count;
    else
        *va_arg(arguments->list, int *) = (int)count;
}

/* ---- parsing ---- */

static const char *parse_flags(const char *format, format_spec *spec)
{
    for (;; format++) {
        switch (*format) {
        case '-':
            spec->left = true;
            break;
        case '+':
            spec->plus = true;
            break;
        case ' ':
            spec->space = true;
            break;
        case '#':
            spec->alternate = true;
            break;
        case '0':
            spec->zero = true;
            break;
        default:
            return format;
        }
    }
}

static const char *parse_number(const char *format, argument_list *arguments, int *number)
{
    if (*format == '*') {
        *number = va_arg(arguments->list, int);
        return format + 1;
    }
    *number = 0;
    for (; *format >= '0' && *format <= '9'; format++)
        *number = *number > INT_MAX / 16 ? INT_MAX / 16 : *number * 10 + (*format - '0');
    return format;
}

static const char *parse_spec(const char *format, argument_list *arguments, format_spec *spec)
{
    *spec = (format_spec){.precision = -1};
    format = parse_flags(format, spec);
    format = parse_number(format, arguments, &spec->width);
    if (spec->width < 0) {
        spec->left = true;
        spec->width = -spec->width;
    }
    if (*format == '.')
        format = parse_number(format + 1, arguments, &spec->precision);
    return format;
}

static bool convert(format_sink *sink, format_spec *spec, argument_list *arguments,
                    argument_size size)
{
    switch (spec->conversion) {
    case 'd':
    case 'i':
        put_signed(sink, spec, signed_argument(arguments, size));
        return true;
    case 'u':
    case 'o':
    case 'x':
    case 'X':
        put_unsigned(sink, spec, unsigned_argument(arguments, size));
        return true;
    case 'c':
        put_character(sink, spec, va_arg(arguments->list, int));
        return true;
    case 's':
        put_string(sink, spec, va_arg(arguments->list, const char *));
        return true;
    case 'p':
        put_pointer(sink, spec, va_arg(arguments->list, void *));
        return true;
    case 'n':
        store_count(arguments, size, sink->written);
        return true;
    case '%':
        guest_format_text(sink, "%", 1);
        return true;
    case 'a':
    case 'A':
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
        guest_format_double(sink, spec, va_arg(arguments->list, double));
        return true;
    default:
        return false;
    }
}

int guest_format(format_sink *sink, const char *format, va_list list)
{
    argument_list arguments;
    bool known = true;
    va_copy(arguments.list, list);
    while (known && *format) {
        size_t plain = strcspn(format, "%");
        guest_format_text(sink, format, plain);
        format += plain;
        if (!*format)
            break;
        format_spec spec;
        argument_size size;
        format = parse_spec(format + 1, &arguments, &spec);
        format = parse_size(format, &size);
        spec.conversion = *format;
        known = convert(sink, &spec, &arguments, size);
        format += known;
    }
    va_end(arguments.list);
    return known ? (int)sink->written : -1;
}

/* ---- to memory ---- */

typedef struct memory_sink {
    format_sink sink;
    char *to;
    size_t room; /* without the terminator */
} memory_sink;

static void write_to_memory(format_sink *base, const char *text, size_t size)
{
    memory_sink *sink = (memory_sink *)base;
    size_t kept = size < sink->room ? size : sink->room;
    memcpy(sink->to, text, kept);
    sink->to += kept;
    sink->room -= kept;
}

int vsnprintf(char *restrict to, size_t size, const char *restrict format, va_list arguments)
{
    memory_sink sink = {{write_to_memory, 0}, to, size ? size - 1 : 0};
    int written = guest_format(&sink.sink, format, arguments);
    if (size)
        *sink.to = 0;
    return written;
}

int vsprintf(char *restrict to, const char *restrict format, va_list arguments)
{
    return vsnprintf(to, INT_MAX, format, arguments);
}

int snprintf(char *restrict to, size_t size, const char *restrict format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int written = vsnprintf(to, size, format, arguments);
    va_end(arguments);
    return written;
}

int sprintf(char *restrict to, const char *restrict format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int written = vsnprintf(to, INT_MAX, format, arguments);
    va_end(arguments);
    return written;
}
