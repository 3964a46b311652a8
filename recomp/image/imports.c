/*
 * imports.c - the import table that guest programs carry.
 *
 * In loaded memory: the eight bytes "GRTIMPT1", then records of four words (thunk address,
 * library << 16 | ordinal, kind, address of the name or 0) up to one of four zeros. A variable's
 * thunk is the word that the loader sets to the variable's address.
 */
#include "image.h"

#include "guestrt/types.h"
#include <stdlib.h>
#include <string.h>

enum { MAGIC_SIZE = 8, RECORD_SIZE = 16, IMPORT_LIMIT = 65536 };
static const char magic[MAGIC_SIZE] = {'G', 'R', 'T', 'I', 'M', 'P', 'T', '1'};

static uint32_t scan_segment(const grc_segment *segment)
{
    uint32_t first = (0u - segment->address) & 3;
    for (uint64_t at = first; at + MAGIC_SIZE <= segment->file_size; at += 4)
        if (memcmp(segment->bytes + at, magic, MAGIC_SIZE) == 0)
            return segment->address + (uint32_t)at;
    return 0;
}

/* A stripped file has no section names. */
static uint32_t find_table(const grc_image *image, uint32_t table)
{
    for (size_t i = 0; table == 0 && i < image->segment_count; i++)
        table = scan_segment(&image->segments[i]);
    return table;
}

static void check_magic(grc_work *work, const grc_image *image, uint32_t table)
{
    uint32_t high, low;
    if (!grc_image_word(image, table, &high) || !grc_image_word(image, table + 4, &low) ||
        high != grt_load32(magic) || low != grt_load32(magic + 4))
        grc_stop(work, GRC_BAD_IMAGE, table, "the import table does not start with its magic");
}

static void add_intrinsic(grc_work *work, grc_image *image, const grc_import *record)
{
    if (record->ordinal == GRC_INTRINSIC_SETJMP)
        image->setjmp_address = record->thunk;
    else if (record->ordinal == GRC_INTRINSIC_LONGJMP)
        image->longjmp_address = record->thunk;
    else
        grc_stop(work, GRC_BAD_IMAGE, record->thunk, "intrinsic %u is not known", record->ordinal);
}

static void check_record(grc_work *work, const grc_image *image, const grc_import *record,
                         uint32_t place)
{
    uint32_t content;
    if (record->thunk & 3)
        grc_stop(work, GRC_BAD_IMAGE, place, "the import at %08X is misaligned", record->thunk);
    if (record->kind == GRC_IMPORT_VARIABLE) {
        if (!grc_image_word(image, record->thunk, &content))
            grc_stop(work, GRC_BAD_IMAGE, place, "the imported variable %08X is outside the image",
                     record->thunk);
    } else if (!grc_image_is_code(image, record->thunk)) {
        grc_stop(work, GRC_BAD_IMAGE, place, "the import thunk %08X is not in the code",
                 record->thunk);
    }
}

/* False at the end of the table. */
static bool read_record(grc_work *work, const grc_image *image, uint32_t place, grc_import *record)
{
    uint32_t words[4];
    for (uint32_t i = 0; i < 4; i++)
        if (!grc_image_word(image, place + 4 * i, &words[i]))
            grc_stop(work, GRC_BAD_IMAGE, place, "the import table has no end");
    if (!(words[0] | words[1] | words[2] | words[3]))
        return false;
    if (words[2] > GRC_IMPORT_INTRINSIC)
        grc_stop(work, GRC_BAD_IMAGE, place, "an import is of kind %u", words[2]);
    *record = (grc_import){
        .thunk = words[0],
        .library = (uint16_t)(words[1] >> 16),
        .ordinal = (uint16_t)words[1],
        .kind = (grc_import_kind)words[2],
        .name = words[3] ? grc_image_string(image, words[3]) : NULL,
    };
    check_record(work, image, record, place);
    return true;
}

static int by_thunk(const void *left, const void *right)
{
    const grc_import *a = left, *b = right;
    return (a->thunk > b->thunk) - (a->thunk < b->thunk);
}

void grc_image_read_imports(grc_work *work, grc_image *image, uint32_t table)
{
    struct {
        grc_import *items;
        size_t count, capacity;
    } imports = {0};
    grc_import record;
    table = find_table(image, table);
    if (table == 0)
        return;
    image->import_table = table;
    check_magic(work, image, table);
    uint32_t place = table + MAGIC_SIZE;
    for (; read_record(work, image, place, &record); place += RECORD_SIZE) {
        if (imports.count == IMPORT_LIMIT)
            grc_stop(work, GRC_BAD_IMAGE, place, "more than %d imports", IMPORT_LIMIT);
        if (record.kind == GRC_IMPORT_INTRINSIC)
            add_intrinsic(work, image, &record);
        else
            GRC_PUSH(&work->arena, &imports, record);
        image->looks_up_imports |= record.name && strstr(record.name, "GetProcedureAddress");
    }
    image->import_table_end = place + RECORD_SIZE;
    if (imports.count)
        qsort(imports.items, imports.count, sizeof *imports.items, by_thunk);
    for (size_t i = 1; i < imports.count; i++)
        if (imports.items[i].thunk == imports.items[i - 1].thunk)
            grc_stop(work, GRC_BAD_IMAGE, imports.items[i].thunk, "two imports share one thunk");
    image->imports = imports.items;
    image->import_count = imports.count;
}
