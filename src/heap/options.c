/*
 * options.c - options of a heap as text, and back. Names, kinds and limits come from
 * GRT_HEAP_OPTION_MAP.
 */
#include "heap/options.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef enum option_kind { FLAG, COUNT, BYTES, SIZES, SITES } option_kind;

typedef struct option_row {
    const char *name;
    option_kind kind;
    uint32_t least, most;
    size_t offset; /* of its field */
} option_row;

static const option_row rows[] = {
#define OPTION_ROW(name, kind, least, most, sentence)                                              \
    {#name, kind, least, most, offsetof(grt_heap_options, name)},
    GRT_HEAP_OPTION_MAP(OPTION_ROW)
#undef OPTION_ROW
};

#define ROWS (sizeof rows / sizeof rows[0])

static const char *const wanted[] = {
    [FLAG] = "no value",           [COUNT] = "a number",   [BYTES] = "a number of bytes",
    [SIZES] = "a size or MIN-MAX", [SITES] = "an address",
};

/* A stretch of the text. */
typedef struct piece {
    const char *start;
    size_t length;
} piece;

/* How far reading has come, and where it says why it stopped. */
typedef struct reader {
    const char *text;
    grt_heap_options options;
    bool given[ROWS];
    char *error;
    size_t error_size;
} reader;

/* ---- refusing ----------------------------------------------------------------------------------
 */

static bool refuse(reader *read, piece at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Says where, counted from 1, and what. Returns false. */
static bool refuse(reader *read, piece at, const char *format, ...)
{
    char what[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    snprintf(read->error, read->error_size, "character %zu: %s",
             (size_t)(at.start - read->text) + 1, what);
    return false;
}

static bool refuse_value(reader *read, const option_row *row, piece value)
{
    char limits[48] = "";
    if (row->kind != FLAG && row->kind != SITES) {
        snprintf(limits, sizeof limits, " from %u to %u", row->least, row->most);
    }
    return refuse(read, value, "%s takes %s%s, not '%.*s'", row->name, wanted[row->kind], limits,
                  (int)value.length, value.start);
}

static bool refuse_name(reader *read, piece name)
{
    char names[160] = "";
    size_t length = 0;
    for (size_t i = 0; i < ROWS && length < sizeof names; i++) {
        length += (size_t)snprintf(names + length, sizeof names - length, "%s%s",
                                   i == 0 ? "" : ", ", rows[i].name);
    }
    return refuse(read, name, "'%.*s' is none of %s", (int)name.length, name.start, names);
}

/* ---- numbers -----------------------------------------------------------------------------------
 */

static uint32_t digit_of(char c)
{
    if (c >= '0' && c <= '9') {
        return (uint32_t)(c - '0');
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10 : UINT32_MAX;
}

/* Reads all of the piece as digits; false also when the number is beyond 32 bits. */
static bool read_digits(piece text, uint32_t base, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < text.length; i++) {
        uint32_t digit = digit_of(text.start[i]);
        if (digit >= base || (*value = *value * base + digit) > UINT32_MAX) {
            return false;
        }
    }
    return text.length > 0;
}

static bool read_plain(piece text, uint64_t *value)
{
    bool hex = text.length > 2 && text.start[0] == '0' && (text.start[1] | 0x20) == 'x';
    return hex ? read_digits((piece){text.start + 2, text.length - 2}, 16, value)
               : read_digits(text, 10, value);
}

bool heap_read_bytes(const char *start, size_t length, uint64_t *value)
{
    static const char units[] = "KMG";
    piece text = {start, length};
    const char *unit = text.length > 0 ? strchr(units, text.start[text.length - 1]) : NULL;
    if (unit == NULL || *unit == '\0') {
        return read_plain(text, value);
    }
    text.length--;
    if (!read_plain(text, value)) {
        return false;
    }
    *value <<= 10 * (unit - units + 1);
    return true;
}

static bool read_number(const option_row *row, piece text, uint32_t *number)
{
    uint64_t value;
    bool with_unit = row->kind == BYTES || row->kind == SIZES;
    bool read =
        with_unit ? heap_read_bytes(text.start, text.length, &value) : read_plain(text, &value);
    if (!read || value < row->least || value > row->most) {
        return false;
    }
    *number = (uint32_t)value;
    return true;
}

static bool read_sizes(const option_row *row, piece text, grt_heap_sizes *sizes)
{
    const char *dash = memchr(text.start, '-', text.length);
    if (dash == NULL) {
        bool good = read_number(row, text, &sizes->min);
        sizes->max = sizes->min;
        return good;
    }
    piece min = {text.start, (size_t)(dash - text.start)};
    piece max = {dash + 1, text.length - min.length - 1};
    return read_number(row, min, &sizes->min) && read_number(row, max, &sizes->max) &&
           sizes->min <= sizes->max;
}

/* ---- options -----------------------------------------------------------------------------------
 */

static void *field_of(grt_heap_options *options, const option_row *row)
{
    return (char *)options + row->offset;
}

static const void *field_in(const grt_heap_options *options, const option_row *row)
{
    return (const char *)options + row->offset;
}

static uint32_t count_sites(const grt_heap_sites *sites)
{
    uint32_t count = 0;
    while (count < GRT_HEAP_GUARD_SITES_MAX && sites->site[count] != 0) {
        count++;
    }
    return count;
}

static bool take_site(reader *read, const option_row *row, piece value)
{
    grt_heap_sites *sites = field_of(&read->options, row);
    uint32_t count = count_sites(sites);
    uint32_t site;
    if (!read_number(row, value, &site)) {
        return refuse_value(read, row, value);
    }
    if (count == GRT_HEAP_GUARD_SITES_MAX) {
        return refuse(read, value, "%s can be given %u times", row->name, count);
    }
    sites->site[count] = site;
    return true;
}

static bool take_value(reader *read, const option_row *row, piece value)
{
    void *field = field_of(&read->options, row);
    if (row->kind == SITES) {
        return take_site(read, row, value);
    }
    bool good = row->kind == SIZES ? read_sizes(row, value, field)
                                   : row->kind != FLAG && read_number(row, value, field);
    return good || refuse_value(read, row, value);
}

static const option_row *find_row(piece name)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (strlen(rows[i].name) == name.length &&
            memcmp(rows[i].name, name.start, name.length) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

/* Takes "name" or "name=value". */
static bool take_option(reader *read, piece option)
{
    const char *equals = memchr(option.start, '=', option.length);
    size_t name_length = equals != NULL ? (size_t)(equals - option.start) : option.length;
    piece name = {option.start, name_length};
    const option_row *row = find_row(name);
    if (row == NULL) {
        return refuse_name(read, name);
    }
    if (read->given[row - rows] && row->kind != SITES) {
        return refuse(read, name, "%s is given twice", row->name);
    }
    read->given[row - rows] = true;
    if (equals != NULL) {
        return take_value(read, row, (piece){equals + 1, option.length - name_length - 1});
    }
    if (row->kind != FLAG) {
        return refuse(read, name, "%s takes %s", row->name, wanted[row->kind]);
    }
    *(bool *)field_of(&read->options, row) = true;
    return true;
}

grt_status grt_heap_options_parse(const char *text, grt_heap_options *options, char *error,
                                  size_t error_size)
{
    reader read = {.text = text, .error = error, .error_size = error_size};
    const char *at = text;
    while (*text != '\0') {
        piece option = {at, strcspn(at, ",")};
        if (!take_option(&read, option)) {
            return GRT_INVALID_ARGUMENT;
        }
        if (at[option.length] == '\0') {
            break;
        }
        at += option.length + 1;
    }
    *options = read.options;
    return GRT_OK;
}

static bool row_valid(const grt_heap_options *options, const option_row *row)
{
    const void *field = field_in(options, row);
    if (row->kind == COUNT || row->kind == BYTES) {
        return *(const uint32_t *)field <= row->most; /* 0: off */
    }
    if (row->kind == SIZES) {
        const grt_heap_sizes *sizes = field;
        return sizes->min <= sizes->max && (sizes->min != 0 || sizes->max == 0);
    }
    return true;
}

bool heap_options_valid(const grt_heap_options *options)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (!row_valid(options, &rows[i])) {
            return false;
        }
    }
    return true;
}

/* ---- writing -----------------------------------------------------------------------------------
 */

typedef struct writer {
    char *text;
    size_t size;
    size_t length;
} writer;

static void put(writer *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(writer *out, const char *format, ...)
{
    bool room = out->length < out->size;
    va_list arguments;
    va_start(arguments, format);
    out->length += (size_t)vsnprintf(room ? out->text + out->length : NULL,
                                     room ? out->size - out->length : 0, format, arguments);
    va_end(arguments);
}

/* With the largest unit that leaves a whole number. */
static void put_bytes(writer *out, uint32_t bytes)
{
    static const char *const units[] = {"", "K", "M", "G"};
    uint32_t unit = 0;
    while (bytes != 0 && bytes % 1024 == 0 && unit < 3) {
        bytes /= 1024;
        unit++;
    }
    put(out, "%u%s", bytes, units[unit]);
}

static void put_name(writer *out, const option_row *row)
{
    put(out, "%s%s%s", out->length > 0 ? "," : "", row->name, row->kind == FLAG ? "" : "=");
}

static void put_sizes(writer *out, const option_row *row, const grt_heap_sizes *sizes)
{
    if (!heap_sizes_any(*sizes)) {
        return;
    }
    put_name(out, row);
    put_bytes(out, sizes->min);
    if (sizes->max != sizes->min) {
        put(out, "-");
        put_bytes(out, sizes->max);
    }
}

static void put_sites(writer *out, const option_row *row, const grt_heap_sites *sites)
{
    for (uint32_t i = 0; i < count_sites(sites); i++) {
        put_name(out, row);
        put(out, "0x%08X", sites->site[i]);
    }
}

static void put_number(writer *out, const option_row *row, uint32_t number)
{
    if (number == 0) {
        return;
    }
    put_name(out, row);
    if (row->kind == BYTES) {
        put_bytes(out, number);
    } else {
        put(out, "%u", number);
    }
}

static void put_row(writer *out, const grt_heap_options *options, const option_row *row)
{
    const void *field = field_in(options, row);
    switch (row->kind) {
    case FLAG:
        if (*(const bool *)field) {
            put_name(out, row);
        }
        break;
    case COUNT:
    case BYTES:
        put_number(out, row, *(const uint32_t *)field);
        break;
    case SIZES:
        put_sizes(out, row, field);
        break;
    case SITES:
        put_sites(out, row, field);
        break;
    }
}

size_t grt_heap_options_format(const grt_heap_options *options, char *text, size_t size)
{
    writer out = {.text = text, .size = size};
    put(&out, "%s", "");
    for (size_t i = 0; i < ROWS; i++) {
        put_row(&out, options, &rows[i]);
    }
    return out.length;
}
