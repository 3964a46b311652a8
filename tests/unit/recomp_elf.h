/*
 * recomp_elf.h - makes small PowerPC ELF files in memory for the recompiler's tests.
 *
 * One file has one code segment at ELF_CODE and one data segment at ELF_DATA_ADDRESS, no sections:
 * what a stripped executable is.
 */
#ifndef RECOMP_ELF_H
#define RECOMP_ELF_H

#include "guestrt/recomp.h"
#include "guestrt/types.h"

#include <stdlib.h>
#include <string.h>

#define ELF_CODE         0x82000000u
#define ELF_DATA_ADDRESS 0x82010000u

enum { ELF_HEAD = 52, ELF_SEGMENT = 32, ELF_CODE_OFFSET = ELF_HEAD + 2 * ELF_SEGMENT };

typedef struct elf_file {
    uint8_t bytes[8192];
    size_t size;
} elf_file;

static inline void elf_segment(elf_file *file, unsigned index, uint32_t offset, uint32_t address,
                               uint32_t size, uint32_t flags)
{
    uint8_t *at = file->bytes + ELF_HEAD + index * ELF_SEGMENT;
    grt_store32(at, 1);
    grt_store32(at + 4, offset);
    grt_store32(at + 8, address);
    grt_store32(at + 12, address);
    grt_store32(at + 16, size);
    grt_store32(at + 20, size);
    grt_store32(at + 24, flags);
    grt_store32(at + 28, 4);
}

/* [code] at ELF_CODE, which is the entry point, and [data] at ELF_DATA_ADDRESS. */
static inline void elf_make(elf_file *file, const uint32_t *code, size_t code_words,
                            const uint32_t *data, size_t data_words)
{
    static const uint8_t ident[16] = {0x7f, 'E', 'L', 'F', 1, 2, 1};
    uint32_t code_size = (uint32_t)(4 * code_words), data_size = (uint32_t)(4 * data_words);
    memset(file, 0, sizeof *file);
    memcpy(file->bytes, ident, sizeof ident);
    grt_store16(file->bytes + 16, 2);
    grt_store16(file->bytes + 18, 20);
    grt_store32(file->bytes + 20, 1);
    grt_store32(file->bytes + 24, ELF_CODE);
    grt_store32(file->bytes + 28, ELF_HEAD);
    grt_store16(file->bytes + 40, ELF_HEAD);
    grt_store16(file->bytes + 42, ELF_SEGMENT);
    grt_store16(file->bytes + 44, 2);
    elf_segment(file, 0, ELF_CODE_OFFSET, ELF_CODE, code_size, 5);
    elf_segment(file, 1, ELF_CODE_OFFSET + code_size, ELF_DATA_ADDRESS, data_size, 6);
    for (size_t i = 0; i < code_words; i++)
        grt_store32(file->bytes + ELF_CODE_OFFSET + 4 * i, code[i]);
    for (size_t i = 0; i < data_words; i++)
        grt_store32(file->bytes + ELF_CODE_OFFSET + code_size + 4 * i, data[i]);
    file->size = ELF_CODE_OFFSET + code_size + data_size;
}

/* All output files, one after the other. */
typedef struct elf_output {
    char *text;
    size_t size;
    unsigned files;
} elf_output;

static inline bool elf_collect(void *user, const char *name, const char *text, size_t size)
{
    elf_output *output = user;
    (void)name;
    char *larger = realloc(output->text, output->size + size + 1);
    if (!larger)
        return false;
    output->text = larger;
    memcpy(output->text + output->size, text, size);
    output->size += size;
    output->text[output->size] = '\0';
    output->files++;
    return true;
}

static inline bool elf_ignore(void *user, const char *name, const char *text, size_t size)
{
    (void)user;
    (void)name;
    (void)text;
    (void)size;
    return true;
}

#endif
