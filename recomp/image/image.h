/*
 * image.h - a program as the analysis sees it, whatever file it came from.
 *
 * Everything points into the caller's file or into the translation's arena. All of it has been
 * checked: segments do not overlap and end below 4 GiB, code lies inside one bounded span, names
 * are terminated.
 */
#ifndef GRC_IMAGE_H
#define GRC_IMAGE_H

#include "../work.h"
#include <stdbool.h>
#include <stdint.h>

typedef struct grc_segment {
    uint32_t address, file_size, memory_size;
    uint32_t flags; /* GRT_SEGMENT_..., which are ELF's PF_... */
    const uint8_t *bytes;
} grc_segment;

/* Code lies in [first, end); both are multiples of 4 and the bytes are in the file. */
typedef struct grc_range {
    uint32_t first, end;
} grc_range;

typedef struct grc_symbol {
    uint32_t address, size;
    const char *name;
    bool function; /* said to be one; else just a label */
    bool global;
} grc_symbol;

/* A place whose contents the linker computed from the address [target]. */
typedef struct grc_relocation {
    uint32_t place, target;
} grc_relocation;

typedef enum grc_import_kind {
    GRC_IMPORT_FUNCTION = 0,
    GRC_IMPORT_VARIABLE = 1,
    GRC_IMPORT_INTRINSIC = 2, /* setjmp, longjmp: guest functions that need the host's help */
} grc_import_kind;

typedef struct grc_import {
    uint32_t thunk;
    uint16_t library, ordinal;
    grc_import_kind kind;
    const char *name; /* or null */
} grc_import;

enum { GRC_INTRINSIC_SETJMP = 1, GRC_INTRINSIC_LONGJMP = 2 };

typedef struct grc_image {
    uint32_t entry;
    uint64_t hash; /* FNV-1a 64 of the file */
    grc_segment *segments;
    size_t segment_count;
    grc_range *code; /* ascending */
    size_t code_count;
    grc_symbol *symbols; /* ascending by address, functions before labels */
    size_t symbol_count;
    grc_relocation *addresses; /* absolute addresses in code and data, ascending by place */
    size_t address_count;
    bool relocated;      /* the file kept its relocations, so [addresses] is complete */
    grc_import *imports; /* ascending by thunk; intrinsics left out */
    size_t import_count;
    uint32_t setjmp_address, longjmp_address; /* or 0 */
    uint32_t import_table, import_table_end;  /* or 0: no imports */
    bool looks_up_imports; /* imports a function that returns imports' addresses */
} grc_image;

/* Reads the whole image or ends the translation with BAD_IMAGE. */
void grc_image_read_elf(grc_work *work, const uint8_t *file, size_t size, grc_image *image);

/* Finds and reads the import table, if the image has one. [table] is its address, 0 = unknown. */
void grc_image_read_imports(grc_work *work, grc_image *image, uint32_t table);

/* True iff an instruction can be at [address]. O(log code ranges). */
bool grc_image_is_code(const grc_image *image, uint32_t address);

/* The big-endian word at [address]; false if it is not in the image. */
bool grc_image_word(const grc_image *image, uint32_t address, uint32_t *word);

/* The same for a big-endian number of [width] bytes, at most four, that need not be aligned. */
bool grc_image_number(const grc_image *image, uint32_t address, unsigned width, uint32_t *number);

/* True unless [address] lies in a segment that the program may only read. */
bool grc_image_is_writable(const grc_image *image, uint32_t address);

/* The terminated string at [address] inside one segment's file bytes, or null. */
const char *grc_image_string(const grc_image *image, uint32_t address);

#endif
