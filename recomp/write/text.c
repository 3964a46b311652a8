/* text.c - names and bytes from the image, which may hold anything, inside C. */
#include "write.h"

enum { NAME_LIMIT = 160, BYTES_A_LINE = 48 };

static bool is_plain(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
           c == '.' || c == '$' || c == '@' || c == ' ' || c == ':' || c == '-' || c == '<' ||
           c == '>' || c == ',' || c == '(' || c == ')' || c == '=' || c == '+';
}

static bool is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

void grc_write_name(grc_out *out, const char *text)
{
    char name[NAME_LIMIT];
    size_t size = 0;
    for (; text[size] && size < NAME_LIMIT; size++)
        name[size] = '_';
    for (size_t i = 0; i < size; i++)
        if (is_plain((unsigned char)text[i]))
            name[i] = text[i];
    grc_out_add(out, name, size);
}

void grc_write_string(grc_out *out, const char *text)
{
    if (!text) {
        grc_printf(out, "0");
        return;
    }
    grc_printf(out, "\"");
    grc_write_name(out, text);
    grc_printf(out, "\"");
}

/* One byte as it stands in a string literal that goes on with [next]. */
static size_t escape(char *to, unsigned char c, unsigned char next)
{
    if (is_plain(c)) {
        to[0] = (char)c;
        return 1;
    }
    size_t size = 0;
    bool whole = is_digit(next); /* a digit would be read as part of the escape */
    to[size++] = '\\';
    if (whole || c >= 64)
        to[size++] = (char)('0' + (c >> 6));
    if (whole || c >= 8)
        to[size++] = (char)('0' + (c >> 3 & 7));
    to[size++] = (char)('0' + (c & 7));
    return size;
}

void grc_write_bytes(grc_out *out, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i += BYTES_A_LINE) {
        char line[4 * BYTES_A_LINE + 16];
        size_t used = 0, end = size - i < BYTES_A_LINE ? size : i + BYTES_A_LINE;
        for (size_t j = 0; j < 4; j++)
            line[used++] = ' ';
        line[used++] = '"';
        for (size_t j = i; j < end; j++)
            used += escape(line + used, bytes[j], j + 1 < end ? bytes[j + 1] : 0);
        line[used++] = '"';
        line[used++] = '\n';
        grc_out_add(out, line, used);
    }
    if (size == 0)
        grc_printf(out, "    \"\"\n");
}
