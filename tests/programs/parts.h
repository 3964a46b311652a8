/*
 * parts.h - a program as independent parts: on the console each runs on a guest thread of its own,
 * all at once; elsewhere one after the other. What a part prints is kept and comes out in order.
 */
#ifndef PARTS_H
#define PARTS_H

#include <stddef.h>
#include <stdint.h>

typedef struct part_output {
    char *text;
    size_t used, room;
    int failed; /* a part sets it; the program's exit code counts them */
} part_output;

void part_write(part_output *output, const char *text, size_t size);
void part_printf(part_output *output, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

typedef void part_function(unsigned index, part_output *output);

/* Runs parts 0 to count - 1, prints their output, returns how many failed. */
int run_parts(unsigned count, part_function *function);

uint32_t crc32_of(const void *data, size_t size);

/* The file embedded by data.S. */
extern const unsigned char test_data[], test_data_end[];

#endif
