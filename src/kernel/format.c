/* format.c - printf for the guest. */
#include "kernel/format.h"

#include <stdio.h>
#include <string.h>

/* Guest text is read through a small window that never crosses a page, so that a string may end at
 * the last accessible byte. */
typedef struct guest_text {
    grt_runtime *runtime;
    uint64_t at; /* guest address of the next character */
    uint32_t have, used;
    char window[64];
} guest_text;

/* The next character, 0 at the end, -1 when it cannot be read. */
static int next_char(guest_text *text)
{
    if (text->used == text->have) {
        uint32_t size = GRT_PAGE_SIZE - (uint32_t)(text->at % GRT_PAGE_SIZE);
        if (size > sizeof text->window)
            size = sizeof text->window;
        if (text->at >= GRT_WINDOW_SIZE ||
            !grt_guest_read(text->runtime, text->window, (grt_addr)text->at, size))
            return -1;
        text->have = size;
        text->used = 0;
    }
    text->at++;
    return (unsigned char)text->window[text->used++];
}

typedef enum size_class { SIZE_INT, SIZE_CHAR, SIZE_SHORT, SIZE_LONG_LONG } size_class;

/* One conversion specification. */
typedef struct field_spec {
    bool left, plus, space, alternate, zero, wide;
    int width;     /* 0 = none */
    int precision; /* -1 = none */
    size_class size;
    char conversion;
    char raw[48]; /* as written, for conversions that do not exist */
    size_t raw_length;
} field_spec;

static uint64_t argument(const grt_format *state)
{
    uint64_t value = 0;
    state->argument(state->user, &value);
    return value;
}

static int next_of_spec(guest_text *text, field_spec *spec)
{
    int c = next_char(text);
    if (c > 0 && spec->raw_length < sizeof spec->raw)
        spec->raw[spec->raw_length++] = (char)c;
    return c;
}

static int parse_flags(guest_text *text, field_spec *spec)
{
    for (;;) {
        int c = next_of_spec(text, spec);
        switch (c) {
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
            return c;
        }
    }
}

static int clamp(int64_t value)
{
    return value > GRT_FORMAT_WIDTH_MAX ? GRT_FORMAT_WIDTH_MAX : (int)value;
}

/* A number or '*'. [c] is its first character; returns the one behind it. */
static int parse_number(const grt_format *state, guest_text *text, field_spec *spec, int c,
                        int64_t *value)
{
    *value = 0;
    if (c == '*') {
        *value = (int32_t)argument(state);
        return next_of_spec(text, spec);
    }
    for (; c >= '0' && c <= '9'; c = next_of_spec(text, spec))
        *value = clamp(*value * 10 + (c - '0'));
    return c;
}

/* Guest int and long have 32 bits. "I64" and "I32" are the console compiler's own. */
static int parse_size(guest_text *text, field_spec *spec, int c)
{
    for (;; c = next_of_spec(text, spec)) {
        switch (c) {
        case 'h':
            spec->size = spec->size == SIZE_SHORT ? SIZE_CHAR : SIZE_SHORT;
            break;
        case 'l':
            spec->size = spec->wide ? SIZE_LONG_LONG : SIZE_INT;
            spec->wide = true;
            break;
        case 'w':
            spec->wide = true;
            break;
        case 'j':
        case 'q':
            spec->size = SIZE_LONG_LONG;
            break;
        case 'z':
        case 't':
        case 'L':
            break;
        case 'I':
            c = next_of_spec(text, spec);
            if (c == '6')
                spec->size = SIZE_LONG_LONG;
            else if (c != '3')
                return c;
            if (next_of_spec(text, spec) < 0)
                return -1;
            break;
        default:
            return c;
        }
    }
}

/* The rest of a specification behind '%'. Returns its last character: 0 when the text ended, -1
 * when it could not be read. */
static int parse(const grt_format *state, guest_text *text, field_spec *spec)
{
    int64_t value;
    int c = parse_flags(text, spec);
    c = parse_number(state, text, spec, c, &value);
    if (value < 0) {
        spec->left = true;
        value = -value;
    }
    spec->width = clamp(value);
    spec->precision = -1;
    if (c == '.') {
        c = parse_number(state, text, spec, next_of_spec(text, spec), &value);
        spec->precision = value < 0 ? -1 : clamp(value);
    }
    c = parse_size(text, spec, c);
    spec->conversion = (char)c;
    return c;
}

static void put_padding(const grt_format *state, char fill, int64_t count)
{
    char piece[64];
    memset(piece, fill, sizeof piece);
    for (; count > 0; count -= (int64_t)sizeof piece)
        state->put(state->user, piece,
                   count < (int64_t)sizeof piece ? (size_t)count : sizeof piece);
}

/* Text between its paddings. */
static void put_field(const grt_format *state, const field_spec *spec, const char *text,
                      size_t size)
{
    int64_t gap = (int64_t)spec->width - (int64_t)size;
    if (!spec->left)
        put_padding(state, ' ', gap);
    state->put(state->user, text, size);
    if (spec->left)
        put_padding(state, ' ', gap);
}

static int64_t signed_argument(const field_spec *spec, uint64_t value)
{
    switch (spec->size) {
    case SIZE_CHAR:
        return (int8_t)value;
    case SIZE_SHORT:
        return (int16_t)value;
    case SIZE_LONG_LONG:
        return (int64_t)value;
    case SIZE_INT:
        break;
    }
    return (int32_t)value;
}

static uint64_t unsigned_argument(const field_spec *spec, uint64_t value)
{
    switch (spec->size) {
    case SIZE_CHAR:
        return (uint8_t)value;
    case SIZE_SHORT:
        return (uint16_t)value;
    case SIZE_LONG_LONG:
        return value;
    case SIZE_INT:
        break;
    }
    return (uint32_t)value;
}

/* A format of the host's own making for one number: flags, "*.*", size, conversion. */
static void host_format(const field_spec *spec, const char *size, char conversion, char *text)
{
    *text++ = '%';
    if (spec->left)
        *text++ = '-';
    if (spec->plus)
        *text++ = '+';
    if (spec->space)
        *text++ = ' ';
    if (spec->alternate)
        *text++ = '#';
    if (spec->zero)
        *text++ = '0';
    memcpy(text, "*.*", 3);
    text += 3;
    while (*size)
        *text++ = *size++;
    *text++ = conversion;
    *text = '\0';
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* host_format() makes them */

static void put_integer(const grt_format *state, const field_spec *spec, uint64_t value)
{
    char text[2 * GRT_FORMAT_WIDTH_MAX], format[24];
    bool is_signed = spec->conversion == 'd' || spec->conversion == 'i';
    host_format(spec, "ll", spec->conversion, format);
    int size = is_signed ? snprintf(text, sizeof text, format, spec->width, spec->precision,
                                    (long long)signed_argument(spec, value))
                         : snprintf(text, sizeof text, format, spec->width, spec->precision,
                                    (unsigned long long)unsigned_argument(spec, value));
    if (size > 0)
        state->put(state->user, text, (size_t)size);
}

static void put_double(const grt_format *state, const field_spec *spec, uint64_t bits)
{
    char text[2 * GRT_FORMAT_WIDTH_MAX], format[24];
    double value;
    memcpy(&value, &bits, sizeof value);
    host_format(spec, "", spec->conversion, format);
    int size = snprintf(text, sizeof text, format, spec->width, spec->precision, value);
    if (size > 0)
        state->put(state->user, text, (size_t)size < sizeof text ? (size_t)size : sizeof text - 1);
}

#pragma GCC diagnostic pop

static void put_pointer(const grt_format *state, const field_spec *spec, uint64_t value)
{
    char text[16];
    int size = snprintf(text, sizeof text, "%08X", (unsigned)(uint32_t)value);
    put_field(state, spec, text, (size_t)size);
}

/* Counts and prints in two walks, so that padding can come first without room for the whole
 * string. What the guest changes in between only spoils its own padding. */
static void walk_string(const grt_format *state, const field_spec *spec, grt_addr address,
                        bool wide, bool print, int64_t *length, bool *readable)
{
    guest_text text = {.runtime = state->runtime, .at = address};
    char piece[256];
    size_t used = 0;
    *length = 0;
    *readable = true;
    while (spec->precision < 0 || *length < spec->precision) {
        int c = next_char(&text);
        if (wide && c >= 0) { /* big-endian 16-bit characters */
            int low = next_char(&text);
            c = low < 0 ? -1 : c << 8 | low;
        }
        if (c < 0)
            *readable = false;
        if (c <= 0)
            break;
        ++*length;
        piece[used++] = c < 0x100 ? (char)c : '?';
        if (used == sizeof piece || !print) {
            if (print)
                state->put(state->user, piece, used);
            used = 0;
        }
    }
    if (print)
        state->put(state->user, piece, used);
}

bool grt_format_string(const grt_format *state, grt_addr text, bool wide)
{
    const field_spec whole = {.precision = -1};
    int64_t length;
    bool readable;
    walk_string(state, &whole, text, wide, true, &length, &readable);
    return readable;
}

static void put_string(const grt_format *state, const field_spec *spec, uint64_t value, bool wide)
{
    grt_addr address = (grt_addr)value;
    int64_t length;
    bool readable = true;
    if (address == 0) {
        put_field(state, spec, "(null)", 6);
        return;
    }
    if (spec->width > 0 && !spec->left) {
        walk_string(state, spec, address, wide, false, &length, &readable);
        if (readable)
            put_padding(state, ' ', spec->width - length);
    }
    walk_string(state, spec, address, wide, true, &length, &readable);
    if (!readable) {
        char text[40];
        int size = snprintf(text, sizeof text, "(bad address 0x%08X)", (unsigned)address);
        state->put(state->user, text, (size_t)size);
    } else if (spec->left) {
        put_padding(state, ' ', spec->width - length);
    }
}

static void put_conversion(const grt_format *state, const field_spec *spec)
{
    char character;
    switch (spec->conversion) {
    case '%':
        state->put(state->user, "%", 1);
        break;
    case 'd':
    case 'i':
    case 'u':
    case 'x':
    case 'X':
    case 'o':
        put_integer(state, spec, argument(state));
        break;
    case 'c':
    case 'C':
        character = (char)argument(state);
        put_field(state, spec, &character, 1);
        break;
    case 's':
        put_string(state, spec, argument(state), spec->wide);
        break;
    case 'S': /* the other width */
        put_string(state, spec, argument(state), spec->size != SIZE_SHORT);
        break;
    case 'p':
        put_pointer(state, spec, argument(state));
        break;
    case 'f':
    case 'F':
    case 'e':
    case 'E':
    case 'g':
    case 'G':
    case 'a':
    case 'A':
        put_double(state, spec, argument(state));
        break;
    case 'n': /* consumed, never stored through */
        argument(state);
        break;
    default:
        state->put(state->user, "%", 1);
        state->put(state->user, spec->raw, spec->raw_length);
        break;
    }
}

bool grt_format_guest(const grt_format *state, grt_addr format)
{
    guest_text text = {.runtime = state->runtime, .at = format};
    char piece[256];
    size_t used = 0;
    int c;
    while ((c = next_char(&text)) > 0) {
        if (c != '%') {
            piece[used++] = (char)c;
            if (used < sizeof piece)
                continue;
        }
        state->put(state->user, piece, used);
        used = 0;
        field_spec spec = {0};
        if (c != '%')
            continue;
        c = parse(state, &text, &spec);
        if (c > 0) {
            put_conversion(state, &spec);
        } else {
            state->put(state->user, "%", 1);
            state->put(state->user, spec.raw, spec.raw_length);
            break;
        }
    }
    state->put(state->user, piece, used);
    return c >= 0;
}
