#include "parts.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void part_write(part_output *output, const char *text, size_t size)
{
    if (output->used + size > output->room) {
        size_t room = 2 * (output->used + size) + 1024;
        char *grown = realloc(output->text, room);
        if (!grown) {
            output->failed = 1;
            return;
        }
        output->text = grown;
        output->room = room;
    }
    memcpy(output->text + output->used, text, size);
    output->used += size;
}

void part_printf(part_output *output, const char *format, ...)
{
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    part_write(output, line, size < (int)sizeof line ? (size_t)size : sizeof line - 1);
}

typedef struct part {
    part_function *function;
    unsigned index;
    part_output output;
} part;

#ifdef __XBOX360__
#    include <xbox/kernel.h>

enum { STACK_SIZE = 1 << 20 };

static uint32_t run_part(void *argument)
{
    part *mine = argument;
    mine->function(mine->index, &mine->output);
    return 0;
}

static void run_all(part *parts, unsigned count)
{
    HANDLE *threads = calloc(count, sizeof *threads);
    for (unsigned i = 0; i < count; i++)
        if (ExCreateThread(&threads[i], STACK_SIZE, 0, 0, run_part, &parts[i], 0) != STATUS_SUCCESS)
            parts[i].output.failed = 1;
    for (unsigned i = 0; i < count; i++)
        if (threads[i]) {
            NtWaitForSingleObjectEx(threads[i], 0, 0, 0);
            NtClose(threads[i]);
        }
    free(threads);
}
#else
static void run_all(part *parts, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        parts[i].function(i, &parts[i].output);
}
#endif

int run_parts(unsigned count, part_function *function)
{
    int failed = 0;
    part *parts = calloc(count, sizeof *parts);
    for (unsigned i = 0; i < count; i++) {
        parts[i].function = function;
        parts[i].index = i;
    }
    run_all(parts, count);
    for (unsigned i = 0; i < count; i++) {
        fwrite(parts[i].output.text, 1, parts[i].output.used, stdout);
        failed += parts[i].output.failed;
        free(parts[i].output.text);
    }
    free(parts);
    return failed;
}

uint32_t crc32_of(const void *data, size_t size)
{
    uint32_t table[16];
    for (uint32_t i = 0; i < 16; i++) {
        table[i] = i;
        for (int bit = 0; bit < 4; bit++)
            table[i] = table[i] >> 1 ^ (0xEDB88320 & (0 - (table[i] & 1)));
    }
    const unsigned char *at = data;
    uint32_t crc = 0xFFFFFFFF;
    for (; size; size--) {
        crc ^= *at++;
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}
