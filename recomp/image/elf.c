/*
 * elf.c - reads an ELF32 big-endian PowerPC executable.
 *
 * The file is not trusted: every offset and count is checked against the file's size before it is
 * used, and no allocation is larger than a small multiple of that size. Segments are required;
 * sections, symbols and relocations are used when they are there.
 */
#include "elf_format.h"
#include "image.h"

#include "guestrt/types.h"
#include <stdlib.h>
#include <string.h>

/* Code far apart would make tables that cover all of it huge. */
enum { CODE_SPAN_LIMIT = 128 << 20, CODE_SPAN_ALWAYS = 16 << 20, CODE_SPAN_FACTOR = 16 };
enum { SEGMENT_LIMIT = 256, NAME_LIMIT = 1024 };

typedef struct section {
    uint32_t type, flags, address, offset, size, link, info, entry_size;
    const char *name;
} section;

typedef struct reader {
    grc_work *work;
    const uint8_t *file;
    size_t size;
    grc_image *image;
    section *sections;
    uint32_t section_count;
} reader;

/* Ends the translation: what the file says at [offset] cannot be. */
#define BROKEN(r, offset, ...)                                                                     \
    grc_stop((r)->work, GRC_BAD_IMAGE, (uint32_t)(offset), "file offset: " __VA_ARGS__)

static bool inside(const reader *r, uint64_t offset, uint64_t size)
{
    return offset <= r->size && size <= r->size - offset;
}

static uint32_t word(const reader *r, uint64_t offset)
{
    return grt_load32(r->file + offset);
}

static uint16_t half(const reader *r, uint64_t offset)
{
    return grt_load16(r->file + offset);
}

static uint64_t fnv1a(const uint8_t *bytes, size_t size)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3u;
    return hash;
}

/* ---- the header --------------------------------------------------------------------------------
 */

static void check_header(const reader *r)
{
    static const uint8_t magic[4] = {0x7f, 'E', 'L', 'F'};
    if (r->size < ELF_HEADER_SIZE)
        BROKEN(r, r->size, "the file ends inside the ELF header");
    if (memcmp(r->file, magic, 4) != 0)
        BROKEN(r, 0, "not an ELF file");
    if (r->file[ELF_CLASS] != ELF_CLASS_32)
        BROKEN(r, ELF_CLASS, "not a 32-bit ELF file (class %u)", r->file[ELF_CLASS]);
    if (r->file[ELF_DATA] != ELF_DATA_BIG)
        BROKEN(r, ELF_DATA, "not a big-endian ELF file (encoding %u)", r->file[ELF_DATA]);
    if (half(r, ELF_MACHINE) != ELF_MACHINE_POWERPC)
        BROKEN(r, ELF_MACHINE, "not for PowerPC (machine %u)", half(r, ELF_MACHINE));
    if (half(r, ELF_TYPE) != ELF_TYPE_EXECUTABLE)
        BROKEN(r, ELF_TYPE, "not a fixed-address executable (type %u); link with -static -no-pie",
               half(r, ELF_TYPE));
}

/* ---- segments ----------------------------------------------------------------------------------
 */

static void read_segment(reader *r, uint64_t offset)
{
    uint32_t type = word(r, offset);
    if (type == PT_DYNAMIC || type == PT_INTERP)
        BROKEN(r, offset, "the executable is dynamically linked");
    if (type != PT_LOAD || word(r, offset + PH_MEMSZ) == 0)
        return;
    grc_segment segment = {
        .address = word(r, offset + PH_VADDR),
        .file_size = word(r, offset + PH_FILESZ),
        .memory_size = word(r, offset + PH_MEMSZ),
        .flags = word(r, offset + PH_FLAGS) & 7,
    };
    uint32_t start = word(r, offset + PH_OFFSET);
    if (!inside(r, start, segment.file_size))
        BROKEN(r, offset, "the segment at %08X reaches beyond the end of the file",
               segment.address);
    if (segment.file_size > segment.memory_size)
        BROKEN(r, offset, "the segment at %08X has more bytes in the file than in memory",
               segment.address);
    if ((uint64_t)segment.address + segment.memory_size > 0x100000000u)
        BROKEN(r, offset, "the segment at %08X reaches beyond 4 GiB", segment.address);
    segment.bytes = r->file + start;
    r->image->segments[r->image->segment_count++] = segment;
}

static int by_segment_address(const void *left, const void *right)
{
    const grc_segment *a = left, *b = right;
    return (a->address > b->address) - (a->address < b->address);
}

static void read_segments(reader *r)
{
    grc_image *image = r->image;
    uint32_t offset = word(r, ELF_PHOFF), size = half(r, ELF_PHENTSIZE), count = half(r, ELF_PHNUM);
    if (count == 0 || count > SEGMENT_LIMIT)
        BROKEN(r, ELF_PHNUM, "%u program headers; 1 to %d are accepted", count, SEGMENT_LIMIT);
    if (size < PH_SIZE || !inside(r, offset, (uint64_t)size * count))
        BROKEN(r, ELF_PHOFF, "the program headers reach beyond the end of the file");
    image->segments = grc_alloc(&r->work->arena, count, sizeof *image->segments);
    for (uint32_t i = 0; i < count; i++)
        read_segment(r, offset + (uint64_t)i * size);
    qsort(image->segments, image->segment_count, sizeof *image->segments, by_segment_address);
    for (size_t i = 1; i < image->segment_count; i++) {
        const grc_segment *below = &image->segments[i - 1];
        if (image->segments[i].address - below->address < below->memory_size)
            BROKEN(r, offset, "the segments at %08X and %08X overlap", below->address,
                   image->segments[i].address);
    }
}

/* ---- sections ----------------------------------------------------------------------------------
 */

/* The terminated string at [offset] of string table [table], or "" if there is none. */
static const char *string_at(const reader *r, const section *table, uint32_t offset)
{
    if (table->type != SHT_STRTAB || offset >= table->size)
        return "";
    const uint8_t *text = r->file + table->offset + offset;
    size_t room = table->size - offset;
    const void *end = memchr(text, 0, room < NAME_LIMIT ? room : NAME_LIMIT);
    return end ? (const char *)text : "";
}

static section read_section(const reader *r, uint64_t offset)
{
    section s = {
        .type = word(r, offset + SH_TYPE),
        .flags = word(r, offset + SH_FLAGS),
        .address = word(r, offset + SH_ADDR),
        .offset = word(r, offset + SH_OFFSET),
        .size = word(r, offset + SH_SIZE),
        .link = word(r, offset + SH_LINK),
        .info = word(r, offset + SH_INFO),
        .entry_size = word(r, offset + SH_ENTSIZE),
        .name = "",
    };
    if (s.type != SHT_NOBITS && s.type != SHT_NULL && !inside(r, s.offset, s.size))
        BROKEN(r, offset, "a section of type %u reaches beyond the end of the file", s.type);
    return s;
}

static void read_sections(reader *r)
{
    uint32_t offset = word(r, ELF_SHOFF), size = half(r, ELF_SHENTSIZE), count = half(r, ELF_SHNUM);
    uint32_t names = half(r, ELF_SHSTRNDX);
    if (offset == 0 || count == 0)
        return;
    if (size < SH_SIZE_OF_HEADER || !inside(r, offset, (uint64_t)size * count))
        BROKEN(r, ELF_SHOFF, "the section headers reach beyond the end of the file");
    r->sections = grc_alloc(&r->work->arena, count, sizeof *r->sections);
    r->section_count = count;
    for (uint32_t i = 0; i < count; i++)
        r->sections[i] = read_section(r, offset + (uint64_t)i * size);
    for (uint32_t i = 0; names < count && i < count; i++)
        r->sections[i].name =
            string_at(r, &r->sections[names], word(r, offset + (uint64_t)i * size));
}

static uint32_t section_address(const reader *r, const char *name)
{
    for (uint32_t i = 0; i < r->section_count; i++)
        if ((r->sections[i].flags & SHF_ALLOC) && strcmp(r->sections[i].name, name) == 0)
            return r->sections[i].address;
    return 0;
}

/* ---- where code is -----------------------------------------------------------------------------
 */

static void add_code(reader *r, uint64_t first, uint64_t end)
{
    grc_image *image = r->image;
    first = (first + 3) & ~(uint64_t)3;
    end &= ~(uint64_t)3;
    if (first < end)
        image->code[image->code_count++] = (grc_range){(uint32_t)first, (uint32_t)end};
}

/* The linker may put read-only data into the executable segment, so sections decide if there are
 * any. */
static void add_segment_code(reader *r, const grc_segment *segment)
{
    uint64_t first = segment->address, end = first + segment->file_size;
    bool found = false;
    for (uint32_t i = 0; i < r->section_count; i++) {
        const section *s = &r->sections[i];
        if (!(s->flags & SHF_ALLOC) || !(s->flags & SHF_EXECINSTR) || s->type == SHT_NOBITS)
            continue;
        if (s->address < first || s->address >= end || s->size > end - s->address)
            continue;
        add_code(r, s->address, (uint64_t)s->address + s->size);
        found = true;
    }
    if (!found)
        add_code(r, first, end);
}

static int by_range(const void *left, const void *right)
{
    const grc_range *a = left, *b = right;
    return (a->first > b->first) - (a->first < b->first);
}

/* Overlapping sections are one range. */
static void merge_ranges(grc_image *image)
{
    size_t kept = 0;
    qsort(image->code, image->code_count, sizeof *image->code, by_range);
    for (size_t i = 0; i < image->code_count; i++) {
        grc_range *last = kept ? &image->code[kept - 1] : NULL;
        if (last && image->code[i].first <= last->end)
            last->end = image->code[i].end > last->end ? image->code[i].end : last->end;
        else
            image->code[kept++] = image->code[i];
    }
    image->code_count = kept;
}

static void find_code(reader *r)
{
    grc_image *image = r->image;
    image->code = grc_alloc(&r->work->arena, r->section_count + image->segment_count + 1,
                            sizeof *image->code);
    for (size_t i = 0; i < image->segment_count; i++)
        if (image->segments[i].flags & PF_X)
            add_segment_code(r, &image->segments[i]);
    merge_ranges(image);
    if (image->code_count == 0)
        BROKEN(r, ELF_PHOFF, "no executable segment holds code");
    uint64_t bytes = 0, span = image->code[image->code_count - 1].end - image->code[0].first;
    for (size_t i = 0; i < image->code_count; i++)
        bytes += image->code[i].end - image->code[i].first;
    if (span > CODE_SPAN_LIMIT || (span > CODE_SPAN_ALWAYS && span / CODE_SPAN_FACTOR > bytes))
        BROKEN(r, ELF_PHOFF, "code from %08X to %08X is too far apart", image->code[0].first,
               image->code[image->code_count - 1].end);
}

/* ---- symbols -----------------------------------------------------------------------------------
 */

static int by_symbol(const void *left, const void *right)
{
    const grc_symbol *a = left, *b = right;
    if (a->address != b->address)
        return a->address > b->address ? 1 : -1;
    if (a->function != b->function)
        return a->function ? -1 : 1;
    if (a->global != b->global)
        return a->global ? -1 : 1;
    return strcmp(a->name, b->name);
}

/* Only names for code are of interest. */
static void read_symbol(reader *r, const section *strings, uint64_t offset)
{
    uint8_t info = r->file[offset + ST_INFO], type = info & 15;
    uint16_t place = half(r, offset + ST_SHNDX);
    uint32_t address = word(r, offset + ST_VALUE);
    if ((type != STT_FUNC && type != STT_NOTYPE) || place == SHN_UNDEF || place == SHN_ABS)
        return;
    const char *name = string_at(r, strings, word(r, offset));
    if (!grc_image_is_code(r->image, address) || name[0] == '\0')
        return;
    r->image->symbols[r->image->symbol_count++] = (grc_symbol){
        .address = address,
        .size = word(r, offset + ST_SIZE),
        .name = name,
        .function = type == STT_FUNC,
        .global = info >> 4 != STB_LOCAL,
    };
}

static const section *find_symbols(const reader *r)
{
    for (uint32_t i = 0; i < r->section_count; i++)
        if (r->sections[i].type == SHT_SYMTAB && r->sections[i].link < r->section_count)
            return &r->sections[i];
    return NULL;
}

static void read_symbols(reader *r)
{
    const section *table = find_symbols(r);
    if (!table)
        return;
    uint32_t count = table->size / ST_SIZE_OF_ENTRY;
    r->image->symbols = grc_alloc(&r->work->arena, count, sizeof *r->image->symbols);
    for (uint32_t i = 0; i < count; i++)
        read_symbol(r, &r->sections[table->link], table->offset + (uint64_t)i * ST_SIZE_OF_ENTRY);
    qsort(r->image->symbols, r->image->symbol_count, sizeof *r->image->symbols, by_symbol);
}

/* ---- relocations -------------------------------------------------------------------------------
 */

static bool is_address_type(uint32_t type)
{
    return type == R_PPC_ADDR32 || type == R_PPC_UADDR32 || type == R_PPC_ADDR16 ||
           type == R_PPC_ADDR16_LO || type == R_PPC_ADDR16_HI || type == R_PPC_ADDR16_HA;
}

static void read_relocations(reader *r, const section *table)
{
    const section *symbols = &r->sections[table->link];
    grc_image *image = r->image;
    for (uint32_t i = 0; i < table->size / RELA_SIZE; i++) {
        uint64_t offset = table->offset + (uint64_t)i * RELA_SIZE;
        uint32_t info = word(r, offset + RELA_INFO), symbol = info >> 8;
        if (!is_address_type(info & 255) || symbol >= symbols->size / ST_SIZE_OF_ENTRY)
            continue;
        uint64_t entry = symbols->offset + (uint64_t)symbol * ST_SIZE_OF_ENTRY;
        image->addresses[image->address_count++] = (grc_relocation){
            .place = word(r, offset),
            .target = word(r, entry + ST_VALUE) + word(r, offset + RELA_ADDEND),
        };
    }
}

static bool is_relocation_table(const reader *r, const section *s)
{
    return s->type == SHT_RELA && s->info < r->section_count && s->link < r->section_count &&
           (r->sections[s->info].flags & SHF_ALLOC) && r->sections[s->link].type == SHT_SYMTAB;
}

static int by_place(const void *left, const void *right)
{
    const grc_relocation *a = left, *b = right;
    if (a->place != b->place)
        return a->place > b->place ? 1 : -1;
    return (a->target > b->target) - (a->target < b->target);
}

/* With --emit-relocs the linker keeps them in an executable; addresses are final ones. */
static void read_all_relocations(reader *r)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < r->section_count; i++)
        if (is_relocation_table(r, &r->sections[i]))
            count += r->sections[i].size / RELA_SIZE;
    /* Sections that share their bytes would let a small file ask for any amount of memory. */
    if (count > r->size)
        BROKEN(r, ELF_SHOFF, "relocation sections overlap");
    r->image->addresses = grc_alloc(&r->work->arena, count, sizeof *r->image->addresses);
    for (uint32_t i = 0; i < r->section_count; i++) {
        if (!is_relocation_table(r, &r->sections[i]))
            continue;
        read_relocations(r, &r->sections[i]);
        if (r->sections[r->sections[i].info].flags & SHF_EXECINSTR)
            r->image->relocated = true;
    }
    qsort(r->image->addresses, r->image->address_count, sizeof *r->image->addresses, by_place);
}

void grc_image_read_elf(grc_work *work, const uint8_t *file, size_t size, grc_image *image)
{
    *image = (grc_image){.hash = fnv1a(file, size)};
    reader r = {.work = work, .file = file, .size = size, .image = image};
    check_header(&r);
    read_segments(&r);
    read_sections(&r);
    find_code(&r);
    image->entry = word(&r, ELF_ENTRY);
    if (!grc_image_is_code(image, image->entry))
        BROKEN(&r, ELF_ENTRY, "the entry point %08X is not in the code", image->entry);
    read_symbols(&r);
    read_all_relocations(&r);
    grc_image_read_imports(work, image, section_address(&r, ".import_table"));
}
